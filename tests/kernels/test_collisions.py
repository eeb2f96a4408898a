"""Repeated rows in a hash table: calibration without, and power with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scipy import stats

from driftwatch.errors import InputError
from driftwatch.kernels.collisions import repeated_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray


def table(rows: NDArray[Any], n_bins: int) -> NDArray[Any]:
    return np.bincount(rows, minlength=n_bins)


@pytest.mark.parametrize(("n", "m", "n_bins"), [(1_200, 1_200, 65_536), (1_200, 300, 4_096), (5_000, 9_000, 1_024)])
def test_distinct_rows_are_rejected_no_more_often_than_the_level(n: int, m: int, n_bins: int) -> None:
    rng = np.random.default_rng(n)
    draw = [[table(rng.integers(n_bins, size=k), n_bins) for k in (n, m)] for _ in range(1_000)]
    pvalues = np.asarray([repeated_rows(*pair).pvalue for pair in draw])
    for alpha in (0.1, 0.02):
        # Oracle: the binomial count of rejections at the level itself; 1e-4 is how often this test may fail by chance.
        assert (pvalues <= alpha).sum() <= stats.binom.isf(1e-4, 1_000, alpha)


def test_rows_that_the_reference_repeats_too_are_not_held_against_the_current_ones() -> None:
    rng = np.random.default_rng(1)

    def sample(n: int) -> NDArray[Any]:
        rows = rng.integers(65_536, size=n)
        frequent = rng.random(n) < 0.05  # one row in twenty is one of twenty: greetings, empty sentences
        rows[frequent] = rng.integers(20, size=int(frequent.sum()))
        return table(rows, 65_536)

    pvalues = np.asarray([repeated_rows(sample(1_200), sample(800)).pvalue for _ in range(500)])
    assert (pvalues <= 0.05).sum() <= stats.binom.isf(1e-4, 500, 0.05)


@pytest.mark.parametrize("n", [1_000, 20_000, 200_000])
def test_a_tenth_of_second_copies_is_seen_at_any_size(n: int) -> None:
    rng = np.random.default_rng(n)
    reference, current = (rng.integers(65_536, size=n) for _ in range(2))
    current[: n // 10] = current[n // 10 : 2 * (n // 10)]
    result = repeated_rows(table(reference, 65_536), table(current, 65_536))
    assert result.pvalue < 1e-12
    assert result.statistic == pytest.approx(0.1, abs=0.03)


def test_one_row_that_stands_for_many_is_seen() -> None:
    rng = np.random.default_rng(0)
    reference, current = (rng.integers(65_536, size=2_000) for _ in range(2))
    current[:200] = 7  # a loader that returns the same file again and again
    assert repeated_rows(table(reference, 65_536), table(current, 65_536)).pvalue < 1e-4


def test_fewer_repeats_than_in_the_reference_are_no_alarm() -> None:
    rng = np.random.default_rng(0)
    reference, current = (rng.integers(65_536, size=2_000) for _ in range(2))
    reference[:500] = reference[500:1_000]
    result = repeated_rows(table(reference, 65_536), table(current, 65_536))
    assert result.statistic < 0.0
    assert result.pvalue > 0.99


def test_pvalue_is_the_conditional_binomial_one() -> None:
    # 3 pairs among 100 distinct rows against 12 among 150: no triples, so nothing is scaled.
    reference, current = np.ones(200, int), np.ones(200, int)
    reference[:3], reference[100:103], reference[103:] = 2, 0, 0
    reference = np.concatenate([np.full(3, 2), np.ones(94, int), np.zeros(103, int)])
    current = np.concatenate([np.full(12, 2), np.ones(126, int), np.zeros(62, int)])
    n, m = reference.sum(), current.sum()
    share = (m * (m - 1)) / (m * (m - 1) + n * (n - 1))
    expected = stats.binom.sf(11, 15, share)
    assert repeated_rows(reference, current).pvalue == pytest.approx(expected, rel=1e-12)


def test_no_pair_at_all_is_no_evidence() -> None:
    assert repeated_rows(np.ones(10, int), np.ones(10, int)) == (0.0, 1.0)


def test_a_side_with_one_row_has_no_answer() -> None:
    result = repeated_rows([1, 0], [5, 5])
    assert np.isnan(result.statistic)
    assert np.isnan(result.pvalue)


def test_tables_of_different_size_are_refused() -> None:
    with pytest.raises(InputError, match="Hash both sides with one grid"):
        repeated_rows([1, 2], [1, 2, 3])
