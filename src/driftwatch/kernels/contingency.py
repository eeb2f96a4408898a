"""Small counts: Fisher's exact test and the pooling of rare levels (layer 2, host, float64)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from driftwatch.errors import InputError
from driftwatch.kernels.log_probability import log_table_probability

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["PooledLevels", "fisher_exact_2x2", "pool_rare_levels"]

# Two tables whose log-probabilities differ by less are equally likely: far above the rounding of the logarithms (1e-12),
# far below the usual gap between tables whose exact probabilities differ. scipy compares probabilities, to 1e-14.
TIE_TOLERANCE = 1e-10
# A log-concave tail falls below 1e-16 of its first term within this many steps, by Bernstein's inequality.
TAIL_DEVIATIONS, TAIL_MIN = 9.0, 30
TABLE_BLOCK = 1 << 20  # probabilities at a time: 8 MB for each temporary


class _Margins(NamedTuple):
    """The total of the first row, of the second row and of the first column of tables, shape `(d,)` each."""

    row: NDArray[np.float64]
    rest: NDArray[np.float64]
    column: NDArray[np.float64]

    def at(self, where: NDArray[np.intp]) -> _Margins:
        return _Margins(self.row[where], self.rest[where], self.column[where])


def fisher_exact_2x2(a: ArrayLike, b: ArrayLike, c: ArrayLike, d: ArrayLike) -> NDArray[np.float64]:
    """Return the two-sided p-values of Fisher's exact test of the tables [[a, b], [c, d]].

    Parameters
    ----------
    a, b, c, d : array of whole numbers, shape (...), broadcast against each other
        Counts, 0 or more: the first row is one sample, the first column one level.

    Returns
    -------
    array of float64, shape (...)
        The probability, given the margins, of all tables that are at most as likely as the one seen. 1 where a margin
        is 0.

    Raises
    ------
    InputError
        If a count is negative or NaN.

    Notes
    -----
    Equal to `scipy.stats.fisher_exact` to 1e-9 relative. O(sigma) for each table, sigma the standard deviation of a
    given the margins: 3,000 terms for two balanced samples of a million.

    References
    ----------
    Fisher, R. A. (1935), "The logic of inductive inference".

    Examples
    --------
    >>> fisher_exact_2x2([3, 0], [1, 10], [1, 5], [3, 5]).round(4)
    array([0.4857, 0.0325])
    """
    cells = np.broadcast_arrays(*(np.asarray(x, dtype=np.float64) for x in (a, b, c, d)))
    if not all((x >= 0.0).all() for x in cells):
        raise InputError("Fisher's exact test needs counts of 0 or more. Count the rows of each sample and level.")
    shape = cells[0].shape
    seen, upper_right, lower_left, lower_right = (x.reshape(-1) for x in cells)
    row, rest = seen + upper_right, lower_left + lower_right
    column = seen + lower_left
    total = np.maximum(row + rest, 1.0)
    lowest, highest = np.maximum(0.0, column - rest), np.minimum(row, column)

    # From here on a table is its first cell. Its probability rises up to the mode and falls after it, so that the
    # tables to sum are those from the seen one outwards, and those from its counterpart beyond the mode outwards.
    mode = np.clip(np.floor((row + 1.0) * (column + 1.0) / (total + 2.0)), lowest, highest)
    outward = np.where(seen < mode, -1.0, 1.0)
    margins = _Margins(row, rest, column)
    limit = _log_pmf(seen, margins) + TIE_TOLERANCE
    distance = np.where(outward < 0.0, highest - mode, mode - lowest)
    other = mode - outward * _steps_to_unlikely(limit, mode, -outward, distance, margins)

    sigma = np.sqrt(row * rest * column * (total - column) / (total**2 * np.maximum(total - 1.0, 1.0)))
    n_terms = np.minimum(np.ceil(TAIL_DEVIATIONS * sigma) + TAIL_MIN, highest - lowest + 1.0)
    pvalue = np.empty(seen.shape)
    for block in _blocks(n_terms):
        steps = np.arange(n_terms[block].max())
        near = _tail(seen[block], outward[block], steps, margins.at(block))
        pvalue[block] = near + _tail(other[block], -outward[block], steps, margins.at(block))
    at_mode = _log_pmf(mode, margins) <= limit  # then every table counts, and the mode is in both tails
    return np.where(at_mode, 1.0, np.minimum(pvalue, 1.0)).reshape(shape)


def _log_pmf(cell: NDArray[np.float64], margins: _Margins) -> NDArray[np.float64]:
    row, rest, column = margins
    return log_table_probability(cell, row - cell, column - cell, rest - column + cell)


def _steps_to_unlikely(
    limit: NDArray[np.float64],
    mode: NDArray[np.float64],
    direction: NDArray[np.float64],
    distance: NDArray[np.float64],
    margins: _Margins,
) -> NDArray[np.float64]:
    """Return how far from the mode, in a direction, the first cell is that is no likelier than the limit.

    One more than the distance to the last cell, where the probability is 0, if there is none.
    """
    likelier, unlikely = np.zeros(mode.shape), distance + 1.0
    while (unlikely - likelier > 1.0).any():
        middle = np.floor((likelier + unlikely) / 2.0)
        counts = _log_pmf(mode + direction * middle, margins) <= limit
        likelier, unlikely = np.where(counts, likelier, middle), np.where(counts, middle, unlikely)
    return unlikely


def _tail(
    start: NDArray[np.float64],
    direction: NDArray[np.float64],
    steps: NDArray[np.float64],
    margins: _Margins,
) -> NDArray[np.float64]:
    """Return the probability of the cells from `start` outwards, by the ratio of each to the one before."""
    cell = start[:, None] + direction[:, None] * steps[:-1]
    row_left, column_left = margins.row[:, None] - cell, margins.column[:, None] - cell
    opposite = margins.rest[:, None] - column_left
    rising = direction[:, None] > 0.0
    numerator = np.where(rising, row_left * column_left, cell * opposite)
    denominator = np.where(rising, (cell + 1.0) * (opposite + 1.0), (row_left + 1.0) * (column_left + 1.0))
    # Clipped: away from the mode a ratio is at most 1, and beyond the last possible cell nothing may follow.
    ratio = np.clip(numerator / denominator, 0.0, 1.0)
    following: NDArray[np.float64] = np.cumprod(ratio, axis=-1).sum(axis=-1)
    return np.exp(_log_pmf(start, margins)) * (1.0 + following)


def _blocks(n_terms: NDArray[np.float64]) -> list[NDArray[np.intp]]:
    """Return positions of tables with a similar number of terms, few enough for the memory."""
    order = np.argsort(n_terms, kind="stable")
    cells = np.cumsum(n_terms[order]) // TABLE_BLOCK
    return np.split(order, np.flatnonzero(np.diff(cells)) + 1) if order.size else []


class PooledLevels(NamedTuple):
    """Counts of both samples by pooled level, shape `(k',)`, and how many levels were merged with another."""

    reference: NDArray[np.int64]
    current: NDArray[np.int64]
    n_pooled: int


def pool_rare_levels(
    reference_counts: ArrayLike, current_counts: ArrayLike, *, min_expected: float = 5.0
) -> PooledLevels:
    """Return the counts of one feature with rare levels merged until every expected count reaches the minimum.

    Parameters
    ----------
    reference_counts, current_counts : array of int, shape (k,)
        Counts by level, over the same levels.
    min_expected : float
        The smallest expected count of a level in either sample; 5 is the usual rule for a chi-squared test.

    Returns
    -------
    PooledLevels
        Levels in ascending order of their total. Levels that do not occur are left out. A single level where the
        samples are too small for two.

    Raises
    ------
    InputError
        If the two do not count the same levels, or `min_expected` is negative.

    Notes
    -----
    Levels are merged in ascending order of their total over both samples, each group closed as soon as it is large
    enough; what is left over at the end joins the last group. Several groups rather than one remainder: a feature with
    hundreds of rare levels keeps degrees of freedom. The totals do not depend on which sample a row is from, so that
    the test on the pooled counts keeps its level; a choice by the counts of one sample would not. Equal totals keep the
    order in which the levels come, so that order must not follow one sample's counts either. O(k log k).

    References
    ----------
    Cochran, W. G. (1954), "Some methods for strengthening the common chi-squared tests", Biometrics 10.

    Examples
    --------
    >>> pool_rare_levels([60, 30, 6, 3, 1], [55, 38, 3, 2, 2])
    PooledLevels(reference=array([10, 30, 60]), current=array([ 7, 38, 55]), n_pooled=3)
    """
    reference, current = np.asarray(reference_counts), np.asarray(current_counts)
    if reference.shape != current.shape or reference.ndim != 1:
        raise InputError(
            "`reference_counts` and `current_counts` must be one row over the same levels, "
            f"got shapes {reference.shape} and {current.shape}."
        )
    if not min_expected >= 0.0:
        raise InputError(f"`min_expected` must be 0 or more, got {min_expected!r}.")
    total = reference + current
    order = np.argsort(total, kind="stable")
    order = order[total[order] > 0]
    cumulative = np.cumsum(total[order], dtype=np.float64)
    smaller = float(min(reference.sum(), current.sum()))
    # No expected count of an empty sample is above 0.
    needed = min_expected * float(cumulative[-1]) / smaller if smaller > 0.0 else np.inf

    starts = _group_starts(cumulative, needed)
    sizes = np.diff([*starts, order.size])
    return PooledLevels(
        np.add.reduceat(reference[order], starts) if starts else reference[order],
        np.add.reduceat(current[order], starts) if starts else current[order],
        int(sizes[sizes > 1].sum()),
    )


def _group_starts(cumulative: NDArray[np.float64], needed: float) -> list[int]:
    """Return where each group begins: groups of consecutive levels, each of a total of at least `needed`."""
    starts: list[int] = []
    start, before = 0, 0.0
    while start < cumulative.size:
        # The tolerance keeps a level whose expected count is the minimum itself, whatever the rounding.
        stop = int(np.searchsorted(cumulative, (before + needed) * (1.0 - 1e-12))) + 1
        stop = max(stop, start + 1)
        if stop > cumulative.size:  # too little is left: it joins the group before, or is the only one
            return starts or [0]
        starts.append(start)
        start, before = stop, float(cumulative[stop - 1])
    return starts
