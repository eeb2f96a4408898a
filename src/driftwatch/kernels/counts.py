"""Statistics of two rows of counts: PSI, chi-squared, Jensen-Shannon, total variation; and the bins (layer 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from driftwatch.arrays.namespace import device_of, move_to, namespace_of, statistic_dtype
from driftwatch.errors import ConfigError, InputError
from driftwatch.kernels._prepare import NanPolicy, Ordered, Rows, feature_by_feature, unordered
from driftwatch.kernels.ecdf import ends, quantiles
from driftwatch.ops import counts_from_edges, gammaincc, rank
from driftwatch.ops.generic import bins_from_cumulative

if TYPE_CHECKING:
    from collections.abc import Callable

    from driftwatch._typing import Array, Namespace

__all__ = [
    "Chi2Result",
    "DistanceResult",
    "chi2_2samp",
    "jensenshannon",
    "jensenshannon_from_counts",
    "ordered_bin_counts",
    "psi",
    "psi_from_counts",
    "quantile_edges",
    "total_variation",
    "total_variation_from_counts",
]

PSI_FLOOR = 1e-4  # an empty bin counts as one row in ten thousand; the value most of the industry uses
LN2 = 0.6931471805599453


class DistanceResult(NamedTuple):
    """`statistic`, one distance per feature; a distance has no p-value."""

    statistic: Array


class Chi2Result(NamedTuple):
    """`statistic`, `pvalue`, `dof` (levels that occur, minus one) and the smallest expected count."""

    statistic: Array
    pvalue: Array
    dof: Array
    min_expected: Array


def quantile_edges(reference: Ordered, n_bins: int, *, xp: Namespace) -> Array:
    """Return the inner edges of `n_bins` equal-mass bins of the reference, shape `(d, n_bins - 1)`.

    Linear quantiles at exact positions `(n - 1) i / n_bins`. Fewer distinct edges are fewer bins: an edge at the
    reference's minimum becomes `-inf` and one at its maximum `+inf`, which leaves an empty bin on both sides, and a
    repeated edge does the same; an empty pair of bins adds nothing to any statistic.
    """
    values = reference.values
    edges = quantiles(reference, range(1, n_bins), n_bins, xp=xp)
    low, high = ends(reference, xp=xp)
    infinity = xp.full((), xp.inf, dtype=values.dtype, device=device_of(values))
    edges = xp.where(edges <= low[:, None], -infinity, edges)
    return xp.where(edges >= high[:, None], infinity, edges)


def ordered_bin_counts(sample: Ordered, edges: Array, *, xp: Namespace) -> Array:
    """Return the counts of ordered rows in the bins of `edges`, shape `(d, n_bins)`: one look-up per edge."""
    below = rank(sample.values, edges, side="left", xp=xp)
    return bins_from_cumulative(below, sample.n_valid, edges, xp=xp)


def _pair_of_counts(
    reference_counts: Array, current_counts: Array, *, xp: Namespace | None
) -> tuple[Array, Array, Namespace]:
    """Return both sides' counts in one namespace, on one device and over the same levels.

    Raises
    ------
    InputError
        If the shapes differ or there is no axis of levels.
    """
    xp = namespace_of(current_counts, xp=xp)
    reference_counts = move_to(reference_counts, like=current_counts)
    if current_counts.ndim == 0 or reference_counts.shape != current_counts.shape:
        raise InputError(
            "`reference_counts` and `current_counts` must count the same levels, got shapes "
            f"{tuple(reference_counts.shape)} and {tuple(current_counts.shape)}. Count over the union of the levels."
        )
    if current_counts.shape[-1] == 0:  # no level at all is the same as one that does not occur
        one_level = (*current_counts.shape[:-1], 1)
        absent = xp.zeros(one_level, dtype=current_counts.dtype, device=device_of(current_counts))
        return absent, absent, xp
    return reference_counts, current_counts, xp


def _shares(counts: Array, *, xp: Namespace) -> Array:
    dtype = statistic_dtype(xp, device_of(counts))
    counts = xp.astype(counts, dtype)
    total = xp.sum(counts, axis=-1, keepdims=True)
    nan = xp.full((), xp.nan, dtype=dtype, device=device_of(counts))
    return counts / xp.where(total == 0.0, nan, total)


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
    if not floor > 0.0:
        raise ConfigError(f"`floor` must be above 0, because an empty bin has an infinite logarithm; got {floor!r}.")
    reference_counts, current_counts, xp = _pair_of_counts(reference_counts, current_counts, xp=xp)
    r = xp.clip(_shares(reference_counts, xp=xp), floor, None)
    c = xp.clip(_shares(current_counts, xp=xp), floor, None)
    return xp.sum((c - r) * xp.log(c / r), axis=-1)


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
    reference_counts, current_counts, xp = _pair_of_counts(reference_counts, current_counts, xp=xp)
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


def total_variation_from_counts(
    reference_counts: Array, current_counts: Array, /, *, xp: Namespace | None = None
) -> Array:
    """Return the total variation distance of rows of counts `(..., k)`: half the sum of |r - c|, in [0, 1].

    NaN where a side is empty; InputError if the shapes differ.
    """
    reference_counts, current_counts, xp = _pair_of_counts(reference_counts, current_counts, xp=xp)
    return xp.sum(xp.abs(_shares(reference_counts, xp=xp) - _shares(current_counts, xp=xp)), axis=-1) / 2.0


def chi2_2samp(reference_counts: Array, current_counts: Array, /, *, xp: Namespace | None = None) -> Chi2Result:
    """Return the chi-squared test of homogeneity of rows of counts.

    Parameters
    ----------
    reference_counts, current_counts : array of counts, shape (..., k)
        One row of k levels per feature, over the union of the levels of both sides. Padding with zeros is free: a
        level that occurs on neither side counts neither in the statistic nor in the degrees of freedom.

    Returns
    -------
    Chi2Result
        Shape `(...)` each. With a single level the statistic is 0, the p-value 1. NaN where a side is empty.

    Raises
    ------
    InputError
        If the shapes differ.

    Notes
    -----
    Two samples with k - 1 degrees of freedom and no Yates correction, equal to `scipy.stats.chi2_contingency(...,
    correction=False)`; not a goodness-of-fit test against the reference's shares, which rejects far too often because
    the reference is a sample itself. Where the smallest expected count is under 5 the p-value is unreliable.

    Under `jax.jit` the p-value is that of JAX's own incomplete gamma function: without x64 its relative error grows with
    the degrees of freedom, to 0.4 % at some thousands. Otherwise it is computed in float64.

    References
    ----------
    Pearson, K. (1911), "On the probability that two independent distributions of frequency are really samples from
    the same population", Biometrika 8.

    Examples
    --------
    >>> import numpy as np
    >>> from driftwatch.kernels import chi2_2samp
    >>> result = chi2_2samp(np.asarray([[30, 70]]), np.asarray([[50, 50]]))
    >>> round(float(result.statistic[0]), 4), round(float(result.pvalue[0]), 4)
    (8.3333, 0.0039)
    """
    reference_counts, current_counts, xp = _pair_of_counts(reference_counts, current_counts, xp=xp)
    device = device_of(current_counts)
    dtype = statistic_dtype(xp, device)
    r, c = xp.astype(reference_counts, dtype), xp.astype(current_counts, dtype)
    n, m = xp.sum(r, axis=-1, keepdims=True), xp.sum(c, axis=-1, keepdims=True)
    nan = xp.full((), xp.nan, dtype=dtype, device=device)
    one = xp.ones((), dtype=dtype, device=device)
    n_safe, m_safe = xp.where(n == 0.0, nan, n), xp.where(m == 0.0, nan, m)
    level = r + c
    absent = level == 0.0
    share_gap = r / n_safe - c / m_safe
    terms = share_gap * share_gap / xp.where(absent, one, level)
    statistic = xp.sum(terms, axis=-1) * (n_safe * m_safe)[..., 0]

    n_levels = xp.sum(xp.astype(~absent, dtype), axis=-1)
    dof = xp.clip(n_levels - 1.0, 0.0, None)
    smaller = xp.minimum(n_safe, m_safe) / (n_safe + m_safe)
    infinity = xp.full((), xp.inf, dtype=dtype, device=device)
    min_expected = xp.min(xp.where(absent, infinity, level), axis=-1) * smaller[..., 0]
    return Chi2Result(statistic, _chi2_sf(statistic, dof, xp=xp), dof, min_expected)


def _chi2_sf(statistic: Array, dof: Array, *, xp: Namespace) -> Array:
    one = xp.ones((), dtype=statistic.dtype, device=device_of(statistic))
    pvalue = gammaincc(xp.clip(dof, 1.0, None) / 2.0, statistic / 2.0, xp=xp)
    # NaN stays NaN, also where there is a single level and nothing to test.
    return xp.where((dof > 0.0) | xp.isnan(statistic), pvalue, one)


def _binned(
    statistic: Callable[..., Array],
    reference: Array,
    current: Array,
    *,
    axis: int,
    n_bins: int,
    nan_policy: NanPolicy,
    xp: Namespace | None,
    **options: Any,
) -> DistanceResult:
    """Return a statistic of counts in the reference's equal-mass bins."""
    if n_bins < 2:
        raise ConfigError(f"`n_bins` must be at least 2, got {n_bins!r}.")

    def statistics(ref: Ordered, cur: Rows, /, *, xp: Namespace) -> tuple[Array]:
        edges = quantile_edges(ref, n_bins, xp=xp)
        expected = ordered_bin_counts(ref, edges, xp=xp)
        edges = xp.astype(edges, cur.values.dtype, copy=False)
        actual = counts_from_edges(cur.values, cur.n_valid, edges, xp=xp)
        return (statistic(expected, actual, xp=xp, **options),)

    return DistanceResult(
        *feature_by_feature(statistics, reference, current, as_rows=unordered, axis=axis, nan_policy=nan_policy, xp=xp),
    )


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
    return _binned(
        psi_from_counts, reference, current, axis=axis, n_bins=n_bins, nan_policy=nan_policy, xp=xp, floor=floor
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
    return _binned(
        jensenshannon_from_counts, reference, current, axis=axis, n_bins=n_bins, nan_policy=nan_policy, xp=xp
    )


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
    return _binned(
        total_variation_from_counts, reference, current, axis=axis, n_bins=n_bins, nan_policy=nan_policy, xp=xp
    )
