"""LightGBM explains itself: `pred_contrib` of its boosters (layer 4). Nothing is imported: the model brings it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch.explain._adapter import Adapter, Family, ModelFields, Parts, output_names, split_contributions

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["LIGHTGBM"]

SCALES = {"binary": "log-odds", "cross_entropy": "log-odds", "regression": "prediction", "regression_l1": "prediction"}


def _booster(model: Any) -> Any:
    return getattr(model, "booster_", model)


def _recognises(model: Any) -> bool:
    return type(model).__module__.partition(".")[0] == "lightgbm" and hasattr(_booster(model), "feature_importance")


def _fields(model: Any) -> ModelFields:
    booster = _booster(model)
    names = tuple(map(str, booster.feature_name()))
    unnamed = names == tuple(f"Column_{place}" for place in range(len(names)))
    return ModelFields(None if unnamed else names, len(names))


def _adapter(model: Any) -> Adapter:
    booster = _booster(model)
    n_outputs = int(booster.num_model_per_iteration())
    objective = str(booster.params.get("objective") or getattr(model, "objective_", None) or "")
    return Adapter(
        method="LightGBM pred_contrib",
        scale=SCALES.get(objective, "raw score"),
        outputs=output_names(model, n_outputs),
        parts=partial(_parts, booster, n_outputs),
    )


def _parts(booster: Any, n_outputs: int, rows: Any) -> Parts:
    # a model of less features than a split needs predicts without a word about the shape of the rows
    raw = np.asarray(booster.predict(rows, pred_contrib=True))
    return split_contributions(raw.reshape(len(raw), n_outputs, -1), booster.predict(rows, raw_score=True))


def _gain(model: Any) -> tuple[str, NDArray[np.float64]]:
    return "gain", np.asarray(_booster(model).feature_importance(importance_type="gain"), dtype=np.float64)


LIGHTGBM = Family("LightGBM", _recognises, _fields, _adapter, _gain)
