"""CatBoost explains itself: `ShapValues` (layer 4)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch.explain._adapter import Adapter, Family, ModelFields, Parts, output_names, split_contributions

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["CATBOOST"]

SCALES = {"Logloss": "log-odds", "CrossEntropy": "log-odds", "RMSE": "prediction", "MAE": "prediction"}


def _recognises(model: Any) -> bool:
    return type(model).__module__.partition(".")[0] == "catboost" and hasattr(model, "get_feature_importance")


def _fields(model: Any) -> ModelFields:
    names = tuple(map(str, model.feature_names_))
    unnamed = names == tuple(str(place) for place in range(len(names)))
    return ModelFields(None if unnamed else names, len(names))


def _adapter(model: Any) -> Adapter:
    loss = str(model.get_all_params().get("loss_function", "")).partition(":")[0]
    classes = list(getattr(model, "classes_", []))
    n_outputs = len(classes) if loss in {"MultiClass", "MultiClassOneVsAll"} else 1
    return Adapter(
        method="CatBoost ShapValues",
        scale=SCALES.get(loss, "raw score"),
        outputs=output_names(model, n_outputs),
        parts=partial(_parts, model),
    )


def _parts(model: Any, rows: Any) -> Parts:
    from catboost import Pool

    categories = model.get_cat_feature_indices()
    pool = Pool(rows, cat_features=categories or None, feature_names=list(map(str, model.feature_names_)))
    raw = np.asarray(model.get_feature_importance(pool, type="ShapValues"))
    margins = model.predict(pool, prediction_type="RawFormulaVal")
    return split_contributions(raw if raw.ndim == 3 else raw[:, None, :], margins)


def _gain(model: Any) -> tuple[str, NDArray[np.float64]]:
    return "PredictionValuesChange", np.asarray(
        model.get_feature_importance(type="PredictionValuesChange"), dtype=np.float64
    )


CATBOOST = Family("CatBoost", _recognises, _fields, _adapter, _gain)
