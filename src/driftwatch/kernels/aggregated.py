"""Maximum mean discrepancy over several views of the same rows, as one permutation test (layer 2).

A Gaussian kernel on the rows as they are sees what moves along their main directions. Drift often lies in the others:
there the same kernel sees it after every dimension, or every principal direction, has been brought to one scale.
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
from driftwatch.kernels.multivariate import gaussian, squared_bandwidth
from driftwatch.kernels.separation import N_SCORED, separation
from driftwatch.ops import matmul

if TYPE_CHECKING:
    from collections.abc import Sequence

    from driftwatch._typing import Array, Namespace
    from driftwatch.kernels._pair_means import PairMeans
    from driftwatch.kernels._prepare import NanPolicy
    from driftwatch.kernels._row_pairs import Rng

__all__ = ["AggregatedMMD", "mmd_aggregated", "standardised", "whitened"]

N_PERMUTATIONS = 999
RIDGE = 4.0  # of the mean variance, added to every direction: small ones are raised, but not to the noise in them


class AggregatedMMD(NamedTuple):
    """A test of equal distributions and its effect size, shape `()` each, and how many permutations it took.

    `statistic` is MMD² of the rows as they are, `pvalue` that of all views together. `separation` is `2 AUC - 1` of the
    score that tells rows of current best, each row scored by the others, and `expected_squared_separation` the mean of
    its square under relabeling; `expected` and `q99` are mean and 99 % quantile of `statistic` under relabeling.
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
    """Return the test that fuses three MMD statistics, each in standard deviations of its permutations.

    The statistic of the test is the logarithm of the sum of their exponentials, which follows the largest and gains where
    several are large. The views are the rows as they are, with every dimension brought to variance one, and whitened by the covariance of
    both sides plus a ridge of four mean variances. Each has the Gaussian kernel of its own median bandwidth.

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
    one of the first. Time O((n + m)² (d + n_permutations)) for each view, and O(d³) for whitening. Not for `jax.jit`,
    as it looks at values.

    References
    ----------
    Biggs, F., Schrab, A. and Gretton, A. (2023), "MMD-FUSE: learning and combining kernels for two-sample testing
    without data splitting"; Harchaoui, Z., Bach, F. and Moulines, E. (2007), "Testing for homogeneity with kernel Fisher
    discriminant analysis", for the ridge; Besag, J. and Clifford, P. (1991), "Sequential Monte Carlo p-values".
    """
    xp = namespace_of(current, xp=xp)
    pair = row_pair(reference, current, nan_policy=nan_policy, xp=xp)
    generator = np.random.default_rng(rng)
    views = [_scaled(view(pair.pooled, xp=xp), pair, xp=xp) for view in VIEWS]
    slack = rounding(pair.pooled, xp=xp)

    labels = permuted_labels(pair, n_permutations, generator, xp=xp)
    n_scored = min(N_SCORED, n_permutations) + 1
    first = [_means(view, labels, n_scored, memory_budget, xp=xp) for view in views]
    best = separation(first[0].affinity, labels[:, :n_scored], xp=xp)
    for means in first[1:]:
        best = xp.maximum(best, separation(means.affinity, labels[:, :n_scored], xp=xp))
    statistics = [_squared_discrepancy(means) for means in first]
    pvalue = _pvalue(statistics, slack, xp=xp)

    total = n_permutations
    for labels in further_labels(pair, n_permutations, max_permutations, pvalue, generator, xp=xp):
        more = [_squared_discrepancy(_means(view, labels, 0, memory_budget, xp=xp)) for view in views]
        statistics = [xp.concat([own, new[1:]]) for own, new in zip(statistics, more, strict=True)]
        total += int(labels.shape[1]) - 1
    if total > n_permutations:
        pvalue = _pvalue(statistics, slack, xp=xp)
    noise = relabeled_noise(statistics[0], xp=xp)
    return AggregatedMMD(statistics[0][0], pvalue, best[0], xp.mean(best[1:] * best[1:]), *noise, total)


def _scaled(seen: Array, pair: RowPair, *, xp: Namespace) -> RowPair:
    """Return a view in units of `sqrt(2)` of its own bandwidth."""
    variance = squared_bandwidth(RowPair(seen, pair.n, pair.m), None, "pooled", xp=xp)
    return RowPair(seen / xp.sqrt(2.0 * variance), pair.n, pair.m)


def _means(view: RowPair, labels: Array, n_scored: int, memory_budget: int, *, xp: Namespace) -> PairMeans:
    kernel = gaussian((1.0,), xp=xp)
    return pair_means(view, kernel, labels, memory_budget=memory_budget, n_scored=n_scored, xp=xp)


def _squared_discrepancy(means: PairMeans) -> Array:
    return means.reference + means.current - 2.0 * means.across


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


def _as_they_are(x: Array, *, xp: Namespace) -> Array:  # noqa: ARG001 - the contract of a view
    return x


def standardised(x: Array, *, xp: Namespace) -> Array:
    """Return centred rows `(n, d)` with every dimension brought to variance one; constant ones stay zero."""
    variance = xp.mean(x * x, axis=0)
    # What is left of a constant after centring is rounding, which must not be blown up.
    constant = variance <= xp.max(variance) * float(xp.finfo(x.dtype).eps) ** 2
    root = xp.sqrt(xp.where(constant, xp.ones_like(variance), variance))
    return x * xp.where(constant, xp.zeros_like(variance), 1.0 / root)


def whitened(x: Array, *, ridge: float = RIDGE, xp: Namespace) -> Array:
    """Return centred rows `(n, d)` times the inverse root of their covariance plus `ridge` mean variances."""
    d = x.shape[1]
    covariance = matmul(xp.permute_dims(x, (1, 0)), x, xp=xp) / x.shape[0]
    scale = xp.linalg.trace(covariance) / d
    scale = xp.where(scale > 0.0, scale, xp.ones_like(scale))
    eye = xp.eye(d, dtype=x.dtype, device=device_of(x))
    # With C = L L', the rows z of x L^-T have the distances of x under the inverse of C.
    lower = xp.linalg.cholesky(covariance / scale + ridge * eye)
    return xp.permute_dims(xp.linalg.solve(lower, xp.permute_dims(x, (1, 0)) / xp.sqrt(scale)), (1, 0))


VIEWS = (_as_they_are, standardised, whitened)
