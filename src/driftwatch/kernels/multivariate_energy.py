"""Energy distance of two samples of rows with many dimensions, as a permutation test (layer 2)."""

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
from driftwatch.kernels.multivariate import N_PERMUTATIONS, DistanceTest
from driftwatch.kernels.separation import N_SCORED, separation

if TYPE_CHECKING:
    from driftwatch._typing import Array, Namespace
    from driftwatch.kernels._pair_means import PairMeans
    from driftwatch.kernels._prepare import NanPolicy
    from driftwatch.kernels._row_pairs import Rng

__all__ = ["SeparatedEnergy", "energy_2samp", "energy_separated"]


class SeparatedEnergy(NamedTuple):
    """The energy test and its effect size, shape `()` each, and how many permutations it took.

    `coefficient` is the statistic over `2 E|X - Y|`, in [0, 1]. `separation` is `2 AUC - 1` of a score that tells rows of
    current, each row scored by the others: how much nearer it is to them than to those of reference;
    `expected_squared_separation` is the mean of its square under relabeling, `expected` and `q99` are mean and 99 %
    quantile of `statistic` under relabeling.
    """

    statistic: Array
    pvalue: Array
    coefficient: Array
    separation: Array
    expected_squared_separation: Array
    expected: Array
    q99: Array
    n_permutations: int


def energy_2samp(
    reference: Array,
    current: Array,
    /,
    *,
    n_permutations: int = N_PERMUTATIONS,
    rng: Rng = 0,
    memory_budget: int = MEMORY_BUDGET,
    nan_policy: NanPolicy = "omit",
    xp: Namespace | None = None,
) -> DistanceTest:
    """Return the energy distance of two samples of rows, `2 E|X - Y| - E|X - X'| - E|Y - Y'|`, and its p-value.

    Parameters
    ----------
    reference : array, shape (n, ...)
    current : array, shape (m, ...)
    n_permutations, rng, memory_budget, nan_policy
        As in `mmd_2samp`.

    Returns
    -------
    DistanceTest
        For rows of one number the statistic is the square of `scipy.stats.energy_distance`.

    References
    ----------
    Szekely, G. J. and Rizzo, M. L. (2013), "Energy statistics: a class of statistics based on distances".

    Examples
    --------
    >>> import numpy as np
    >>> from driftwatch.kernels import energy_2samp
    >>> rng = np.random.default_rng(0)
    >>> float(energy_2samp(rng.normal(size=(300, 16)), rng.normal(0.3, size=(200, 16))).pvalue)
    0.005
    """
    xp = namespace_of(current, xp=xp)
    pair = row_pair(reference, current, nan_policy=nan_policy, xp=xp)
    labels = permuted_labels(pair, n_permutations, rng, xp=xp)
    scaled = _Scaled.of(pair, xp=xp)
    statistics = _energies(_means(scaled, labels, 0, memory_budget, xp=xp), pair)
    pvalue = permutation_pvalue(statistics, slack=scaled.slack, xp=xp)
    return DistanceTest(statistics[0] * xp.astype(scaled.spread, statistics.dtype), pvalue)


def energy_separated(
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
) -> SeparatedEnergy:
    """Return the energy test with its effect size and its noise.

    Parameters
    ----------
    reference : array, shape (n, ...)
    current : array, shape (m, ...)
    n_permutations : int
        Relabelings for the p-value.
    max_permutations : int, optional
        As in `mmd_aggregated`.
    rng, memory_budget, nan_policy
        As in `mmd_2samp`.

    Returns
    -------
    SeparatedEnergy

    Notes
    -----
    Time O((n + m)² (d + n_permutations)). Not for `jax.jit`, as it looks at values.

    References
    ----------
    Szekely, G. J. and Rizzo, M. L. (2013), "Energy statistics: a class of statistics based on distances", section 2 for
    the coefficient; Besag, J. and Clifford, P. (1991), "Sequential Monte Carlo p-values".
    """
    xp = namespace_of(current, xp=xp)
    pair = row_pair(reference, current, nan_policy=nan_policy, xp=xp)
    generator = np.random.default_rng(rng)
    scaled = _Scaled.of(pair, xp=xp)

    labels = permuted_labels(pair, n_permutations, generator, xp=xp)
    n_scored = min(N_SCORED, n_permutations) + 1
    means = _means(scaled, labels, n_scored, memory_budget, xp=xp)
    # what is far from a row's own side is near to the other one
    apart = separation(-means.affinity, labels[:, :n_scored], xp=xp)
    statistics = _energies(means, pair)
    pvalue = permutation_pvalue(statistics, slack=scaled.slack, xp=xp)
    more = further_labels(pair, n_permutations, max_permutations, pvalue, generator, xp=xp)
    for others in more:
        new = _energies(_means(scaled, others, 0, memory_budget, xp=xp), pair)
        statistics = xp.concat([statistics, new[1:]])
    pvalue = permutation_pvalue(statistics, slack=scaled.slack, xp=xp)

    across = means.across[0]
    together = across <= 0.0
    coefficient = xp.where(
        together, xp.zeros_like(across), statistics[0] / xp.where(together, xp.ones_like(across), 2.0 * across)
    )
    unit = xp.astype(scaled.spread, statistics.dtype)
    noise = relabeled_noise(statistics * unit, xp=xp)
    return SeparatedEnergy(
        statistics[0] * unit,
        pvalue,
        coefficient,
        apart[0],
        xp.mean(apart[1:] * apart[1:]),
        *noise,
        int(statistics.shape[0]) - 1,
    )


class _Scaled(NamedTuple):
    """Rows in units of their spread, so that the rounding of a square that should be 0 is known to be `slack`."""

    pair: RowPair
    spread: Array
    slack: float

    @classmethod
    def of(cls, pair: RowPair, *, xp: Namespace) -> _Scaled:
        spread = xp.sqrt(xp.max(xp.sum(pair.pooled * pair.pooled, axis=-1)))
        spread = xp.where(spread > 0.0, spread, xp.ones_like(spread))
        scaled = RowPair(pair.pooled / spread, pair.n, pair.m)
        return cls(scaled, spread, rounding(scaled.pooled, xp=xp))


def _means(scaled: _Scaled, labels: Array, n_scored: int, memory_budget: int, *, xp: Namespace) -> PairMeans:
    """Return the mean distances under every column of labels."""
    nothing = xp.zeros((), dtype=scaled.pair.pooled.dtype, device=device_of(scaled.pair.pooled))

    def distance(negative: Array, /) -> Array:
        return xp.sqrt(xp.where(negative > -scaled.slack, nothing, -negative))

    return pair_means(scaled.pair, distance, labels, memory_budget=memory_budget, n_scored=n_scored, xp=xp)


def _energies(means: PairMeans, pair: RowPair) -> Array:
    n, m = pair.n, pair.m
    return 2.0 * means.across - means.reference * ((n - 1.0) / n) - means.current * ((m - 1.0) / m)
