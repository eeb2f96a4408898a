"""The options of `check` reach the monitor."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from cli_runs import Run


@pytest.fixture(autouse=True)
def _files(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    for name, shift in (("ref.csv", 0.0), ("cur.csv", 0.5)):
        columns = {
            "moved": rng.normal(size=400) + shift,
            "same": rng.normal(size=400),
            "code": rng.integers(0, 4, 400),
            "a,b": rng.normal(size=400),
        }
        rows = zip(*(values.tolist() for values in columns.values()), strict=True)
        header = 'moved,same,code,"a,b"'
        (tmp_path / name).write_text("\n".join([header, *(",".join(map(str, row)) for row in rows)]) + "\n")


def features(run: Run, *options: str) -> dict[str, Any]:
    outcome = run("check", "ref.csv", "cur.csv", "--format", "json", *options)
    assert outcome.err == ""
    report = json.loads(outcome.out)
    return {**report["features"], "": report}


def test_features_selects(run: Run) -> None:
    assert set(features(run, "--features", "moved,same", "--features", '"a,b"')) == {"", "moved", "same", "a,b"}


def test_exclude_leaves_out_and_wins_over_features(run: Run) -> None:
    assert set(features(run, "--exclude", "moved,code")) == {"", "same", "a,b"}
    assert set(features(run, "--features", "moved,same", "--exclude", "moved")) == {"", "same"}


def test_kind_wins_over_what_the_data_look_like(run: Run) -> None:
    assert features(run)["code"]["kind"] == "numeric"
    assert features(run, "--kind", "code=categorical")["code"]["kind"] == "categorical"


def test_alpha_and_correction_and_min_effect_are_in_the_report(run: Run) -> None:
    report = features(run, "--alpha", "0.001", "--correction", "bonferroni", "--min-effect", "0.3")[""]
    assert (report["alpha"], report["correction"], report["min_effect"]) == (0.001, "bonferroni", 0.3)


def test_alpha_none_drops_the_significant_leg(run: Run) -> None:
    found = features(run, "--alpha", "none")
    assert (found[""]["alpha"], found["moved"]["significant"]) == (None, None)


def test_min_effect_decides_what_is_material(run: Run) -> None:
    assert features(run)["moved"]["drift_detected"] is True
    assert features(run, "--min-effect", "0.9")["moved"]["drift_detected"] is False


def test_excess_takes_the_noise_off_before_the_threshold_is_applied(run: Run) -> None:
    psi = features(run)["moved"]["tests"]["psi"]
    cut = f"psi={(psi['statistic'] + psi['excess']) / 2}"
    assert features(run, "--threshold", cut)["moved"]["material"] is True
    assert features(run, "--threshold", cut, "--excess")["moved"]["material"] is False
    assert features(run, "--threshold", cut, "--no-excess")["moved"]["material"] is True


def test_detectors_choose_the_statistics(run: Run) -> None:
    found = features(run, "--detectors", "ks,total_variation", "--detectors", "kuiper")
    assert set(found["moved"]["tests"]) == {"ks", "total_variation", "kuiper"}


def test_unknown_detector_is_refused_with_the_nearest_one(run: Run) -> None:
    done = run("check", "ref.csv", "cur.csv", "--detectors", "kuipper")
    assert done.code == 2
    assert "unknown detector: 'kuipper' (did you mean 'kuiper'?)" in done.err


def test_threshold_replaces_the_material_leg(run: Run) -> None:
    assert features(run, "--threshold", "psi=5", "--threshold", "ks=0.9")["moved"]["material"] is False
    assert features(run, "--threshold", "psi=5", "--threshold", "ks=0.01")["moved"]["material"] is True


def test_min_samples_withholds_the_verdict(run: Run) -> None:
    assert features(run, "--min-samples", "401")["moved"]["status"] == "insufficient"


def test_settings_of_one_feature_come_from_the_file(run: Run, tmp_path: Path) -> None:
    (tmp_path / "driftwatch.toml").write_text('[features."moved"]\nmin_effect = 0.9\n[features."a,b"]\nignore = true\n')
    found = features(run)
    assert found["moved"]["drift_detected"] is False
    assert "a,b" not in found


def test_prediction_and_target_have_a_performance(run: Run) -> None:
    found = features(run, "--prediction", "moved", "--target", "same", "--performance", "min_drop=9")
    assert (found["moved"]["role"], found["same"]["role"]) == ("prediction", "target")
    performance = found[""]["performance"]
    assert (performance["prediction"], performance["target"], performance["task"]) == ("moved", "same", "regression")
    assert performance["metrics"]["mae"]["min_drop"] == 9


def test_role_leaves_weights_and_timestamps_out(run: Run) -> None:
    assert set(features(run, "--role", "code=weight", "--role", "moved=timestamp")) == {
        "",
        "same",
        "a,b",
    }


def test_drop_in_performance_ends_with_one(run: Run) -> None:
    options = (
        "--prediction",
        "moved",
        "--target",
        "same",
        "--features",
        "same",
        "--min-effect",
        "0.9",
        "--alpha",
        "0.5",
    )
    assert run("check", "ref.csv", "cur.csv", *options, "--performance", "min_drop=9").code == 0
    dropped = run("check", "ref.csv", "cur.csv", *options, "--performance", "min_drop=0.01")
    assert (dropped.code, dropped.err) == (1, "")
    assert "performance dropped" in dropped.out


def test_reference_is_free_before_current_is_read(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    import weakref

    from driftwatch import io

    read = io.read
    tables: list[weakref.ref[Any]] = []
    alive: list[bool] = []

    def watched(source: str) -> Any:
        alive.extend(table() is not None for table in tables)
        table = read(source)
        tables.append(weakref.ref(table))
        return table

    monkeypatch.setattr("driftwatch.io.read", watched)
    run("check", "ref.csv", "cur.csv")
    assert (alive, len(tables)) == ([False], 2)
