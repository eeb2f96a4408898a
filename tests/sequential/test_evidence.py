"""The evidence against its definition: a plain loop, and expectations over every possible course."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest

import sequential_oracle as oracle
from driftwatch import SequentialMonitor
from driftwatch.sequential.bets import N_FIXED_BETS, group_starts, log_bets, log_histogram_bet
from driftwatch.sequential.evidence import Evidence
from driftwatch.sequential.goal import Goal
from driftwatch.sequential.tie_keys import feature_keys, tie_keys
from driftwatch.sequential.urn import cells_of, count_cells, cut, log_chance

RNG = np.random.default_rng(5)


@pytest.mark.parametrize("n", [15, 120, 400])
@pytest.mark.parametrize("kind", ["continuous", "whole numbers", "missing"])
def test_evidence_is_that_of_the_plain_loop(n: int, kind: str) -> None:
    sizes = [20, 1, 1, 7, 60, 20, 3]
    reference, stream = RNG.normal(size=n), RNG.normal(0.4, 1.3, size=sum(sizes))
    if kind == "whole numbers":
        reference, stream = reference.round(), stream.round()
    if kind == "missing":
        reference[::9], stream[::4] = np.nan, np.nan
    monitor = SequentialMonitor(reference[:, None], seed=3)
    found = [monitor.update(part[:, None]).log_evidence[0] for part in np.split(stream, np.cumsum(sizes)[:-1])]

    keys = tie_keys(feature_keys(3, ["f0"]), np.zeros(1, dtype=np.int64), n + len(stream))[0]
    values = np.nan_to_num(np.concatenate([reference, stream]), nan=np.inf)
    pairs = list(zip(values.tolist(), keys.tolist(), strict=True))
    batches = [pairs[n + stop - size : n + stop] for size, stop in zip(sizes, np.cumsum(sizes), strict=True)]
    np.testing.assert_allclose(found, list(oracle.log_evidence(pairs[:n], batches)), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("batches", [[8], [3, 1, 4], [1] * 8])
@pytest.mark.parametrize(
    ("goal", "expected"),
    [(Goal(0.05), None), (Goal(0.05, horizon=2), None), (Goal(0.05, arl=100), "batches")],
    ids=["ever", "horizon", "run length"],
)
def test_expected_evidence_without_drift_is_exact(batches: list[int], goal: Goal, expected: str | None) -> None:
    # Every course of eight rows over three cells, weighted by its chance: no Monte Carlo, so no error either.
    gaps = np.array([3, 4, 6])
    courses = np.asarray(list(itertools.product(range(3), repeat=8)))
    evidence = Evidence.start(goal, gaps, len(courses))
    for part in np.split(courses, np.cumsum(batches)[:-1], axis=-1):
        evidence.update(np.arange(len(courses)), part)
    chance = [_chance(course, gaps.tolist()) for course in courses.tolist()]
    assert sum(chance) == pytest.approx(1.0, rel=1e-12)
    mean = float(np.dot(chance, np.exp(evidence.log_evidence)))
    assert mean == pytest.approx(1.0 if expected is None else len(batches), rel=1e-12)


def _chance(course: list[int], urn: list[int]) -> float:
    urn, chance = list(urn), 1.0
    for cell in course:
        chance *= urn[cell] / sum(urn)
        urn[cell] += 1
    return chance


def test_chance_of_a_course_is_the_product_row_by_row_in_any_order() -> None:
    gaps = RNG.integers(1, 9, size=7)
    cells = RNG.integers(0, 7, size=(5, 30))
    wanted = [math.log(_chance(course, gaps.tolist())) for course in cells.tolist()]
    found = log_chance(np.tile(gaps, (5, 1)), np.sort(cells, axis=-1))
    np.testing.assert_allclose(found, wanted, rtol=1e-12)


def test_every_bet_is_a_distribution_over_cells() -> None:
    counts = RNG.integers(1, 50, size=(4, 64)) * np.array([1, 1, 10**6, 10**9])[:, None]
    bets = np.exp(log_bets(counts))
    assert bets.shape == (4, N_FIXED_BETS, 64)
    np.testing.assert_allclose(bets.sum(axis=-1), 1.0, rtol=1e-12)
    groups = np.add.reduceat(counts, group_starts(64), axis=-1)
    histogram = np.exp(log_histogram_bet(groups, RNG.random((4, 10)) * 50))
    np.testing.assert_allclose(histogram.sum(axis=-1), 1.0, rtol=1e-12)


def test_bets_are_finite_where_a_cell_has_almost_no_chance() -> None:
    counts = np.ones((2, 64), dtype=np.int64)
    counts[0, 30], counts[1, 0] = 10**15, 10**15
    assert np.isfinite(log_bets(counts)).all()


@pytest.mark.parametrize("pieces", [[1] * 90, [30, 60], [90]])
def test_urn_does_not_depend_on_how_rows_are_cut_into_batches(pieces: list[int]) -> None:
    reference = RNG.normal(size=(2, 200))
    rows = np.random.default_rng(1).normal(size=(2, 90))
    keys = feature_keys(0, ["a", "b"])
    edges, gaps = cut(reference, tie_keys(keys, np.zeros(2, np.int64), 200))
    evidence = Evidence.start(Goal(0.05), gaps, 2)
    for part in np.split(rows, np.cumsum(pieces)[:-1], axis=-1):
        first = evidence.n_rows_of(np.arange(2))
        evidence.update(np.arange(2), cells_of(edges, part, tie_keys(keys, first, part.shape[-1])))
    whole = gaps + count_cells(cells_of(edges, rows, tie_keys(keys, np.full(2, 200), 90)), len(gaps))
    np.testing.assert_array_equal(evidence.counts, whole)


def test_cells_hold_nearly_equal_numbers_of_gaps_and_all_of_them() -> None:
    for n in (10, 63, 64, 255, 256, 1000):
        edges, gaps = cut(RNG.normal(size=(1, n)), RNG.random((1, n)))
        assert gaps.sum() == n + 1
        assert edges.shape == (1, len(gaps) - 1)
        assert gaps.max() - gaps.min() <= 1
        assert len(gaps) == min(64, max((n + 1) // 4, 2))


def test_a_drift_left_running_neither_overflows_nor_fades_from_the_result() -> None:
    monitor = SequentialMonitor(RNG.normal(size=(1000, 2)))
    for _ in range(12):
        result = monitor.update(np.full((500, 2), 9.0))
    assert np.isfinite(result.log_evidence).all()
    assert result.log_evidence.max() > 1000.0  # e^1000 is no float
    assert result.evidence == pytest.approx(np.finfo(np.float64).max)
    assert math.isfinite(result.features["f0"].evidence)


def _sum(values: Any) -> float:
    return float(np.sum(values))


def test_prior_of_the_change_adds_up() -> None:
    for goal in (Goal(0.05), Goal(0.05, horizon=40)):
        batches = np.arange(1, 61)
        spent = _sum(np.exp(goal.log_start(batches)))
        assert spent + float(np.exp(goal.log_waiting(batches[-1:]))[0]) == pytest.approx(1.0)


def test_horizon_spreads_the_capital_evenly_and_then_stops() -> None:
    goal = Goal(0.05, horizon=4)
    np.testing.assert_allclose(np.exp(goal.log_start(np.arange(1, 7))), [0.25] * 4 + [0.0] * 2)
