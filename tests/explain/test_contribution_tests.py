"""Explanation shift: drift that the model does not see is none, and one that only it sees is found."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from driftwatch import Monitor
from driftwatch.errors import ConfigError
from driftwatch.explain import ModelContributions, contribution_drift
from driftwatch.report._codec import from_plain, to_plain
from driftwatch.report._fields import Fields
from driftwatch.report.attribution import ContributionDrift

RNG = np.random.default_rng(0)
REFERENCE = RNG.normal(size=(600, 3))
LABELS = (REFERENCE[:, 0] > 0).astype(int)


def test_drift_of_an_unused_feature_leaves_contributions_alone() -> None:
    def model(rows: Any) -> Any:
        return rows[:, 0] - rows[:, 1]

    fitted = ModelContributions.fit(model, REFERENCE, max_rows=300)
    current = RNG.normal([0.0, 0.0, 3.0], 1.0, size=(300, 3))
    found = contribution_drift(fitted.reference, fitted.of(current))
    assert Monitor(REFERENCE).check(current).drift_detected
    assert not found.drift_detected
    (unused,) = [test for test in found.tests if test.feature == "f2"]
    assert not unused.drift_detected
    assert found.separation is not None
    assert found.separation.auc.value < 0.6


def test_changed_interaction_is_found_though_no_feature_moved() -> None:
    def model(rows: Any) -> Any:
        return np.where(rows[:, 0] * rows[:, 1] > 0, 1.0, 0.0)

    shared, noise = RNG.normal(size=(2, 300, 1))
    current = np.concatenate([shared, shared + 0.1 * noise, RNG.normal(size=(300, 1))], axis=1)
    fitted = ModelContributions.fit(model, REFERENCE, max_rows=300)
    found = contribution_drift(fitted.reference, fitted.of(current), classifier=False)
    assert not Monitor(REFERENCE).check(current).drift_detected
    assert {test.feature for test in found.tests if test.drift_detected} == {"f0", "f1"}
    assert found.separation is None


def test_feature_of_a_small_coefficient_is_left_out_of_the_tests() -> None:
    def model(rows: Any) -> Any:
        return np.asarray(rows @ [2.0, 1.0, 0.005])

    fitted = ModelContributions.fit(model, REFERENCE, max_rows=300)
    current = fitted.of(REFERENCE + np.array([0.0, 0.0, 3.0]))
    found = contribution_drift(fitted.reference, current, classifier=False)
    assert not found.drift_detected
    assert (found.tests[-1].feature, found.tests[-1].reason) == (
        "f2",
        "the model makes too little of it for a drift to matter",
    )
    shares = [test.share or 0.0 for test in found.tests]
    assert 0.0 < shares[-1] < 0.01
    assert sum(shares) == pytest.approx(1.0)
    every = contribution_drift(fitted.reference, current, classifier=False, min_share=0.0)
    assert [test.feature for test in every.tests if test.drift_detected] == ["f2"]


def test_feature_that_only_current_data_make_the_model_use_is_tested() -> None:
    def model(rows: Any) -> Any:
        return np.asarray(rows[:, 0] + 5.0 * (rows[:, 2] > 8.0))

    fitted = ModelContributions.fit(model, REFERENCE, max_rows=200)
    found = contribution_drift(fitted.reference, fitted.of(REFERENCE + np.array([0, 0, 9.0])), classifier=False)
    assert found.tests[0].feature == "f2"
    assert found.tests[0].drift_detected


@pytest.mark.parametrize("min_share", [-0.1, 1.5, "1 %"])
def test_shares_out_of_range_are_refused(min_share: Any) -> None:
    fitted = ModelContributions.fit(lambda rows: rows[:, 0], REFERENCE[:60])
    with pytest.raises(ConfigError, match="`min_share` must be a number from 0 to 1"):
        contribution_drift(fitted.reference, fitted.reference, min_share=min_share)


def test_each_class_has_its_own_tests() -> None:
    model = LogisticRegression().fit(REFERENCE, np.digitize(REFERENCE[:, 0], [-0.5, 0.5]))
    fitted = ModelContributions.fit(model, REFERENCE)
    found = contribution_drift(fitted.reference, fitted.of(REFERENCE + np.array([1.0, 0, 0])), alpha=0.01)
    assert {(test.feature, test.output) for test in found.tests} == {
        (f"f{j}", str(k)) for j in range(3) for k in range(3)
    }
    assert found.tests[0].feature == "f0"
    assert (found.alpha, found.drift_detected) == (0.01, True)
    assert found.separation is not None
    assert found.separation.features[0].feature.startswith("f0 (")
    assert from_plain(ContributionDrift, Fields(to_plain(found), "contribution_drift")) == found


def test_without_scikit_learn_only_the_classifier_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    fitted = ModelContributions.fit(lambda rows: rows[:, 0], REFERENCE[:100])
    monkeypatch.setitem(sys.modules, "sklearn.base", None)
    found = contribution_drift(fitted.reference, fitted.reference)
    assert not found.drift_detected
    assert found.separation is None
    assert "separating_features needs scikit-learn" in str(found.reason)
