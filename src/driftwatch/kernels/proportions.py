"""Confidence intervals of a share that was counted (layer 2, host, float64)."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Interval", "clopper_pearson"]


class Interval(NamedTuple):
    """Both ends of a confidence interval."""

    low: float
    high: float


def clopper_pearson(hits: int, n: int, *, level: float = 0.95) -> Interval:
    """Return the exact interval of a binomial share: it covers with probability `level` at least.

    Parameters
    ----------
    hits, n : int
        Successes and trials; without any trial the interval is [0, 1].
    level : float

    References
    ----------
    Clopper, C. J. and Pearson, E. S. (1934), "The use of confidence or fiducial limits illustrated in the case of the
    binomial", Biometrika 26.

    Examples
    --------
    >>> low, high = clopper_pearson(0, 20)
    >>> low, round(high, 4)
    (0.0, 0.1684)
    """
    from scipy.special import betaincinv

    tail = (1.0 - level) / 2.0
    low = float(betaincinv(hits, n - hits + 1, tail)) if hits > 0 else 0.0
    high = float(betaincinv(hits + 1, n - hits, 1.0 - tail)) if hits < n else 1.0
    return Interval(low, high)
