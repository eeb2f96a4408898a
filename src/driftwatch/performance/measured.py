"""A metric as it was measured on one sample: its value, its interval and what a test of a drop needs (layer 4)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["LEVEL", "Measured", "effective", "interval", "mean_loss", "share", "undefined", "wilson"]

LEVEL = 0.95  # confidence level of every interval


class Measured(NamedTuple):
    """One metric on one sample.

    `variance` is the squared standard error of `value`. `parts` are what each row adds to the error of the value to
    first order, shape `(n_rows,)`: they sum to 0. `correct` is a count where the value is its plain share of the rows,
    which can be tested exactly. `reason` says why the value is NaN.
    """

    value: float
    low: float = math.nan
    high: float = math.nan
    variance: float = math.nan
    n_rows: int = 0
    parts: NDArray[np.float64] | None = None
    correct: int | None = None
    reason: str | None = None


def undefined(reason: str) -> Measured:
    """Return the metric of a sample that does not define it."""
    return Measured(math.nan, reason=reason)


def wilson(p: float, n: float) -> tuple[float, float]:
    """Return the score interval of a share `p` of `n` rows.

    References
    ----------
    Wilson, E. B. (1927), "Probable inference, the law of succession, and statistical inference", JASA 22.

    Examples
    --------
    >>> low, high = wilson(0.9, 100)
    >>> round(low, 4), round(high, 4)
    (0.8256, 0.9448)
    """
    z2 = _normal_quantile() ** 2
    centre = (p + z2 / (2.0 * n)) / (1.0 + z2 / n)
    half = math.sqrt(z2 * (p * (1.0 - p) / n + z2 / (4.0 * n * n))) / (1.0 + z2 / n)
    return max(0.0, min(p, centre - half)), min(1.0, max(p, centre + half))


def interval(value: float, variance: float, n_edge: float) -> tuple[float, float]:
    """Return the interval of a metric in [0, 1]: normal on the logit scale, so that it stays there.

    At 0 and 1, where a variance says that there is no error at all, it is Wilson's for `n_edge` rows.
    """
    if not (0.0 < value < 1.0 and variance > 0.0):
        return wilson(min(max(value, 0.0), 1.0), max(n_edge, 1.0))
    half = _normal_quantile() * math.sqrt(variance) / (value * (1.0 - value))
    odds = math.log(value / (1.0 - value))
    return _logistic(odds - half), _logistic(odds + half)


def share(value: float, influence: NDArray[np.float64], weight: NDArray[np.float64] | None, n_edge: float) -> Measured:
    """Return a metric in [0, 1] from the influence of each row, shape `(n,)`; `n_edge` as for `interval`."""
    parts, variance = _parts(influence, weight)
    return Measured(value, *interval(value, variance, n_edge), variance, influence.size, parts)


def mean_loss(value: float, influence: NDArray[np.float64], weight: NDArray[np.float64] | None) -> Measured:
    """Return a loss of 0 or more from the influence of each row, shape `(n,)`: value and normal interval."""
    parts, variance = _parts(influence, weight)
    half = _normal_quantile() * math.sqrt(variance)
    return Measured(value, max(0.0, value - half), value + half, variance, influence.size, parts)


def effective(weight: NDArray[np.float64] | None, n: int) -> float:
    """Return the number of equally weighted rows that are worth as much (Kish 1965)."""
    return float(n) if weight is None else float(weight.sum() ** 2 / (weight**2).sum())


def _parts(influence: NDArray[np.float64], weight: NDArray[np.float64] | None) -> tuple[NDArray[np.float64], float]:
    """Return what each row adds to the error of the value, and the squared standard error."""
    n = influence.size
    parts = influence / n if weight is None else influence * weight / weight.sum()
    # n / (n - 1) as for the variance of a mean; it is exact for equal weights
    return parts, float((parts * parts).sum() * n / (n - 1)) if n > 1 else math.nan


def _logistic(x: float) -> float:
    return 0.5 * (1.0 + math.tanh(x / 2.0))


def _normal_quantile() -> float:
    from scipy.special import ndtri

    return float(ndtri(0.5 + LEVEL / 2.0))
