"""Two-sample tests of rows with many dimensions by their projections on random lines (layer 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from driftwatch.arrays.namespace import device_of, namespace_of, statistic_dtype
from driftwatch.errors import ConfigError
from driftwatch.kernels._pair_means import MEMORY_BUDGET
from driftwatch.kernels._row_pairs import permutation_pvalue, permuted_labels, rounding, row_pair
from driftwatch.kernels.multivariate import DistanceTest
from driftwatch.ops import matmul

if TYPE_CHECKING:
    from driftwatch._typing import Array, Namespace
    from driftwatch.kernels._prepare import NanPolicy
    from driftwatch.kernels._row_pairs import Rng, RowPair

__all__ = [
    "ProjectedDistances",
    "permuted_ecdf_distances",
    "projected_distances",
    "sliced_ks_2samp",
    "sliced_wasserstein",
    "sliced_wasserstein_2samp",
]

N_PERMUTATIONS = 199
N_PROJECTIONS = 64
ARRAYS_HELD = 4  # labels in order, their running sum, the gap and its absolute value


class ProjectedDistances(NamedTuple):
    """`ks` and `w1` of L lines under 1 + B labelings, shape `(1 + B, L)`, and what counts as rounding in them."""

    ks: Array
    w1: Array
    slack: float


def sliced_ks_2samp(
    reference: Array,
    current: Array,
    /,
    *,
    n_projections: int = N_PROJECTIONS,
    n_permutations: int = N_PERMUTATIONS,
    rng: Rng = 0,
    memory_budget: int = MEMORY_BUDGET,
    nan_policy: NanPolicy = "omit",
    xp: Namespace | None = None,
) -> DistanceTest:
    """Return the largest Kolmogorov-Smirnov statistic over random projections and its permutation p-value.

    Parameters
    ----------
    reference : array, shape (n, ...)
    current : array, shape (m, ...)
    n_projections : int
        Random lines, uniform in direction.
    rng : int or numpy.random.Generator
        Seed of the lines and the relabelings.
    n_permutations, memory_budget, nan_policy
        As in `mmd_2samp`.

    Returns
    -------
    DistanceTest
        `statistic` in [0, 1], shape `()`.

    Notes
    -----
    O(n_projections (n + m) (d + n_permutations)). Each line is sorted once; a relabeling only counts anew.

    References
    ----------
    Cuesta-Albertos, J. A., Fraiman, R. and Ransford, T. (2006), "Random projections and goodness-of-fit tests in
    infinite-dimensional spaces".
    """
    xp = namespace_of(current, xp=xp)
    pair = row_pair(reference, current, nan_policy=nan_policy, xp=xp)
    lines = projected_distances(pair, n_projections, n_permutations, rng, memory_budget=memory_budget, xp=xp)
    # A maximum of NaNs is minus infinity in some compiled code, a sum of them is not.
    statistics = xp.where(xp.isnan(xp.sum(lines.ks, axis=1)), lines.ks[:, 0], xp.max(lines.ks, axis=1))
    return DistanceTest(statistics[0, ...], permutation_pvalue(statistics, slack=lines.slack, xp=xp))


def sliced_wasserstein_2samp(
    reference: Array,
    current: Array,
    /,
    *,
    n_projections: int = N_PROJECTIONS,
    n_permutations: int = N_PERMUTATIONS,
    rng: Rng = 0,
    memory_budget: int = MEMORY_BUDGET,
    nan_policy: NanPolicy = "omit",
    xp: Namespace | None = None,
) -> DistanceTest:
    """Return the sliced 1-Wasserstein distance, the mean over random projections, and its permutation p-value.

    Parameters
    ----------
    reference : array, shape (n, ...)
    current : array, shape (m, ...)
    n_projections, n_permutations, rng, memory_budget, nan_policy
        As in `sliced_ks_2samp`.

    Returns
    -------
    DistanceTest
        `statistic` in the unit of the rows, shape `()`.

    References
    ----------
    Bonneel, N., Rabin, J., Peyre, G. and Pfister, H. (2015), "Sliced and Radon Wasserstein barycenters of measures".
    """
    xp = namespace_of(current, xp=xp)
    pair = row_pair(reference, current, nan_policy=nan_policy, xp=xp)
    lines = projected_distances(pair, n_projections, n_permutations, rng, memory_budget=memory_budget, xp=xp)
    return sliced_wasserstein(lines, xp=xp)


def sliced_wasserstein(lines: ProjectedDistances, *, xp: Namespace) -> DistanceTest:
    """Return the mean W1 over the lines and its permutation p-value."""
    statistics = xp.mean(lines.w1, axis=1)
    pvalue = permutation_pvalue(statistics, slack=lines.slack * xp.max(statistics), xp=xp)
    return DistanceTest(statistics[0, ...], pvalue)


def projected_distances(
    pair: RowPair,
    n_projections: int,
    n_permutations: int,
    rng: Rng,
    *,
    memory_budget: int = MEMORY_BUDGET,
    xp: Namespace,
) -> ProjectedDistances:
    """Return KS and W1 on random lines, as they are and under relabelings."""
    if n_projections < 1:
        raise ConfigError(f"`n_projections` must be at least 1, got {n_projections!r}.")
    x = pair.pooled
    generator = np.random.default_rng(rng)
    lines = generator.standard_normal((x.shape[1], n_projections))
    lines /= np.maximum(np.linalg.norm(lines, axis=0), np.finfo(np.float64).tiny)
    projected = matmul(x, xp.asarray(lines, dtype=x.dtype, device=device_of(x)), xp=xp)
    labels = permuted_labels(pair, n_permutations, generator, xp=xp)
    ks, w1 = permuted_ecdf_distances(projected, labels, pair, memory_budget=memory_budget, xp=xp)
    return ProjectedDistances(ks, w1, rounding(x, xp=xp))


def permuted_ecdf_distances(
    values: Array, labels: Array, pair: RowPair, *, memory_budget: int = MEMORY_BUDGET, xp: Namespace
) -> tuple[Array, Array]:
    """Return KS and W1 of every column of pooled values under every column of labels, shape `(1 + B, L)` each."""
    _, n, m = pair
    size, n_lines = values.shape
    n_labels = labels.shape[1]
    itemsize = int(xp.finfo(values.dtype).bits) // 8
    width = max(1, min(n_lines, int(memory_budget / (ARRAYS_HELD * itemsize * size * n_labels))))
    device = device_of(values)
    wide = statistic_dtype(xp, device)
    # F - G just right of the i-th value, in rows: (1/n + 1/m) times those of current, less i/n.
    reference_share = (xp.arange(1, size, dtype=values.dtype, device=device) / n)[None, :, None]
    blocks = []
    for start in range(0, n_lines, width):
        columns = xp.permute_dims(values[:, start : min(start + width, n_lines)], (1, 0))
        order = xp.argsort(columns, axis=-1)
        columns = xp.take_along_axis(columns, order, axis=-1)
        steps = (columns[:, 1:] - columns[:, :-1])[:, :, None]
        placed = xp.take(labels, xp.reshape(order[:, :-1], (-1,)), axis=0)
        below = xp.cumulative_sum(xp.reshape(placed, (columns.shape[0], size - 1, n_labels)), axis=1)
        gap = xp.abs(below * (1.0 / n + 1.0 / m) - reference_share)
        w1 = xp.sum(gap * steps, axis=1, dtype=wide)
        ks = xp.max(xp.where(steps > 0.0, gap, xp.zeros_like(gap)), axis=1)
        ks = ks + 0.0 * columns[:, -1:]  # NaN sorts last, and no comparison finds it
        blocks.append((xp.astype(ks, wide), w1))
    ks, w1 = (xp.permute_dims(xp.concat(list(parts), axis=0), (1, 0)) for parts in zip(*blocks, strict=True))
    return ks, w1
