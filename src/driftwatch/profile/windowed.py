"""Current data that exist as a window on a frozen reference, as a sample that detectors read (layer 3)."""

from __future__ import annotations

import itertools
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from driftwatch.kernels.ecdf import EcdfDistances
from driftwatch.ops.cells import LIMB_BITS, LIMIT
from driftwatch.profile.cells import wide
from driftwatch.profile.tallied import TalliedSample

if TYPE_CHECKING:
    from collections.abc import Mapping

    from driftwatch.profile.cells import CellTally
    from driftwatch.profile.frozen import FrozenBlock

__all__ = ["WindowSample"]

HostArray = np.ndarray[Any, Any]


class _IntervalBounds(NamedTuple):
    """Of `int |F - G| dx` and `int (F - G) dx` on the k + 1 intervals between the points, shape `(d, k + 1)`.

    `rounding` is what the sums are off by at most, `reference_is_outside` whether it has values in the open ones: `(d,)`.
    """

    lower: HostArray
    upper: HostArray
    signed: HostArray
    rounding: HostArray
    reference_is_outside: HostArray


class WindowSample(TalliedSample):
    """Numeric features as counts and sums on frozen points.

    Where the points are all the reference's values, the distances between distribution functions are exact; else they
    are at most `error_bounds` too small. The Wasserstein distance adds up what is sure of it in each cell: there the sums
    give `int (F - G) dx` exactly, which is the distance unless F - G changes its sign inside the cell.

    Parameters
    ----------
    reference : FrozenBlock
    current : CellTally
        Counted on its points.

    Attributes
    ----------
    xp : module
        NumPy: a window is on the host.
    """

    xp = np

    def __init__(self, reference: FrozenBlock, current: CellTally) -> None:
        self.reference, self.current = reference, current
        if reference.counts_only:
            self.holds = frozenset({"counts"})
        super().__init__(
            reference.names,
            reference.cells,
            reference.tally.cells,
            current.cells,
            missing_reference=reference.tally.missing,
            missing_current=current.missing,
        )

    @cached_property
    def distances(self) -> EcdfDistances:
        """One-sided distances at the points, and what is sure of W1, shape `(d,)` each."""
        above, below, _ = super().distances
        return EcdfDistances(above, below, self._w1[0])

    @cached_property
    def error_bounds(self) -> Mapping[str, HostArray]:  # type: ignore[override]  # computed once, when it is read
        """By how much each exact statistic can be above the one that is given, by detector, shape `(d,)` each."""
        return {**super().error_bounds, "wasserstein": self._w1[1]}

    @cached_property
    def outside(self) -> HostArray:
        """Share of current values outside the reference's range, shape `(d,)`; 0 where only deciles were counted."""
        if self.reference.counts_only:
            return np.zeros(len(self.names))
        beyond = self.reference.outside_cells
        count = np.where(beyond, self.current.cells, 0).sum(axis=-1)
        share: HostArray = count / np.maximum(self.n_current, 1)
        return share

    @property
    def wasserstein_terms(self) -> tuple[HostArray, HostArray]:
        """What is sure of W1 in each decile of the reference, and `int (F - G) dx` there, shape `(d, 10)` each.

        The first sum to W1 as it is given; the second are exact but for the rounding of the sums.
        """
        inner = [(at + 1) // 2 for at in self.reference.cells.decile_positions.T]  # intervals that lie below
        lower, signed = (
            np.stack([_between(side, start, stop) for start, stop in itertools.pairwise(inner)], axis=-1)
            for side in (self._w1_cells.lower, self._w1_cells.signed)
        )
        whole = lower.sum(axis=-1)
        scale = self._w1[0] / np.where(whole > 0.0, whole, 1.0)
        return lower * scale[:, None], signed

    @cached_property
    def _w1_cells(self) -> _IntervalBounds:
        """Bounds of W1 on the intervals between the points."""
        points, unit = self.reference.points, self.reference.points.unit[:, None]
        values = points.values
        n, m = (np.where(k == 0, np.nan, k)[:, None] for k in (self.n_reference, self.n_current))
        f, g = (np.diff(shares, axis=-1)[:, ::2] for shares in self._shares)
        # the ends of the cells: -inf, the points, +inf; what has no end is measured from the one it has
        right = np.concatenate([values, np.full((len(values), 1), np.inf)], axis=-1)
        left = np.concatenate([np.full((len(values), 1), -np.inf), values], axis=-1)
        last = np.isinf(right) & np.isfinite(left)
        anchor = np.where(last, left, right)
        with np.errstate(invalid="ignore", over="ignore"):
            below_anchor = [
                _distance_sums(side, anchor, unit, cells[:, ::2]) / count
                for side, cells, count in (
                    (self.reference.tally, self.reference.tally.cells, n),
                    (self.current, self.current.cells, m),
                )
            ]
            integral = self._gap[:, :-1:2] * (right - left) + below_anchor[0] - below_anchor[1]
            lower, upper = _inner(integral, self._gap[:, :-1:2], (f, g), right - left)
            open_ended = np.isinf(left) | np.isinf(right)
            difference = np.abs(below_anchor[0] - below_anchor[1])
            together = np.abs(below_anchor[0]) + np.abs(below_anchor[1])
            lower, upper = np.where(open_ended, difference, lower), np.where(open_ended, together, upper)
        dead = np.isinf(left) & np.isinf(right)  # a feature without values has no point to measure from
        lower, upper = (np.where(dead, 0.0, side) for side in (lower, upper))
        # both a value and the point that it is measured from are half a unit off at most
        rounding = points.unit * np.where(np.isnan(n), np.nan, f + g).sum(axis=-1)
        signed = np.where(dead, 0.0, np.where(open_ended, below_anchor[0] - below_anchor[1], integral))
        return _IntervalBounds(lower, upper, signed, rounding, np.where(open_ended, f, 0.0).sum(axis=-1) > 0.0)

    @cached_property
    def _w1(self) -> tuple[HostArray, HostArray]:
        """A lower bound of W1, and how much larger it can be, shape `(d,)` each."""
        lower, upper, _, rounding, reference_is_outside = self._w1_cells
        total = np.maximum(lower.sum(axis=-1) - rounding, 0.0)
        bound = np.maximum(upper.sum(axis=-1) + rounding - total, 0.0)
        # what lies too far out counts as less far: the distance is then known from below only
        far_reference, far_current = (
            np.maximum(np.abs(side.low), np.abs(side.high)) >= self.reference.points.unit * float(LIMIT)
            for side in (self.reference.tally, self.current)
        )
        undefined = (self.n_reference == 0) | (self.n_current == 0) | far_reference
        undefined |= far_current & reference_is_outside
        bound = np.where(far_current, np.inf, bound)
        return np.where(undefined, np.nan, total), np.where(undefined, np.nan, bound)


def _between(values: HostArray, start: HostArray, stop: HostArray) -> HostArray:
    """Return the sums of the columns from `start` to `stop`, which differ by row, shape `(d,)`."""
    place = np.arange(values.shape[-1])
    inside = (place >= start[:, None]) & (place < stop[:, None])
    total: HostArray = np.where(inside, values, 0.0).sum(axis=-1)
    return total


def _distance_sums(side: CellTally, anchor: HostArray, unit: HostArray, counts: HostArray) -> HostArray:
    """Return the sums of (anchor - v) over the values v of the open cells, shape `(d, k + 1)`.

    In whole units limb by limb, so that nothing is lost where values are large beside their distances.
    """
    whole = np.rint(np.where(np.isfinite(anchor), anchor, 0.0) / unit)
    high = np.floor(whole / (1 << LIMB_BITS))
    low = whole - high * (1 << LIMB_BITS)
    high_part = counts * high.astype(np.int64) - side.sum_high
    low_part = counts * low.astype(np.int64) - side.sum_low
    return wide(high_part, low_part) * unit


def _inner(
    integral: HostArray, gap: HostArray, rises: tuple[HostArray, HostArray], width: HostArray
) -> tuple[HostArray, HostArray]:
    """Return bounds of `int |F - G| dx` over each cell between two points, from `int (F - G) dx`.

    F - G starts at `gap` and stays between `gap - g` and `gap + f`, f and g being what F and G rise by. The upper bound is
    the chord of |x| over that range: |x| is convex, so that its mean is below the chord at the mean.
    """
    f, g = rises
    least, most = gap - g, gap + f
    mixed = (least < 0.0) & (most > 0.0) & (f + g > 0.0)
    mean = np.clip(integral / np.where(width > 0.0, width, np.nan), least, most)
    chord = (-least * (most - mean) + most * (mean - least)) / np.where(mixed, most - least, np.nan)
    lower = np.abs(integral)
    return lower, np.where(mixed, np.maximum(width * chord, lower), lower)
