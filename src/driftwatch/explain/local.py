"""Slices inside which one feature drifted more than outside: searched on one half of the rows, tested on the other (layer 4)."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy.special import chdtrc

from driftwatch.explain.slices import Rows, Slice
from driftwatch.kernels.multiplicity import adjust
from driftwatch.kernels.noise_floor import total_variation_noise
from driftwatch.kernels.share_distances import total_variation_from_counts
from driftwatch.report.explanation import LocalDrift

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from driftwatch.explain.slices import Cells

__all__ = ["drifts_inside", "heterogeneity"]

MAX_PAIRED = 8  # features whose pairs are searched for each drifted one
MIN_ROWS = 30  # of each side, inside a slice and outside of it
MIN_MORE = 0.05  # by which the feature must have moved more inside than outside, as total variation

HostArray = np.ndarray[Any, Any]


class _Best(NamedTuple):
    statistic: float
    parts: tuple[tuple[int, int], ...]


def drifts_inside(
    cells: Sequence[Cells], drifted: Sequence[str], search: Rows, test: Rows, *, alpha: float = 0.05
) -> tuple[tuple[LocalDrift, ...], int]:
    """Return for each drifted feature the slice by other features inside which it drifted more than outside.

    Parameters
    ----------
    cells : sequence of Cells
    drifted : sequence of str
        Names of the features that it is about.
    search, test : Rows
        Rows that slices are found on, and other rows, which say whether they are real.
    alpha : float
        Probability of any slice at all where every feature changed inside of every slice as it did outside.

    Returns
    -------
    tuple of LocalDrift, int
        And how many slices were looked at.

    Notes
    -----
    What is tested is a difference of differences: the change of the shares of the feature's cells inside, less that
    outside. A slice whose share changed, and inside which the feature is what it was, is not found. p-values are corrected
    by Holm over the features.
    """
    position = {one.name: i for i, one in enumerate(cells)}
    found: list[tuple[Cells, Slice]] = []
    pvalues: list[float] = []
    n_searched = 0
    for name in drifted:
        if name not in position:
            continue
        best, looked = _best_slice(cells, position[name], search)
        n_searched += looked
        if best is None:
            continue
        candidate = Slice(tuple((cells[feature], run) for feature, run in best.parts))
        one = cells[position[name]]
        found.append((one, candidate))
        pvalues.append(_pvalue(one, candidate.rows, test))
    corrected = adjust(pvalues, "holm").tolist() if pvalues else []
    every = Rows(search.reference | test.reference, search.current | test.current)
    described = (
        _local(one, candidate, every, pvalue)
        for (one, candidate), pvalue in zip(found, corrected, strict=True)
        if pvalue <= alpha
    )
    kept = [one for one in described if one.inside - one.outside >= MIN_MORE]
    return tuple(sorted(kept, key=lambda one: one.outside - one.inside)), n_searched


def heterogeneity(tables: Sequence[HostArray]) -> tuple[float, float]:
    """Return the Wald statistic of equal changes inside and outside, and its p-value.

    Parameters
    ----------
    tables : sequence of 4 arrays of counts, shape (k,)
        Reference and current rows inside, reference and current rows outside, by cell of the feature.

    Notes
    -----
    With shares p of four independent multinomial samples it is d' V^-1 d for d = (p2 - p1) - (p4 - p3), V the sum of their
    covariances, shares smoothed by half a row in each cell, k - 1 degrees of freedom.
    """
    occupied = sum(tables) > 0.0
    smoothed = [table[occupied] + 0.5 for table in tables]
    k = int(np.count_nonzero(occupied))
    if k < 2:
        return 0.0, 1.0
    difference, covariance = np.zeros(k - 1), np.zeros((k - 1, k - 1))
    for table, sign in zip(smoothed, (-1.0, 1.0, 1.0, -1.0), strict=True):
        share = table / table.sum()
        kept = share[1:]
        difference += sign * kept
        covariance += (np.diag(kept) - np.outer(kept, kept)) / table.sum()
    statistic = float(difference @ np.linalg.solve(covariance, difference))
    return statistic, float(chdtrc(k - 1, statistic))


def _best_slice(cells: Sequence[Cells], target: int, rows: Rows) -> tuple[_Best | None, int]:
    """Return the slice by other features of the largest sum of squared differences of changes, and how many there were."""
    if not all(rows.sizes):
        return None, 0
    codes = [(one.reference[rows.reference], one.current[rows.current]) for one in cells]
    own = cells[target]
    others = [i for i in range(len(cells)) if i != target]
    strength = dict.fromkeys(others, 0.0)
    single: _Best | None = None
    double: _Best | None = None
    looked = 0
    for a in others:
        sides = [
            _counts(one * own.n_cells + x, (cells[a].n_cells, own.n_cells))
            for one, x in zip(codes[a], codes[target], strict=True)
        ]
        statistic, enough = _scored(
            [cells[a].members @ table for table in sides], [table.sum(axis=0) for table in sides]
        )
        looked += enough
        strength[a] = float(statistic.max(initial=0.0))
        single = _better(single, statistic, (a,))
    chosen = sorted(sorted(others, key=lambda i: -strength[i])[:MAX_PAIRED])
    for a, b in itertools.combinations(chosen, 2):
        shape = (cells[a].n_cells, cells[b].n_cells, own.n_cells)
        sides = [
            _counts((one * shape[1] + two) * shape[2] + x, shape)
            for one, two, x in zip(codes[a], codes[b], codes[target], strict=True)
        ]
        inside = [np.einsum("ra,abx,sb->rsx", cells[a].members, t, cells[b].members, optimize=True) for t in sides]
        statistic, enough = _scored(inside, [table.sum(axis=(0, 1)) for table in sides])
        looked += enough
        double = _better(double, statistic, (a, b))
    needed = (0.0 if single is None else single.statistic) + 2.0 * math.log(max(looked, 2))
    return (double if double is not None and double.statistic > needed else single), looked


def _counts(codes: NDArray[np.int64], shape: tuple[int, ...]) -> HostArray:
    return np.bincount(codes, minlength=math.prod(shape)).astype(np.float64).reshape(shape)


def _scored(inside: Sequence[HostArray], total: Sequence[HostArray]) -> tuple[HostArray, int]:
    """Return sum_k d_k^2 / var d_k of every slice in which the feature moved more than outside; and how many are large enough.

    Without the covariances of `heterogeneity`, which would be a matrix for each slice: it only ranks them.
    """
    change, variance, distance = [], [], []
    enough = np.ones(inside[0].shape[:-1], dtype=np.bool_)
    for groups in (inside, [whole - part for whole, part in zip(total, inside, strict=True)]):
        sizes = [table.sum(axis=-1) for table in groups]
        enough &= (sizes[0] >= MIN_ROWS) & (sizes[1] >= MIN_ROWS)
        shares = [table / np.maximum(size, 1.0)[..., None] for table, size in zip(groups, sizes, strict=True)]
        pooled = (groups[0] + groups[1] + 1.0) / (sizes[0] + sizes[1] + groups[0].shape[-1])[..., None]
        spread = 1.0 / np.maximum(sizes[0], 1.0) + 1.0 / np.maximum(sizes[1], 1.0)
        change.append(shares[1] - shares[0])
        variance.append(pooled * (1.0 - pooled) * spread[..., None])
        distance.append(np.abs(change[-1]).sum(axis=-1) / 2.0)
    statistic = ((change[0] - change[1]) ** 2 / (variance[0] + variance[1])).sum(axis=-1)
    wanted = enough & (distance[0] - distance[1] >= MIN_MORE)
    return np.where(wanted, statistic, 0.0), int(np.count_nonzero(enough))


def _better(best: _Best | None, statistic: HostArray, features: tuple[int, ...]) -> _Best | None:
    top = float(statistic.max(initial=0.0))
    if top <= (0.0 if best is None else best.statistic):
        return best
    at = np.unravel_index(int(statistic.argmax()), statistic.shape)
    return _Best(top, tuple(zip(features, map(int, at), strict=True)))


def _tables(one: Cells, inside: Rows, rows: Rows) -> list[HostArray]:
    """Return the counts of the feature's cells: both sides inside, both sides outside."""
    groups = (rows.and_in(inside), rows.without(inside))
    return [
        _counts(codes[which], (one.n_cells,))
        for group in groups
        for codes, which in ((one.reference, group.reference), (one.current, group.current))
    ]


def _pvalue(one: Cells, inside: Rows, rows: Rows) -> float:
    tables = _tables(one, inside, rows)
    return heterogeneity(tables)[1] if min(table.sum() for table in tables) >= MIN_ROWS / 2 else 1.0


def _local(one: Cells, found: Slice, rows: Rows, pvalue: float) -> LocalDrift:
    tables = _tables(one, found.rows, rows)
    distances = []
    for reference, current in (tables[:2], tables[2:]):
        statistic = total_variation_from_counts(reference, current)
        distances.append(float(total_variation_noise(statistic, reference, current).excess))
    return LocalDrift(
        one.name, found.conditions, int(tables[0].sum()), int(tables[1].sum()), distances[0], distances[1], pvalue
    )
