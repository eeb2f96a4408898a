"""The statistics that can be permuted, of one feature under many labelings at once (layer 2, host, float64)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch.kernels.divergences import jensenshannon_from_counts, psi_from_counts
from driftwatch.kernels.homogeneity import chi2_2samp, g_test_from_counts
from driftwatch.kernels.share_distances import total_variation_from_counts

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

__all__ = ["COUNT_STATISTICS", "ORDER_STATISTICS", "Arranged", "arrange"]


@dataclass(frozen=True)
class Arranged:
    """One feature over both samples, k distinct values, under b labelings.

    Parameters
    ----------
    values : array, shape (k,)
        Distinct values, ascending.
    total : array of int64, shape (k,)
        Values of both samples up to each of them.
    below : array of integers, shape (k, b)
        Values of the reference up to each of them.
    """

    values: NDArray[np.float64]
    total: NDArray[np.int64]
    below: NDArray[Any]

    @property
    def n(self) -> NDArray[Any]:
        """Values of the reference, shape `(b,)`."""
        return np.asarray(self.below[-1])

    @property
    def m(self) -> NDArray[Any]:
        """Values of the other sample, shape `(b,)`."""
        return np.asarray(self.total[-1] - self.below[-1])

    def gap(self) -> NDArray[np.float64]:
        """Return F - G at every value, shape `(k, b)`; NaN where a side is empty."""
        with np.errstate(divide="ignore", invalid="ignore"):
            f = self.below / self.n
            return np.asarray(f - (self.total[:, None] - self.below) / self.m)

    def counts(self, n_bins: int | None) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return reference and current counts `(b, cells)`: by value, or in equal-mass bins of the permuted reference."""
        below, total = self.below, np.broadcast_to(self.total[:, None], self.below.shape)
        if n_bins is not None:
            at = _bin_positions(self, n_bins)
            zero = np.zeros((1, below.shape[1]), dtype=np.int64)
            below, total = (np.take_along_axis(np.concatenate([zero, x]), at, axis=0) for x in (below, total))
        reference, both = (np.diff(x, axis=0, prepend=0).T for x in (below, total))
        return reference, both - reference


def arrange(values: NDArray[np.float64], labels: NDArray[np.uint8]) -> Arranged:
    """Return the arrangement of sorted values `(n,)`, without missing ones, with labels `(n, b)` in the same order."""
    starts = np.flatnonzero(np.concatenate([[True], values[1:] != values[:-1]]))
    ends = np.append(starts[1:], len(values))
    if len(starts) < len(values):
        labels = np.add.reduceat(labels, starts, axis=0, dtype=np.int64)
    return Arranged(values[starts], ends, np.cumsum(labels, axis=0, dtype=np.int32))


def _bin_positions(arranged: Arranged, n_bins: int) -> NDArray[np.int64]:
    """Return how many distinct values lie below each inner edge, and all of them, shape `(n_bins, b)`.

    The edges are the linear quantiles of the permuted reference, one at its smallest or largest value counts as
    infinite: as the detectors have them.
    """
    values, below = arranged.values, arranged.below
    positions = np.empty((n_bins, below.shape[1]), dtype=np.int64)
    steps = np.arange(1, n_bins)
    for b, n in enumerate(arranged.n.tolist()):
        top = max(n, 1) - 1
        rank, rest = top * steps // n_bins, top * steps % n_bins
        own = below[:, b]
        low, high = (
            values[np.minimum(np.searchsorted(own, np.minimum(k, top), side="right"), len(values) - 1)]
            for k in (rank, rank + 1)
        )
        share = rest / n_bins
        edges = np.where(low == high, low, low + share * (high - low))
        smallest, largest = values[np.searchsorted(own, [0, top], side="right").clip(max=len(values) - 1)]
        at = np.searchsorted(values, edges, side="left")
        positions[:-1, b] = np.where(edges <= smallest, 0, np.where(edges >= largest, len(values), at))
    positions[-1] = len(values)
    return positions


def _ks(x: Arranged) -> NDArray[np.float64]:
    return np.asarray(np.abs(x.gap()).max(axis=0))


def _kuiper(x: Arranged) -> NDArray[np.float64]:
    gap = x.gap()
    return np.asarray(np.maximum(gap.max(axis=0), 0.0) + np.maximum(-gap.min(axis=0), 0.0))


def _wasserstein(x: Arranged) -> NDArray[np.float64]:
    return np.asarray(np.diff(x.values) @ np.abs(x.gap()[:-1]))


def _energy(x: Arranged) -> NDArray[np.float64]:
    return np.sqrt(2.0 * (np.diff(x.values) @ x.gap()[:-1] ** 2))


def _cramer_von_mises(x: Arranged) -> NDArray[np.float64]:
    weight = np.diff(x.total, prepend=0).astype(np.float64)
    return np.asarray(x.n * x.m / float(x.total[-1]) ** 2 * (weight @ x.gap() ** 2))


def _anderson_darling(x: Arranged) -> NDArray[np.float64]:
    # Scholz and Stephens (1987), equation 7: at mid-ranks, over the variance of the difference given the ties
    total = float(x.total[-1])
    equal = np.diff(x.total, prepend=0)
    upto = x.below.astype(np.float64)
    reference = upto - 0.5 * np.diff(upto, axis=0, prepend=0.0)
    middle = x.total - 0.5 * equal
    with np.errstate(divide="ignore", invalid="ignore"):
        gap = reference / x.n - (middle[:, None] - reference) / x.m
    spread = middle * (total - middle) - 0.25 * total * equal
    weight = np.divide(equal, spread, out=np.zeros(equal.shape), where=spread > 0.0)
    return np.asarray(x.n * x.m * (total - 1.0) / total * (weight @ gap**2))


def _sum_of(x: Arranged, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the difference of the means of `values` between the samples, without its sign."""
    reference = np.diff(x.below, axis=0, prepend=0)
    both = np.diff(x.total, prepend=0)
    own = values @ reference
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.abs((values @ both - own) / x.m - own / x.n))


def _mean(x: Arranged) -> NDArray[np.float64]:
    centre = x.values[len(x.values) // 2]  # without it, what is far from 0 loses its digits
    return _sum_of(x, x.values - (centre if np.isfinite(centre) else 0.0))


def _mann_whitney(x: Arranged) -> NDArray[np.float64]:
    return _sum_of(x, (x.total + np.concatenate([[0], x.total[:-1]])) / 2.0)


def _chi2(reference: NDArray[np.int64], current: NDArray[np.int64]) -> NDArray[np.float64]:
    statistic: NDArray[np.float64] = chi2_2samp(reference, current).statistic
    return statistic


def _g(reference: NDArray[np.int64], current: NDArray[np.int64]) -> NDArray[np.float64]:
    statistic: NDArray[np.float64] = g_test_from_counts(reference, current).statistic
    return statistic


ORDER_STATISTICS: dict[str, Callable[[Arranged], NDArray[np.float64]]] = {
    "ks": _ks,
    "kuiper": _kuiper,
    "wasserstein": _wasserstein,
    "cramervonmises": _cramer_von_mises,
    "anderson_darling": _anderson_darling,
    "energy": _energy,
    "mean": _mean,
    "mannwhitney": _mann_whitney,
}
COUNT_STATISTICS: dict[str, Callable[[NDArray[np.int64], NDArray[np.int64]], NDArray[np.float64]]] = {
    "chi2": _chi2,
    "g": _g,
    "psi": psi_from_counts,
    "jensenshannon": jensenshannon_from_counts,
    "total_variation": total_variation_from_counts,
}
