"""Importances from weights, contributions and models, and the ranking of a report by them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import report_samples as samples
from driftwatch.errors import ConfigError, InputError, UnknownNameError
from driftwatch.explain import Importance, ModelContributions, importance_of, rank_by_importance
from driftwatch.report._codec import from_plain, to_plain
from driftwatch.report._fields import Fields
from driftwatch.report.attribution import ImportanceRanking
from driftwatch.report.model import Status

DATA = pd.DataFrame(
    np.random.default_rng(0).normal(size=(300, 3)) * [1.0, 10.0, 1.0], columns=["age", "income", "tenure"]
)
NAMES = ["age", "income", "tenure"]
TARGET = 3 * DATA["age"] + 0.1 * DATA["income"]


def test_weights_become_shares() -> None:
    assert importance_of({"a": 3, "b": np.float32(1)}) == Importance("weights", {"a": 0.75, "b": 0.25})


@pytest.mark.parametrize(
    ("weights", "error", "message"),
    [
        ({"age": 1.0}, ConfigError, "must name every feature, but lacks 'income', 'tenure'. Give 0 to those"),
        (
            {"agee": 1, "income": 1, "tenure": 1},
            UnknownNameError,
            "unknown feature in `importance`: 'agee' .did you mean",
        ),
        ({"age": -1.0, "income": 1, "tenure": 1}, ConfigError, "numbers of at least 0, got -1.0 for 'age'"),
        ({"age": float("nan"), "income": 1, "tenure": 1}, ConfigError, "numbers of at least 0, got nan for 'age'"),
        ({"age": "high", "income": 1, "tenure": 1}, ConfigError, "numbers of at least 0, got 'high' for 'age'"),
        ({"age": 0, "income": 0, "tenure": 0}, ConfigError, "importances must have a positive sum, got 0.0"),
    ],
)
def test_weights_that_say_nothing_are_refused(weights: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        importance_of(weights, features=NAMES)


def test_coefficients_count_by_the_spread_of_their_column() -> None:
    found = importance_of(LinearRegression().fit(DATA, TARGET), reference=DATA)
    spread = DATA.to_numpy().std(axis=0) * [3.0, 0.1, 0.0]
    assert found.source == "|coef_| x standard deviation"
    assert found.shares == pytest.approx(dict(zip(DATA, spread / spread.sum(), strict=True)), abs=1e-9)


def test_scaling_before_a_linear_model_changes_no_importance() -> None:
    scaled = importance_of(make_pipeline(StandardScaler(), LinearRegression()).fit(DATA, TARGET), reference=DATA)
    plain = importance_of(LinearRegression().fit(DATA, TARGET), reference=DATA)
    assert scaled.shares == pytest.approx(plain.shares, abs=1e-9)


def test_coefficients_need_the_reference() -> None:
    with pytest.raises(ConfigError, match="pass `reference`, so that each counts by the standard"):
        importance_of(LinearRegression().fit(DATA, TARGET))


def test_model_states_its_own_importances() -> None:
    forest = RandomForestRegressor(3, random_state=0).fit(DATA, TARGET)
    found = importance_of(forest)
    assert found.source == "feature_importances_"
    assert found.shares == pytest.approx(dict(zip(DATA, forest.feature_importances_, strict=True)))


def test_model_without_names_needs_features() -> None:
    forest = RandomForestRegressor(2, random_state=0).fit(DATA.to_numpy(), TARGET)
    assert list(importance_of(forest, features=NAMES).shares) == list(DATA)
    with pytest.raises(InputError, match=r"the model has 3 features, got no names\. Pass `features`"):
        importance_of(forest)
    with pytest.raises(InputError, match="the model has 3 features, got 'age'"):
        importance_of(forest, features=["age"])


def test_model_that_states_none_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"KNeighborsRegressor states none\. Pass a mapping of weights"):
        importance_of(KNeighborsRegressor().fit(DATA, TARGET))


def test_contributions_count_by_their_mean_size() -> None:
    found = ModelContributions.fit(LinearRegression().fit(DATA, TARGET), DATA).reference
    sizes = np.abs(found.by_feature[:, :, 0]).mean(axis=0)
    assert importance_of(found).shares == pytest.approx(dict(zip(DATA, sizes / sizes.sum(), strict=True)))


def test_ranking_is_by_effect_times_importance() -> None:
    report = samples.report(
        [
            samples.feature("unused", effect=0.9, drift_detected=True),
            samples.feature("used", effect=0.2, drift_detected=True),
            samples.without_verdict("text", Status.SKIPPED, "text"),
            samples.feature("new", effect=0.5, drift_detected=True),
        ]
    )
    found = rank_by_importance(report, importance_of({"unused": 1, "used": 8, "text": 1, "gone": 10}))
    assert [feature.feature for feature in found.features] == ["used", "unused", "text"]
    assert found.features[0].product == pytest.approx(0.2 * 0.4)
    assert found.features[2].product is None
    assert (found.unknown, found.without) == (("gone",), ("new",))
    assert from_plain(ImportanceRanking, Fields(to_plain(found), "ranking")) == found
