"""Trees of scikit-learn by the TreeExplainer of shap: the one file that needs it (layer 4)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch.errors import ConfigError, MissingExtraError
from driftwatch.explain._adapter import Adapter, Parts, output_names

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

__all__ = ["has_trees", "tree_adapter"]

MODULES = ("sklearn.ensemble", "sklearn.tree")
ROUNDING = 1e-6  # of the largest score


def has_trees(model: Any) -> bool:
    """Return whether a model is one of the trees of scikit-learn."""
    return type(model).__module__.startswith(MODULES)


def tree_adapter(model: Any, background: Any) -> Adapter:
    """Return the adapter of a tree model.

    Raises
    ------
    MissingExtraError
        If shap is not installed.
    ConfigError
        If shap does not read the model, or its values do not add up to the scores of the model on the background.

    References
    ----------
    Lundberg, S. et al. (2020), "From local explanations to global understanding with explainable AI for trees".
    """
    try:
        import shap
    except ImportError as error:
        raise MissingExtraError.for_feature("method='tree'", package="shap", extra="shap") from error
    predict, scale = _scores(model)
    try:
        explainer = shap.TreeExplainer(model, feature_perturbation="tree_path_dependent")
        parts = partial(_parts, explainer, predict)
        found = parts(background)
    except Exception as error:
        # shap has several types for a model that it cannot read, and some that say it by accident
        raise ConfigError(
            f"shap cannot explain {type(model).__name__}: {error}. Leave `method` out, so that its predictions are sampled."
        ) from error
    gap = float(np.max(np.abs(found.values.sum(axis=1) + found.base - found.scores)))
    if gap > ROUNDING * (1.0 + float(np.max(np.abs(found.scores)))):
        raise ConfigError(
            f"the values that shap gives for {type(model).__name__} miss its scores by up to {gap:.3g}. "
            "Leave `method` out, so that its predictions are sampled."
        )
    return Adapter("shap TreeExplainer", scale, output_names(model, found.scores.shape[1]), parts)


def _scores(model: Any) -> tuple[Callable[[Any], Any], str]:
    """Return the scores that trees add up to: log-odds of boosted ones, shares of votes of forests."""
    if hasattr(model, "decision_function"):
        return model.decision_function, "log-odds" if len(getattr(model, "classes_", ())) == 2 else "raw score"
    if hasattr(model, "predict_proba"):
        return model.predict_proba, "probability"
    return model.predict, "prediction"


def _parts(explainer: Any, predict: Callable[[Any], Any], rows: Any) -> Parts:
    scores: NDArray[np.float64] = np.asarray(predict(rows), dtype=np.float64).reshape(len(rows), -1)
    values = np.asarray(explainer.shap_values(rows, check_additivity=False), dtype=np.float64)
    values = values if values.ndim == 3 else values[:, :, None]
    base = np.asarray(explainer.expected_value, dtype=np.float64).reshape(-1)
    if scores.shape[1] == 2 == values.shape[2]:  # of two classes the second says all
        return Parts(values[:, :, 1:], base[1:], scores[:, 1:])
    return Parts(values, base, scores)
