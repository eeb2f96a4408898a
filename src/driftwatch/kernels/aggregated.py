"""Tests of equal distributions over several views of the same rows, as one permutation test (layer 2).

A Gaussian kernel on the rows as they are sees what moves along their main directions. Drift often lies in the others:
there the same kernel sees it after every principal direction has been brought to one scale, more or less. What moves in
single dimensions, or at values that few rows have, distances of whole rows drown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from driftwatch.arrays.namespace import device_of, namespace_of
from driftwatch.kernels._pair_means import MEMORY_BUDGET, pair_means
from driftwatch.kernels._row_pairs import (
    RowPair,
    further_labels,
    permutation_pvalue,
    permuted_labels,
    relabeled_noise,
    rounding,
    row_pair,
)
from driftwatch.kernels.by_dimension import compare_dimensions
from driftwatch.kernels.multivariate import gaussian, squared_bandwidth
from driftwatch.kernels.separation import N_SCORED, separation
from driftwatch.ops import matmul

if TYPE_CHECKING:
    from collections.abc import Sequence

    from driftwatch._typing import Array, Namespace
    from driftwatch.kernels._pair_means import PairMeans
    from driftwatch.kernels._prepare import NanPolicy
    from driftwatch.kernels._row_pairs import Rng
    from driftwatch.kernels.by_dimension import Dimensions

__all__ = ["AggregatedMMD", "mmd_aggregated", "whitened"]

N_PERMUTATIONS = 999
# Of the mean variance, added to every direction. The smaller one raises small directions to where images that are dimmed
# or mirrored differ, the larger one leaves the noise in them where it is.
RIDGES = (1.0, 4.0)


class AggregatedMMD(NamedTuple):
    """A test of equal distributions and its effect size, shape `()` each, and how many permutations it took.

    `statistic` is MMD² of the rows as they are, `pvalue` that of all members together. `separation` in [0, 1] is
    `2 AUC - 1` of the score that tells rows of current best, each row scored by the others, or the D of the most different
    dimensions, whichever is more beyond its own noise. `expected_squared_separation` is what its square would be without
    drift: its mean under relabeling, and what choosing the best adds. `expected` and `q99` are mean and 99 % quantile of
    `statistic` under relabeling.
    """

    statistic: Array
    pvalue: Array
    separation: Array
    expected_squared_separation: Array
    expected: Array
    q99: Array
    n_permutations: int


def mmd_aggregated(
    reference: Array,
    current: Array,
    /,
    *,
    n_permutations: int = N_PERMUTATIONS,
    max_permutations: int | None = None,
    rng: Rng = 0,
    memory_budget: int = MEMORY_BUDGET,
    nan_policy: NanPolicy = "omit",
    xp: Namespace | None = None,
) -> AggregatedMMD:
    """Return the test that fuses five statistics, each in standard deviations of its permutations.

    The statistic of the test is the logarithm of the sum of their exponentials, which follows the largest and gains where
    several are large. Three are MMD² with the Gaussian kernel of its own median bandwidth: of the rows as they are, and
    twice whitened by the covariance of both sides, plus a ridge of one and of four mean variances. The other two look at
    the distribution functions dimension by dimension: the mean Anderson-Darling distance, and the largest D².

    Parameters
    ----------
    reference : array, shape (n, ...)
    current : array, shape (m, ...)
    n_permutations : int
        Relabelings for the p-value.
    max_permutations : int, optional
        Where none of these reaches the observed statistic, go on to so many: only then can the p-value be smaller than
        twice the smallest that they can give.
    rng, memory_budget, nan_policy
        As in `mmd_2samp`.

    Returns
    -------
    AggregatedMMD

    Notes
    -----
    Every view is a symmetric function of the pooled rows, and every scale is taken over all relabelings: the test is
    exact. It stays so when it goes on: below that limit its p-value is the one of all relabelings, and above it the
    one of the first. Time O((n + m)² (d + n_permutations)) for each view, O(d³) for whitening, and O((n + m) d
    n_permutations) for the dimensions. Not for `jax.jit`, as it looks at values.

    References
    ----------
    Biggs, F., Schrab, A. and Gretton, A. (2023), "MMD-FUSE: learning and combining kernels for two-sample testing
    without data splitting"; Harchaoui, Z., Bach, F. and Moulines, E. (2007), "Testing for homogeneity with kernel Fisher
    discriminant analysis", for the ridge; Pettitt, A. N. (1976), "A two-sample Anderson-Darling rank statistic"; Besag,
    J. and Clifford, P. (1991), "Sequential Monte Carlo p-values".
    """
    xp = namespace_of(current, xp=xp)
    pair = row_pair(reference, current, nan_policy=nan_policy, xp=xp)
    generator = np.random.default_rng(rng)
    views = [_scaled(seen, pair, xp=xp) for seen in _views(pair.pooled, xp=xp)]
    slack = rounding(pair.pooled, xp=xp)

    labels = permuted_labels(pair, n_permutations, generator, xp=xp)
    n_scored = min(N_SCORED, n_permutations) + 1
    means, dimensions = _compare(pair, views, labels, n_scored, memory_budget, xp=xp)
    scores = [*(one.affinity for one in means), dimensions.affinity]
    effect = _effect(scores, dimensions.largest[:n_scored], labels[:, :n_scored], xp=xp)
    statistics = _statistics(means, dimensions, pair)
    pvalue = _pvalue(statistics, slack, xp=xp)

    total = n_permutations
    for labels in further_labels(pair, n_permutations, max_permutations, pvalue, generator, xp=xp):
        more = _statistics(*_compare(pair, views, labels, 0, memory_budget, xp=xp), pair)
        statistics = [xp.concat([own, new[1:]]) for own, new in zip(statistics, more, strict=True)]
        total += int(labels.shape[1]) - 1
    if total > n_permutations:
        pvalue = _pvalue(statistics, slack, xp=xp)
    noise = relabeled_noise(statistics[0], xp=xp)
    return AggregatedMMD(statistics[0][0], pvalue, *effect, *noise, total)


def _views(pooled: Array, *, xp: Namespace) -> list[Array]:
    return [pooled, *(whitened(pooled, ridge=ridge, xp=xp) for ridge in RIDGES)]


def _scaled(seen: Array, pair: RowPair, *, xp: Namespace) -> RowPair:
    """Return a view in units of `sqrt(2)` of its own bandwidth."""
    variance = squared_bandwidth(RowPair(seen, pair.n, pair.m), None, "pooled", xp=xp)
    return RowPair(seen / xp.sqrt(2.0 * variance), pair.n, pair.m)


def _compare(
    pair: RowPair, views: Sequence[RowPair], labels: Array, n_scored: int, memory_budget: int, *, xp: Namespace
) -> tuple[list[PairMeans], Dimensions]:
    kernel = gaussian((1.0,), xp=xp)
    means = [pair_means(view, kernel, labels, memory_budget=memory_budget, n_scored=n_scored, xp=xp) for view in views]
    return means, compare_dimensions(pair, labels, memory_budget=memory_budget, n_scored=n_scored, xp=xp)


def _statistics(means: Sequence[PairMeans], dimensions: Dimensions, pair: RowPair) -> list[Array]:
    discrepancies = [one.reference + one.current - 2.0 * one.across for one in means]
    # In units that do not depend on the sizes, as rounding has none.
    largest = dimensions.largest * (float(pair.n) * pair.m / (pair.n + pair.m))
    return [*discrepancies, dimensions.anderson_darling, largest]


def _effect(scores: Sequence[Array], largest: Array, labels: Array, *, xp: Namespace) -> tuple[Array, Array]:
    """Return the separation that is largest beyond its own noise, and what chance gives, squared, to the one chosen so."""
    separations = [separation(score, labels, xp=xp) for score in scores]
    squares = xp.stack([*(one * one for one in separations), largest])
    noise = xp.mean(squares[:, 1:], axis=1)
    excess = squares - noise[:, None]
    best = xp.argmax(excess[:, :1], axis=0)
    chosen = xp.mean(xp.max(excess[:, 1:], axis=0))
    return xp.sqrt(xp.take(squares[:, 0], best)[0]), xp.take(noise, best)[0] + chosen


def _pvalue(statistics: Sequence[Array], slack: float, *, xp: Namespace) -> Array:
    fused = _in_deviations(statistics[0], slack=slack, xp=xp)
    for own in statistics[1:]:
        fused = xp.logaddexp(fused, _in_deviations(own, slack=slack, xp=xp))
    return permutation_pvalue(fused, slack=slack, xp=xp)


def _in_deviations(statistics: Array, *, slack: float, xp: Namespace) -> Array:
    """Return statistics less their mean over their standard deviation, 0 where they differ by rounding alone."""
    centred = statistics - xp.mean(statistics)
    std = xp.sqrt(xp.mean(centred * centred))
    constant = std <= slack
    return xp.where(constant, xp.zeros_like(centred), centred / xp.where(constant, xp.ones_like(std), std))


def whitened(x: Array, *, ridge: float, xp: Namespace) -> Array:
    """Return centred rows `(n, d)` times the inverse root of their covariance plus `ridge` mean variances."""
    d = x.shape[1]
    covariance = matmul(xp.permute_dims(x, (1, 0)), x, xp=xp) / x.shape[0]
    scale = xp.linalg.trace(covariance) / d
    scale = xp.where(scale > 0.0, scale, xp.ones_like(scale))
    eye = xp.eye(d, dtype=x.dtype, device=device_of(x))
    # With C = L L', the rows z of x L^-T have the distances of x under the inverse of C.
    lower = xp.linalg.cholesky(covariance / scale + ridge * eye)
    return xp.permute_dims(xp.linalg.solve(lower, xp.permute_dims(x, (1, 0)) / xp.sqrt(scale)), (1, 0))
