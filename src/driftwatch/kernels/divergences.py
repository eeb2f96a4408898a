"""Divergences of two rows of counts that sum logarithms: PSI, Kullback-Leibler and Jensen-Shannon (layer 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from driftwatch.arrays.namespace import device_of, statistic_dtype
from driftwatch.errors import ConfigError
from driftwatch.kernels._levels import log_ratio, pair_of_counts, shares
from driftwatch.kernels.bins import DistanceResult, on_quantile_bins

if TYPE_CHECKING:
    from driftwatch._typing import Array, Namespace
    from driftwatch.kernels._prepare import NanPolicy

__all__ = [
    "PSI_FLOOR",
    "jensenshannon",
    "jensenshannon_from_counts",
    "kl",
    "kl_from_counts",
    "psi",
    "psi_from_counts",
    "psi_terms",
]

PSI_FLOOR = 1e-4  # an empty bin counts as one row in ten thousand; the value most of the industry uses
LN2 = 0.6931471805599453


def psi_from_counts(
    reference_counts: Array, current_counts: Array, /, *, floor: float = PSI_FLOOR, xp: Namespace | None = None
) -> Array:
    """Return the population stability index of rows of counts `(..., k)`: sum (c - r) ln(c / r), natural log.

    Shares below `floor` are raised to it on both sides and not renormalised. Levels that occur on neither side add
    nothing. NaN where a side is empty.

    Raises
    ------
    ConfigError
        If `floor` is not above 0.
    InputError
        If the shapes differ.

    References
    ----------
    Siddiqi, N. (2006), "Credit Risk Scorecards"; a symmetrised Kullback-Leibler divergence (Jeffreys 1946).
    """
    terms, xp = _psi_terms(reference_counts, current_counts, floor, xp=xp)
    return xp.sum(terms, axis=-1)


def psi_terms(
    reference_counts: Array, current_counts: Array, /, *, floor: float = PSI_FLOOR, xp: Namespace | None = None
) -> Array:
    """Return what each level adds to the population stability index, shape `(..., k)`: (c - r) ln(c / r), never negative.

    Arguments and raises as in `psi_from_counts`, which is their sum.
    """
    return _psi_terms(reference_counts, current_counts, floor, xp=xp)[0]


def _psi_terms(
    reference_counts: Array, current_counts: Array, floor: float, *, xp: Namespace | None
) -> tuple[Array, Namespace]:
    r, c, xp = _floored_shares(reference_counts, current_counts, floor, xp=xp)
    return (c - r) * xp.log(c / r), xp


def kl_from_counts(
    reference_counts: Array, current_counts: Array, /, *, floor: float = PSI_FLOOR, xp: Namespace | None = None
) -> Array:
    """Return the Kullback-Leibler divergence of current from reference of rows of counts `(..., k)`, natural log.

    KL(current || reference) = sum c ln(c / r): what is lost by describing the current data by the reference's shares.
    Shares below `floor` are raised to it on both sides, as for PSI; as they are not renormalised, each term is
    c ln(c / r) - c + r, which sums to the same where no share is, and is never negative. KL in both directions adds up to
    PSI. NaN where a side is empty.

    Raises
    ------
    ConfigError
        If `floor` is not above 0.
    InputError
        If the shapes differ.

    References
    ----------
    Kullback, S. and Leibler, R. A. (1951), "On information and sufficiency"; Csiszar, I. (1991), "Why least squares and
    maximum entropy?", for the form that needs no normalised shares.
    """
    r, c, xp = _floored_shares(reference_counts, current_counts, floor, xp=xp)
    return xp.clip(xp.sum(c * log_ratio(c, r, c - r, xp=xp) - (c - r), axis=-1), 0.0, None)


def _floored_shares(
    reference_counts: Array, current_counts: Array, floor: float, *, xp: Namespace | None
) -> tuple[Array, Array, Namespace]:
    if not floor > 0.0:
        raise ConfigError(f"`floor` must be above 0, because an empty bin has an infinite logarithm; got {floor!r}.")
    reference_counts, current_counts, xp = pair_of_counts(reference_counts, current_counts, xp=xp)
    r = xp.clip(shares(reference_counts, xp=xp), floor, None)
    c = xp.clip(shares(current_counts, xp=xp), floor, None)
    return r, c, xp


def jensenshannon_from_counts(
    reference_counts: Array, current_counts: Array, /, *, xp: Namespace | None = None
) -> Array:
    """Return the Jensen-Shannon distance, base 2, in [0, 1], of rows of counts `(..., k)`.

    The square root of the divergence, equal to `scipy.spatial.distance.jensenshannon(r, c, base=2)`, and accurate to the
    last few bits near 0, where scipy's is off by up to 1e-8. NaN where a side is empty; InputError if the shapes differ.

    References
    ----------
    Lin, J. (1991), "Divergence measures based on the Shannon entropy"; Endres and Schindelin (2003) for the metric.
    """
    reference_counts, current_counts, xp = pair_of_counts(reference_counts, current_counts, xp=xp)
    device = device_of(current_counts)
    dtype = statistic_dtype(xp, device)
    r, c = xp.astype(reference_counts, dtype), xp.astype(current_counts, dtype)
    n, m = xp.sum(r, axis=-1, keepdims=True), xp.sum(c, axis=-1, keepdims=True)
    nan = xp.full((), xp.nan, dtype=dtype, device=device)
    zero = xp.zeros((), dtype=dtype, device=device)
    one = xp.ones((), dtype=dtype, device=device)
    pairs = xp.where(n * m == 0.0, nan, n * m)

    # With shares r, c and x = (c - r) / (c + r), a level adds (r + c) / 2 times (1 + x) ln(1 + x) + (1 - x) ln(1 - x) to
    # twice the divergence in nats. The difference is taken once, of products that are whole numbers, and not as one of
    # logarithms: near equality those of r ln(r / m) and c ln(c / m) cancel, and the root of what is left is noise of 1e-8.
    r, c = r * m, c * n
    x = (c - r) / xp.where(r + c == 0.0, one, r + c)
    on_one_side = xp.abs(x) == 1.0
    y = xp.where(on_one_side, zero, x)
    nats = xp.where(on_one_side, 2.0 * LN2 * one, (1.0 + y) * xp.log1p(y) + (1.0 - y) * xp.log1p(-y))
    divergence = xp.sum((r + c) / pairs * nats, axis=-1) / (4.0 * LN2)
    return xp.sqrt(xp.clip(divergence, 0.0, 1.0))


def psi(
    reference: Array,
    current: Array,
    /,
    *,
    axis: int = 0,
    n_bins: int = 10,
    floor: float = PSI_FLOOR,
    nan_policy: NanPolicy = "omit",
    xp: Namespace | None = None,
) -> DistanceResult:
    """Return the population stability index of every feature on the reference's equal-mass bins.

    Parameters
    ----------
    reference : array, shape (n_reference, ...)
    current : array, shape (n_current, ...)
    axis : int
        The axis of the samples.
    n_bins : int
        Number of reference quantile bins `[a, b)`; the outer ones are open, so no value falls outside.
    floor : float
        Smallest share of a bin, on both sides.
    nan_policy : {"omit", "propagate", "raise"}
        As in `ks_2samp`.

    Returns
    -------
    DistanceResult
        `statistic`, shape `(...)`. 0 for a constant reference whatever the current data do: there is one bin.

    Raises
    ------
    ConfigError
        If `n_bins` is under 2, or `floor` is not above 0.
    InputError
        As `ks_2samp`.

    Examples
    --------
    >>> import numpy as np
    >>> from driftwatch.kernels import psi
    >>> x = np.arange(1000.0)[:, None]
    >>> psi(x, x).statistic
    array([0.])
    """
    return DistanceResult(
        *on_quantile_bins(
            psi_from_counts, reference, current, axis=axis, n_bins=n_bins, nan_policy=nan_policy, xp=xp, floor=floor
        )
    )


def kl(
    reference: Array,
    current: Array,
    /,
    *,
    axis: int = 0,
    n_bins: int = 10,
    floor: float = PSI_FLOOR,
    nan_policy: NanPolicy = "omit",
    xp: Namespace | None = None,
) -> DistanceResult:
    """Return KL(current || reference), natural log, of every feature on the reference's equal-mass bins.

    Arguments as in `psi`; the definition as in `kl_from_counts`.
    """
    return DistanceResult(
        *on_quantile_bins(
            kl_from_counts, reference, current, axis=axis, n_bins=n_bins, nan_policy=nan_policy, xp=xp, floor=floor
        )
    )


def jensenshannon(
    reference: Array,
    current: Array,
    /,
    *,
    axis: int = 0,
    n_bins: int = 10,
    nan_policy: NanPolicy = "omit",
    xp: Namespace | None = None,
) -> DistanceResult:
    """Return the Jensen-Shannon distance (base 2) of every feature on the reference's equal-mass bins.

    Arguments as in `psi`; the definition as in `jensenshannon_from_counts`.
    """
    return DistanceResult(
        *on_quantile_bins(
            jensenshannon_from_counts, reference, current, axis=axis, n_bins=n_bins, nan_policy=nan_policy, xp=xp
        )
    )
