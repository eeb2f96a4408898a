"""One primitive of several steps: how many values lie in each cell between given points, and their sums (layer 2).

Everything is counted in whole numbers, so that it adds to the same bytes in any order and on any device.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from driftwatch.arrays.namespace import device_of, to_host

if TYPE_CHECKING:
    from driftwatch._typing import Array, Namespace

__all__ = ["LIMB_BITS", "LIMIT", "SQUARE_LIMIT", "SQUARE_SHIFT", "CellSums", "carried", "rounded", "tally_cells"]

LIMIT = 1 << 61  # in units; values beyond it count as this far away
LIMB_BITS = 31  # a whole number is kept as high * 2**31 + low, with low in [0, 2**31)
LIMB = (1 << LIMB_BITS) - 1
SQUARE_SHIFT = 12  # squares are of multiples of 2**12 units
SQUARE_LIMIT = 1 << 30
NARROW_SCALE = 2.0**100  # a product with a float32 of usual size neither overflows nor vanishes

HostArray = np.ndarray[Any, Any]


class CellSums(NamedTuple):
    """What `tally_cells` returns, on the host; integers are int64.

    Attributes
    ----------
    cells : array, shape (d, 2 k + 1)
        Values in `(-inf, p0)`, `{p0}`, `(p0, p1)`, `{p1}`, ..., `(p(k-1), inf)`.
    missing : array, shape (d,)
    sum_high, sum_low : array, shape (d, k + 1)
        Sums of the values in the open cells, in units, in two limbs.
    square_high, square_low : array, shape (d,)
        Sums of squared distances from the center, in multiples of 2**12 units, in two limbs.
    low, high : array of float64, shape (d,)
        Smallest and largest value; `+inf` and `-inf` without values.
    """

    cells: HostArray
    missing: HostArray
    sum_high: HostArray
    sum_low: HostArray
    square_high: HostArray
    square_low: HostArray
    low: HostArray
    high: HostArray


def tally_cells(x: Array, points: HostArray, unit: HostArray, center: HostArray, /, *, xp: Namespace) -> CellSums:
    """Count values `(d, m)` in cells, and add them up in whole units.

    Parameters
    ----------
    x : array of float32 or float64, shape (d, m)
        NaN where missing, at least one value in a row.
    points : numpy array of float64, shape (d, k)
        Ascending, each row with at least one `+inf` at its end.
    unit : numpy array of float64, shape (d,)
        Powers of two.
    center : numpy array of int64, shape (d,)
        In units.

    Notes
    -----
    One sort, and one look-up for each point. The device needs 64-bit integers and floats.
    """
    from driftwatch.ops import rank, sort_last  # these dispatch to definitions that stand beside this one

    d, m = (int(size) for size in x.shape)
    ordered, n_missing = sort_last(x, xp=xp)
    n_valid = m - to_host(n_missing).astype(np.int64)
    # Of a narrower type, v < p as v < (p rounded up), and v <= p as v <= (p rounded down): both are exact.
    up, down = rounded(points, ordered, xp=xp)
    ranks = (rank(ordered, up, side="left", xp=xp), rank(ordered, down, side="right", xp=xp))
    left, right = (to_host(place).astype(np.int64) for place in ranks)
    below = _cumulative(left, right, n_valid)
    whole = _whole_units(unit, ordered, xp=xp)
    sums = [_open_cells(_sums_below(part, below, xp=xp)) for part in _limbs(whole)]
    squares = [_sums_below(part, n_valid[:, None], xp=xp)[:, 0] for part in _limbs(_squares(center, whole, xp=xp))]
    ends = np.stack([np.zeros(d, np.int64), np.maximum(n_valid - 1, 0)], axis=-1)
    low, high = to_host(_at(ordered, ends, xp=xp)).astype(np.float64).T
    empty = n_valid == 0
    return CellSums(
        np.diff(below, axis=-1),
        m - n_valid,
        *carried(*sums),
        *carried(*squares),
        np.where(empty, np.inf, low),
        np.where(empty, -np.inf, high),
    )


def _cumulative(left: HostArray, right: HostArray, n_valid: HostArray) -> HostArray:
    """Return how many values lie below both ends of every point, `(d, n_cells + 1)`: 0 first and all of them last."""
    both = np.minimum(np.stack([left, right], axis=-1).reshape(len(n_valid), -1), n_valid[:, None])
    # behind the first of several +inf nothing is left to count
    inner = np.maximum.accumulate(both, axis=-1)
    return np.concatenate([np.zeros((len(n_valid), 1), np.int64), inner, n_valid[:, None]], axis=-1)


def rounded(points: HostArray, like: Array, *, xp: Namespace) -> tuple[Array, Array]:
    """Return the points rounded up and rounded down to the type of `like`."""
    device = device_of(like)
    if xp.finfo(like.dtype).bits == 64:
        exact = xp.asarray(points, device=device)
        return exact, exact
    with np.errstate(over="ignore"):
        near = points.astype(np.float32)
    up = np.where(near < points, np.nextafter(near, np.float32(np.inf)), near)
    down = np.where(near > points, np.nextafter(near, np.float32(-np.inf)), near)
    return xp.asarray(up, device=device), xp.asarray(down, device=device)


def _whole_units(unit: HostArray, ordered: Array, *, xp: Namespace) -> Array:
    """Return values in whole units. A unit is a power of two, so that no type rounds before the rounding."""
    inverse = 1.0 / unit
    fits = ((inverse < NARROW_SCALE) & (inverse > 1.0 / NARROW_SCALE)).all()
    values = ordered if fits else xp.astype(ordered, xp.float64)
    scale = xp.asarray(inverse, dtype=values.dtype, device=device_of(values))[:, None]
    with np.errstate(over="ignore"):
        return xp.astype(xp.clip(xp.round(values * scale), -float(LIMIT), float(LIMIT)), xp.int64)


def _squares(center: HostArray, whole: Array, *, xp: Namespace) -> Array:
    middle = xp.asarray(center, device=device_of(whole))[:, None] - (1 << (SQUARE_SHIFT - 1))
    distance = xp.clip((whole - middle) >> SQUARE_SHIFT, -SQUARE_LIMIT, SQUARE_LIMIT)
    return distance * distance


def _limbs(whole: Array) -> tuple[Array, Array]:
    return whole >> LIMB_BITS, whole & LIMB


def _sums_below(part: Array, positions: HostArray, *, xp: Namespace) -> HostArray:
    """Return the sums of the first `positions` numbers of each row, on the host."""
    total = xp.cumulative_sum(part, axis=-1)
    found = to_host(_at(total, np.maximum(positions - 1, 0), xp=xp))
    return np.where(positions > 0, found, 0)


def _at(x: Array, positions: HostArray, *, xp: Namespace) -> Array:
    return xp.take_along_axis(x, xp.asarray(positions, device=device_of(x)), axis=-1)


def _open_cells(below: HostArray) -> HostArray:
    """Return the sums of the cells between points, of sums below both ends of every point."""
    cells: HostArray = np.diff(below, axis=-1)[:, ::2]
    return cells


def carried(high: HostArray, low: HostArray) -> tuple[HostArray, HostArray]:
    """Return the one form in which a number is kept, so that equal sums have equal bytes."""
    return high + (low >> LIMB_BITS), low & LIMB
