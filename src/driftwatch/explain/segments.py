"""Slices of the data whose share changed: searched on one half of the rows, tested on the other (layer 4)."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy.special import xlogy

from driftwatch.explain.slices import Rows, Slice
from driftwatch.kernels.contingency import fisher_exact_2x2
from driftwatch.kernels.homogeneity import chi2_2samp
from driftwatch.report.explanation import Segment

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from driftwatch.explain.slices import Cells

__all__ = ["changed_shares", "halves", "scan_statistic", "strongest_first"]

MAX_SEGMENTS = 5
MAX_PAIRED = 40  # features whose pairs are searched, those that changed most
MIN_EXPECTED = 10.0  # rows of a slice that each side would have without drift
MIN_CHANGE = 0.01  # of the share of a slice: less is not worth a line, however significant
TRUSTED = 5.0  # smallest expected count of the chi-squared distribution (Cochran's rule)

HostArray = np.ndarray[Any, Any]


class _Best(NamedTuple):
    """The slice of largest statistic so far; of equal ones the smaller share is the one to name."""

    statistic: float
    share: float
    parts: tuple[tuple[int, int], ...]  # feature and run


def changed_shares(
    cells: Sequence[Cells], search: Rows, test: Rows, *, alpha: float = 0.05
) -> tuple[tuple[Segment, ...], int]:
    """Return the slices whose share changed, in the order in which they were found, and how many were looked at.

    Parameters
    ----------
    cells : sequence of Cells
    search, test : Rows
        Rows that slices are found on, and other rows, which say whether they are real.
    alpha : float
        Probability of any segment at all where nothing drifted.

    Notes
    -----
    The scan statistic is the likelihood ratio of two shares against one (Kulldorff 1997). Two conditions must beat one
    by more than twice the logarithm of the number of slices, which is about what the best of so many gains by chance.
    After each find its rows are taken out of both sides, so that the next slice is one that it does not explain; its
    p-value is that of the remaining test rows. The slices are tested in the order in which they were found, until one
    fails: a fixed sequence, which needs no further correction, as those that were only looked at are other rows. The
    p-value of a slice is the largest of it and those before it.

    References
    ----------
    Kulldorff, M. (1997), "A spatial scan statistic", Communications in Statistics 26.
    """
    found: list[Segment] = []
    n_searched = 0
    least = 0.0
    every = Rows(search.reference | test.reference, search.current | test.current)
    left, judged = search, test
    for _ in range(MAX_SEGMENTS):
        best, looked = _best_slice(cells, left)
        n_searched = max(n_searched, looked)
        if best is None:
            break
        candidate = Slice(tuple((cells[feature], run) for feature, run in best.parts))
        least = max(least, _pvalue(candidate.rows, judged))
        if least > alpha:
            break
        found.append(_segment(candidate, cells, every, least))
        left, judged = left.without(candidate.rows), judged.without(candidate.rows)
    return tuple(one for one in found if abs(one.share_current - one.share_reference) >= MIN_CHANGE), n_searched


def halves(n_reference: int, n_current: int, rng: np.random.Generator) -> tuple[Rows, Rows]:
    """Return a random half of the rows of each side, and the other half."""
    first = Rows(*(rng.permutation(n) < n // 2 for n in (n_reference, n_current)))
    return first, Rows(~first.reference, ~first.current)


def scan_statistic(inside: tuple[Any, Any], sizes: tuple[int, int]) -> HostArray:
    """Return twice the log-likelihood ratio of different shares against one, of any shape.

    Parameters
    ----------
    inside : pair of arrays of counts
        Rows of the reference and of the current side inside each slice.
    sizes : pair of int
        Rows of both sides.
    """
    (x, y), (n, m) = inside, sizes
    share = (x + y) / (n + m)
    separate = xlogy(x, x / n) + xlogy(n - x, 1.0 - x / n) + xlogy(y, y / m) + xlogy(m - y, 1.0 - y / m)
    together = xlogy(x + y, share) + xlogy(n + m - x - y, 1.0 - share)
    statistic: HostArray = np.maximum(2.0 * (separate - together), 0.0)
    return statistic


def strongest_first(cells: Sequence[Cells], rows: Rows) -> list[int]:
    """Return the positions of the features, the one whose single cells changed most first."""
    if not all(rows.sizes):
        return list(range(len(cells)))
    strength = []
    for one in cells:
        reference, current = (
            _counts(one.reference[rows.reference], one.n_cells),
            _counts(one.current[rows.current], one.n_cells),
        )
        found = chi2_2samp(reference[None, :], current[None, :])
        strength.append(float(np.nan_to_num(found.statistic[0] - found.dof[0])))
    order: list[int] = np.argsort(-np.asarray(strength), kind="stable").tolist()
    return order


def _best_slice(cells: Sequence[Cells], rows: Rows) -> tuple[_Best | None, int]:
    """Return the slice of the largest statistic, of two conditions only where they gain enough over one."""
    n, m = rows.sizes
    if not (n and m):
        return None, 0
    codes = [(one.reference[rows.reference], one.current[rows.current]) for one in cells]
    single: _Best | None = None
    double: _Best | None = None
    n_single = n_double = 0
    for a, one in enumerate(cells):
        inside = [one.members @ _counts(side, one.n_cells) for side in codes[a]]
        statistic, looked = _scored(inside, (n, m))
        n_single += looked
        single = _better(single, statistic, inside, (n, m), (a,))
    chosen = sorted(strongest_first(cells, rows)[:MAX_PAIRED])
    for a, b in itertools.combinations(chosen, 2):
        inside = [
            cells[a].members @ table @ cells[b].members.T
            for table in _crossed((cells[a], cells[b]), (codes[a], codes[b]))
        ]
        statistic, looked = _scored(inside, (n, m))
        n_double += looked
        double = _better(double, statistic, inside, (n, m), (a, b))
    looked = n_single + n_double
    needed = (0.0 if single is None else single.statistic) + 2.0 * math.log(max(looked, 2))
    return (double if double is not None and double.statistic > needed else single), looked


def _counts(codes: NDArray[np.int64], n_cells: int) -> HostArray:
    return np.bincount(codes, minlength=n_cells).astype(np.float64)


def _crossed(
    cells: tuple[Cells, Cells], codes: tuple[tuple[HostArray, HostArray], tuple[HostArray, HostArray]]
) -> Iterator[HostArray]:
    """Yield the counts of both features' cells crossed, of each side."""
    first, second = cells
    for one, other in zip(*codes, strict=True):
        yield _counts(one * second.n_cells + other, first.n_cells * second.n_cells).reshape(
            first.n_cells, second.n_cells
        )


def _scored(inside: Sequence[HostArray], sizes: tuple[int, int]) -> tuple[HostArray, int]:
    """Return the statistic of slices with enough rows whose share changed enough, 0 for the others; and how many."""
    (x, y), (n, m) = inside, sizes
    expected = (x + y) / (n + m) * min(n, m)
    enough = (expected >= MIN_EXPECTED) & ((n + m - x - y) / (n + m) * min(n, m) >= MIN_EXPECTED)
    changed = enough & (np.abs(y / m - x / n) >= MIN_CHANGE)
    return np.where(changed, scan_statistic((x, y), sizes), 0.0), int(np.count_nonzero(enough))


def _better(
    best: _Best | None,
    statistic: HostArray,
    inside: Sequence[HostArray],
    sizes: tuple[int, int],
    features: tuple[int, ...],
) -> _Best | None:
    top = float(statistic.max(initial=0.0))
    if top <= 0.0 or (best is not None and top < best.statistic):
        return best
    share = (inside[0] + inside[1]) / sum(sizes)
    tied = np.flatnonzero(statistic == top)
    at = int(tied[np.argmin(share.ravel()[tied])])
    found = _Best(
        top,
        float(share.ravel()[at]),
        tuple(zip(features, map(int, np.unravel_index(at, statistic.shape)), strict=True)),
    )
    return found if best is None or top > best.statistic or found.share < best.share else best


def _pvalue(inside: Rows, rows: Rows) -> float:
    """Return the p-value of a change of the share of a slice among these rows."""
    (x, y), (n, m) = rows.and_in(inside).sizes, rows.sizes
    if not (n and m):
        return 1.0
    smallest = min(x + y, n + m - x - y) * min(n, m) / (n + m)
    if smallest < TRUSTED:
        return float(np.asarray(fisher_exact_2x2(x, n - x, y, m - y)).item())
    pvalue = float(chi2_2samp(np.asarray([[x, n - x]]), np.asarray([[y, m - y]])).pvalue[0])
    return 1.0 if math.isnan(pvalue) else pvalue


def _segment(found: Slice, cells: Sequence[Cells], rows: Rows, pvalue: float) -> Segment:
    inside = rows.and_in(found.rows)
    (x, y), (n, m) = inside.sizes, rows.sizes
    whole = _noncentrality(cells, rows)
    outside = _noncentrality(cells, rows.without(found.rows))
    return Segment(
        found.conditions,
        x,
        y,
        x / n,
        y / m,
        pvalue,
        lift=(y / m) / (x / n) if x else None,
        remaining=min(outside / whole, 1.0) if whole > 0.0 else None,
    )


def _noncentrality(cells: Sequence[Cells], rows: Rows) -> float:
    """Return how far the features drifted, free of the number of rows: the sum of (chi2 - dof) (1 / n + 1 / m)."""
    n, m = rows.sizes
    if not (n and m):
        return 0.0
    total = 0.0
    for one in cells:
        reference = _counts(one.reference[rows.reference], one.n_cells)
        current = _counts(one.current[rows.current], one.n_cells)
        found = chi2_2samp(reference[None, :], current[None, :])
        total += float(np.nan_to_num(found.statistic[0] - found.dof[0]))
    return max(total, 0.0) * (1.0 / n + 1.0 / m)
