"""Counts and sums of values on frozen points: whole numbers, which add to the same bytes in any order (layer 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch.arrays.namespace import device_of, namespace_of, statistic_dtype, to_host
from driftwatch.errors import InputError
from driftwatch.kernels._prepare import floating, unordered
from driftwatch.ops import counts_from_edges, tally_cells
from driftwatch.ops.cells import LIMB_BITS, SQUARE_SHIFT, CellSums, carried, rounded

if TYPE_CHECKING:
    from driftwatch._typing import Array, Namespace
    from driftwatch.profile.points import Points

__all__ = [
    "LIMB_BITS",
    "SQUARE_SHIFT",
    "CellTally",
    "count_deciles",
    "merge_cells",
    "no_values",
    "put_deciles",
    "tally_values",
    "wide",
]

MAX_HIGH = 1 << 61  # two of these can be added before 64 bits overflow

HostArray = np.ndarray[Any, Any]


class CellTally(CellSums):
    """What is known of the values of d features that were counted on `Points`, on the host; as `CellSums`."""

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

    They are counted where they are, and what is read off is as long as the points. Where a device has no 64-bit
    integers or floats (JAX without x64) they are brought to the host.

    Notes
    -----
    Each number depends on the values alone, not on their order or their type: a float32 and the float64 of the same
    value count the same.
    """
    xp = namespace_of(values)
    if not _has_64_bits(xp, values):
        values, xp = to_host(values), np
    if values.shape[-1] == 0:
        return no_values(points)
    values = floating(values, xp=xp)
    tally = CellTally(*tally_cells(values, points.values, points.unit, points.center, xp=xp))
    # Where 0 and -0 are both the smallest value, order would decide which of them is stored: adding 0 makes them one
    return tally._replace(low=tally.low + 0.0, high=tally.high + 0.0)


def count_deciles(deciles: HostArray, values: Array) -> tuple[HostArray, HostArray]:
    """Return how many values `(d, m)` lie in each decile, `(d, 10)`, and how many are missing, `(d,)`.

    Parameters
    ----------
    deciles : array of float64, shape (d, 9)
        Inner edges, as `Points.deciles`.
    values : array, shape (d, m)

    Notes
    -----
    Two reads of the values and nothing else: a tenth of what `tally_values` takes.
    """
    xp = namespace_of(values)
    rows = unordered(values, xp=xp)
    edges = rounded(deciles, rows.values, xp=xp)[0]
    counts = to_host(counts_from_edges(rows.values, rows.n_valid, edges, xp=xp))
    return counts, values.shape[-1] - np.broadcast_to(to_host(rows.n_valid), (len(counts),))


def put_deciles(counted: CellTally, rows: list[int], positions: HostArray, counts: HostArray) -> None:
    """Add counts in deciles to those features of a tally that stand at `rows`.

    Parameters
    ----------
    counted : CellTally
    rows : list of int
    positions : array of integers, shape (d, 11)
        The cell that each decile begins with, as `Cells.decile_positions`: what lies in a decile counts there.
    counts : array of integers, shape (len(rows), 10)
    """
    last = counted.cells.shape[-1] - 1
    for start, count in zip(positions[rows, :-1].T, counts.T, strict=True):
        # the empty bin behind a decile at infinity would begin behind the last cell
        counted.cells[rows, np.minimum(start, last)] += count


def merge_cells(a: CellTally, b: CellTally) -> CellTally:
    """Return the tally of the values of both.

    Raises
    ------
    InputError
        If a sum leaves what 92 bits hold.
    """
    sums = carried(a.sum_high + b.sum_high, a.sum_low + b.sum_low)
    squares = carried(a.square_high + b.square_high, a.square_low + b.square_low)
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


def _has_64_bits(xp: Namespace, values: Array) -> bool:
    device = device_of(values)
    integral = xp.__array_namespace_info__().default_dtypes(device=device)["integral"]
    return bool(integral == xp.int64 and statistic_dtype(xp, device) == xp.float64)
