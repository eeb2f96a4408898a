"""The test of a drop: whether a metric is worse in current data than in the reference, beyond noise (layer 4)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from driftwatch.kernels.log_probability import log_table_probability
from driftwatch.performance.permutation import permutation_pvalue

if TYPE_CHECKING:
    from collections.abc import Callable

    from driftwatch.performance.measured import Measured

__all__ = ["DropTest", "assess_drop"]

# A hypergeometric tail falls below 1e-16 of its first term within this many steps, by Bernstein's inequality.
TAIL_DEVIATIONS, TAIL_MIN = 9.0, 30


class DropTest(NamedTuple):
    """`drop` is positive where current data are worse; `pvalue` is one-sided, None where there is none to be had."""

    drop: float
    pvalue: float | None
    method: str | None


def assess_drop(
    reference: Measured, current: Measured, pooled: Callable[[], Measured], *, higher_is_better: bool
) -> DropTest:
    """Return how much worse current data are than the reference, and the p-value of "not worse".

    Parameters
    ----------
    reference, current : Measured
        The same metric on independent rows.
    pooled : callable
        Measures the rows of both together, the reference's first; called only where it is needed.
    higher_is_better : bool
        True for accuracy, False for a loss.

    Notes
    -----
    Shares of plain counts are compared exactly (Fisher's one-sided test). For other metrics the p-value is the larger of
    two. The permutation p-value of the rows' influences on the pooled metric holds its level where nothing changed,
    whatever the losses look like. The difference over its standard error, compared with the normal distribution, holds
    its level on many rows where much has changed and the metric has not.
    """
    from scipy.special import ndtr

    sign = -1.0 if higher_is_better else 1.0
    drop = sign * (current.value - reference.value)
    if math.isnan(drop):
        return DropTest(drop, None, None)
    if reference.correct is not None and current.correct is not None:
        return DropTest(drop, _exact(reference, current), "exact")
    both = pooled()
    variance = reference.variance + current.variance
    if both.parts is None or not math.isfinite(variance):
        return DropTest(drop, None, None)
    is_current = np.arange(both.parts.size) >= both.parts.size - current.n_rows
    permuted = permutation_pvalue(sign * both.parts, is_current)
    normal = float(ndtr(-drop / math.sqrt(variance))) if variance > 0.0 else float(drop <= 0.0)
    return DropTest(drop, max(permuted, normal), "permutation")


def _exact(reference: Measured, current: Measured) -> float:
    """Return the probability of at most this many correct rows among the current ones, given the total of both."""
    assert reference.correct is not None
    assert current.correct is not None
    n, m = reference.n_rows, current.n_rows
    total, seen = reference.correct + current.correct, current.correct
    lowest, highest = max(0, total - n), min(m, total)
    mean = m * total / (n + m)
    sigma = math.sqrt(mean * (1.0 - total / (n + m)) * n / max(n + m - 1, 1))
    reach = math.ceil(TAIL_DEVIATIONS * sigma) + TAIL_MIN
    if seen <= mean:
        return min(1.0, _probability(max(lowest, seen - reach), seen, n, m, total))
    return max(0.0, 1.0 - _probability(seen + 1, min(highest, seen + reach), n, m, total))


def _probability(first: int, last: int, n: int, m: int, total: int) -> float:
    correct = np.arange(first, last + 1, dtype=np.float64)
    return float(np.exp(log_table_probability(correct, m - correct, total - correct, n - total + correct)).sum())
