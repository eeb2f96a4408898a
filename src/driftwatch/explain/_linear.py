"""Linear models, whose contributions are known in closed form (layer 4)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch.explain._adapter import Adapter, Parts, output_names

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

__all__ = ["coefficients", "linear_adapter"]

ROUNDING = 1e-6  # of the largest score: a model that is further from its own coefficients is not linear in its rows


def coefficients(model: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Return the coefficients `(k, d)` and intercepts `(k,)` that a fitted model states, or None."""
    stated, intercept = getattr(model, "coef_", None), getattr(model, "intercept_", None)
    if stated is None or intercept is None:
        return None
    stated = stated.toarray() if hasattr(stated, "toarray") else stated
    matrix = np.atleast_2d(np.asarray(stated, dtype=np.float64))
    return matrix, np.broadcast_to(np.asarray(intercept, dtype=np.float64).reshape(-1), (len(matrix),))


def linear_adapter(model: Any, background: Any) -> Adapter | None:
    """Return the adapter of a model whose scores are linear in its columns, as it shows on `background`, else None.

    The contribution of a feature is `coef * (x - mean)` with the mean of the background: its SHAP value where features
    are independent.

    References
    ----------
    Lundberg, S. and Lee, S.-I. (2017), "A unified approach to interpreting model predictions", corollary 1.
    """
    stated = coefficients(model)
    if stated is None:
        return None
    predict, scale = (
        (model.decision_function, "decision function")
        if hasattr(model, "decision_function")
        else (getattr(model, "predict", None), "prediction")
    )
    matrix = _matrix(background)
    if predict is None or matrix is None or matrix.shape[1] != stated[0].shape[1]:
        return None
    expected = matrix @ stated[0].T + stated[1]
    try:
        found = np.asarray(predict(background), dtype=np.float64).reshape(len(expected), -1)
    except (TypeError, ValueError):  # of labels, which are no numbers
        return None
    if found.shape != expected.shape or np.max(np.abs(found - expected)) > ROUNDING * (1.0 + np.max(np.abs(found))):
        return None
    if scale == "decision function" and type(model).__name__ == "LogisticRegression":
        scale = "log-odds" if len(stated[1]) == 1 else "raw score"
    return Adapter(
        method="linear: coefficient x (value - mean)",
        scale=scale,
        outputs=output_names(model, len(stated[1])),
        parts=partial(_parts, predict, stated, matrix.mean(axis=0)),
    )


def _matrix(rows: Any) -> NDArray[np.float64] | None:
    try:
        matrix = np.asarray(rows, dtype=np.float64)
    except (TypeError, ValueError):
        return None
    return matrix if np.isfinite(matrix).all() else None


def _parts(
    predict: Callable[[Any], Any],
    stated: tuple[NDArray[np.float64], NDArray[np.float64]],
    mean: NDArray[np.float64],
    rows: Any,
) -> Parts:
    matrix = np.asarray(rows, dtype=np.float64)
    coef, intercept = stated
    values = (matrix - mean)[:, :, None] * coef.T[None, :, :]
    scores = np.asarray(predict(rows), dtype=np.float64).reshape(len(matrix), -1)
    return Parts(values, coef @ mean + intercept, scores)
