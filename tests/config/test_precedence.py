"""Which source wins, value by value, and that each value remembers where it was set."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import pytest

from driftwatch.config import FeatureSettings, ResolvedSettings, Settings, SourceKind, load_settings
from driftwatch.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

# strongest first, as documented; each source sets its own number
SOURCES = ("flag", "environment", "config", "driftwatch.toml", "pyproject.toml")
VALUES = {source: position + 11 for position, source in enumerate(SOURCES)}


def resolve(folder: Path, *sources: str) -> ResolvedSettings:
    text = {source: f"min_samples = {VALUES[source]}\n" for source in sources}
    if "driftwatch.toml" in sources:
        (folder / "driftwatch.toml").write_text(text["driftwatch.toml"])
    if "pyproject.toml" in sources:
        (folder / "pyproject.toml").write_text("[tool.driftwatch]\n" + text["pyproject.toml"])
    config = folder / "other.toml"
    if "config" in sources:
        config.write_text(text["config"])
    return load_settings(
        {"min_samples": str(VALUES["flag"])} if "flag" in sources else {},
        {"DRIFTWATCH_MIN_SAMPLES": str(VALUES["environment"])} if "environment" in sources else {},
        folder,
        config if "config" in sources else None,
    )


@pytest.mark.parametrize(("stronger", "weaker"), list(combinations(SOURCES, 2)))
def test_stronger_source_wins(tmp_path: Path, stronger: str, weaker: str) -> None:
    assert resolve(tmp_path, stronger, weaker).settings.min_samples == VALUES[stronger]


@pytest.mark.parametrize("source", SOURCES)
def test_every_source_wins_over_the_default(tmp_path: Path, source: str) -> None:
    assert resolve(tmp_path, source).settings.min_samples == VALUES[source]


def test_defaults_hold_without_any_source(tmp_path: Path) -> None:
    resolved = load_settings({}, {}, tmp_path)
    assert resolved.settings == Settings()
    assert resolved.sources == {}
    assert resolved.source_of("alpha").kind is SourceKind.DEFAULT


@pytest.mark.parametrize(
    ("source", "described"),
    [
        ("flag", "flag --min-samples"),
        ("environment", "environment DRIFTWATCH_MIN_SAMPLES"),
        ("config", "{folder}/other.toml"),
        ("driftwatch.toml", "{folder}/driftwatch.toml"),
        ("pyproject.toml", "{folder}/pyproject.toml [tool.driftwatch]"),
    ],
)
def test_value_remembers_its_source(tmp_path: Path, source: str, described: str) -> None:
    found = resolve(tmp_path, source).source_of("min_samples").describe(("min_samples",))
    assert found == described.format(folder=tmp_path)


def test_values_of_several_sources_are_combined(tmp_path: Path) -> None:
    (tmp_path / "driftwatch.toml").write_text("alpha = 0.01\nmin_effect = 0.2\n")
    settings = load_settings({"alpha": "none"}, {"DRIFTWATCH_CORRECTION": "holm"}, tmp_path).settings
    assert (settings.alpha, settings.min_effect, settings.correction) == (None, 0.2, "holm")


def test_thresholds_combine_by_statistic(tmp_path: Path) -> None:
    (tmp_path / "driftwatch.toml").write_text("thresholds = { psi = 0.3, ks = 0.1 }\n")
    resolved = load_settings({"thresholds": {"psi": "0.2"}}, {}, tmp_path)
    assert resolved.settings.thresholds == {"psi": 0.2, "ks": 0.1}
    assert resolved.source_of("thresholds", "psi").kind is SourceKind.FLAG
    assert resolved.source_of("thresholds", "ks").kind is SourceKind.FILE


def test_options_of_one_feature_combine(tmp_path: Path) -> None:
    (tmp_path / "driftwatch.toml").write_text('[features."net price"]\nkind = "numeric"\nmin_effect = 0.1\n')
    flags = {"features": {"net price": {"kind": "categorical"}}}
    settings = load_settings(flags, {}, tmp_path).settings
    assert settings.features == {"net price": FeatureSettings(kind="categorical", min_effect=0.1)}


def test_nearest_pyproject_above_the_working_directory_is_read(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text("[tool.driftwatch]\nmin_samples = 50\n")
    (tmp_path / "a" / "pyproject.toml").write_text("[tool.driftwatch]\nmin_samples = 40\n")
    assert load_settings({}, {}, inner).settings.min_samples == 40


def test_driftwatch_toml_above_the_working_directory_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "driftwatch.toml").write_text("min_samples = 50\n")
    (tmp_path / "inner").mkdir()
    assert load_settings({}, {}, tmp_path / "inner").settings.min_samples == Settings().min_samples


def test_pyproject_without_our_table_sets_nothing(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "other"\n')
    assert load_settings({}, {}, tmp_path).settings == Settings()


def test_config_may_name_a_pyproject_file(tmp_path: Path) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_text("[tool.driftwatch]\nmin_samples = 40\n")
    assert load_settings({}, {}, None, path).settings.min_samples == 40


def test_missing_config_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot read the configuration file '.*nope\.toml'"):
        load_settings({}, {}, tmp_path, tmp_path / "nope.toml")


def test_empty_variable_counts_as_not_set() -> None:
    assert load_settings({}, {"DRIFTWATCH_ALPHA": ""}).settings.alpha == Settings().alpha


def test_flag_that_was_not_given_leaves_the_others_in_force() -> None:
    assert load_settings({"alpha": None}, {"DRIFTWATCH_ALPHA": "0.2"}).settings.alpha == 0.2
