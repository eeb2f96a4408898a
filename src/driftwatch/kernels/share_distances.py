"""Distances of two rows of counts that compare share by share: total variation, Hellinger, L-infinity (layer 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from driftwatch.kernels._levels import pair_of_counts, shares
from driftwatch.kernels.bins import DistanceResult, on_quantile_bins

if TYPE_CHECKING:
    from driftwatch._typing import Array, Namespace
    from driftwatch.kernels._prepare import NanPolicy

__all__ = [
    "hellinger",
    "hellinger_from_counts",
    "l_infinity",
    "l_infinity_from_counts",
    "total_variation",
    "total_variation_from_counts",
]


def total_variation_from_counts(
    reference_counts: Array, current_counts: Array, /, *, xp: Namespace | None = None
) -> Array:
    """Return the total variation distance of rows of counts `(..., k)`: half the sum of |r - c|, in [0, 1].

    NaN where a side is empty; InputError if the shapes differ.
    """
    reference_counts, current_counts, xp = pair_of_counts(reference_counts, current_counts, xp=xp)
    return xp.sum(xp.abs(shares(reference_counts, xp=xp) - shares(current_counts, xp=xp)), axis=-1) / 2.0


def hellinger_from_counts(reference_counts: Array, current_counts: Array, /, *, xp: Namespace | None = None) -> Array:
    """Return the Hellinger distance of rows of counts `(..., k)`: sqrt(sum (sqrt r - sqrt c)^2 / 2), in [0, 1].

    NaN where a side is empty; InputError if the shapes differ.

    References
    ----------
    Hellinger, E. (1909); Le Cam, L. and Yang, G. L. (2000), "Asymptotics in Statistics", for H^2 <= TV <= sqrt(2) H.
    """
    reference_counts, current_counts, xp = pair_of_counts(reference_counts, current_counts, xp=xp)
    gap = xp.sqrt(shares(reference_counts, xp=xp)) - xp.sqrt(shares(current_counts, xp=xp))
    return xp.sqrt(xp.clip(xp.sum(gap * gap, axis=-1) / 2.0, 0.0, 1.0))


def l_infinity_from_counts(reference_counts: Array, current_counts: Array, /, *, xp: Namespace | None = None) -> Array:
    """Return the largest difference of shares of rows of counts `(..., k)`: max |r - c|, in [0, 1].

    At most the total variation distance. NaN where a side is empty; InputError if the shapes differ.
    """
    reference_counts, current_counts, xp = pair_of_counts(reference_counts, current_counts, xp=xp)
    return xp.max(xp.abs(shares(reference_counts, xp=xp) - shares(current_counts, xp=xp)), axis=-1)


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
    return DistanceResult(
        *on_quantile_bins(
            total_variation_from_counts, reference, current, axis=axis, n_bins=n_bins, nan_policy=nan_policy, xp=xp
        )
    )


def hellinger(
    reference: Array,
    current: Array,
    /,
    *,
    axis: int = 0,
    n_bins: int = 10,
    nan_policy: NanPolicy = "omit",
    xp: Namespace | None = None,
) -> DistanceResult:
    """Return the Hellinger distance of every feature on the reference's equal-mass bins.

    Arguments as in `psi`; the definition as in `hellinger_from_counts`.
    """
    return DistanceResult(
        *on_quantile_bins(
            hellinger_from_counts, reference, current, axis=axis, n_bins=n_bins, nan_policy=nan_policy, xp=xp
        )
    )


def l_infinity(
    reference: Array,
    current: Array,
    /,
    *,
    axis: int = 0,
    n_bins: int = 10,
    nan_policy: NanPolicy = "omit",
    xp: Namespace | None = None,
) -> DistanceResult:
    """Return the largest difference of shares of every feature on the reference's equal-mass bins.

    Arguments as in `psi`; the definition as in `l_infinity_from_counts`.
    """
    return DistanceResult(
        *on_quantile_bins(
            l_infinity_from_counts, reference, current, axis=axis, n_bins=n_bins, nan_policy=nan_policy, xp=xp
        )
    )
