"""Contributions against Shapley values by brute force over all subsets, and what a model's columns must be."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression, PoissonRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from driftwatch.arrays.table import read_table
from driftwatch.errors import ConfigError, InputError
from driftwatch.explain import ModelContributions

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

ROUNDING = 1e-9  # sums of a few hundred float64 of order 1


def brute_force(
    f: Callable[[Any], Any], row: NDArray[np.float64], background: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the Shapley values of one row by their definition (Shapley 1953), absent features from the background."""
    d = len(row)

    def value(present: tuple[int, ...]) -> float:
        mixed = background.copy()
        mixed[:, list(present)] = row[list(present)]
        return float(np.mean(f(mixed)))

    found = np.zeros(d)
    for j in range(d):
        others = [i for i in range(d) if i != j]
        for size in range(d):
            weight = math.factorial(size) * math.factorial(d - size - 1) / math.factorial(d)
            for subset in itertools.combinations(others, size):
                found[j] += weight * (value((*subset, j)) - value(subset))
    return found


def matrix(n: int = 200, d: int = 3, seed: int = 0) -> NDArray[np.float64]:
    return np.random.default_rng(seed).normal(size=(n, d))


def test_linear_model_is_explained_by_its_coefficients() -> None:
    rows = matrix()
    model = LinearRegression().fit(rows, rows @ [1.0, -2.0, 0.0] + 3.0)
    found = ModelContributions.fit(model, rows).reference
    assert (found.method, found.scale, found.outputs) == (
        "linear: coefficient x (value - mean)",
        "prediction",
        ("score",),
    )
    for i in range(3):
        np.testing.assert_allclose(found.by_feature[i, :, 0], brute_force(model.predict, rows[i], rows), atol=ROUNDING)
    assert found.gap < ROUNDING


@pytest.mark.parametrize("n_classes", [2, 3])
def test_logistic_regression_is_explained_on_its_decision_function(n_classes: int) -> None:
    rows = matrix()
    labels = np.digitize(rows[:, 0] - rows[:, 1], [0.0] if n_classes == 2 else [-0.5, 0.5])
    model = LogisticRegression().fit(rows, np.array(["a", "b", "c"])[labels])
    found = ModelContributions.fit(model, rows).reference
    assert found.outputs == (("score",) if n_classes == 2 else ("a", "b", "c"))
    assert found.scale == ("log-odds" if n_classes == 2 else "raw score")
    np.testing.assert_array_equal(found.scores, model.decision_function(rows).reshape(200, -1))
    assert found.gap < ROUNDING


def test_scaled_linear_model_is_explained_in_the_columns_before_scaling() -> None:
    rows = matrix() * [1.0, 100.0, 0.01] + [0.0, 50.0, 1.0]
    target = rows @ [1.0, 0.02, 300.0]
    model = make_pipeline(StandardScaler(), LinearRegression()).fit(rows, target)
    found = ModelContributions.fit(model, rows).reference
    plain = ModelContributions.fit(LinearRegression().fit(rows, target), rows).reference
    assert found.method == plain.method
    np.testing.assert_allclose(found.by_feature, plain.by_feature, atol=1e-8)


def test_steps_that_mix_columns_leave_only_predictions() -> None:
    rows = matrix(60)
    model = make_pipeline(PolynomialFeatures(2), LinearRegression()).fit(rows, rows[:, 0] * rows[:, 1])
    assert ModelContributions.fit(model, rows).reference.method == "sampled Shapley values"


def test_linear_predictor_behind_a_link_is_no_linear_model() -> None:
    rows = matrix(60)
    model = PoissonRegressor().fit(rows, np.exp(rows[:, 0]))
    assert ModelContributions.fit(model, rows).reference.method == "sampled Shapley values"


def product(rows: Any) -> Any:
    values = np.asarray(rows, dtype=np.float64)
    return np.sin(values[:, 0]) * np.exp(0.5 * values[:, 1])


def test_sampling_is_exact_for_two_features() -> None:
    # an order and its reverse are all the orders of two features, and 32 rows are all of the background
    rows = matrix(32, 2)
    found = ModelContributions.fit(product, rows).reference
    for i in range(4):
        np.testing.assert_allclose(found.by_feature[i, :, 0], brute_force(product, rows[i], rows), atol=ROUNDING)


def test_sampling_is_near_brute_force_for_four_features() -> None:
    rows = matrix(32, 4)

    def model(values: Any) -> Any:
        return product(values) + values[:, 2] * values[:, 3] * values[:, 0]

    found = ModelContributions.fit(model, rows).reference.by_feature[:, :, 0]
    exact = np.array([brute_force(model, row, rows) for row in rows])
    # 64 of all 32 x 24 walks: the error is a tenth of the spread of the values themselves
    assert np.sqrt(np.mean((found - exact) ** 2)) < 0.2 * exact.std()
    np.testing.assert_allclose(found.sum(axis=1), exact.sum(axis=1), atol=ROUNDING)


def test_sampled_contributions_sum_to_the_score_whatever_the_model() -> None:
    rows = matrix(40, 5)
    model = RandomForestClassifier(5, random_state=0).fit(rows, rows[:, 0] * rows[:, 1] > 0)
    found = ModelContributions.fit(model, rows, method="sampled").reference
    assert (found.scale, found.outputs) == ("probability", ("score",))
    np.testing.assert_array_equal(found.scores[:, 0], model.predict_proba(rows)[:, 1])
    assert found.gap < ROUNDING


def test_feature_that_the_model_does_not_use_contributes_nothing() -> None:
    found = ModelContributions.fit(product, matrix(50, 3)).reference
    np.testing.assert_array_equal(found.by_feature[:, 2], 0.0)


def test_single_feature_is_explained() -> None:
    found = ModelContributions.fit(lambda rows: rows[:, 0] ** 2, matrix(20, 1)).reference
    assert found.gap < ROUNDING


def test_outputs_of_several_classes_have_their_names() -> None:
    rows = matrix(60)
    model = RandomForestClassifier(3, random_state=0).fit(rows, np.digitize(rows[:, 0], [-0.5, 0.5]))
    assert ModelContributions.fit(model, rows, method="sampled").reference.outputs == ("0", "1", "2")


def test_sampling_keeps_to_its_budget_and_says_what_it_asked_for() -> None:
    counted = [0]

    def model(rows: Any) -> Any:
        counted[0] += len(rows)
        return product(rows)

    rows = matrix(400, 4)
    fitted = ModelContributions.fit(model, rows, max_evaluations=20_000)
    per_row = 1 + 32 * 2 * 3
    assert fitted.reference.n_rows == fitted.of(rows).n_rows == 20_000 // per_row
    assert fitted.reference.n_evaluations == fitted.reference.n_rows * per_row
    assert counted[0] == 2 * fitted.reference.n_rows * per_row + 32  # and the background once


def test_rows_are_sampled_with_the_seed() -> None:
    rows = matrix(300)
    model = LinearRegression().fit(rows, rows[:, 0])
    same = [ModelContributions.fit(model, rows, max_rows=50, seed=3).reference.scores for _ in range(2)]
    other = ModelContributions.fit(model, rows, max_rows=50, seed=4).reference.scores
    assert same[0].shape == (50, 1)
    np.testing.assert_array_equal(same[0], same[1])
    assert not np.array_equal(same[0], other)


def frame() -> pd.DataFrame:
    return pd.DataFrame(matrix(), columns=["age", "income", "tenure"])


def test_columns_are_matched_by_name_whatever_their_order() -> None:
    data = frame()
    model = LinearRegression().fit(data, data["age"] - data["tenure"])
    shuffled = data.assign(target=1.0, city="Rome")[["city", "tenure", "target", "income", "age"]]
    found = ModelContributions.fit(model, shuffled)
    assert found.reference.features == ("age", "income", "tenure")
    assert found.reference.gap < ROUNDING
    again = found.of({name: data[name] for name in data})
    np.testing.assert_allclose(again.scores, found.reference.scores, atol=ROUNDING)


def test_categories_of_a_frame_reach_the_model() -> None:
    data = frame().assign(city=pd.Categorical(np.where(matrix()[:, 0] > 0, "Rome", "Oslo")))

    def model(rows: pd.DataFrame) -> Any:
        return rows["age"].to_numpy() * np.where(rows["city"] == "Rome", 2.0, -1.0)

    found = ModelContributions.fit(model, data, max_rows=50).reference
    assert found.features == ("age", "income", "tenure", "city")
    assert found.gap < ROUNDING
    assert np.abs(found.by_feature[:, 3]).max() > 0.1
    np.testing.assert_array_equal(found.by_feature[:, 1], 0.0)


def test_other_frames_with_categories_reach_the_model_as_pandas() -> None:
    pl = pytest.importorskip("polars", reason="polars is not installed")
    pytest.importorskip("pyarrow", reason="polars needs pyarrow to become pandas")
    data = frame().assign(city=np.where(matrix()[:, 0] > 0, "Rome", "Oslo"))

    def model(rows: pd.DataFrame) -> Any:
        return rows["age"].to_numpy() * np.where(rows["city"] == "Rome", 2.0, -1.0)

    fitted = ModelContributions.fit(model, data, max_rows=50)
    mapping = {name: data[name].to_list() for name in data}
    for other in (pl.DataFrame(mapping), pl.LazyFrame(mapping), mapping):
        np.testing.assert_array_equal(fitted.of(other).by_feature, fitted.of(data).by_feature)
    with pytest.raises(InputError, match=r"a model reads these from a pandas frame only\. Pass a pandas frame"):
        fitted.of(read_table(data))


def test_model_without_names_takes_features_in_the_users_order() -> None:
    data = frame()
    model = LinearRegression().fit(data[["tenure", "age"]].to_numpy(), data["tenure"])
    found = ModelContributions.fit(model, data, features=["tenure", "age"]).reference
    assert found.gap < ROUNDING
    assert np.abs(found.by_feature[:, 1]).max() < ROUNDING
    with pytest.raises(InputError, match=r"takes 2 columns, got 3: 'age', 'income', 'tenure'.*`features`"):
        ModelContributions.fit(model, data)


def test_missing_columns_are_named() -> None:
    data = frame()
    model = LinearRegression().fit(data, data["age"])
    with pytest.raises(InputError, match="`reference` must have the columns that the model takes, but it has no 'age'"):
        ModelContributions.fit(model, data.drop(columns="age"))
    with pytest.raises(InputError, match="`current` must have the columns of the model, but it has no 'income'"):
        ModelContributions.fit(model, data).of(data.drop(columns="income"))


def test_model_must_predict_numbers() -> None:
    with pytest.raises(InputError, match="must have `predict` or be a function of rows, got str"):
        ModelContributions.fit("model", matrix())
    with pytest.raises(InputError, match="must predict numbers to be explained, got labels"):
        ModelContributions.fit(lambda rows: ["high"] * len(rows), matrix())


def test_methods_that_cannot_explain_a_model_say_so() -> None:
    forest = RandomForestRegressor(2, random_state=0).fit(matrix(), matrix()[:, 0])
    with pytest.raises(ConfigError, match="method 'native' needs a model of LightGBM"):
        ModelContributions.fit(forest, matrix(), method="native")
    with pytest.raises(ConfigError, match=r"`method` must be one of 'auto', 'native', .* got 'kernel'"):
        ModelContributions.fit(forest, matrix(), method="kernel")
    with pytest.raises(ConfigError, match="`max_rows` must be an integer of at least 2, got 1"):
        ModelContributions.fit(forest, matrix(), max_rows=1)
