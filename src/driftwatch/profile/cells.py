"""Counts and sums of values on frozen points: whole numbers, which add to the same bytes in any order (layer 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from driftwatch.arrays.namespace import device_of, namespace_of, statistic_dtype, to_host
from driftwatch.errors import InputError
from driftwatch.kernels._prepare import order
from driftwatch.ops import rank
from driftwatch.profile.points import LIMIT, Points

if TYPE_CHECKING:
    from driftwatch._typing import Array, Namespace

__all__ = ["LIMB_BITS", "SQUARE_SHIFT", "CellTally", "merge_cells", "no_values", "tally_values", "wide"]

LIMB_BITS = 31  # a whole number is kept as high * 2**31 + low, with low in [0, 2**31)
LIMB = (1 << LIMB_BITS) - 1
SQUARE_SHIFT = 12  # squares are of multiples of 2**12 units, a 4096th of the middle half's width
SQUARE_LIMIT = 1 << 30
NARROW_SCALE = 2.0**100  # a product with a float32 of usual size neither overflows nor vanishes
MAX_HIGH = 1 << 61  # two of these can be added before 64 bits overflow

HostArray = np.ndarray[Any, Any]


class CellTally(NamedTuple):
    """What is known of the values of d features that were counted on `Points`, on the host.

    Attributes
    ----------
    cells : array of int64, shape (d, n_cells)
        Values in each cell.
    missing : array of int64, shape (d,)
    sum_high, sum_low : array of int64, shape (d, k + 1)
        Sums of the values in the open cells, in units.
    square_high, square_low : array of int64, shape (d,)
        Sums of squared distances from the center, in multiples of 2**12 units.
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

    @property
    def n_valid(self) -> HostArray:
        """Values that were counted, shape `(d,)`."""
        n: HostArray = self.cells.sum(axis=-1)
        return n

    def at(self, rows: list[int]) -> CellTally:
        """Return the tally of some of the features."""
        return CellTally(*(array[rows] for array in self))


def no_values(points: Points) -> CellTally:
    """Return the tally of no values."""
    d, k = points.values.shape
    return CellTally(
        cells=np.zeros((d, points.n_cells), np.int64),
        missing=np.zeros(d, np.int64),
        sum_high=np.zeros((d, k + 1), np.int64),
        sum_low=np.zeros((d, k + 1), np.int64),
        square_high=np.zeros(d, np.int64),
        square_low=np.zeros(d, np.int64),
        low=np.full(d, np.inf),
        high=np.full(d, -np.inf),
    )


def tally_values(points: Points, values: Array) -> CellTally:
    """Return the tally of values `(d, m)`, NaN where missing, of any array library.

    They are sorted where they are, and what is read off is as long as the points. Where a device has no 64-bit
    integers or floats (JAX without x64) they are brought to the host.

    Notes
    -----
    O(m log m + k log m) per feature. Each number depends on the values alone, not on their order or their type: a
    float32 and the float64 of the same value count the same.
    """
    xp = namespace_of(values)
    if not _has_64_bits(xp, values):
        values, xp = to_host(values), np
    d, m = (int(size) for size in values.shape)
    if m == 0:
        return no_values(points)
    ordered = order(values, xp=xp)
    n_valid = np.broadcast_to(to_host(ordered.n_valid), (d,)).astype(np.int64)
    below = _cumulative(points, ordered.values, n_valid, xp=xp)
    whole = _whole_units(points, ordered.values, xp=xp)
    sums = [_open_cells(_sums_below(part, below, xp=xp)) for part in _limbs(whole)]
    squares = [_sums_below(part, n_valid[:, None], xp=xp)[:, 0] for part in _limbs(_squares(points, whole, xp=xp))]
    ends = np.stack([np.zeros(d, np.int64), np.maximum(n_valid - 1, 0)], axis=-1)
    low, high = to_host(_at(ordered.values, ends, xp=xp)).astype(np.float64).T
    empty = n_valid == 0
    return CellTally(
        np.diff(below, axis=-1),
        m - n_valid,
        *_carried(*sums),
        *_carried(*squares),
        np.where(empty, np.inf, low),
        np.where(empty, -np.inf, high),
    )


def merge_cells(a: CellTally, b: CellTally) -> CellTally:
    """Return the tally of the values of both.

    Raises
    ------
    InputError
        If a sum leaves what 92 bits hold.
    """
    sums = _carried(a.sum_high + b.sum_high, a.sum_low + b.sum_low)
    squares = _carried(a.square_high + b.square_high, a.square_low + b.square_low)
    if max(int(np.abs(high).max(initial=0)) for high, _ in (sums, squares)) > MAX_HIGH:
        raise InputError("a window holds sums of up to 92 bits, and these values exceed them. Start a new window.")
    return CellTally(
        a.cells + b.cells,
        a.missing + b.missing,
        *sums,
        *squares,
        np.minimum(a.low, b.low),
        np.maximum(a.high, b.high),
    )


def wide(high: HostArray, low: HostArray) -> HostArray:
    """Return whole numbers of two limbs as float64."""
    number: HostArray = high.astype(np.float64) * float(1 << LIMB_BITS) + low
    return number


def _cumulative(points: Points, ordered: Array, n_valid: HostArray, *, xp: Namespace) -> HostArray:
    """Return how many values lie below both ends of every point, `(d, n_cells + 1)`: 0 first and all of them last."""
    # Of a narrower type, v < p as v < (p rounded up), and v <= p as v <= (p rounded down): both are exact.
    up, down = _rounded(points.values, ordered, xp=xp)
    ranks = (rank(ordered, up, side="left", xp=xp), rank(ordered, down, side="right", xp=xp))
    left, right = (np.minimum(to_host(x).astype(np.int64), n_valid[:, None]) for x in ranks)
    both = np.stack([left, right], axis=-1).reshape(len(n_valid), -1)
    # behind the first of several +inf nothing is left to count
    inner = np.maximum.accumulate(both, axis=-1)
    return np.concatenate([np.zeros((len(n_valid), 1), np.int64), inner, n_valid[:, None]], axis=-1)


def _rounded(points: HostArray, like: Array, *, xp: Namespace) -> tuple[Array, Array]:
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


def _whole_units(points: Points, ordered: Array, *, xp: Namespace) -> Array:
    """Return values in whole units. A unit is a power of two, so that no type rounds before the rounding."""
    inverse = 1.0 / points.unit
    fits = ((inverse < NARROW_SCALE) & (inverse > 1.0 / NARROW_SCALE)).all()
    values = ordered if fits else xp.astype(ordered, xp.float64)
    scale = xp.asarray(inverse, dtype=values.dtype, device=device_of(values))[:, None]
    with np.errstate(over="ignore"):
        return xp.astype(xp.clip(xp.round(values * scale), -float(LIMIT), float(LIMIT)), xp.int64)


def _squares(points: Points, whole: Array, *, xp: Namespace) -> Array:
    center = xp.asarray(points.center, device=device_of(whole))[:, None]
    half = 1 << (SQUARE_SHIFT - 1)
    distance = xp.clip((whole - center + half) >> SQUARE_SHIFT, -SQUARE_LIMIT, SQUARE_LIMIT)
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


def _carried(high: HostArray, low: HostArray) -> tuple[HostArray, HostArray]:
    """Return the one form in which a number is kept, so that equal sums have equal bytes."""
    return high + (low >> LIMB_BITS), low & LIMB


def _has_64_bits(xp: Namespace, values: Array) -> bool:
    device = device_of(values)
    integral = xp.__array_namespace_info__().default_dtypes(device=device)["integral"]
    return bool(integral == xp.int64 and statistic_dtype(xp, device) == xp.float64)
