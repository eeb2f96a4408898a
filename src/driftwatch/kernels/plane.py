"""Rows of both sides on the plane that shows their difference best, counted in squares (layer 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from driftwatch.arrays.namespace import device_of, namespace_of, statistic_dtype, to_host
from driftwatch.kernels._prepare import Ordered
from driftwatch.kernels.ecdf import quantiles
from driftwatch.ops import bincount, matmul, sort_last

if TYPE_CHECKING:
    from driftwatch._typing import Array, Namespace

__all__ = ["N_SQUARES", "PlaneCounts", "plane_counts"]

N_SQUARES = 24  # on each side of the picture
TAIL = 200  # one row of both sides in so many may be clipped at each end of an axis
N_ITERATIONS = 24  # of the power method: a picture needs a direction of large spread, not the eigenvector's last digits
NEGLIGIBLE = 1e-6  # what is this small beside the spread has no direction

HostArray = np.ndarray[Any, Any]


class PlaneCounts(NamedTuple):
    """Counts of rows in squares.

    Attributes
    ----------
    low, high : tuple of float
        Where the axes x and y begin and end, measured from the mean of the reference. Rows beyond count at the border.
    reference, current : array of int64, shape (N_SQUARES, N_SQUARES)
        Rows of y, the lowest first, and columns of x.
    """

    low: tuple[float, float]
    high: tuple[float, float]
    reference: HostArray
    current: HostArray


def plane_counts(reference: Array, current: Array, /, *, xp: Namespace | None = None) -> PlaneCounts | None:
    """Return the counts of rows on the plane of the difference of means and the largest spread at right angles to it.

    Parameters
    ----------
    reference, current : array, shape (n, d) and (m, d)
        Complete rows.

    Returns
    -------
    PlaneCounts or None
        None where there is no plane: fewer than two dimensions, a side without rows, rows without spread, or numbers too
        large for their squares.

    Notes
    -----
    O((n + m) d) for each of a fixed number of steps. Where both means are the same, x is the direction of largest spread.
    The direction of largest spread is found by the power method on rows without their own side's mean.
    """
    xp = namespace_of(current, xp=xp)
    if reference.shape[1] < 2 or 0 in {reference.shape[0], current.shape[0]}:
        return None

    wide = statistic_dtype(xp, device_of(current))
    sides = [xp.astype(rows, wide) for rows in (reference, current)]
    center = xp.mean(sides[0], axis=0)
    sides = [rows - center[None, :] for rows in sides]
    shift = xp.mean(sides[1], axis=0)
    spread = xp.concat([sides[0], sides[1] - shift[None, :]], axis=0)
    least = NEGLIGIBLE * float(to_host(xp.max(xp.abs(spread))))
    x = _unit(shift, least=least)
    if x is None:
        x = _largest_spread(spread, least, xp=xp)
    if x is None:
        return None
    along = matmul(spread, x[:, None], xp=xp)
    y = _largest_spread(spread - along * x[None, :], least, xp=xp)
    if y is None:
        return None

    axes = xp.stack([x, y], axis=-1)
    return _counted(*(xp.permute_dims(matmul(rows, axes, xp=xp), (1, 0)) for rows in sides), xp=xp)


def _unit(vector: Array, *, least: float = 0.0) -> Array | None:
    """Return the vector at length one; None where it is not longer than `least`, or not finite."""
    xp = namespace_of(vector)
    length = float(to_host(xp.sqrt(xp.sum(vector * vector))))
    return vector / length if least < length < np.inf else None


def _largest_spread(rows: Array, least: float, *, xp: Namespace) -> Array | None:
    """Return the unit vector along which centred rows spread most, its largest weight positive.

    None where no row is further than `least` from the mean along it.
    """
    start = np.random.default_rng(0).normal(size=int(rows.shape[1]))
    vector = _unit(xp.asarray(start, dtype=rows.dtype, device=device_of(rows)))
    turned = xp.permute_dims(rows, (1, 0))
    for _ in range(N_ITERATIONS):
        if vector is None:
            return None
        vector = _unit(matmul(turned, matmul(rows, vector[:, None], xp=xp), xp=xp)[:, 0])
    if vector is None or not float(to_host(xp.max(xp.abs(matmul(rows, vector[:, None], xp=xp))))) > least:
        return None
    largest = float(to_host(vector)[np.argmax(np.abs(to_host(vector)))])
    return vector if largest > 0 else -vector


def _counted(reference: Array, current: Array, *, xp: Namespace) -> PlaneCounts | None:
    """Return the counts of points `(2, n)` and `(2, m)`, which stay where they are."""
    pooled = xp.concat([reference, current], axis=-1)
    ordered = Ordered(sort_last(pooled, xp=xp)[0], int(pooled.shape[-1]))
    span = to_host(quantiles(ordered, [1, TAIL - 1], TAIL, xp=xp)).astype(np.float64)
    low, high = span[:, 0], span[:, 1]
    if not np.isfinite(span).all() or not (high > low).all():
        return None
    inner = np.linspace(low, high, N_SQUARES + 1, axis=-1)[:, 1:-1]
    edges = xp.asarray(inner, dtype=pooled.dtype, device=device_of(pooled))
    counts = []
    for side in (reference, current):
        place = xp.count_nonzero(side[:, :, None] >= edges[:, None, :], axis=-1)
        square = place[1:, :] * N_SQUARES + place[:1, :]
        counts.append(to_host(bincount(square, N_SQUARES**2, xp=xp)).reshape(N_SQUARES, N_SQUARES).astype(np.int64))
    return PlaneCounts((float(low[0]), float(low[1])), (float(high[0]), float(high[1])), *counts)
