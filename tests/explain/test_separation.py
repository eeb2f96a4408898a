"""Which features separate two samples: planted joint drift, no drift, and the AUC against plain loops."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from driftwatch import Monitor
from driftwatch.detectors.classifier import ClassifierDetector
from driftwatch.errors import ConfigError, InputError, MissingExtraError, NoCommonFeaturesError, UnknownNameError
from driftwatch.explain import separating_features
from driftwatch.explain.separation import _areas
from driftwatch.report._codec import from_plain, to_plain
from driftwatch.report._fields import Fields
from driftwatch.report.attribution import Separation


def correlated(n: int, correlation: float, seed: int) -> dict[str, Any]:
    """Return standard normal columns of which the first two hang together."""
    rng = np.random.default_rng(seed)
    first, second, third, fourth = rng.normal(size=(4, n))
    return {"a": first, "b": correlation * first + np.sqrt(1 - correlation**2) * second, "c": third, "d": fourth}


def test_features_whose_correlation_changed_are_found_though_none_moved() -> None:
    reference, current = correlated(1500, 0.0, 0), correlated(1500, 0.9, 1)
    assert not Monitor(reference).check(current).drift_detected
    found = separating_features(reference, current)
    assert found.auc.low is not None
    assert found.auc.low > 0.7
    assert found.pvalue < 1e-6
    assert {feature.feature for feature in found.features[:2]} == {"a", "b"}
    for feature in found.features[:2]:
        assert feature.drop.low is not None
        assert feature.drop.low > 0.1
    for feature in found.features[2:]:
        assert abs(feature.drop.value) < 0.03


def test_without_drift_nothing_separates() -> None:
    found = separating_features(correlated(800, 0.5, 0), correlated(800, 0.5, 1))
    assert found.pvalue > 0.05
    assert found.auc.low is not None
    assert found.auc.low < 0.5
    assert all(feature.drop.value < 0.03 for feature in found.features)


def test_auc_is_that_of_the_detector() -> None:
    data = correlated(400, 0.0, 0), correlated(300, 0.8, 1)
    found = separating_features(*data, max_rows=2000, seed=0)
    monitor = Monitor(data[0], joint=True, detectors=[ClassifierDetector()])
    statistic = monitor.check(data[1]).features["joint"].tests["classifier"].statistic
    # other halves, and ranks in place of values
    assert found.auc.value == pytest.approx(statistic, abs=0.05)


def test_areas_count_each_row_as_often_as_it_was_drawn() -> None:
    rng = np.random.default_rng(0)
    scores, is_current = rng.integers(0, 6, 40).astype(float), np.repeat([False, True], [25, 15])
    counts = rng.integers(1, 4, size=(5, 40)).astype(float)
    expected = [roc_auc_score(is_current, scores, sample_weight=weights) for weights in counts]
    np.testing.assert_allclose(_areas(scores, is_current, counts), expected, atol=1e-12)


def test_categories_and_missing_values_take_part() -> None:
    rng = np.random.default_rng(0)
    reference = pd.DataFrame({"city": rng.choice(["Rome", "Oslo"], 400), "x": rng.normal(size=400), "id": range(400)})
    current = pd.DataFrame({"city": rng.choice(["Rome", "Lima"], 400), "x": rng.normal(size=400), "id": range(400)})
    current.loc[:50, "city"] = None
    found = separating_features(reference, current)
    assert [feature.feature for feature in found.features] == ["city", "x"]
    assert found.auc.value > 0.65


def test_estimator_of_the_user_is_cloned_and_named() -> None:
    mine = LogisticRegression()
    reference, current = correlated(200, 0.0, 0), correlated(200, 0.0, 1)
    current["c"] = current["c"] + 2.0
    found = separating_features(reference, current, estimator=mine)
    assert (found.classifier, found.features[0].feature) == ("LogisticRegression", "c")
    assert not hasattr(mine, "coef_")


def test_result_is_plain_data_and_seeded() -> None:
    data = correlated(150, 0.0, 0), correlated(150, 0.9, 1)
    found = separating_features(*data, max_rows=100, n_repeats=1, n_resamples=20, seed=3)
    assert (found.n_reference, found.n_current) == (100, 100)
    assert found == separating_features(*data, max_rows=100, n_repeats=1, n_resamples=20, seed=3)
    assert from_plain(Separation, Fields(to_plain(found), "separation")) == found


def test_columns_that_cannot_be_compared_are_refused() -> None:
    rows = correlated(20, 0.0, 0)
    with pytest.raises(UnknownNameError, match="unknown feature: 'e'"):
        separating_features(rows, rows, features=["a", "e"])
    with pytest.raises(NoCommonFeaturesError, match="no column in common"):
        separating_features(rows, {"z": [1.0, 2.0]})
    with pytest.raises(InputError, match="at least 4 rows of each side are needed, got 3"):
        separating_features(rows, {name: values[:3] for name, values in rows.items()})
    with pytest.raises(ConfigError, match="`n_repeats` must be a positive integer, got 0"):
        separating_features(rows, rows, n_repeats=0)


def test_missing_scikit_learn_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.base", None)
    rows = correlated(20, 0.0, 0)
    with pytest.raises(MissingExtraError, match=r"separating_features needs scikit-learn.*\[sklearn\]"):
        separating_features(rows, rows)
