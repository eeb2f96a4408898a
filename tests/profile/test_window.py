"""Windows: the same bytes for the same rows, the same report as from rows, and clear errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftwatch import Monitor, Profile, Window
from driftwatch.errors import ArchiveError, InputError, InputTypeError
from driftwatch.profile import archive
from known_answers import pairs, tables

RNG = np.random.default_rng(8)
N = 400


def frame(n: int, shift: float = 0.0, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    x = rng.normal(shift, 1, n)
    x[rng.random(n) < 0.1] = np.nan
    return pd.DataFrame(
        {
            "x": x,
            "small": rng.normal(size=n).astype("f4"),
            "count": rng.integers(0, 5, n),
            "city": pd.Series(rng.choice(["Rome", "Oslo", "Bern", "rare"], n, p=[0.5, 0.3, 0.19, 0.01])),
            "member": rng.random(n) < 0.5 + shift / 10,
            "note": [f"text {i} of some length that nobody repeats" for i in range(n)],
        }
    )


REFERENCE, CURRENT = frame(N), frame(300, 0.8, seed=1)
PROFILE = Profile.fit(REFERENCE)


@given(st.integers(1, 7), st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=20)
def test_any_split_in_any_order_gives_the_same_bytes(n_parts: int, random: Any) -> None:
    rows = list(range(len(CURRENT)))
    random.shuffle(rows)
    windows = [Window(PROFILE).update(CURRENT.iloc[part]) for part in np.array_split(rows, n_parts)]
    windows.insert(random.randrange(n_parts), Window(PROFILE))  # an empty partition changes nothing
    while len(windows) > 1:
        a, b = windows.pop(random.randrange(len(windows))), windows.pop(random.randrange(len(windows)))
        windows.append(a + b)
    assert windows[0].to_bytes() == Window(PROFILE).update(CURRENT).to_bytes()


@pytest.mark.parametrize(
    "convert", [pl.from_pandas, pa.Table.from_pandas, lambda x: x.to_dict("list")], ids=["polars", "arrow", "lists"]
)
def test_the_library_of_a_batch_does_not_matter(convert: Any) -> None:
    assert Window(PROFILE).update(convert(CURRENT)).to_bytes() == Window(PROFILE).update(CURRENT).to_bytes()


def test_zeros_of_both_signs_are_one_value() -> None:
    windows = [Window(PROFILE).update({"x": zeros}) for zeros in ([0.0, -0.0], [-0.0, 0.0], [-0.0, -0.0])]
    assert len({window.to_bytes() for window in windows}) == 1


def test_bytes_come_back_as_the_same_window() -> None:
    window = Window(PROFILE).update(CURRENT)
    again = Window.from_bytes(window.to_bytes(), PROFILE)
    assert again.to_bytes() == window.to_bytes()
    assert again.n_rows == 300


@pytest.mark.parametrize("dataset", ["flights", "elec2", "rodents", "sotu_text", "fashion"])
def test_reports_of_a_window_are_those_of_the_rows(dataset: str) -> None:
    for pair in pairs(dataset):
        reference, current = tables(dataset, pair)
        # Oracle: the check of the rows, which has known answers of its own
        wanted = Monitor(reference).check(current)
        profile = Profile.fit(reference)
        found = Monitor.from_profile(profile).check(Window(profile).update(current))
        for name, feature in wanted.features.items():
            other = found.features[name]
            assert (other.status, other.drift_detected) == (feature.status, feature.drift_detected)
            assert (other.missing_current, other.n_current) == (feature.missing_current, feature.n_current)
            for test, result in feature.tests.items():
                _assert_within(result, other.tests[test])


def _assert_within(wanted: Any, found: Any) -> None:
    """Assert that a statistic of counts is the one of the rows, or below it by at most its stated bound."""
    if wanted.statistic is None:
        assert found.statistic is None
        return
    bound = found.details.get("error_bound", 0.0)
    slack = 1e-12 + 1e-9 * abs(wanted.statistic)
    assert found.statistic <= wanted.statistic + slack
    assert wanted.statistic <= found.statistic + bound + slack
    if bound == 0.0:
        assert found.statistic == pytest.approx(wanted.statistic, rel=1e-12, abs=1e-12)
        if wanted.pvalue is not None:
            assert found.pvalue == pytest.approx(wanted.pvalue, rel=1e-9, abs=1e-300)
    elif wanted.pvalue is not None:
        assert found.pvalue >= wanted.pvalue * (1.0 - 1e-9)  # the verdict rests on the lower end


def test_a_batch_with_other_columns_counts_what_it_has() -> None:
    window = Window(PROFILE).update(CURRENT).update({"x": [1.0, 2.0, None], "new": [1, 2, 3]})
    report = Monitor.from_profile(PROFILE).check(window)
    assert (window.n_rows, report.only_in_current) == (303, ("new",))
    assert report.features["x"].n_current + report.features["x"].missing_current == 303
    assert report.features["small"].n_current == 300
    assert "absent_rows" in report.features["small"].flags
    assert "absent_rows" not in report.features["x"].flags


def test_a_column_that_no_batch_has_is_only_in_the_reference() -> None:
    report = Monitor.from_profile(PROFILE).check(Window(PROFILE).update(CURRENT[["x"]]))
    assert report.only_in_reference == tuple(name for name in REFERENCE if name != "x")


def test_one_bad_batch_costs_its_feature_and_says_why() -> None:
    window = Window(PROFILE).update(CURRENT).update(CURRENT.assign(x="text"))
    report = Monitor.from_profile(PROFILE).check(window)
    x = report.features["x"]
    assert (x.status, x.signals) == ("error", ("type_changed",))
    assert "the type changed: reference holds number" in str(x.reason)
    assert report.features["small"].status == "ok"


def test_integers_and_nothing_in_a_float_column_flip_nothing() -> None:
    whole = [1, 2, 3]
    window = Window(PROFILE).update({"x": whole}).update({"x": [None, None]}).update({"x": np.asarray(whole, "f4")})
    wanted = Window(PROFILE).update({"x": [1.0, 2.0, 3.0, np.nan, np.nan, 1.0, 2.0, 3.0]})
    assert window.to_bytes() == wanted.to_bytes()


def test_an_empty_batch_counts_nothing() -> None:
    window = Window(PROFILE).update(CURRENT)
    before = window.counts.blocks[0].cells.copy()
    np.testing.assert_array_equal(window.update(CURRENT.iloc[:0]).counts.blocks[0].cells, before)
    assert window.n_rows == 300


def test_the_types_of_an_empty_batch_do_not_matter() -> None:
    window = Window(PROFILE).update(CURRENT)
    empty = {"x": np.asarray([], "M8[s]"), "city": np.asarray([], bool), "member": np.asarray([], "f8")}
    assert (window + Window(PROFILE).update(empty)).to_bytes() == window.to_bytes()


def test_a_batch_in_which_every_vector_is_missing_is_one_of_missing_vectors() -> None:
    vectors = [None if i % 3 else [float(i), 1.0] for i in range(90)]
    profile = Profile.fit({"v": vectors, "x": np.arange(90.0)})
    whole = Window(profile).update({"v": vectors, "x": np.arange(90.0)})
    parts = Window(profile)
    for i in range(90):  # Oracle: one batch of all rows
        parts.update({"v": [vectors[i]], "x": [float(i)]})
    assert parts.to_bytes() == whole.to_bytes()
    assert parts.counts.problems == {}
    nothing = pa.table({"v": pa.array([None, None], pa.list_(pa.float64()))})
    assert parts.update(nothing).counts.projected["v"].n_missing == 62


def test_reset_forgets_everything() -> None:
    window = Window(PROFILE).update(CURRENT)
    window.reset()
    assert window.to_bytes() == Window(PROFILE).to_bytes()


def test_a_batch_that_cannot_be_read_changes_nothing() -> None:
    window = Window(PROFILE).update(CURRENT)
    before = window.to_bytes()
    with pytest.raises(InputTypeError, match="`batch` must be"):
        window.update(object())
    assert window.to_bytes() == before


def test_no_value_stands_in_the_bytes_that_is_rare_or_unseen() -> None:
    profile = Profile.fit({"name": ["common"] * 50 + ["Ada Lovelace"] * 3, "x": RNG.normal(size=53)})
    window = Window(profile).update({"name": ["common", "Ada Lovelace", "Grace Hopper"]})
    stored = archive.to_bytes(archive.from_bytes(window.to_bytes(), kind="window", formats=(2,)), compress=False)
    assert b"common" in stored
    assert b"Lovelace" not in stored
    assert b"Hopper" not in stored


def test_rare_levels_keep_chi_squared_exact() -> None:
    reference, current = tables("flights", "drift")
    profile = Profile.fit(reference)
    wanted = Monitor(reference).check(current).features["dest"].tests["chi2"]
    found = Monitor.from_profile(profile).check(Window(profile).update(current)).features["dest"].tests["chi2"]
    assert found.statistic == pytest.approx(wanted.statistic, rel=1e-12)
    assert found.details["dof"] == wanted.details["dof"]


def test_a_window_of_another_profile_is_refused() -> None:
    other = Window(Profile.fit(REFERENCE))  # another salt
    with pytest.raises(InputError, match="counted on another"):
        Window(PROFILE) + other
    with pytest.raises(InputError, match="counted on another"):
        Monitor.from_profile(PROFILE).check(other)
    with pytest.raises(InputError, match="counted on another"):
        Window.from_bytes(other.to_bytes(), PROFILE)


def test_bytes_that_are_no_window_are_one_clear_error(tmp_path: Any) -> None:
    with pytest.raises(ArchiveError):
        Window.from_bytes(b"no window", PROFILE)
    PROFILE.save(tmp_path / "reference.npz")
    with pytest.raises(ArchiveError, match="window"):
        Window.from_bytes((tmp_path / "reference.npz").read_bytes(), PROFILE)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n_rows": "many"}, "its header is not that of a window"),
        ({"levels": []}, "its header is not that of a window"),
        ({"rows": None}, "its header is not that of a window"),
    ],
)
def test_a_header_of_another_shape_is_one_clear_error(change: dict[str, Any], message: str) -> None:
    read = archive.from_bytes(Window(PROFILE).update(CURRENT).to_bytes(), kind="window", formats=(2,))
    altered = archive.to_bytes(read._replace(header={**read.header, **change}))
    with pytest.raises(ArchiveError, match=message):
        Window.from_bytes(altered, PROFILE)


def test_arrays_of_another_shape_are_one_clear_error() -> None:
    read = archive.from_bytes(Window(PROFILE).to_bytes(), kind="window", formats=(2,))
    for arrays in ({**read.arrays, "cells.0": read.arrays["cells.0"][:, 1:]}, {}):
        with pytest.raises(ArchiveError, match="must be int64 of shape"):
            Window.from_bytes(archive.to_bytes(read._replace(arrays=arrays)), PROFILE)


def test_adding_something_else_is_a_type_error() -> None:
    with pytest.raises(TypeError):
        Window(PROFILE) + 1  # type: ignore[operator]


def test_repr_says_what_was_counted() -> None:
    assert repr(Window(PROFILE).update(CURRENT)) == "Window(300 rows, 6 features)"


def test_a_profile_of_deciles_gives_the_statistics_of_counts_and_no_others() -> None:
    profile = Profile.fit(REFERENCE, n_points=0)
    chosen = ["ks", "psi", "chi2_bins", "total_variation", "wasserstein"]
    window = Window(profile).update(CURRENT)
    monitor = Monitor.from_profile(profile, detectors=chosen, thresholds={"psi": 0.2})
    found, wanted = monitor.check(window).features, Monitor(REFERENCE, detectors=chosen).check(CURRENT).features
    for name in ("x", "small", "count"):
        for test in ("psi", "chi2_bins", "total_variation"):
            assert found[name].tests[test].statistic == pytest.approx(wanted[name].tests[test].statistic, rel=1e-12)
        assert found[name].tests["ks"].reason is not None
        assert "than the deciles" in str(found[name].tests["ks"].reason)
        assert found[name].n_current == wanted[name].n_current
    assert [found[name].drift_detected for name in ("x", "small")] == [True, False]
    halves = Window(profile).update(CURRENT.iloc[100:]) + Window(profile).update(
        CURRENT.iloc[:100].astype({"small": float})
    )
    assert halves.to_bytes() == window.to_bytes()
    default = Monitor.from_profile(profile).check(window).features["x"]
    assert (default.status, default.drift_detected) == ("skipped", False)


def test_a_profile_of_deciles_comes_back_from_a_file(tmp_path: Any) -> None:
    profile = Profile.fit(REFERENCE, n_points=0)
    profile.save(tmp_path / "x.npz")
    loaded = Profile.load(tmp_path / "x.npz")
    assert Window(loaded).update(CURRENT).to_bytes() == Window(profile).update(CURRENT).to_bytes()
    moved = loaded.with_reference(Window(loaded).update(CURRENT).counts)
    assert moved.describe()["x"]["mean"] is None


@pytest.mark.parametrize("kept", [["a", "b", "c", "d", "e"], ["e", "b"], ["d", "c", "a"]])
def test_deciles_of_any_columns_in_any_order_are_those_of_a_search(kept: list[str]) -> None:
    types = {"a": "f4", "b": "f8", "c": "f4", "d": "f8", "e": "f4"}  # two blocks, whose columns take turns
    drawn = {name: RNG.normal(i, 1 + i, 500).astype(dtype) for i, (name, dtype) in enumerate(types.items())}
    drawn["c"] = np.rint(drawn["c"] / 3)  # some of its deciles are one
    profile = Profile.fit(drawn, n_points=0)
    batch = {name: np.append(drawn[name][:200] + 0.3, np.nan) for name in kept}
    window = Window(profile).update(batch)
    for block, counted in zip(profile.summary.blocks, window.counts.blocks, strict=True):
        for row, name in enumerate(block.names):
            wanted = np.zeros(block.points.n_cells)
            if name in batch:
                deciles = np.searchsorted(block.points.deciles[row], batch[name][:-1], side="right")
                np.add.at(wanted, block.cells.decile_positions[row, deciles], 1)
            assert counted.cells[row].tolist() == wanted.tolist()
            assert counted.missing[row] == (name in batch)


def test_two_reasons_for_one_column_merge_to_the_same_bytes() -> None:
    text, time = (
        Window(PROFILE).update({"x": values}) for values in (["a"] * 3, np.asarray(["2024-01-01"] * 3, "M8[D]"))
    )
    assert (text + time).to_bytes() == (time + text).to_bytes()
    assert text.counts.problems != time.counts.problems


def test_columns_of_other_names_do_not_add() -> None:
    values = RNG.normal(size=100)
    here, there = (Window(Profile.fit({name: values}, salt=b"s")) for name in ("a", "b"))
    with pytest.raises(InputError, match="counted on another"):
        here + there
