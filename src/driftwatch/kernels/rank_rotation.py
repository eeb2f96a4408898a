"""Dependence of two features turned without touching either of them alone (layer 2, host)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["RIGHT_ANGLE", "normal_scores", "turned_order"]

RIGHT_ANGLE = math.pi / 2.0
MIN_ROWS = 3  # of two, every order of one is equal or opposite to that of the other


def turned_order(x: NDArray[Any], y: NDArray[Any], right_angles: float, rng: np.random.Generator) -> NDArray[Any]:
    """Return the values of `y` in an order that turns their correlation with `x` by a share of a right angle.

    The normal scores of both are directions whose angle is the arc cosine of their correlation. That of `y` is turned
    towards that of `x`, or away from it for a negative share, at most until they are equal or opposite.

    Parameters
    ----------
    x, y : array, shape (n,)
        Without missing values. Fewer than three rows stay as they are.
    right_angles : float
    rng : numpy.random.Generator
        Breaks ties.
    """
    if y.size < MIN_ROWS:
        return y
    u, v = normal_scores(x, rng), normal_scores(y, rng)
    rho = float(np.clip(u @ v, -1.0, 1.0))
    aside = v - rho * u
    length = float(np.linalg.norm(aside))
    # of two equal or opposite rankings no direction is left over: any other one is as good
    aside = aside / length if length > 1e-9 else _aside(u, rng)
    angle = min(max(math.acos(rho) - right_angles * RIGHT_ANGLE, 0.0), math.pi)
    turned = math.cos(angle) * u + math.sin(angle) * aside
    ordered = np.empty_like(y)
    ordered[np.argsort(turned, kind="stable")] = np.sort(y)
    return ordered


def normal_scores(x: NDArray[Any], rng: np.random.Generator) -> NDArray[np.float64]:
    """Return the normal scores of the ranks, of length 1, ties in random order."""
    from scipy.special import ndtri

    shuffled = rng.permutation(x.size)
    ranks = np.empty(x.size)
    ranks[shuffled[np.argsort(x[shuffled], kind="stable")]] = np.arange(1, x.size + 1)
    scores = ndtri((ranks - 0.5) / x.size)
    return np.asarray(scores / np.linalg.norm(scores))


def _aside(u: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    w = rng.standard_normal(u.size)
    w -= (w @ u) * u
    return np.asarray(w / np.linalg.norm(w))
