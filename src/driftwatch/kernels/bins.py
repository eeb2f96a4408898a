"""The reference's equal-mass bins, and statistics of the counts in them (layer 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from driftwatch.arrays.namespace import device_of
from driftwatch.errors import ConfigError
from driftwatch.kernels._prepare import NanPolicy, Ordered, Rows, feature_by_feature, unordered
from driftwatch.kernels.ecdf import ends, quantiles
from driftwatch.ops import counts_from_edges, rank
from driftwatch.ops.generic import bins_from_cumulative

if TYPE_CHECKING:
    from collections.abc import Callable

    from driftwatch._typing import Array, Namespace

__all__ = ["DistanceResult", "on_quantile_bins", "ordered_bin_counts", "quantile_edges"]


class DistanceResult(NamedTuple):
    """`statistic`, one distance per feature; a distance has no p-value."""

    statistic: Array


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


def on_quantile_bins(
    statistic: Callable[..., Array | tuple[Array, ...]],
    reference: Array,
    current: Array,
    *,
    axis: int,
    n_bins: int,
    nan_policy: NanPolicy,
    xp: Namespace | None,
    **options: Any,
) -> tuple[Array, ...]:
    """Return what a function of two rows of counts gives for those in the reference's equal-mass bins.

    Raises
    ------
    ConfigError
        If `n_bins` is under 2.
    InputError
        As `ks_2samp`.
    """
    if n_bins < 2:
        raise ConfigError(f"`n_bins` must be at least 2, got {n_bins!r}.")

    def statistics(ref: Ordered, cur: Rows, /, *, xp: Namespace) -> tuple[Array, ...]:
        edges = quantile_edges(ref, n_bins, xp=xp)
        expected = ordered_bin_counts(ref, edges, xp=xp)
        edges = xp.astype(edges, cur.values.dtype, copy=False)
        actual = counts_from_edges(cur.values, cur.n_valid, edges, xp=xp)
        found = statistic(expected, actual, xp=xp, **options)
        return tuple(found) if isinstance(found, tuple) else (found,)

    return feature_by_feature(
        statistics, reference, current, as_rows=unordered, axis=axis, nan_policy=nan_policy, xp=xp
    )
