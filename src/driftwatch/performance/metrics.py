"""Performance metrics with their sampling error, in closed form and vectorised over rows (layer 4).

Each is a smooth function of means over rows, so its error follows from the influence of each row (the delta method).
Weights stand for rows that count more or less than others; only their ratios matter.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from driftwatch.performance.measured import Measured, effective, interval, mean_loss, share, undefined, wilson

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "accuracy",
    "balanced_accuracy",
    "brier",
    "f1",
    "f1_macro",
    "log_loss",
    "mae",
    "placements",
    "rmse",
    "roc_auc",
]

SMALLEST_PROBABILITY = float(np.finfo(np.float64).eps)  # probabilities are clipped there, as scikit-learn does


def accuracy(correct: NDArray[np.bool_], /, *, weight: NDArray[np.float64] | None = None) -> Measured:
    """Return the share of correct rows with Wilson's interval.

    Parameters
    ----------
    correct : array of bool, shape (n,)
        Whether the prediction is the target.
    weight : array, shape (n,), optional
        With weights, the interval is the one of as many equal rows as they are worth.
    """
    n = correct.size
    if n == 0:
        return undefined("no labelled rows")
    if weight is None:
        count = int(np.count_nonzero(correct))
        p = count / n
        return Measured(p, *wilson(p, n), p * (1.0 - p) / n, n, correct=count)
    p = float(np.average(correct, weights=weight))
    worth = effective(weight, n)
    spread = share(p, correct.astype(np.float64) - p, weight, worth)
    return spread._replace(low=wilson(p, worth)[0], high=wilson(p, worth)[1])


def f1(
    target: NDArray[np.bool_], prediction: NDArray[np.bool_], /, *, weight: NDArray[np.float64] | None = None
) -> Measured:
    """Return the F1 score of the positive class, 2 TP / (2 TP + FP + FN), by the delta method.

    Parameters
    ----------
    target, prediction : array of bool, shape (n,)
        Whether a row is, and is predicted to be, positive.
    weight : array, shape (n,), optional
    """
    size = target.astype(np.float64) + prediction
    hit = 2.0 * (target & prediction).astype(np.float64)
    denominator = _mean(size, weight)
    if denominator == 0.0:
        return undefined("no row is positive or predicted to be")
    value = _mean(hit, weight) / denominator
    return share(value, (hit - value * size) / denominator, weight, float(np.count_nonzero(size)))


def f1_macro(
    target: NDArray[np.intp], prediction: NDArray[np.intp], /, *, weight: NDArray[np.float64] | None = None
) -> Measured:
    """Return the mean F1 score over the classes that occur among the targets or the predictions.

    Parameters
    ----------
    target, prediction : array of int, shape (n,)
        Codes of classes, 0 or more.
    weight : array, shape (n,), optional
    """
    if target.size == 0:
        return undefined("no labelled rows")
    k = int(max(target.max(), prediction.max())) + 1
    w = np.ones(target.size) if weight is None else weight
    total = w.sum()
    size = (np.bincount(target, w, k) + np.bincount(prediction, w, k)) / total
    hit = 2.0 * np.bincount(target, w * (target == prediction), k) / total
    present = size > 0.0
    n_classes = int(np.count_nonzero(present))
    safe = np.where(present, size, 1.0)
    scores = hit / safe
    influence = 2.0 * (target == prediction) / safe[target] - (scores / safe)[target] - (scores / safe)[prediction]
    return share(
        float(scores[present].sum()) / n_classes, influence / n_classes, weight, effective(weight, target.size)
    )


def balanced_accuracy(
    target: NDArray[np.intp], prediction: NDArray[np.intp], /, *, weight: NDArray[np.float64] | None = None
) -> Measured:
    """Return the mean over the classes of the share of their rows that are predicted right.

    Parameters
    ----------
    target, prediction : array of int, shape (n,)
        Codes of classes, 0 or more.
    weight : array, shape (n,), optional
    """
    if target.size == 0:
        return undefined("no labelled rows")
    w = np.ones(target.size) if weight is None else weight
    size = np.bincount(target, w) / w.sum()
    present = size > 0.0
    n_classes = int(np.count_nonzero(present))
    safe = np.where(present, size, 1.0)
    correct = target == prediction
    recall = np.bincount(target, w * correct) / w.sum() / safe
    influence = (correct - recall[target]) / safe[target] / n_classes
    n_edge = float(np.bincount(target)[present].min()) * n_classes
    return share(float(recall[present].sum()) / n_classes, influence, weight, n_edge)


def placements(
    target: NDArray[np.bool_], score: NDArray[np.float64], /, *, weight: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """Return for each row the share of the other class that it is ranked right against, ties as one half, shape (n,).

    O(n log n): the rows below each value are counted by one sort and two running sums.
    """
    _, position = np.unique(score, return_inverse=True)
    w = np.ones(score.size) if weight is None else weight
    out = np.empty(score.size)
    for own in (True, False):
        other = np.bincount(position, np.where(target == own, 0.0, w))
        below = np.cumsum(other) - other / 2.0
        won = (below if own else other.sum() - below) / other.sum()
        mine = target == own
        out[mine] = won[position[mine]]
    return out


def roc_auc(
    target: NDArray[np.bool_], score: NDArray[np.float64], /, *, weight: NDArray[np.float64] | None = None
) -> Measured:
    """Return the area under the ROC curve with DeLong's variance.

    Parameters
    ----------
    target : array of bool, shape (n,)
        Whether a row is positive.
    score : array, shape (n,)
        Higher for rows that are more likely positive; only the order counts.
    weight : array, shape (n,), optional

    References
    ----------
    DeLong, E. R., DeLong, D. M. and Clarke-Pearson, D. L. (1988), "Comparing the areas under two or more correlated
    receiver operating characteristic curves", Biometrics 44; Sun, X. and Xu, W. (2014), "Fast implementation of DeLong's
    algorithm", IEEE Signal Processing Letters 21.
    """
    n_positive = int(np.count_nonzero(target))
    n_negative = target.size - n_positive
    if min(n_positive, n_negative) == 0:
        return undefined("only one class among the labelled rows")
    placed = placements(target, score, weight=weight)
    w = np.ones(target.size) if weight is None else weight
    parts = np.empty(target.size)
    value = variance = 0.0
    n_edge = math.inf
    for own in (~target, target):
        part = w[own] / w[own].sum()
        value = float((part * placed[own]).sum())
        parts[own] = (placed[own] - value) * part
        n = part.size
        variance += float((parts[own] ** 2).sum()) * (n / (n - 1) if n > 1 else math.nan)
        n_edge = min(n_edge, effective(part, n))
    return Measured(value, *interval(value, variance, n_edge), variance, target.size, parts)


def log_loss(
    target: NDArray[np.bool_], probability: NDArray[np.float64], /, *, weight: NDArray[np.float64] | None = None
) -> Measured:
    """Return the mean of -log(probability of what happened), in nats.

    Parameters
    ----------
    target : array of bool, shape (n,)
    probability : array, shape (n,)
        Of the positive class, in [0, 1]; clipped to 2.2e-16 from both ends.
    weight : array, shape (n,), optional
    """
    p = np.clip(probability, SMALLEST_PROBABILITY, 1.0 - SMALLEST_PROBABILITY)
    return _mean_of(-np.log(np.where(target, p, 1.0 - p)), weight)


def brier(
    target: NDArray[np.bool_], probability: NDArray[np.float64], /, *, weight: NDArray[np.float64] | None = None
) -> Measured:
    """Return the mean squared difference of probability and outcome.

    Parameters
    ----------
    target : array of bool, shape (n,)
    probability : array, shape (n,)
        Of the positive class, in [0, 1].
    weight : array, shape (n,), optional

    References
    ----------
    Brier, G. W. (1950), "Verification of forecasts expressed in terms of probability", Monthly Weather Review 78.
    """
    return _mean_of((probability - target) ** 2, weight)


def mae(error: NDArray[np.float64], /, *, weight: NDArray[np.float64] | None = None) -> Measured:
    """Return the mean absolute error of a regression.

    Parameters
    ----------
    error : array, shape (n,)
        Prediction minus target.
    weight : array, shape (n,), optional
    """
    return _mean_of(np.abs(error), weight)


def rmse(error: NDArray[np.float64], /, *, weight: NDArray[np.float64] | None = None) -> Measured:
    """Return the root of the mean squared error, its standard error by the delta method.

    Parameters
    ----------
    error : array, shape (n,)
        Prediction minus target.
    weight : array, shape (n,), optional
    """
    if error.size == 0:
        return undefined("no labelled rows")
    square = error**2
    value = math.sqrt(_mean(square, weight))
    if value == 0.0:
        return mean_loss(0.0, np.zeros(error.size), weight)
    return mean_loss(value, (square - value**2) / (2.0 * value), weight)


def _mean_of(loss: NDArray[np.float64], weight: NDArray[np.float64] | None) -> Measured:
    if loss.size == 0:
        return undefined("no labelled rows")
    value = _mean(loss, weight)
    return mean_loss(value, loss - value, weight)


def _mean(x: NDArray[np.float64], weight: NDArray[np.float64] | None) -> float:
    return float(x.mean() if weight is None else np.average(x, weights=weight)) if x.size else 0.0
