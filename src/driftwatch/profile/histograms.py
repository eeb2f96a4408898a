"""Both sides of numeric features in bins of equal width, for pictures: statistics have bins of equal mass (layer 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from driftwatch.arrays.namespace import device_of, to_host
from driftwatch.kernels.bins import ordered_bin_counts
from driftwatch.kernels.ecdf import quantiles

if TYPE_CHECKING:
    from driftwatch._typing import Array
    from driftwatch.profile.sample import NumericSample
    from driftwatch.profile.windowed import WindowSample

__all__ = ["MAX_CELLS", "Histograms", "histograms_of_rows", "histograms_of_window"]

MAX_CELLS = 32
TAIL = 200  # one value in so many may lie below, and one above, what the picture shows
STEPS = np.asarray([1.0, 2.0, 2.5, 5.0, 10.0])  # widths that people read easily, times a power of ten

HostArray = np.ndarray[Any, Any]


class Histograms(NamedTuple):
    """Counts of d features on the host.

    Attributes
    ----------
    edges : array of float64, shape (d, MAX_CELLS + 1)
        Ends of the cells `[a, b)`, ascending, filled up with `+inf`; all of them infinite where there is no picture.
    reference, current : array of integers, shape (d, MAX_CELLS + 2)
        Values below the first edge, in each cell, and from the last finite edge on.
    """

    edges: HostArray
    reference: HostArray
    current: HostArray


def histograms_of_rows(sample: NumericSample) -> Histograms:
    """Return the histograms of rows. The cells span all but the tails of both sides, so they know where both went."""
    sides = (sample.reference.ordered, sample.ordered)
    spans = [to_host(quantiles(side, [1, TAIL - 1], TAIL, xp=sample.xp)).astype(np.float64) for side in sides]
    with np.errstate(invalid="ignore"):
        whole = _is_whole(np.concatenate([sample.reference.picks, sample.picks], axis=-1)).all(axis=-1)
    low, high = np.minimum(*(span[:, 0] for span in spans)), np.maximum(*(span[:, 1] for span in spans))
    edges = _edges(low, high, np.asarray(whole), known=(sample.n_reference > 0) & (sample.n_current > 0))
    own: Array = sample.xp.asarray(edges, dtype=sample.ordered.values.dtype, device=device_of(sample.ordered.values))
    counts = [to_host(ordered_bin_counts(side, own, xp=sample.xp)).astype(np.int64) for side in sides]
    return Histograms(edges, *counts)


def histograms_of_window(sample: WindowSample) -> Histograms:
    """Return the histograms of counts on frozen points: the cells span the reference, as no more is known beyond it.

    An edge between two points stands for the upper one of them: a cell is off by less than what lies between two points.
    """
    points, n = sample.reference.points.values, sample.n_reference
    finite = np.isfinite(points)
    below = [np.cumsum(cells, axis=-1) for cells in (sample.reference.tally.cells, sample.current.cells)]
    low, high = (_point_of_rank(points, below[0][:, 1::2], share * n) for share in (1.0 / TAIL, 1.0 - 1.0 / TAIL))
    known = (n > 0) & (sample.n_current > 0) & (not sample.reference.counts_only)
    whole = np.asarray(_is_whole(np.where(finite, points, 0.0)).all(axis=-1))
    edges = _edges(low, high, whole, known=known)
    position = np.stack([np.searchsorted(row, own) for row, own in zip(points, edges, strict=True)])
    # Below a point lies what is in the cells before its own. What lies beyond the last point is below no edge.
    n_points = finite.sum(axis=-1)[:, None]
    cell = np.where(position < n_points, 2 * position, np.maximum(2 * n_points - 1, 0))
    counts = []
    for summed in below:
        total = np.where(np.isinf(edges), summed[:, -1:], np.take_along_axis(summed, cell, axis=-1))
        counts.append(np.diff(total, axis=-1, prepend=0, append=summed[:, -1:]))
    return Histograms(edges, *counts)


def _point_of_rank(points: HostArray, below: HostArray, rank: HostArray) -> HostArray:
    """Return the first point up to which at least `rank` values lie; `below` counts those up to each point."""
    at = np.minimum((below < rank[:, None]).sum(axis=-1), points.shape[1] - 1)
    return np.take_along_axis(points, at[:, None], axis=-1)[:, 0]


def _is_whole(values: HostArray) -> HostArray:
    whole: HostArray = values == np.floor(values)
    return whole


def _edges(low: HostArray, high: HostArray, whole: HostArray, *, known: HostArray) -> HostArray:
    """Return the ends of at most `MAX_CELLS` cells from below `low` to above `high`; `whole` numbers are not cut."""
    with np.errstate(all="ignore"):  # what is not finite has no picture
        span = high - low
        alone = np.where(whole, MAX_CELLS - 1.0, np.maximum(np.abs(low), 1.0))  # a constant has no spread of its own
        least = np.where(span > 0.0, span, alone) / (MAX_CELLS - 1)
        power = np.floor(np.log10(least))
        power = np.where(whole, np.maximum(power, 0.0), power)
        widths = _scaled(STEPS[None, :], power[:, None])
        fits = (widths >= least[:, None]) & (~whole[:, None] | _is_whole(widths))
        step = STEPS[np.where(fits, widths, np.inf).argmin(axis=-1)]
        first = np.floor(low / _scaled(step, power))
        n_cells = np.minimum(np.floor(high / _scaled(step, power)) - first + 1.0, MAX_CELLS)
        places = np.arange(MAX_CELLS + 1)
        edges = _scaled((first[:, None] + places) * step[:, None], power[:, None])
        good = known & np.isfinite(edges).all(axis=-1) & (np.diff(edges, axis=-1) > 0.0).all(axis=-1)
        return np.where(good[:, None] & (places <= n_cells[:, None]), edges, np.inf)


def _scaled(numbers: HostArray, power: HostArray) -> HostArray:
    """Return `numbers * 10**power`, correctly rounded: 3 / 10 is 0.3, and 3 * 0.1 is not."""
    unit = 10.0 ** np.abs(power)
    scaled: HostArray = np.where(power < 0.0, numbers / unit, numbers * unit)
    return scaled
