"""Slices inside which a feature drifted: planted ones are found, drift everywhere and changed shares are not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scipy.stats import binom, kstest

from driftwatch import Monitor
from driftwatch.arrays.table import read_table
from driftwatch.explain.local import heterogeneity
from driftwatch.explain.where import find_segments

if TYPE_CHECKING:
    from collections.abc import Mapping

    from driftwatch.report.explanation import LocalDrift


def _data(rng: np.random.Generator, n: int) -> dict[str, Any]:
    return {
        "price": rng.lognormal(3.0, 0.5, n),
        "age": rng.uniform(20.0, 80.0, n),
        "visits": rng.poisson(2.0, n).astype(float),
        "city": rng.choice(list("ABCDE"), n),
    }


def _local(reference: Mapping[str, Any], current: Mapping[str, Any], seed: int = 0) -> tuple[LocalDrift, ...]:
    monitor = Monitor(reference)
    return find_segments(monitor, read_table(reference), read_table(current), ["price"], seed=seed).local


@pytest.mark.parametrize("seed", range(8))
def test_a_feature_that_drifts_inside_a_slice_of_two_conditions_is_found_with_it(seed: int) -> None:
    rng = np.random.default_rng(seed)
    reference, current = _data(rng, 8_000), _data(rng, 6_000)
    inside = (current["city"] == "C") & (current["age"] >= 50.0)
    current["price"] = np.where(inside, current["price"] * 2.0, current["price"])
    (found,) = _local(reference, current, seed)

    by = {condition.feature: condition for condition in found.conditions}
    assert found.feature == "price"
    assert set(by) == {"age", "city"}
    assert by["city"].label == "C"
    assert by["age"].low == pytest.approx(50.0, abs=8.0)
    assert found.inside > 0.3
    assert found.outside < 0.05
    held = [
        np.sum(
            (side["city"] == "C") & (side["age"] >= (by["age"].low or 0.0)) & (side["age"] < (by["age"].high or 99.0))
        )
        for side in (reference, current)
    ]
    assert [found.n_reference, found.n_current] == held


def test_drift_that_is_the_same_everywhere_is_in_no_slice_more_often_than_alpha_says() -> None:
    n_runs, alarms = 60, 0
    for seed in range(n_runs):
        rng = np.random.default_rng(2_000 + seed)
        reference, current = _data(rng, 1_500), _data(rng, 1_000)
        current["price"] = current["price"] * 1.5
        alarms += bool(_local(reference, current, seed))
    assert alarms <= binom.ppf(0.999, n_runs, 0.05)


def test_a_slice_whose_share_changed_is_no_slice_in_which_a_feature_drifts() -> None:
    rng = np.random.default_rng(1)
    reference, current = _data(rng, 6_000), _data(rng, 6_000)
    for side in (reference, current):
        side["price"] = np.where(side["city"] == "C", side["price"] * 3.0, side["price"])
    more = current["city"] == "C"
    current = {name: np.concatenate([values, values[more], values[more]]) for name, values in current.items()}
    monitor = Monitor(reference)
    found = find_segments(monitor, read_table(reference), read_table(current), ["price"])
    assert found.segments
    assert found.local == ()


def test_the_test_of_equal_changes_has_uniform_pvalues_where_changes_are_equal() -> None:
    rng = np.random.default_rng(0)
    shares = np.asarray([[0.4, 0.3, 0.2, 0.1], [0.3, 0.3, 0.25, 0.15]])
    sides = (shares[0], shares[1], shares[0], shares[1])
    pvalues = [
        heterogeneity([rng.multinomial(size, share).astype(float) for size, share in zip(sizes, sides, strict=True)])[1]
        for sizes in [(800, 600, 2_000, 1_500)] * 400
    ]
    assert kstest(pvalues, "uniform").pvalue > 0.01


def test_a_feature_of_one_cell_has_no_difference() -> None:
    assert heterogeneity([np.asarray([5.0, 0.0])] * 4) == (0.0, 1.0)
