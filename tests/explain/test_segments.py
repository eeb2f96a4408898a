"""Slices whose share changed: a planted one is found, none is found where nothing drifted."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, chi2_contingency

from driftwatch import Monitor
from driftwatch.arrays.table import read_table
from driftwatch.explain.segments import MAX_PAIRED, changed_shares, halves, scan_statistic
from driftwatch.explain.slices import Rows, encode
from driftwatch.explain.where import find_segments

if TYPE_CHECKING:
    from collections.abc import Mapping

    from driftwatch.report.explanation import Segments

    Data = Mapping[str, Any]


def _data(rng: np.random.Generator, n: int, *, planted: float = 0.0) -> dict[str, Any]:
    """Return independent features; a share of the rows is moved into the slice city C and age of at least 60."""
    data = {
        "age": rng.uniform(20.0, 80.0, n),
        "income": rng.lognormal(10.0, 1.0, n),
        "visits": rng.poisson(2.0, n).astype(float),
        "city": rng.choice(list("ABCDE"), n),
        "score": np.where(rng.random(n) < 0.2, np.nan, rng.normal(size=n)),
    }
    moved = rng.random(n) < planted
    data["city"] = np.where(moved, "C", data["city"])
    data["age"] = np.where(moved, rng.uniform(60.0, 80.0, n), data["age"])
    return data


def _found(reference: Data, current: Data, **options: Any) -> Segments:
    monitor = Monitor(reference)
    return find_segments(monitor, read_table(reference), read_table(current), [], **options)


@pytest.mark.parametrize("seed", range(12))
def test_a_planted_slice_of_two_conditions_is_recovered(seed: int) -> None:
    rng = np.random.default_rng(seed)
    reference, current = _data(rng, 6_000), _data(rng, 5_000, planted=0.1)
    found = _found(reference, current, seed=seed).segments[0]

    by = {condition.feature: condition for condition in found.conditions}
    assert set(by) == {"age", "city"}
    assert by["city"].label == "C"
    assert by["age"].high is None
    assert by["age"].low == pytest.approx(60.0, abs=8.0)  # a bin is an eighth of the rows, 7 years
    assert (found.lift or 0.0) > 1.5
    inside = [np.mean((side["city"] == "C") & (side["age"] >= by["age"].low)) for side in (reference, current)]
    assert [found.share_reference, found.share_current] == pytest.approx(inside)
    assert found.pvalue < 1e-6
    assert found.remaining is not None
    assert found.remaining < 0.35


def test_without_drift_a_slice_is_found_at_most_as_often_as_alpha_says() -> None:
    n_runs, alpha = 60, 0.05
    alarms = 0
    for seed in range(n_runs):
        rng = np.random.default_rng(1_000 + seed)
        alarms += bool(_found(_data(rng, 1_000), _data(rng, 700), alpha=alpha, seed=seed).segments)
    # the 99.9 % quantile of what a rate of alpha gives
    assert alarms <= binom.ppf(0.999, n_runs, alpha)


@pytest.mark.parametrize("seed", range(6))
def test_one_condition_is_enough_where_a_second_adds_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    reference, current = _data(rng, 4_000), _data(rng, 4_000)
    current["city"] = np.where(rng.random(4_000) < 0.1, "E", current["city"])
    found = _found(reference, current).segments[0]  # one in twenty runs finds another by chance
    assert [(one.feature, one.label) for one in found.conditions] == [("city", "E")]
    assert found.remaining == pytest.approx(0.0, abs=0.25)


def test_a_slice_that_went_missing_and_one_that_vanished_are_two() -> None:
    rng = np.random.default_rng(4)
    reference, current = _data(rng, 6_000), _data(rng, 6_000)
    keep = (current["city"] != "B") | (current["age"] < 50.0)
    current = {name: values[keep] for name, values in current.items()}
    current["visits"] = np.where(rng.random(keep.sum()) < 0.15, np.nan, current["visits"])
    found = {
        tuple(one.feature for one in segment.conditions): segment for segment in _found(reference, current).segments
    }
    assert set(found) == {("visits",), ("age", "city")}
    assert found["visits",].conditions[0].missing
    assert found["visits",].lift is None  # the reference misses none
    assert found["age", "city"].share_current < found["age", "city"].share_reference / 3


def test_a_feature_that_tells_both_sides_apart_takes_no_part_and_the_report_says_so() -> None:
    rng = np.random.default_rng(5)
    reference, current = _data(rng, 2_000), _data(rng, 2_000, planted=0.15)
    reference["month"], current["month"] = np.full(2_000, 1.0), np.full(2_000, 7.0)
    found = _found(reference, current)
    assert "month" in (found.reason or "")
    assert {one.feature for one in found.segments[0].conditions} == {"age", "city"}


def test_features_beyond_the_paired_ones_are_searched_by_themselves() -> None:
    rng = np.random.default_rng(6)
    noise = [{f"x{i}": rng.normal(size=2_000) for i in range(MAX_PAIRED + 60)} for _ in range(2)]
    reference, current = _data(rng, 2_000) | noise[0], _data(rng, 2_000, planted=0.15) | noise[1]
    found = _found(reference, current)
    assert {one.feature for one in found.segments[0].conditions} == {"age", "city"}
    pairs = math.comb(MAX_PAIRED, 2)
    assert found.n_searched < pairs * 36 * 36 + (MAX_PAIRED + 65) * 36


def test_of_too_many_features_the_highest_ranked_are_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("driftwatch.explain.where.MAX_FEATURES", 2)
    rng = np.random.default_rng(6)
    reference, current = _data(rng, 2_000), _data(rng, 2_000, planted=0.15)
    ranked = ["city", "age", "income", "visits", "score"]
    found = _found(reference, current, ranked=ranked)
    assert "2 of 5 features" in (found.reason or "")
    assert {one.feature for one in found.segments[0].conditions} == {"age", "city"}
    assert _found(reference, current, ranked=ranked[::-1]).segments == ()


def test_few_rows_give_no_slice_and_a_reason() -> None:
    rng = np.random.default_rng(7)
    found = _found(_data(rng, 50), _data(rng, 500))
    assert (found.segments, found.local, found.n_searched) == ((), (), 0)
    assert "100 rows" in (found.reason or "")


def test_more_rows_than_asked_for_are_sampled() -> None:
    rng = np.random.default_rng(8)
    found = _found(_data(rng, 3_000), _data(rng, 5_000, planted=0.2), max_rows=2_000)
    assert (found.n_reference, found.n_current) == (2_000, 2_000)
    assert {one.feature for one in found.segments[0].conditions} == {"age", "city"}


def test_the_same_seed_finds_the_same() -> None:
    rng = np.random.default_rng(9)
    reference, current = _data(rng, 1_000), _data(rng, 1_000, planted=0.2)
    assert _found(reference, current, seed=3) == _found(reference, current, seed=3)


def test_the_search_never_sees_the_rows_that_test() -> None:
    # The slice is planted in the half that is searched only: it is found there, and the other half refuses it.
    rng = np.random.default_rng(10)
    reference, current = _data(rng, 4_000), _data(rng, 4_000)
    search, test = halves(4_000, 4_000, rng)
    planted = _data(rng, 4_000, planted=0.3)
    current = {name: np.where(search.current, planted[name], values) for name, values in current.items()}
    tables = read_table(reference), read_table(current)
    cells, _ = encode(Monitor(reference).profile.features, ["age", "city"], *tables)

    assert changed_shares(cells, search, test)[0] == ()
    every = Rows(np.ones(4_000, bool), np.ones(4_000, bool))
    assert changed_shares(cells, every, every)[0] != ()


@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 40), st.integers(0, 40))
def test_the_scan_statistic_is_the_likelihood_ratio_of_scipy(x: int, y: int, n: int, m: int) -> None:
    table = np.asarray([[x, n + 1], [y, m + 1]])
    found = float(scan_statistic((np.float64(x), np.float64(y)), (x + n + 1, y + m + 1)))
    if x + y == 0:
        assert found == 0.0
        return
    expected = chi2_contingency(table, correction=False, lambda_="log-likelihood").statistic
    assert found == pytest.approx(max(expected, 0.0), abs=1e-9)
