"""From scores to probabilities: isotonic regression on a grid of the reference's scores, with its own error (layer 4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike, NDArray

__all__ = ["Calibration", "grid_of", "isotonic"]

MAX_CELLS = 512  # distinct scores kept apart; more are put into cells of equal numbers of rows


def isotonic(value: ArrayLike, weight: ArrayLike) -> NDArray[np.float64]:
    """Return the nondecreasing values that are nearest in weighted squares.

    Parameters
    ----------
    value : array, shape (k,)
    weight : array, shape (k,)
        Above 0.

    Notes
    -----
    Pool adjacent violators, all of them at once in every round: neighbours that fall belong to one block of the solution
    whatever else is pooled, so a whole falling run can be joined. Few rounds in practice, each O(k).

    References
    ----------
    Ayer, M., Brunk, H. D., Ewing, G. M., Reid, W. T. and Silverman, E. (1955), "An empirical distribution function for
    sampling with incomplete information", Annals of Mathematical Statistics 26.

    Examples
    --------
    >>> isotonic([0.1, 0.5, 0.3, 0.9], [1, 1, 1, 1])
    array([0.1, 0.4, 0.4, 0.9])
    """
    mean, mass = np.asarray(value, dtype=np.float64), np.asarray(weight, dtype=np.float64)
    size = np.ones(mean.size, dtype=np.intp)
    while (falls := mean[1:] < mean[:-1]).any():
        starts = np.flatnonzero(np.concatenate([[True], ~falls]))
        total = np.add.reduceat(mass, starts)
        mean, mass, size = np.add.reduceat(mean * mass, starts) / total, total, np.add.reduceat(size, starts)
    return np.repeat(mean, size)


def grid_of(score: NDArray[np.float64], *, split: float | None = None) -> NDArray[np.float64]:
    """Return the edges of at most about `MAX_CELLS` cells `[a, b)` of scores; `split` is one of them."""
    distinct = np.unique(score)
    if distinct.size > MAX_CELLS:
        distinct = np.unique(np.quantile(score, np.linspace(0.0, 1.0, MAX_CELLS + 1)[:-1], method="lower"))
    edges = distinct[1:]
    return edges if split is None else np.union1d(edges, [split])


@dataclass(frozen=True)
class Calibration:
    """How often each score came true on the reference.

    Parameters
    ----------
    centre : array, shape (k,)
        Mean score of each cell, ascending.
    positive, negative : array, shape (k,)
        Rows of each class, or their weight.
    n_effective : float
        Rows that the counts are worth.
    """

    centre: NDArray[np.float64]
    positive: NDArray[np.float64]
    negative: NDArray[np.float64]
    n_effective: float

    @classmethod
    def fit(
        cls, target: NDArray[np.bool_], score: NDArray[np.float64], weight: NDArray[np.float64] | None
    ) -> Calibration:
        """Count the classes of the scores in cells."""
        w = np.ones(score.size) if weight is None else weight
        cell = np.searchsorted(grid_of(score), score, side="right")
        total = np.bincount(cell, w).astype(np.float64)
        positive = np.bincount(cell, w * target, total.size).astype(np.float64)
        centre = np.bincount(cell, w * score) / total
        return cls(centre, positive, total - positive, float(w.sum() ** 2 / (w * w).sum()))

    def probability(self, score: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the probability of the positive class at each score, nondecreasing in it."""
        return _interpolated(score, self.centre, self.positive, self.positive + self.negative)

    def resampled(self, score: NDArray[np.float64], n: int, rng: np.random.Generator) -> Iterator[NDArray[np.float64]]:
        """Yield `n` times the probabilities that a bootstrap sample of the reference would have given."""
        counts = np.concatenate([self.positive, self.negative])
        k, rows = self.centre.size, round(self.n_effective)
        for drawn in rng.multinomial(rows, counts / counts.sum(), size=n):
            total = drawn[:k] + drawn[k:]
            seen = total > 0
            yield _interpolated(score, self.centre[seen], drawn[:k][seen], total[seen])


def _interpolated(
    score: NDArray[np.float64], centre: NDArray[np.float64], positive: ArrayLike, total: ArrayLike
) -> NDArray[np.float64]:
    positive, total = np.asarray(positive, dtype=np.float64), np.asarray(total, dtype=np.float64)
    rate = isotonic(positive / total, total)
    # A block where all rows are of one class is no certainty: half a row of the other (Jeffreys), within what follows.
    for own, other, worst in ((rate == 0.0, rate > 0.0, np.min), (rate == 1.0, rate < 1.0, np.max)):
        if own.any():
            n = float(total[own].sum())
            edge = 0.5 / (n + 1.0)
            bound = worst(rate[other]) if other.any() else (1.0 if worst is np.min else 0.0)
            rate[own] = min(edge, bound) if worst is np.min else max(1.0 - edge, bound)
    return np.interp(score, centre, rate)
