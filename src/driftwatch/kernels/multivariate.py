"""Two-sample tests of rows with many dimensions by maximum mean discrepancy (layer 2)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

import numpy as np

from driftwatch.arrays.namespace import device_of, namespace_of, statistic_dtype
from driftwatch.errors import ConfigError
from driftwatch.kernels._pair_means import MEMORY_BUDGET, negative_squared_distances, pair_means
from driftwatch.kernels._row_pairs import RowPair, permutation_pvalue, permuted_labels, rounding, row_pair
from driftwatch.ops import matmul

if TYPE_CHECKING:
    from collections.abc import Sequence

    from driftwatch._typing import Array, Namespace
    from driftwatch.kernels._pair_means import PairKernel
    from driftwatch.kernels._prepare import NanPolicy
    from driftwatch.kernels._row_pairs import Rng

__all__ = [
    "DistanceTest",
    "MMDResult",
    "MedianOf",
    "gaussian",
    "mmd_2samp",
    "mmd_random_features",
    "squared_bandwidth",
]

MedianOf: TypeAlias = Literal["pooled", "reference"]

N_PERMUTATIONS = 199
MEDIAN_ROWS = 1000  # the median of half a million distances is known to a fraction of a percent
MEDIAN_SEED = 0  # rows for the median are drawn apart from the permutations: asking for more of these moves no median
FEATURE_BLOCK = 4_000_000  # values of random features held at a time


class MMDResult(NamedTuple):
    """`statistic` MMD² (unbiased, may be below 0), its permutation `pvalue` and the `bandwidth` sigma, shape `()`."""

    statistic: Array
    pvalue: Array
    bandwidth: Array


class DistanceTest(NamedTuple):
    """`statistic` and its permutation `pvalue`, shape `()`."""

    statistic: Array
    pvalue: Array


def mmd_2samp(
    reference: Array,
    current: Array,
    /,
    *,
    bandwidth: float | None = None,
    median_of: MedianOf = "pooled",
    scales: Sequence[float] = (1.0,),
    n_permutations: int = N_PERMUTATIONS,
    rng: Rng = 0,
    memory_budget: int = MEMORY_BUDGET,
    nan_policy: NanPolicy = "omit",
    xp: Namespace | None = None,
) -> MMDResult:
    """Return the squared maximum mean discrepancy of two samples of rows and its permutation p-value.

    Parameters
    ----------
    reference : array, shape (n, ...)
    current : array, shape (m, ...)
        Each row is flattened to d numbers.
    bandwidth : float, optional
        sigma of the kernel `exp(-|x - y|² / (2 sigma²))`. By default `2 sigma²` is the median squared distance of
        distinct rows, among at most 1,000 that are drawn with a fixed seed.
    median_of : {"pooled", "reference"}
        Whose rows the median is taken of. Only the pooled sample keeps the permutation test exact.
    scales : sequence of float
        The kernel is the mean of those with the bandwidths `scale * sigma`.
    n_permutations : int
        Relabelings for the p-value; the smallest one possible is `1 / (n_permutations + 1)`.
    rng : int or numpy.random.Generator
        Seed of the relabelings.
    memory_budget : int
        Bytes of working memory beside the samples and the labels `(n + m, n_permutations + 1)`.
    nan_policy : {"omit", "propagate", "raise"}
        What happens to rows with a value that is missing or infinite. Under `jax.jit` they make the result NaN.

    Returns
    -------
    MMDResult

    Raises
    ------
    ConfigError
        If a setting is out of range.
    InputError
        If the rows differ in length, or a side has fewer than two complete ones.

    Notes
    -----
    Time O((n + m)² (d + n_permutations) / 2), all of it in matrix products; the matrix of kernel values is never held.
    Rows are centred first, in float64 for float64 rows, else in float32.

    References
    ----------
    Gretton, A. et al. (2012), "A kernel two-sample test", Journal of Machine Learning Research 13, equation 3.

    Examples
    --------
    >>> import numpy as np
    >>> from driftwatch.kernels import mmd_2samp
    >>> rng = np.random.default_rng(0)
    >>> result = mmd_2samp(rng.normal(size=(300, 16)), rng.normal(0.3, size=(200, 16)))
    >>> float(result.pvalue)
    0.005
    """
    xp = namespace_of(current, xp=xp)
    pair = row_pair(reference, current, nan_policy=nan_policy, xp=xp)
    variance = squared_bandwidth(pair, bandwidth, median_of, xp=xp)
    scaled = RowPair(pair.pooled / xp.sqrt(2.0 * variance), pair.n, pair.m)
    labels = permuted_labels(pair, n_permutations, rng, xp=xp)
    kernel = gaussian(scales, xp=xp)
    means = pair_means(scaled, kernel, labels, memory_budget=memory_budget, xp=xp)
    statistics = means.reference + means.current - 2.0 * means.across
    pvalue = permutation_pvalue(statistics, slack=rounding(scaled.pooled, xp=xp), xp=xp)
    return MMDResult(statistics[0], pvalue, xp.sqrt(xp.astype(variance, statistics.dtype)))


def gaussian(scales: Sequence[float], *, xp: Namespace) -> PairKernel:
    """Return the mean of Gaussian kernels with the bandwidths `scales`, for rows in units of `sqrt(2) sigma`."""
    if isinstance(scales, float | int) or len(scales) == 0 or not all(0.0 < s < math.inf for s in scales):
        raise ConfigError(f"`scales` must be a sequence of positive numbers, got {scales!r}. Pass (1.0,) for one.")
    factors = [1.0 / float(scale) ** 2 for scale in scales]

    def kernel(negative: Array, /) -> Array:
        first, *others = (xp.exp(negative if f == 1.0 else f * negative) for f in factors)
        for other in others:
            first += other
        return first / len(factors) if others else first

    return kernel


def squared_bandwidth(pair: RowPair, bandwidth: float | None, median_of: MedianOf, *, xp: Namespace) -> Array:
    """Return sigma² as an array of shape `()`: the one given, or half the median squared distance of distinct rows.

    Where more than half of the pairs coincide it is half the mean, and 1 where all do.
    """
    x = pair.pooled
    if bandwidth is not None:
        if not 0.0 < bandwidth < math.inf:
            raise ConfigError(f"`bandwidth` must be a positive number, got {bandwidth!r}. Leave it out for the median.")
        return xp.asarray(float(bandwidth) ** 2, dtype=x.dtype, device=device_of(x))
    if median_of not in {"pooled", "reference"}:
        raise ConfigError(f"`median_of` must be 'pooled' or 'reference', got {median_of!r}.")
    available = pair.n + (pair.m if median_of == "pooled" else 0)
    k = min(available, MEDIAN_ROWS)
    if k < available:
        chosen = np.sort(np.random.default_rng(MEDIAN_SEED).permutation(available)[:k])
        rows = xp.take(x, xp.asarray(chosen, device=device_of(x)), axis=0)
    else:
        rows = x[:k, :]
    squared = -negative_squared_distances(rows, rows, xp=xp)
    off = 1.0 - xp.eye(k, dtype=x.dtype, device=device_of(x))
    # The k zeros of the diagonal become -1 and come first; every pair is there twice, so its median is the mean of two.
    ordered = xp.sort(xp.reshape(squared * off - (1.0 - off), (k * k,)))
    pairs = k * (k - 1) // 2
    median = 0.5 * (ordered[k + pairs - 1] + ordered[k + pairs])
    mean = xp.sum(squared * off) / (2.0 * pairs)
    one = xp.ones((), dtype=x.dtype, device=device_of(x))
    return 0.5 * xp.where(median > 0.0, median, xp.where(mean > 0.0, mean, 2.0 * one))


def mmd_random_features(
    reference: Array,
    current: Array,
    /,
    *,
    n_frequencies: int = 512,
    bandwidth: float | None = None,
    median_of: MedianOf = "pooled",
    n_permutations: int = N_PERMUTATIONS,
    rng: Rng = 0,
    nan_policy: NanPolicy = "omit",
    xp: Namespace | None = None,
) -> MMDResult:
    """Return MMD² of the Gaussian kernel by random Fourier features, in time linear in the number of rows.

    Parameters
    ----------
    reference : array, shape (n, ...)
    current : array, shape (m, ...)
    n_frequencies : int
        Random directions, a sine and a cosine each: the kernel is met to about `1 / sqrt(n_frequencies)`.
    bandwidth, median_of, n_permutations, nan_policy
        As in `mmd_2samp`.
    rng : int or numpy.random.Generator
        Seed of the relabelings and the frequencies.

    Returns
    -------
    MMDResult

    Notes
    -----
    O((n + m) n_frequencies (d + n_permutations)). The test is exact for the approximated kernel, which is one too.

    References
    ----------
    Rahimi, A. and Recht, B. (2007), "Random features for large-scale kernel machines"; Zhao, J. and Meng, D. (2015),
    "FastMMD: ensemble of circular discrepancy for efficient two-sample test".
    """
    xp = namespace_of(current, xp=xp)
    if n_frequencies < 1:
        raise ConfigError(f"`n_frequencies` must be at least 1, got {n_frequencies!r}.")
    pair = row_pair(reference, current, nan_policy=nan_policy, xp=xp)
    x, n, m = pair
    variance = squared_bandwidth(pair, bandwidth, median_of, xp=xp)
    generator = np.random.default_rng(rng)
    labels = permuted_labels(pair, n_permutations, generator, xp=xp)
    drawn = generator.standard_normal((x.shape[1], n_frequencies))
    frequencies = xp.asarray(drawn, dtype=x.dtype, device=device_of(x)) / xp.sqrt(variance)

    step = max(1, FEATURE_BLOCK // (2 * n_frequencies))
    total, of_current = 0.0, 0.0
    for start in range(0, n + m, step):
        span = slice(start, min(start + step, n + m))
        angle = matmul(x[span, :], frequencies, xp=xp)
        features = xp.concat([xp.cos(angle), xp.sin(angle)], axis=-1)  # of squared length n_frequencies
        total = total + xp.sum(features, axis=0)
        of_current = of_current + matmul(xp.permute_dims(labels[span, :], (1, 0)), features, xp=xp)
    wide = statistic_dtype(xp, device_of(x))
    of_current = xp.astype(of_current, wide) / math.sqrt(n_frequencies)
    of_reference = xp.astype(total, wide)[None, :] / math.sqrt(n_frequencies) - of_current
    statistics = (
        (xp.sum(of_reference * of_reference, axis=-1) - n) / (n * (n - 1.0))
        + (xp.sum(of_current * of_current, axis=-1) - m) / (m * (m - 1.0))
        - 2.0 * xp.sum(of_reference * of_current, axis=-1) / (float(n) * m)
    )
    pvalue = permutation_pvalue(statistics, slack=rounding(x, xp=xp), xp=xp)
    return MMDResult(statistics[0], pvalue, xp.sqrt(xp.astype(variance, wide)))
