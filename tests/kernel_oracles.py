"""Slow and plain definitions of every kernel for one feature at a time: the oracles of the kernel tests.

scipy where it has the statistic; a loop in Python where it has none. Nothing here comes from driftwatch.
"""

from __future__ import annotations

import decimal
import math
from bisect import bisect_right
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.special
import scipy.stats

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

__all__ = ["COUNTS_ORACLES", "SAMPLE_ORACLES", "counts_in_bins", "plain_w1", "psi", "quantile_bins"]

Answers = dict[str, float]
EMPTY = math.nan  # every statistic of a side without values


def _ks_2samp(reference: NDArray[Any], current: NDArray[Any], *, method: str = "auto") -> Answers:
    scipy_method: Any = "auto" if method == "limit" else method
    result = scipy.stats.ks_2samp(reference.astype(np.float64), current.astype(np.float64), method=scipy_method)
    pvalue = float(result.pvalue)
    if method == "limit":
        n, m = reference.size, current.size
        pvalue = float(scipy.special.kolmogorov(math.sqrt(n * m / (n + m)) * result.statistic))
    return {"statistic": float(result.statistic), "pvalue": pvalue}


def plain_w1(reference: Sequence[float], current: Sequence[float]) -> float:
    """Return the sum of |F - G| times the distance to the next value; infinite where mass at infinity differs."""
    values = sorted({*reference, *current})
    total = 0.0
    for low, high in pairwise(values):
        below_reference = Fraction(sum(x <= low for x in reference), len(reference))
        below_current = Fraction(sum(x <= low for x in current), len(current))
        if below_reference != below_current:
            total += float(abs(below_reference - below_current)) * (high - low)
    return total


def _wasserstein_distance(reference: NDArray[Any], current: NDArray[Any]) -> Answers:
    finite = np.isfinite(reference).all() and np.isfinite(current).all()
    if finite:
        w1 = float(scipy.stats.wasserstein_distance(reference, current))
    else:  # scipy subtracts infinities
        w1 = plain_w1(reference.tolist(), current.tolist())
    if np.isinf(reference).any() or len(set(reference.tolist())) == 1:
        return {"statistic": w1, "normalized": math.nan}
    return {"statistic": w1, "normalized": w1 / float(np.std(reference))}


def quantile_bins(reference: NDArray[Any], n_bins: int) -> list[float]:
    """Return the inner edges of the distinct quantile bins of one feature.

    `numpy.quantile` but for two cases: where the position is whole the edge is that very data point, because a unit in
    the last place would move it to the other bin, and beside an infinity there is nothing to interpolate.
    """
    values = sorted(reference.tolist())
    edges = {values[0], values[-1]}
    for i in range(1, n_bins):
        below, rest = divmod((len(values) - 1) * i, n_bins)
        interpolates = rest != 0 and all(map(math.isfinite, values[below : below + 2]))
        edges.add(float(np.quantile(reference, i / n_bins)) if interpolates else values[below])
    return sorted(edges)[1:-1]


def counts_in_bins(values: NDArray[Any], inner_edges: Sequence[float]) -> list[int]:
    """Return the counts in the bins [a, b), the outer two open."""
    counts = [0] * (len(inner_edges) + 1)
    for value in values.tolist():
        counts[bisect_right(inner_edges, value)] += 1
    return counts


def psi(reference_counts: Sequence[int], current_counts: Sequence[int], *, floor: float = 1e-4) -> Answers:
    """Return the population stability index of counts."""
    n, m = sum(reference_counts), sum(current_counts)
    if n == 0 or m == 0:
        return {"statistic": EMPTY}
    total = 0.0
    for r_count, c_count in zip(reference_counts, current_counts, strict=True):
        r, c = max(r_count / n, floor), max(c_count / m, floor)
        total += (c - r) * math.log(c / r)
    return {"statistic": total}


def _jensenshannon(reference_counts: Sequence[int], current_counts: Sequence[int]) -> Answers:
    # By the textbook formula in 40 digits: the root of a divergence that cancels is off by 1e-8 in scipy's 16.
    n, m = sum(reference_counts), sum(current_counts)
    if n == 0 or m == 0:
        return {"statistic": EMPTY}
    with decimal.localcontext() as context:
        context.prec = 40
        divergence = Decimal(0)
        for r_count, c_count in zip(reference_counts, current_counts, strict=True):
            r, c = Decimal(r_count) / Decimal(n), Decimal(c_count) / Decimal(m)
            divergence += sum(share * (2 * share / (r + c)).ln() for share in (r, c) if share)
        return {"statistic": float((max(divergence, Decimal(0)) / (2 * Decimal(2).ln())).sqrt())}


def _total_variation(reference_counts: Sequence[int], current_counts: Sequence[int]) -> Answers:
    n, m = sum(reference_counts), sum(current_counts)
    if n == 0 or m == 0:
        return {"statistic": EMPTY}
    gaps = [
        abs(Fraction(int(r), int(n)) - Fraction(int(c), int(m)))
        for r, c in zip(reference_counts, current_counts, strict=True)
    ]
    return {"statistic": float(sum(gaps) / 2)}


def _chi2_2samp(reference_counts: Sequence[int], current_counts: Sequence[int]) -> Answers:
    table = np.array([reference_counts, current_counts])
    table = table[:, table.sum(axis=0) > 0]
    dof = float(max(table.shape[1] - 1, 0))
    if (table.sum(axis=1) == 0).any():
        return {"statistic": EMPTY, "pvalue": EMPTY, "dof": dof, "min_expected": EMPTY}
    result = scipy.stats.chi2_contingency(table, correction=False)
    return {
        "statistic": float(result.statistic),
        "pvalue": float(result.pvalue),
        "dof": float(result.dof),
        "min_expected": float(result.expected_freq.min()),
    }


def _binned(of_counts: Callable[..., Answers]) -> Callable[..., Answers]:
    def statistic(reference: NDArray[Any], current: NDArray[Any], *, n_bins: int = 10, **options: Any) -> Answers:
        edges = quantile_bins(reference, n_bins)
        return of_counts(counts_in_bins(reference, edges), counts_in_bins(current, edges), **options)

    return statistic


# Name of a kernel that takes counts to f(reference_counts, current_counts, **options) for one feature.
COUNTS_ORACLES: dict[str, Callable[..., Answers]] = {
    "chi2_2samp": _chi2_2samp,
    "jensenshannon_from_counts": _jensenshannon,
    "psi_from_counts": psi,
    "total_variation_from_counts": _total_variation,
}

# Name of a kernel that takes samples to f(reference, current, **options) for one feature, nothing missing, none empty.
SAMPLE_ORACLES: dict[str, Callable[..., Answers]] = {
    "jensenshannon": _binned(_jensenshannon),
    "ks_2samp": _ks_2samp,
    "psi": _binned(psi),
    "total_variation": _binned(_total_variation),
    "wasserstein_distance": _wasserstein_distance,
}
