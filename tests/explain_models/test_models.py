"""Contributions of real models: they add up, agree with shap's own, and with Shapley values by brute force."""

from __future__ import annotations

import itertools
import math
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from driftwatch.errors import ConfigError, MissingExtraError
from driftwatch.explain import ModelContributions, contribution_drift, importance_of, score_shift

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

pytestmark = [
    # shap imports matplotlib where it is installed, and says of its own values what shape they once had
    pytest.mark.filterwarnings("ignore:The set_:PendingDeprecationWarning"),
    pytest.mark.filterwarnings("ignore:LightGBM binary classifier:UserWarning"),
]
SINGLE = 1e-5  # a row of XGBoost, which computes in single precision
NAMES = ["age", "income", "tenure", "noise"]


def frame(n: int, seed: int, shift: float = 0.0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(rng.normal([shift, 0.0, 0.0, 3 * shift], 1.0, size=(n, 4)), columns=NAMES)


DATA, CURRENT = frame(800, 0), frame(600, 1, shift=0.6)
NUMBER = 2 * DATA["age"] + DATA["income"] * DATA["tenure"]
BINARY = (NUMBER > 0).astype(int)
CLASSES = np.digitize(NUMBER, [-1.0, 1.0])


def lightgbm(kind: str, **settings: Any) -> Any:
    lgb = pytest.importorskip("lightgbm")
    return getattr(lgb, f"LGBM{kind}")(n_estimators=20, num_leaves=8, verbose=-1, n_jobs=1, random_state=0, **settings)


def xgboost(kind: str, **settings: Any) -> Any:
    xgb = pytest.importorskip("xgboost")
    return getattr(xgb, f"XGB{kind}")(n_estimators=20, max_depth=3, n_jobs=1, random_state=0, **settings)


def catboost(kind: str, **settings: Any) -> Any:
    cb = pytest.importorskip("catboost")
    return getattr(cb, f"CatBoost{kind}")(
        iterations=20, depth=3, verbose=0, thread_count=1, random_seed=0, allow_writing_files=False, **settings
    )


def forest(kind: str, **settings: Any) -> Any:
    from sklearn import ensemble

    return getattr(ensemble, f"RandomForest{kind}")(10, max_depth=4, random_state=0, **settings)


def boosting(kind: str, **settings: Any) -> Any:
    from sklearn import ensemble

    return getattr(ensemble, f"HistGradientBoosting{kind}")(max_iter=20, random_state=0, **settings)


MAKERS: dict[str, tuple[Callable[..., Any], str]] = {
    "lightgbm": (lightgbm, "LightGBM pred_contrib"),
    "xgboost": (xgboost, "XGBoost pred_contribs"),
    "catboost": (catboost, "CatBoost ShapValues"),
    "forest": (forest, "shap TreeExplainer"),
    "boosting": (boosting, "shap TreeExplainer"),
}
KINDS = {"regression": ("Regressor", NUMBER), "binary": ("Classifier", BINARY), "classes": ("Classifier", CLASSES)}


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize("library", sorted(MAKERS))
@pytest.mark.parametrize("as_frame", [True, False], ids=["frame", "matrix"])
def test_shifts_sum_to_the_change_of_the_mean_score(library: str, kind: str, as_frame: bool) -> None:
    make, method = MAKERS[library]
    wrapper, target = KINDS[kind]
    data, current = (DATA, CURRENT) if as_frame else (DATA.to_numpy(), CURRENT.to_numpy())
    model = make(wrapper).fit(data, target)
    fitted = ModelContributions.fit(model, data)
    found = score_shift(fitted.reference, fitted.of(current), n_resamples=50)

    assert (found.method, found.reason) == (method, None)
    assert len(found.outputs) == (3 if kind == "classes" else 1)
    for output in found.outputs:
        assert output.gap < 1e-6
        total = math.fsum(feature.shift.value for feature in output.features)
        assert total == pytest.approx(output.change.value, abs=1e-6)
    first = found.outputs[-1].features[0].feature
    assert first == ("age" if as_frame else "f0")
    assert fitted.reference.gap < SINGLE
    expected = {
        "regression": "prediction",
        "binary": "probability" if library == "forest" else "log-odds",
        "classes": "probability" if library == "forest" else "raw score",
    }
    assert found.scale == expected[kind]


def raw_scores(library: str, model: Any) -> Any:
    """Return the scores of a binary classifier by the library's own documented call."""
    if library == "lightgbm":
        return model.predict(CURRENT, raw_score=True)
    if library == "xgboost":
        return model.predict(CURRENT, output_margin=True)
    if library == "catboost":
        return model.predict(CURRENT, prediction_type="RawFormulaVal")
    if library == "forest":
        return model.predict_proba(CURRENT)[:, 1]
    return model.decision_function(CURRENT)


@pytest.mark.parametrize("library", sorted(MAKERS))
def test_contributions_are_those_of_shap(library: str) -> None:
    shap = pytest.importorskip("shap")
    model = MAKERS[library][0]("Classifier").fit(DATA, BINARY)
    found = ModelContributions.fit(model, DATA).of(CURRENT)
    theirs = np.asarray(shap.TreeExplainer(model).shap_values(CURRENT), dtype=np.float64)
    theirs = theirs[:, :, 1] if theirs.ndim == 3 else theirs
    np.testing.assert_allclose(found.by_feature[:, :, 0], theirs, atol=1e-6)
    np.testing.assert_allclose(found.scores[:, 0], raw_scores(library, model), atol=1e-6)


def tree_value(node: dict[str, Any], row: NDArray[np.float64], present: set[int]) -> float:
    """Return the expected value of a tree where only some features are known: the others split as in training."""
    if "leaf_value" in node:
        return float(node["leaf_value"])
    children = node["left_child"], node["right_child"]
    if node["split_feature"] in present:
        return tree_value(children[int(row[node["split_feature"]] > node["threshold"])], row, present)
    sizes = [child.get("internal_count", child.get("leaf_count")) for child in children]
    values = [tree_value(child, row, present) for child in children]
    return float(np.average(values, weights=sizes))


def test_contributions_of_a_small_model_are_shapley_values_by_brute_force() -> None:
    model = lightgbm("Regressor", max_depth=3).fit(DATA, NUMBER)
    trees = [tree["tree_structure"] for tree in model.booster_.dump_model()["tree_info"]]
    found = ModelContributions.fit(model, DATA, max_rows=5).of(CURRENT)
    rows = CURRENT.to_numpy()[np.sort(np.random.default_rng([0, 1]).permutation(600)[:5])]
    for place, row in enumerate(rows):
        for j in range(4):
            expected = 0.0
            for size in range(4):
                weight = math.factorial(size) * math.factorial(3 - size) / math.factorial(4)
                for subset in itertools.combinations([i for i in range(4) if i != j], size):
                    with_j, without = ({*subset, j}, set(subset))
                    expected += weight * sum(tree_value(t, row, with_j) - tree_value(t, row, without) for t in trees)
            assert found.by_feature[place, j, 0] == pytest.approx(expected, abs=1e-6)


def test_boosters_are_explained_as_their_wrappers() -> None:
    light, extreme = (make("Classifier").fit(DATA, BINARY) for make in (lightgbm, xgboost))
    for model, booster in ((light, light.booster_), (extreme, extreme.get_booster())):
        ours, theirs = (ModelContributions.fit(m, DATA).reference for m in (model, booster))
        np.testing.assert_array_equal(ours.by_feature, theirs.by_feature)
        assert (ours.method, ours.scale, ours.features) == (theirs.method, theirs.scale, tuple(NAMES))


def test_best_iteration_of_early_stopping_is_explained() -> None:
    model = xgboost("Regressor", early_stopping_rounds=1, learning_rate=1.5)
    model.fit(DATA, NUMBER, eval_set=[(CURRENT, CURRENT["age"])], verbose=False)
    assert model.best_iteration < model.get_booster().num_boosted_rounds() - 1
    found = ModelContributions.fit(model, DATA).reference
    np.testing.assert_allclose(found.scores[:, 0], model.predict(DATA), atol=1e-6)
    assert found.gap < SINGLE


@pytest.mark.parametrize("library", ["catboost", "lightgbm", "xgboost"])
def test_categories_and_names_with_spaces_are_read(library: str) -> None:
    city = pd.Categorical(np.where(DATA["age"] > 0, "New York", "Rome"))
    data = DATA.rename(columns={"income": "gross income"}).assign(city=city, ignored=1.0)
    settings: dict[str, dict[str, Any]] = {
        "xgboost": {"enable_categorical": True},
        "catboost": {"cat_features": ["city"]},
    }
    model = MAKERS[library][0]("Regressor", **settings.get(library, {})).fit(data.drop(columns="ignored"), NUMBER)
    found = ModelContributions.fit(model, data)
    assert set(found.reference.features) == set(data) - {"ignored"}
    assert found.reference.gap < SINGLE
    np.testing.assert_array_equal(found.of(data[data.columns[::-1]]).scores, found.reference.scores)


def test_large_scores_in_single_precision_are_no_reason() -> None:
    model = xgboost("Regressor").fit(DATA, 10_000 + 100 * NUMBER)
    fitted = ModelContributions.fit(model, DATA)
    found = score_shift(fitted.reference, fitted.of(CURRENT), n_resamples=20)
    assert found.reason is None
    assert found.tolerance == pytest.approx(0.01, rel=0.2)


@pytest.mark.parametrize(
    ("library", "source"),
    [
        ("lightgbm", "gain"),
        ("xgboost", "gain"),
        ("catboost", "PredictionValuesChange"),
        ("forest", "feature_importances_"),
    ],
)
def test_importance_is_the_models_own(library: str, source: str) -> None:
    model = MAKERS[library][0]("Regressor").fit(DATA, NUMBER)
    found = importance_of(model)
    assert (found.source, list(found.shares)) == (source, NAMES)
    assert max(found.shares, key=found.shares.__getitem__) == "age"
    assert math.fsum(found.shares.values()) == pytest.approx(1.0)


def test_drift_that_the_model_does_not_use_is_ranked_below() -> None:
    model = lightgbm("Classifier").fit(DATA, BINARY)
    fitted = ModelContributions.fit(model, DATA)
    (score,) = score_shift(fitted.reference, fitted.of(CURRENT), n_resamples=50).outputs
    sizes = {feature.feature: abs(feature.shift.value) for feature in score.features}
    assert sizes["age"] > 20 * sizes["noise"]  # the noise moved three times as far
    assert contribution_drift(fitted.reference, fitted.of(CURRENT)).tests[0].feature == "age"


def test_scaled_trees_are_explained_behind_their_scaler() -> None:
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    plain, scaled = forest("Regressor").fit(DATA, NUMBER), make_pipeline(StandardScaler(), forest("Regressor"))
    ours = ModelContributions.fit(scaled.fit(DATA, NUMBER), DATA).reference
    assert (ours.method, ours.features) == ("shap TreeExplainer", tuple(NAMES))
    np.testing.assert_allclose(ours.by_feature, ModelContributions.fit(plain, DATA).reference.by_feature, atol=1e-6)


def test_trees_that_shap_misreads_are_sampled() -> None:
    from sklearn.ensemble import IsolationForest

    model = IsolationForest(n_estimators=10, random_state=0).fit(DATA)
    found = ModelContributions.fit(model, DATA, max_evaluations=20_000).reference
    assert found.method == "sampled Shapley values"
    assert found.gap < 1e-9
    with pytest.raises(ConfigError, match="Leave `method` out, so that its predictions are sampled"):
        ModelContributions.fit(model, DATA, method="tree")


def test_missing_shap_is_named_where_it_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "shap", None)
    with pytest.raises(MissingExtraError, match=r"method='tree' needs shap.*\[shap\]"):
        ModelContributions.fit(forest("Regressor").fit(DATA, NUMBER), DATA, method="tree")


def test_sampled_contributions_agree_with_the_interventional_ones_of_shap() -> None:
    shap = pytest.importorskip("shap")
    model = forest("Regressor").fit(DATA, NUMBER)
    rows = DATA.iloc[:32]
    found = ModelContributions.fit(model, rows, method="sampled").reference
    exact = shap.TreeExplainer(model, rows, feature_perturbation="interventional").shap_values(rows)
    assert np.sqrt(np.mean((found.by_feature[:, :, 0] - exact) ** 2)) < 0.05 * exact.std()
    np.testing.assert_allclose(found.by_feature[:, :, 0].sum(axis=1), exact.sum(axis=1), atol=1e-6)
