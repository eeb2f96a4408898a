"""The loops over columns that the ratios compare with: scipy's functions, and PSI by numpy's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import stats

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Matrix = NDArray[np.floating[Any]]

PSI_FLOOR = 1e-4
N_BINS = 10


def columns(x: Matrix) -> list[Matrix]:
    """Return the columns, each contiguous: the loop shall not pay for strides."""
    return list(np.ascontiguousarray(x.T))


def ks_wasserstein(reference: Matrix, current: Matrix, *, pvalues: bool) -> Callable[[], Any]:
    """Return the scipy loop; without p-values the lines of `ks_2samp` that lead to its statistic stand in for it."""
    pairs = list(zip(columns(reference), columns(current), strict=True))

    def with_pvalues() -> Any:
        return [(stats.ks_2samp(r, c, method="asymp"), stats.wasserstein_distance(r, c)) for r, c in pairs]

    def statistics_only() -> Any:
        return [(ks_statistic(r, c), stats.wasserstein_distance(r, c)) for r, c in pairs]

    return with_pvalues if pvalues else statistics_only


def ks_statistic(x: Matrix, y: Matrix) -> float:
    """Return D as `scipy.stats.ks_2samp` computes it before its p-value."""
    x, y = np.sort(x), np.sort(y)
    both = np.concatenate([x, y])
    difference = np.searchsorted(x, both, side="right") / len(x) - np.searchsorted(y, both, side="right") / len(y)
    return float(np.abs(difference).max())


def psi(reference: Matrix, current: Matrix) -> Callable[[], Any]:
    """Return the numpy loop as it is usually written: quantiles and both histograms in each call."""
    pairs = list(zip(columns(reference), columns(current), strict=True))
    return lambda: [_psi(_edges(r), r, c) for r, c in pairs]


def psi_fitted(reference: Matrix, current: Matrix) -> Callable[[], Any]:
    """Return the same loop with the reference's quantiles and histogram kept."""
    kept = [(edges := _edges(r), _shares(r, edges)) for r in columns(reference)]
    current_columns = columns(current)
    return lambda: [_index(r, _shares(c, edges)) for (edges, r), c in zip(kept, current_columns, strict=True)]


def _edges(x: Matrix) -> Matrix:
    edges = np.quantile(x, np.linspace(0.0, 1.0, N_BINS + 1))
    edges[0], edges[-1] = -np.inf, np.inf
    return edges


def _shares(x: Matrix, edges: Matrix) -> Matrix:
    return np.clip(np.histogram(x, edges)[0] / len(x), PSI_FLOOR, None)


def _index(r: Matrix, c: Matrix) -> float:
    return float(np.sum((c - r) * np.log(c / r)))


def _psi(edges: Matrix, r: Matrix, c: Matrix) -> float:
    return _index(_shares(r, edges), _shares(c, edges))
