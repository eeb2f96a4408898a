"""The work that the ratios are about, as driftwatch does it once the reference is fitted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from driftwatch.arrays.namespace import to_host
from driftwatch.kernels._prepare import unordered
from driftwatch.kernels.divergences import psi_from_counts
from driftwatch.kernels.kolmogorov import ks_pvalue
from driftwatch.ops import counts_from_edges
from driftwatch.profile.block import DEFAULT_BINS, NumericBlock
from driftwatch.profile.sample import NumericSample

if TYPE_CHECKING:
    from collections.abc import Callable

    from driftwatch._typing import Array


def fit(reference: Array) -> NumericBlock:
    """Order and bin a reference `(n, d)`."""
    block = NumericBlock.fit([f"f{i}" for i in range(reference.shape[1])], reference.T)
    block.bins(DEFAULT_BINS)
    return block


def ks_wasserstein(block: NumericBlock, current: Array, *, pvalues: bool) -> Callable[[], Any]:
    """Return the call that computes KS and Wasserstein of current data `(n, d)`."""
    n_rows = block.ordered.values.shape[-1]

    def call() -> Any:
        sample = NumericSample(block, current.T, n_rows=n_rows)
        above, below, w1 = sample.distances
        statistic = sample.xp.maximum(above, below)
        p = ks_pvalue(to_host(statistic), sample.n_reference, sample.n_current).pvalue if pvalues else None
        return statistic, w1, p

    return call


def counting_pass(block: NumericBlock, current: Array) -> Callable[[], Any]:
    """Return the call that counts current data `(n, d)` without missing values into the reference's bins."""
    edges, _ = block.bins(DEFAULT_BINS)
    values = current.T
    return lambda: counts_from_edges(values, values.shape[-1], edges, xp=block.xp)


def psi(block: NumericBlock, current: Array) -> Callable[[], Any]:
    """Return the call that computes PSI of current data `(n, d)`, missing values looked for."""
    xp = block.xp
    edges, expected = block.bins(DEFAULT_BINS)

    def call() -> Any:
        values, n_valid = unordered(current.T, xp=xp)
        return psi_from_counts(expected, counts_from_edges(values, n_valid, edges, xp=xp))

    return call
