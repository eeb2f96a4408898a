"""Models that their libraries wrote to files explain a shift as the fitted ones do (oracle: the model in memory)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from driftwatch import Explainer, Monitor
from driftwatch.explain import read_model

if TYPE_CHECKING:
    from pathlib import Path

RNG = np.random.default_rng(0)
REFERENCE = RNG.normal(size=(600, 3))
CURRENT = RNG.normal([1.0, 0.0, 0.0], 1.0, size=(500, 3))
LABELS = (REFERENCE[:, 0] + REFERENCE[:, 1] > 0.0).astype(int)


def _lightgbm(path: Path) -> Any:
    lightgbm = pytest.importorskip("lightgbm")
    model = lightgbm.train(
        {"objective": "binary", "verbose": -1, "num_threads": 1}, lightgbm.Dataset(REFERENCE, LABELS), 10
    )
    model.save_model(path)
    return model


def _xgboost(path: Path) -> Any:
    xgboost = pytest.importorskip("xgboost")
    model = xgboost.train({"objective": "binary:logistic", "nthread": 1}, xgboost.DMatrix(REFERENCE, LABELS), 10)
    model.save_model(path)
    return model


def _catboost(path: Path) -> Any:
    catboost = pytest.importorskip("catboost")
    model = catboost.CatBoostClassifier(iterations=10, verbose=False, allow_writing_files=False, thread_count=1)
    model.fit(REFERENCE, LABELS)
    model.save_model(str(path))
    return model


@pytest.mark.parametrize(
    ("made", "ending"),
    [(_lightgbm, ".txt"), (_xgboost, ".json"), (_xgboost, ".ubj"), (_catboost, ".cbm")],
    ids=["lightgbm-txt", "xgboost-json", "xgboost-ubj", "catboost-cbm"],
)
def test_a_saved_model_explains_as_the_one_in_memory(tmp_path: Path, made: Any, ending: str) -> None:
    path = tmp_path / f"model{ending}"
    fitted = made(path)
    monitor = Monitor(REFERENCE)

    def shift(model: Any) -> Any:
        explainer = Explainer(monitor, model=model, model_features=["f0", "f1", "f2"], segments=False)
        explanation = explainer.explain(CURRENT).explanation
        assert explanation is not None
        assert explanation.reasons == {}
        assert explanation.score_shift is not None
        return explanation.score_shift.outputs[0]

    found, expected = shift(read_model(path)), shift(fitted)
    assert found.change.value == pytest.approx(expected.change.value, abs=1e-6)
    assert sum(one.shift.value for one in found.features) == pytest.approx(found.change.value, abs=1e-6)
    assert found.features[0].feature == "f0"
