"""Distances of two rows of counts that compare share by share: total variation (layer 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from driftwatch.kernels._levels import pair_of_counts, shares
from driftwatch.kernels.bins import DistanceResult, on_quantile_bins

if TYPE_CHECKING:
    from driftwatch._typing import Array, Namespace
    from driftwatch.kernels._prepare import NanPolicy

__all__ = ["total_variation", "total_variation_from_counts"]


def total_variation_from_counts(
    reference_counts: Array, current_counts: Array, /, *, xp: Namespace | None = None
) -> Array:
    """Return the total variation distance of rows of counts `(..., k)`: half the sum of |r - c|, in [0, 1].

    NaN where a side is empty; InputError if the shapes differ.
    """
    reference_counts, current_counts, xp = pair_of_counts(reference_counts, current_counts, xp=xp)
    return xp.sum(xp.abs(shares(reference_counts, xp=xp) - shares(current_counts, xp=xp)), axis=-1) / 2.0


def total_variation(
    reference: Array,
    current: Array,
    /,
    *,
    axis: int = 0,
    n_bins: int = 10,
    nan_policy: NanPolicy = "omit",
    xp: Namespace | None = None,
) -> DistanceResult:
    """Return the total variation distance of every feature on the reference's equal-mass bins.

    Arguments as in `psi`; the definition as in `total_variation_from_counts`.
    """
    return on_quantile_bins(
        total_variation_from_counts, reference, current, axis=axis, n_bins=n_bins, nan_policy=nan_policy, xp=xp
    )
