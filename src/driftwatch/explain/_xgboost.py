"""XGBoost explains itself: `pred_contribs` of its boosters (layer 4)."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch.explain._adapter import Adapter, Family, ModelFields, Parts, output_names, split_contributions

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["XGBOOST"]

SCALES = {
    "binary:logistic": "log-odds",
    "binary:logitraw": "log-odds",
    "reg:squarederror": "prediction",
    "reg:absoluteerror": "prediction",
    "reg:logistic": "log-odds",
}


def _booster(model: Any) -> Any:
    return model.get_booster() if hasattr(model, "get_booster") else model


def _recognises(model: Any) -> bool:
    is_from = type(model).__module__.partition(".")[0] == "xgboost"
    return is_from and (hasattr(model, "get_booster") or hasattr(model, "get_score"))


def _fields(model: Any) -> ModelFields:
    booster = _booster(model)
    names = booster.feature_names
    return ModelFields(None if names is None else tuple(map(str, names)), int(booster.num_features()))


def _adapter(model: Any) -> Adapter:
    booster = _booster(model)
    learner = json.loads(booster.save_config())["learner"]
    parameters = learner["learner_model_param"]
    n_outputs = max(int(parameters["num_class"]), int(parameters.get("num_target", 1)), 1)
    # a wrapper predicts with the best iteration of early stopping, a booster with all
    best = getattr(booster, "best_iteration", None) if booster is not model and _stopped_early(booster) else None
    options = {
        "missing": getattr(model, "missing", np.nan),
        "enable_categorical": True,
    }
    return Adapter(
        method="XGBoost pred_contribs",
        scale=SCALES.get(str(learner["objective"]["name"]), "raw score"),
        outputs=output_names(model, n_outputs),
        parts=partial(_parts, booster, options, (0, 0 if best is None else int(best) + 1)),
    )


def _stopped_early(booster: Any) -> bool:
    return booster.attr("best_iteration") is not None


def _parts(booster: Any, options: dict[str, Any], iterations: tuple[int, int], rows: Any) -> Parts:
    from xgboost import DMatrix

    # the names of a booster are those of the columns: the rows stand in its order already
    matrix = DMatrix(rows, feature_names=booster.feature_names, **options)
    raw = booster.predict(matrix, pred_contribs=True, strict_shape=True, iteration_range=iterations)
    margins = booster.predict(matrix, output_margin=True, strict_shape=True, iteration_range=iterations)
    return split_contributions(raw, margins)


def _gain(model: Any) -> tuple[str, NDArray[np.float64]]:
    booster = _booster(model)
    names = booster.feature_names or [f"f{place}" for place in range(booster.num_features())]
    gains = booster.get_score(importance_type="total_gain")  # features that no split uses are absent
    return "gain", np.asarray([np.sum(gains.get(name, 0.0)) for name in names], dtype=np.float64)


XGBOOST = Family("XGBoost", _recognises, _fields, _adapter, _gain)
