"""Contributions of any model, by walks from rows of the reference to the row in question (layer 4)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from driftwatch.errors import InputError
from driftwatch.explain._adapter import Adapter, Parts, output_names

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

__all__ = ["prediction_of", "sampled_adapter"]

N_BACKGROUND = 32  # rows of the reference that each walk starts from
BATCH = 50_000  # rows that the model sees at a time


class _Prediction(NamedTuple):
    predict: Callable[[Any], Any]
    scale: str
    column: int | None = None  # of two classes the second says all


def prediction_of(model: Any) -> tuple[Callable[[Any], NDArray[np.float64]], str]:
    """Return the numbers `(n, k)` that a model predicts, and what they are.

    Raises
    ------
    InputError
        If it predicts nothing, when it is called.
    """
    if hasattr(model, "predict_proba"):
        found = _Prediction(model.predict_proba, "probability", 1)
    elif hasattr(model, "decision_function"):
        found = _Prediction(model.decision_function, "decision function")
    elif hasattr(model, "predict"):
        found = _Prediction(model.predict, "prediction")
    elif callable(model):
        found = _Prediction(model, "prediction")
    else:
        raise InputError(
            f"`model` must have `predict` or be a function of rows, got {type(model).__name__}. "
            "Pass the fitted model, or a function that returns its scores."
        )
    return partial(_predicted, found), found.scale


def _predicted(prediction: _Prediction, rows: Any) -> NDArray[np.float64]:
    raw = prediction.predict(rows)
    try:
        scores = np.asarray(raw, dtype=np.float64).reshape(len(rows), -1)
    except (TypeError, ValueError):
        raise InputError(
            "a model must predict numbers to be explained, got labels. Pass a function that returns its scores."
        ) from None
    return scores[:, [1]] if prediction.column == 1 and scores.shape[1] == 2 else scores


def sampled_adapter(model: Any, background: Any, rng: np.random.Generator) -> Adapter:
    """Return the adapter of a model of which nothing is known but its predictions.

    A walk starts at a row of the background and takes on the values of the row in question one feature at a time, in a
    random order; what the score changes by at each step is the contribution of that feature. The mean over walks from
    several rows, each in an order of its own and in its reverse, is an unbiased estimate of the Shapley value of the game
    in which absent features are those of the background; it is exact for two features and for additive models.
    Whatever the orders, the contributions of a row sum to its score less the mean score of the background.

    References
    ----------
    Strumbelj, E. and Kononenko, I. (2014), "Explaining prediction models and individual predictions with feature
    contributions", algorithm 1; Mitchell, R. et al. (2022), "Sampling permutations for Shapley value estimation", for the
    reverse orders.
    """
    predict, scale = prediction_of(model)
    chosen = np.sort(rng.permutation(len(background))[:N_BACKGROUND])
    starts = background.iloc[chosen] if hasattr(background, "iloc") else background[chosen]
    n_features = int(np.shape(starts)[1])
    forward = rng.permuted(np.tile(np.arange(n_features), (len(chosen), 1)), axis=1)
    orders = np.stack([forward, forward[:, ::-1]], axis=1)
    at_start = predict(starts)
    return Adapter(
        method="sampled Shapley values",
        scale=scale,
        outputs=output_names(model, at_start.shape[1]),
        parts=partial(_parts, predict, starts, at_start, np.argsort(orders, axis=2)),
        per_row=1 + 2 * len(chosen) * (n_features - 1),
    )


def _parts(
    predict: Callable[[Any], NDArray[np.float64]],
    starts: Any,
    at_start: NDArray[np.float64],
    places: NDArray[np.intp],
    rows: Any,
) -> Parts:
    """Return the parts; `places[i, order, j]` says when the walk from start i changes feature j."""
    scores = predict(rows)
    n_starts, n_orders, n_features = places.shape
    values = np.empty((len(rows), n_features, scores.shape[1]))
    at_once = max(1, BATCH // max(1, n_starts * n_orders * (n_features - 1)))
    steps = np.arange(1, n_features)
    for first in range(0, len(rows), at_once):
        batch = slice(first, first + at_once)
        n = len(scores[batch])
        # the walk has reached the row in each feature that it changed before this step
        changed = places[:, :, None, :] < steps[:, None]
        between = np.empty((n, n_starts, n_orders, 0, scores.shape[1]))
        if n_features > 1:
            mixed = _mixed(rows, starts, np.broadcast_to(changed, (n, *changed.shape)), first)
            between = predict(mixed).reshape(n, n_starts, n_orders, len(steps), -1)
        shape = (n, n_starts, n_orders, 1, scores.shape[1])
        walk = np.concatenate(
            [
                np.broadcast_to(at_start[None, :, None, None, :], shape),
                between,
                np.broadcast_to(scores[batch][:, None, None, None, :], shape),
            ],
            axis=3,
        )
        by_feature = np.take_along_axis(np.diff(walk, axis=3), places[None, :, :, :, None], axis=3)
        values[batch] = by_feature.mean(axis=(1, 2))
    return Parts(values, at_start.mean(axis=0), scores)


def _mixed(rows: Any, starts: Any, changed: NDArray[np.bool_], first: int) -> Any:
    """Return rows of which each feature is that of the row in question where it is `changed`, else that of the start."""
    n, n_starts, _, _, n_features = changed.shape
    own = (first + np.arange(n)).reshape(-1, 1, 1, 1)
    other = (len(rows) + np.arange(n_starts)).reshape(1, -1, 1, 1)
    if not hasattr(rows, "iloc"):
        pooled = np.concatenate([rows, starts])
        mixed = np.empty((changed[..., 0].size, n_features), dtype=pooled.dtype)
        for j in range(n_features):
            mixed[:, j] = pooled[np.where(changed[..., j], own, other).ravel(), j]
        return mixed
    import pandas as pd

    pooled = pd.concat([rows, starts], ignore_index=True)
    # column by column, so that each keeps its dtype
    return pd.DataFrame(
        {
            name: pooled[name].take(np.where(changed[..., j], own, other).ravel()).reset_index(drop=True)
            for j, name in enumerate(pooled.columns)
        }
    )
