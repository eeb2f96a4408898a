"""The points at which a reference is frozen, one sequence per feature: where windows count (layer 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from driftwatch.arrays.namespace import device_of, namespace_of, to_host
from driftwatch.kernels.bins import quantile_edges
from driftwatch.kernels.ecdf import ends
from driftwatch.ops.cells import LIMIT

if TYPE_CHECKING:
    from driftwatch.kernels._prepare import Ordered

__all__ = ["DEFAULT_POINTS", "Points", "fit_points"]

DEFAULT_POINTS = 1024  # D is within about 1 / 1024 of the exact one where values are continuous
N_DECILES = 10
# Sums are kept in units of the middle half's width over 2**24, so that 0.00000003 of it is the error of a sum's mean.
UNIT_BITS = 24
REACH_BITS = 24  # the reference reaches out to 2**48 units, of 2**61 that are told apart

HostArray = np.ndarray[Any, Any]


class Points(NamedTuple):
    """Frozen points of d features, on the host.

    Cells of a feature are the points themselves and the open intervals between them: `(-inf, p0)`, `{p0}`, `(p0, p1)`,
    `{p1}`, ..., so that ties with the reference are kept apart from its neighbourhood.

    Attributes
    ----------
    values : array of float64, shape (d, k)
        Ascending; each row ends with at least one `+inf`, and with more where a feature has fewer points.
    deciles : array of float64, shape (d, 9)
        Inner edges of the reference's deciles, each one of `values` or infinite.
    unit : array of float64, shape (d,)
        A power of two: sums of values are whole multiples of it, which add in any order.
    center : array of int64, shape (d,)
        A value in the middle of the reference, in units: squares are taken of the distance from it.
    """

    values: HostArray
    deciles: HostArray
    unit: HostArray
    center: HostArray

    @property
    def n_cells(self) -> int:
        """Number of cells of every feature."""
        return 2 * int(self.values.shape[1]) + 1

    def at(self, rows: list[int]) -> Points:
        """Return the points of some of the features."""
        return Points(*(array[rows] for array in self))


def fit_points(reference: Ordered, n_points: int | None = DEFAULT_POINTS) -> Points:
    """Return points of equal mass, the smallest and the largest value and the deciles among them.

    Parameters
    ----------
    reference : Ordered
        Sorted values `(d, n)` of any array library.
    n_points : int or None
        A feature with at most this many distinct values has them all, and statistics of the ordering are exact on it;
        None: every feature has; 0: the deciles only.
    """
    xp = namespace_of(reference.values)
    d = int(reference.values.shape[0])
    deciles = to_host(quantile_edges(reference, N_DECILES, xp=xp)).astype(np.float64)
    n_valid = np.broadcast_to(to_host(reference.n_valid), (d,))
    rows = []
    for i in range(d):
        distinct = np.zeros(0) if n_points == 0 else _chosen(reference, i, int(n_valid[i]), n_points)
        edges = deciles[i][np.isfinite(deciles[i])]
        rows.append(np.unique(np.concatenate([distinct, edges])) if n_valid[i] else np.zeros(0))
    width = max(map(len, rows), default=0) + 1
    values = np.full((d, width), np.inf)
    for i, row in enumerate(rows):
        values[i, : len(row)] = row
    low, high = (to_host(x).astype(np.float64) for x in ends(reference, xp=xp))
    unit = np.asarray([_unit(row, a, b) for row, a, b in zip(rows, low.tolist(), high.tolist(), strict=True)])
    middle = [float(row[len(row) // 2]) if len(row) else 0.0 for row in rows]
    center = np.rint(np.clip(np.nan_to_num(np.asarray(middle)) / unit, -LIMIT, LIMIT)).astype(np.int64)
    return Points(values, deciles, unit, center)


def _chosen(reference: Ordered, row: int, n: int, n_points: int | None) -> HostArray:
    """Return the distinct values of a feature, or its values at even ranks and in its tails where they are too many."""
    xp = namespace_of(reference.values)
    values = reference.values[row, :n]
    if n_points is None or n <= n_points or int(xp.count_nonzero(values[1:] != values[:-1])) < n_points:
        return np.unique(to_host(values).astype(np.float64))
    even = np.arange(n_points, dtype=np.int64) * (n - 1) // (n_points - 1)
    tail = 2 ** np.arange(int(np.log2(n)), dtype=np.int64)  # few values far apart: one cell of them would be all of W1
    ranks = np.unique(np.concatenate([even, tail, n - 1 - tail]))
    picked = xp.take(values, xp.asarray(ranks, device=device_of(values)))
    return np.unique(to_host(picked).astype(np.float64))


def _unit(points: HostArray, low: float, high: float) -> float:
    """Return the power of two that sums of a feature are counted in."""
    if not len(points):
        return 2.0**-UNIT_BITS
    quarter, three = points[len(points) // 4], points[(3 * len(points)) // 4]
    furthest = max(abs(low), abs(high))
    scales = (three - quarter, high - low, furthest)
    scale = next((float(scale) for scale in scales if 0.0 < scale < np.inf), 1.0)
    if furthest < np.inf:  # a middle half that is nothing beside the range must not put the range out of reach
        scale = max(scale, furthest * 2.0**-REACH_BITS)
    # between these, both the unit and its inverse are finite
    return float(2.0 ** np.clip(np.floor(np.log2(scale)) - UNIT_BITS, -1000, 900))
