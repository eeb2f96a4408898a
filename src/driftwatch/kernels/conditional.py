"""P-values of 2 x k tables with rare levels, given their margins: drawn, or counted where tables are few (layer 2, host)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

import numpy as np

from driftwatch.errors import InputError
from driftwatch.kernels.contingency import fisher_exact_2x2

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    Score: TypeAlias = Callable[[NDArray[np.int64]], NDArray[np.float64]]

__all__ = ["MAX_ROWS", "ConditionalPvalue", "TableStatistic", "conditional_pvalue", "tail_pvalue"]

TableStatistic: TypeAlias = Literal["chi2", "g", "sparse"]

MAX_ROWS = 1_000_000_000  # what numpy's sampler takes, both sides together
MAX_TABLES = 20_000  # up to here all tables are counted, which takes less time than drawing
# Draws that reach the statistic before the draws end: the p-value then has a standard error of 14 % of itself.
STOP_AFTER = 50
FIRST_BATCH = 200
# A p-value of the tail below this needs no draws: it can then be too small by at most this much in probability.
NO_DRAWS_BELOW = 1e-6
# Tables whose statistics differ by less are equally far out: far above the rounding, far below the gap between tables.
SQUARES_TIE, G_TIE = 1e-9, 1e-12
ROWS_PER_LEVEL = 10  # dealing a row takes numpy a tenth of the time of drawing the count of a level
MAX_DEALT_ROWS = 1_000_000


class ConditionalPvalue(NamedTuple):
    """`pvalue`, "exact" or "permutation" as its `method`, and how many tables were drawn."""

    pvalue: float
    method: Literal["exact", "permutation"]
    n_drawn: int


def conditional_pvalue(
    reference_counts: ArrayLike,
    current_counts: ArrayLike,
    *,
    statistic: TableStatistic = "chi2",
    n_permutations: int = 9_999,
    seed: int | tuple[int, ...] = 0,
) -> ConditionalPvalue:
    """Return the p-value of one table over all tables with its margins: rows dealt to the two sides at random.

    Parameters
    ----------
    reference_counts, current_counts : array of int, shape (k,)
        Counts by level, over the same levels.
    statistic : {"chi2", "g", "sparse"}
        Which one orders the tables. "sparse" is the sum of (observed - expected)^2 / expected^(2/3): where most levels are
        rare, chi-squared is the noise of those, and a drift of the frequent ones is lost in it.
    n_permutations : int
        Most tables to draw.
    seed : int or tuple of int
        Of the draws. The same tables are drawn for the same margins.

    Returns
    -------
    ConditionalPvalue
        1 where fewer than two levels occur; NaN where a side is empty.

    Raises
    ------
    InputError
        If the two do not count the same levels, or count 10^9 rows or more.

    Notes
    -----
    Two levels: Fisher's exact test. At most 20,000 tables: all of them are counted. Otherwise tables are drawn from the
    multivariate hypergeometric distribution until 50 of them reach the statistic, at the l-th draw, or B are drawn: the
    p-value is 50 / l, or (g + 1) / (B + 1) where g of B did. This rule keeps the p-value valid (Besag and Clifford 1991)
    and takes some hundred draws without drift.

    Where no draw reaches the statistic, 1 / (B + 1) would be a floor, at which a correction over many features finds no
    drift at all. There the p-value is `tail_pvalue` if that is smaller. It stays valid, since below the floor it is one
    exact test, and at the floor and above it rejects when the drawn one does. Below 1e-6 nothing more is drawn.

    References
    ----------
    Besag, J. and Clifford, P. (1991), "Sequential Monte Carlo p-values", Biometrika 78; Valiant, G. and Valiant, P.
    (2017), "An automatic inequality prover and instance optimal identity testing", SIAM Journal on Computing 46, for the
    exponent 2/3.

    Examples
    --------
    >>> conditional_pvalue([6, 2, 1], [3, 1, 4]).method
    'exact'
    >>> result = conditional_pvalue([90, 40, 20, 10, 5, 3, 2, 1], [5, 4, 3, 2, 2, 1, 1, 2], seed=1)
    >>> result.method, 0.01 < result.pvalue < 0.03
    ('permutation', True)
    """
    reference, current = (np.asarray(x, dtype=np.int64) for x in (reference_counts, current_counts))
    if reference.shape != current.shape or reference.ndim != 1:
        raise InputError(
            "`reference_counts` and `current_counts` must be one row over the same levels, "
            f"got shapes {reference.shape} and {current.shape}."
        )
    totals = reference + current
    n_rows = int(totals.sum())
    if n_rows >= MAX_ROWS:
        raise InputError(f"tables of fewer than {MAX_ROWS:,} rows can be drawn, got {n_rows:,}. Pool the levels.")
    order = np.argsort(-totals, kind="stable")[: np.count_nonzero(totals)]
    # Of the two sides the smaller one is drawn, so that it does not matter which of them is the reference.
    seen = (reference if reference.sum() <= current.sum() else current)[order]
    levels = totals[order]
    if seen.sum() == 0 or levels.size < 2:
        return ConditionalPvalue(1.0 if seen.sum() else math.nan, "exact", 0)
    if levels.size == 2:
        pvalue = fisher_exact_2x2(seen[0], seen[1], *(levels - seen))
        return ConditionalPvalue(float(pvalue), "exact", 0)

    score = _scores(levels, int(seen.sum()), statistic)
    observed = float(score(seen[None, :])[0])
    limit = observed - (G_TIE if statistic == "g" else SQUARES_TIE) * abs(observed)
    if math.prod((np.minimum(levels[1:], seen.sum()) + 1).tolist()) <= MAX_TABLES:
        return ConditionalPvalue(_counted(levels, int(seen.sum()), score, limit), "exact", 0)
    return _drawn(levels, seen, score, limit, n_permutations=n_permutations, rng=np.random.default_rng(seed))


def _scores(levels: NDArray[np.int64], size: int, statistic: TableStatistic) -> Score:
    """Return what orders the tables of one side's counts `(b, k)` as the statistic does."""
    if statistic != "g":
        expected = levels * (size / levels.sum())
        weights = expected ** (-1.0 if statistic == "chi2" else -2.0 / 3.0)

        def squares(counts: NDArray[np.int64]) -> NDArray[np.float64]:
            gap = counts - expected
            gap *= gap
            return np.asarray(gap @ weights)

        return squares

    def g(counts: NDArray[np.int64]) -> NDArray[np.float64]:
        from scipy.special import xlogy

        rest = levels - counts
        return np.asarray((xlogy(counts, counts) + xlogy(rest, rest)).sum(axis=-1))

    return g


def _counted(levels: NDArray[np.int64], size: int, score: Score, limit: float) -> float:
    """Return the probability of all tables at or beyond the limit, by listing them."""
    from scipy.special import gammaln

    tables = np.zeros((1, 0), dtype=np.int64)
    for level in levels[:0:-1]:  # all but the most frequent, whose count the others leave
        choices = np.arange(min(int(level), size) + 1)
        tables = np.concatenate(
            [np.repeat(tables, choices.size, axis=0), np.tile(choices, len(tables))[:, None]], axis=1
        )
        tables = tables[tables.sum(axis=1) <= size]
    rest = size - tables.sum(axis=1)
    tables = np.concatenate([rest[:, None], tables[:, ::-1]], axis=1)[rest <= levels[0]]

    def log_choose(n: ArrayLike, k: ArrayLike) -> NDArray[np.float64]:
        n, k = np.asarray(n, dtype=np.float64), np.asarray(k, dtype=np.float64)
        return np.asarray(gammaln(n + 1.0) - gammaln(k + 1.0) - gammaln(n - k + 1.0))

    log_probability = log_choose(levels, tables).sum(axis=1) - log_choose(levels.sum(), size)
    return min(float(np.exp(log_probability[score(tables) >= limit]).sum()), 1.0)


def _drawn(
    levels: NDArray[np.int64],
    seen: NDArray[np.int64],
    score: Score,
    limit: float,
    *,
    n_permutations: int,
    rng: np.random.Generator,
) -> ConditionalPvalue:
    """Return the sequential Monte Carlo p-value, and that of the tail where no draw reaches the limit."""
    size = int(seen.sum())
    dealt = size < ROWS_PER_LEVEL * levels.size and levels.sum() <= MAX_DEALT_ROWS
    method: Literal["count", "marginals"] = "count" if dealt else "marginals"
    n_drawn = n_reached = 0
    tail = 1.0
    while n_drawn < n_permutations:
        batch = min(max(n_drawn, FIRST_BATCH), n_permutations - n_drawn)
        tables = rng.multivariate_hypergeometric(levels, size, size=batch, method=method)
        reached = np.flatnonzero(score(tables) >= limit)
        if n_reached + reached.size >= STOP_AFTER:
            last = n_drawn + int(reached[STOP_AFTER - n_reached - 1]) + 1
            return ConditionalPvalue(STOP_AFTER / last, "permutation", n_drawn + batch)
        if n_drawn == n_reached + reached.size == 0:
            tail = tail_pvalue(levels - seen, seen)
            if tail < NO_DRAWS_BELOW:
                return ConditionalPvalue(tail, "exact", batch)
        n_drawn, n_reached = n_drawn + batch, n_reached + reached.size
    pvalue = (n_reached + 1) / (n_drawn + 1)
    if n_reached == 0:
        pvalue = min(pvalue, tail)
    return ConditionalPvalue(pvalue, "permutation", n_drawn)


def tail_pvalue(reference_counts: ArrayLike, current_counts: ArrayLike) -> float:
    """Return an exact p-value of a table without any floor: the smallest of Fisher's tests, times their number.

    One test for each level against the rest, and one for each of the 1, 2, 4, 8, ... most frequent levels together.
    Which they are depends on the totals alone, so that the p-value is valid whatever the counts (Bonferroni); it has less
    power than the chi-squared statistic where many rare levels move a little each.
    """
    reference, current = (np.asarray(x, dtype=np.int64) for x in (reference_counts, current_counts))
    order = np.argsort(-(reference + current), kind="stable")
    groups = 2 ** np.arange(1, int(math.log2(max(order.size - 1, 1))) + 1) - 1
    sides = []
    for side in (reference, current):
        together = np.cumsum(side[order])[groups]
        part = np.concatenate([side, together])
        sides.append((part, side.sum() - part))
    pvalues = fisher_exact_2x2(*sides[0], *sides[1])
    return float(min(pvalues.min() * pvalues.size, 1.0))
