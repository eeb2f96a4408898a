"""Shifts of contributions sum to the change of the mean score; intervals against a plain loop with the same seed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression

from driftwatch.errors import ConfigError, InputError
from driftwatch.explain import Contributions, ModelContributions, score_shift
from driftwatch.explain.bootstrap import bootstrap_means
from driftwatch.report._codec import from_plain, to_plain
from driftwatch.report._fields import Fields
from driftwatch.report.attribution import ScoreShift

RNG = np.random.default_rng(0)
REFERENCE = RNG.normal(size=(400, 3))
CURRENT = RNG.normal([0.5, 0.0, 5.0], 1.0, size=(300, 3))  # the third is not used


def model() -> Any:
    return LinearRegression().fit(REFERENCE, REFERENCE @ [2.0, 1.0, 0.0])


def sides() -> tuple[Contributions, Contributions]:
    fitted = ModelContributions.fit(model(), REFERENCE)
    return fitted.reference, fitted.of(CURRENT)


def test_shift_is_the_coefficient_times_the_shift_of_the_mean() -> None:
    found = score_shift(*sides())
    (score,) = found.outputs
    moved = CURRENT.mean(axis=0) - REFERENCE.mean(axis=0)
    for feature in score.features:
        j = int(feature.feature[1:])
        assert feature.shift.value == pytest.approx(model().coef_[j] * moved[j], abs=1e-12)
        assert feature.shift.value == pytest.approx(feature.current - feature.reference)
    assert [feature.feature for feature in score.features] == ["f0", "f1", "f2"]
    assert found.reason is None


def test_shifts_sum_to_the_change_of_the_mean_score() -> None:
    (score,) = score_shift(*sides()).outputs
    change = model().predict(CURRENT).mean() - model().predict(REFERENCE).mean()
    assert score.change.value == pytest.approx(change, abs=1e-12)
    assert sum(feature.shift.value for feature in score.features) == pytest.approx(change, abs=1e-12)
    assert score.gap < 1e-12


def test_shifts_of_each_class_sum_to_its_own_change() -> None:
    labels = np.digitize(REFERENCE[:, 0], [-0.5, 0.5])
    classifier = LogisticRegression().fit(REFERENCE, labels)
    fitted = ModelContributions.fit(classifier, REFERENCE)
    found = score_shift(fitted.reference, fitted.of(CURRENT))
    changes = classifier.decision_function(CURRENT).mean(axis=0) - classifier.decision_function(REFERENCE).mean(axis=0)
    assert [output.output for output in found.outputs] == ["0", "1", "2"]
    for output, change in zip(found.outputs, changes, strict=True):
        assert sum(feature.shift.value for feature in output.features) == pytest.approx(change, abs=1e-9)


def test_shifts_that_miss_the_change_are_a_reason() -> None:
    reference, current = sides()
    found = score_shift(reference, replace(current, scores=current.scores + 0.25))
    assert found.outputs[0].gap == pytest.approx(0.25)
    assert "the shifts miss the change of the mean score by 0.25" in str(found.reason)


def test_intervals_are_percentiles_of_resampled_rows() -> None:
    reference, current = sides()
    found = score_shift(reference, current, level=0.9, n_resamples=200, seed=7)
    resampled = []
    for place, side in enumerate((reference, current)):
        rng = np.random.default_rng([7, place])
        columns = np.column_stack([side.by_feature[:, :, 0], side.scores])
        resampled.append(np.array([columns[rng.integers(len(columns), size=len(columns))].mean(0) for _ in range(200)]))
    low, high = np.quantile(resampled[1] - resampled[0], [0.05, 0.95], axis=0)
    (score,) = found.outputs
    assert (score.change.low, score.change.high) == pytest.approx((low[3], high[3]), abs=1e-12)
    for feature in score.features:
        j = int(feature.feature[1:])
        assert (feature.shift.low, feature.shift.high) == pytest.approx((low[j], high[j]), abs=1e-12)


def test_bootstrap_is_the_same_in_blocks_of_any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    values = RNG.normal(size=(37, 2))
    whole = bootstrap_means(values, 50, np.random.default_rng(1))
    monkeypatch.setattr("driftwatch.explain.bootstrap.BLOCK", 100)
    np.testing.assert_allclose(bootstrap_means(values, 50, np.random.default_rng(1)), whole, rtol=1e-12)


def test_intervals_hold_the_true_shift_as_often_as_they_say() -> None:
    # 100 samples at 90 %: fewer than 80 or all of them have a probability below 0.1 %
    rng = np.random.default_rng(5)
    held = 0
    for seed in range(100):
        fitted = ModelContributions.fit(model(), rng.normal(size=(80, 3)), features=["f0", "f1", "f2"])
        found = score_shift(
            fitted.reference, fitted.of(rng.normal([0.5, 0, 0], 1, size=(80, 3))), level=0.9, n_resamples=200, seed=seed
        )
        change = found.outputs[0].change
        assert change.low is not None
        assert change.high is not None
        held += change.low <= 1.0 <= change.high
    assert 80 <= held < 100


def test_result_is_plain_data() -> None:
    found = score_shift(*sides(), n_resamples=20)
    assert from_plain(ScoreShift, Fields(to_plain(found), "score_shift")) == found


def test_cost_of_sampled_contributions_is_stated() -> None:
    fitted = ModelContributions.fit(lambda rows: rows[:, 0], REFERENCE[:60])
    found = score_shift(fitted.reference, fitted.of(CURRENT[:50]), n_resamples=20)
    assert found.n_evaluations == 110 * (1 + 32 * 2 * 2)
    assert score_shift(*sides(), n_resamples=20).n_evaluations is None


def test_sides_must_be_of_one_model() -> None:
    reference, current = sides()
    with pytest.raises(
        InputError, match=r"must have the same features, got .* Take both from one `ModelContributions`"
    ):
        score_shift(reference, replace(current, features=("a", "b", "c")))
    with pytest.raises(InputError, match="at least two rows of each side are needed, got 1"):
        score_shift(reference, replace(current, by_feature=current.by_feature[:1], scores=current.scores[:1]))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"level": 1.0}, "`level` must be a number between 0 and 1, got 1.0"),
        ({"level": True}, "`level` must be a number between 0 and 1, got True"),
        ({"n_resamples": 5}, "`n_resamples` must be an integer of at least 10, got 5"),
    ],
)
def test_settings_out_of_range_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        score_shift(*sides(), **settings)
