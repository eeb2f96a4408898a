"""Mann-Whitney: scipy, pairs counted one by one, and the exact distribution at sizes where counts overflow."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
import scipy.stats

from driftwatch.errors import UnknownNameError
from driftwatch.kernels import mannwhitneyu
from driftwatch.kernels._prepare import Ordered, order
from driftwatch.kernels.mann_whitney import superiority_variance
from driftwatch.kernels.rank_sums import rank_sums

RNG = np.random.default_rng(32)


@pytest.mark.parametrize(("n", "m"), [(1, 1), (8, 8), (8, 300), (9, 9), (57, 43)])
@pytest.mark.parametrize("ties", [False, True], ids=["distinct", "ties"])
def test_equals_scipy(n: int, m: int, *, ties: bool) -> None:
    x, y = RNG.normal(size=n), RNG.normal(0.4, size=m)
    if ties:
        x, y = np.round(x), np.round(y)
    found, wanted = mannwhitneyu(x, y), scipy.stats.mannwhitneyu(x, y)
    assert float(found.statistic) == wanted.statistic
    assert float(found.pvalue) == pytest.approx(float(wanted.pvalue), rel=1e-11)


def test_superiority_is_the_share_of_pairs_in_which_current_is_larger() -> None:
    x, y = RNG.integers(0, 6, 25), RNG.integers(1, 8, 18)
    pairs = [1.0 if b > a else 0.5 if a == b else 0.0 for a, b in product(x.tolist(), y.tolist())]
    assert float(mannwhitneyu(x, y).superiority) == pytest.approx(np.mean(pairs), rel=1e-14)


def test_exact_distribution_at_sizes_whose_counts_overflow() -> None:
    # C(1200, 600) is 1e359. In this part of the tail the normal approximation is within 1 % of the exact p-value.
    x, y = RNG.normal(size=600), RNG.normal(0.1, size=600)
    exact = float(mannwhitneyu(x, y, method="exact").pvalue)
    assert exact == pytest.approx(float(mannwhitneyu(x, y, method="asymptotic").pvalue), rel=1e-2)


def test_method_chooses_the_distribution() -> None:
    x, y = RNG.normal(size=32), RNG.normal(0.5, size=45)
    for method in ("exact", "asymptotic"):
        wanted = scipy.stats.mannwhitneyu(x, y, method=method).pvalue
        assert float(mannwhitneyu(x, y, method=method).pvalue) == pytest.approx(wanted, rel=1e-11)
    assert mannwhitneyu(x, y) == mannwhitneyu(x, y, method="asymptotic")
    assert mannwhitneyu(x[:8], y) == mannwhitneyu(x[:8], y, method="exact")


def test_unknown_method_is_refused() -> None:
    method: Any = "asymp"
    with pytest.raises(UnknownNameError, match="did you mean 'asymptotic'"):
        mannwhitneyu(np.arange(9.0), np.arange(9.0), method=method)


def test_values_that_are_all_the_same_say_nothing() -> None:
    found = mannwhitneyu(np.full(30, 2.5), np.full(12, 2.5))
    assert (float(found.pvalue), float(found.superiority)) == (1.0, 0.5)


def test_padding_is_no_value_even_beside_true_infinities() -> None:
    padded = np.array([[0.0, 1.0, np.inf, np.inf, np.inf]])
    current = Ordered(np.array([[0.5, np.inf, np.inf]]), 3)
    for n_valid in (3, np.array([3])):
        found = rank_sums(Ordered(padded, n_valid), current, xp=np)
        wanted = rank_sums(Ordered(padded[:, :3], 3), current, xp=np)
        assert [x.tolist() for x in found] == [x.tolist() for x in wanted]


@pytest.mark.parametrize("levels", [3, 10_000])
def test_variance_without_drift_is_that_of_shuffled_rows(levels: int) -> None:
    pooled = RNG.integers(0, levels, 40).astype(np.float64)
    shuffled = RNG.permuted(np.broadcast_to(pooled, (4000, 40)), axis=1)
    reference, current = order(shuffled[:, :25], xp=np), order(shuffled[:, 25:], xp=np)
    variance = superiority_variance(rank_sums(reference, current, xp=np), xp=np)
    found = np.var(mannwhitneyu(shuffled[:, :25], shuffled[:, 25:], axis=1).superiority)
    # the standard error of a variance is about sqrt(2 / 4000) = 2.2 % of it
    assert float(variance[0]) == pytest.approx(float(found), rel=0.09)
