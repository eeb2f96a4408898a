"""Values, standard errors and intervals of the metrics. Oracles: plain loops, the bootstrap, published numbers."""

from __future__ import annotations

import math
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from driftwatch.performance import metrics
from driftwatch.performance.measured import Measured, effective, wilson

if TYPE_CHECKING:
    from collections.abc import Callable

RNG = np.random.default_rng(0)
N = 300
X = RNG.normal(size=N)
SCORE = np.round(1.0 / (1.0 + np.exp(-X)), 2)  # rounded, so that there are ties
TARGET = RNG.uniform(size=N) < SCORE
PREDICTED = SCORE >= 0.5
codes = RNG.integers(0, 4, N)
guess = np.where(RNG.uniform(size=N) < 0.6, codes, RNG.integers(0, 4, N))
ERROR = RNG.standard_t(8, size=N)
WEIGHT = RNG.uniform(0.2, 3.0, N)

# Each metric as a function of (rows, weight).
MEASURES: dict[str, Callable[[Any, Any], Measured]] = {
    "accuracy": lambda i, w: metrics.accuracy((TARGET == PREDICTED)[i], weight=w),
    "f1": lambda i, w: metrics.f1(TARGET[i], PREDICTED[i], weight=w),
    "f1_macro": lambda i, w: metrics.f1_macro(codes[i], guess[i], weight=w),
    "balanced_accuracy": lambda i, w: metrics.balanced_accuracy(codes[i], guess[i], weight=w),
    "roc_auc": lambda i, w: metrics.roc_auc(TARGET[i], SCORE[i], weight=w),
    "log_loss": lambda i, w: metrics.log_loss(TARGET[i], SCORE[i], weight=w),
    "brier": lambda i, w: metrics.brier(TARGET[i], SCORE[i], weight=w),
    "mae": lambda i, w: metrics.mae(ERROR[i], weight=w),
    "rmse": lambda i, w: metrics.rmse(ERROR[i], weight=w),
}
EVERY = np.arange(N)


def loop_auc(target: Any, score: Any, weight: Any) -> float:
    """Return the share of pairs ranked right, pair by pair."""
    won = total = 0.0
    for i, j in product(range(len(target)), repeat=2):
        if target[i] and not target[j]:
            pair = weight[i] * weight[j]
            won += pair * (1.0 if score[i] > score[j] else 0.5 if score[i] == score[j] else 0.0)
            total += pair
    return float(won / total)


def loop_f1(target: Any, predicted: Any, weight: Any) -> float:
    hit = wrong = 0.0
    for y, p, w in zip(target, predicted, weight, strict=True):
        hit += 2.0 * w if y and p else 0.0
        wrong += w if y != p else 0.0
    return hit / (hit + wrong)


@pytest.mark.parametrize("weight", [np.ones(N), WEIGHT], ids=["equal", "weighted"])
class TestValues:
    def test_accuracy(self, weight: Any) -> None:
        right = sum(w for y, p, w in zip(TARGET, PREDICTED, weight, strict=True) if y == p)
        assert metrics.accuracy(TARGET == PREDICTED, weight=weight).value == pytest.approx(right / weight.sum())

    def test_f1(self, weight: Any) -> None:
        found = metrics.f1(TARGET, PREDICTED, weight=weight).value
        assert found == pytest.approx(loop_f1(TARGET, PREDICTED, weight), rel=1e-12)

    def test_f1_macro(self, weight: Any) -> None:
        each = [loop_f1(codes == k, guess == k, weight) for k in range(4)]
        assert metrics.f1_macro(codes, guess, weight=weight).value == pytest.approx(np.mean(each), rel=1e-12)

    def test_balanced_accuracy(self, weight: Any) -> None:
        each = [np.average((guess == k)[codes == k], weights=weight[codes == k]) for k in range(4)]
        assert metrics.balanced_accuracy(codes, guess, weight=weight).value == pytest.approx(np.mean(each), rel=1e-12)

    def test_roc_auc(self, weight: Any) -> None:
        found = metrics.roc_auc(TARGET, SCORE, weight=weight).value
        assert found == pytest.approx(loop_auc(TARGET, SCORE, weight), rel=1e-12)

    def test_log_loss(self, weight: Any) -> None:
        total = sum(-w * math.log(p if y else 1 - p) for y, p, w in zip(TARGET, SCORE, weight, strict=True))
        assert metrics.log_loss(TARGET, SCORE, weight=weight).value == pytest.approx(total / weight.sum(), rel=1e-12)

    def test_brier(self, weight: Any) -> None:
        total = sum(w * (p - y) ** 2 for y, p, w in zip(TARGET, SCORE, weight, strict=True))
        assert metrics.brier(TARGET, SCORE, weight=weight).value == pytest.approx(total / weight.sum(), rel=1e-12)

    def test_mae_and_rmse(self, weight: Any) -> None:
        absolute = sum(w * abs(e) for e, w in zip(ERROR, weight, strict=True)) / weight.sum()
        square = sum(w * e * e for e, w in zip(ERROR, weight, strict=True)) / weight.sum()
        assert metrics.mae(ERROR, weight=weight).value == pytest.approx(absolute, rel=1e-12)
        assert metrics.rmse(ERROR, weight=weight).value == pytest.approx(math.sqrt(square), rel=1e-12)


@pytest.mark.parametrize("name", MEASURES)
@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["equal", "weighted"])
def test_standard_error_is_that_of_the_bootstrap(name: str, weight: Any) -> None:
    rng = np.random.default_rng(1)
    found = MEASURES[name](EVERY, weight)
    values = []
    for _ in range(600):
        rows = rng.integers(0, N, N)
        values.append(MEASURES[name](rows, None if weight is None else weight[rows]).value)
    # 600 replicates give the deviation to 3 %, and the delta method is right to 1 / N
    assert math.sqrt(found.variance) == pytest.approx(np.std(values), rel=0.12)


@pytest.mark.parametrize("name", MEASURES)
def test_equal_weights_are_no_weights(name: str) -> None:
    plain, weighted = MEASURES[name](EVERY, None), MEASURES[name](EVERY, np.full(N, 2.5))
    assert weighted.value == pytest.approx(plain.value, rel=1e-12)
    assert (weighted.low, weighted.high) == pytest.approx((plain.low, plain.high), rel=0.005)


@pytest.mark.parametrize("name", MEASURES)
def test_a_weight_of_two_is_the_row_twice(name: str) -> None:
    twice = np.repeat(EVERY, np.where(EVERY % 3 == 0, 2, 1))
    weighted = MEASURES[name](EVERY, np.where(EVERY % 3 == 0, 2.0, 1.0))
    assert weighted.value == pytest.approx(MEASURES[name](twice, None).value, rel=1e-12)


@pytest.mark.parametrize("name", [name for name in MEASURES if name != "accuracy"])
def test_parts_of_the_rows_sum_to_nothing(name: str) -> None:
    parts = MEASURES[name](EVERY, WEIGHT).parts
    assert parts is not None
    assert parts.shape == (N,)
    assert parts.sum() == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("name", MEASURES)
def test_interval_holds_the_value(name: str) -> None:
    found = MEASURES[name](EVERY, WEIGHT)
    assert 0.0 <= found.low < found.value < found.high


def test_wilson_interval_is_the_published_one() -> None:
    # Newcombe (1998), "Two-sided confidence intervals for the single proportion", table I, method 3
    for correct, n, low, high in (
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ):
        assert wilson(correct / n, n) == pytest.approx((low, high), abs=5e-5)


def test_accuracy_has_the_wilson_interval_of_its_worth() -> None:
    correct = TARGET == PREDICTED
    plain, weighted = metrics.accuracy(correct), metrics.accuracy(correct, weight=WEIGHT)
    assert (plain.low, plain.high) == pytest.approx(wilson(plain.value, N))
    assert (weighted.low, weighted.high) == pytest.approx(wilson(weighted.value, effective(WEIGHT, N)))
    assert plain.correct == np.count_nonzero(correct)
    assert weighted.correct is None


def test_variance_of_a_mean_loss_is_the_unbiased_one() -> None:
    assert metrics.mae(ERROR).variance == pytest.approx(np.abs(ERROR).var(ddof=1) / N, rel=1e-12)


def test_delong_variance_is_that_of_the_definition() -> None:
    # DeLong et al. (1988), equations 4 and 5, pair by pair
    positive, negative = SCORE[TARGET], SCORE[~TARGET]
    wins = (positive[:, None] > negative).astype(float) + 0.5 * (positive[:, None] == negative)
    expected = wins.mean(axis=1).var(ddof=1) / len(positive) + wins.mean(axis=0).var(ddof=1) / len(negative)
    assert metrics.roc_auc(TARGET, SCORE).variance == pytest.approx(expected, rel=1e-12)


def test_perfect_ranking_has_an_interval_all_the_same() -> None:
    found = metrics.roc_auc(np.arange(40) >= 10, np.arange(40.0))
    assert (found.value, found.high) == (1.0, 1.0)
    assert found.low == pytest.approx(wilson(1.0, 10)[0])  # of the smaller class
    assert metrics.f1(TARGET, TARGET).low < 1.0


def test_log_loss_of_an_impossible_event_is_finite() -> None:
    assert metrics.log_loss(np.asarray([True]), np.asarray([0.0])).value == pytest.approx(36.04, abs=0.01)


def test_undefined_metrics_say_why() -> None:
    yes, none = np.ones(5, dtype=bool), np.zeros(5, dtype=bool)
    assert "only one class" in str(metrics.roc_auc(yes, np.arange(5.0)).reason)
    assert "no row is positive" in str(metrics.f1(none, none).reason)
    empty = np.zeros(0)
    for found in (
        metrics.accuracy(empty.astype(bool)),
        metrics.f1_macro(empty.astype(int), empty.astype(int)),
        metrics.balanced_accuracy(empty.astype(int), empty.astype(int)),
        metrics.brier(empty.astype(bool), empty),
        metrics.rmse(empty),
    ):
        assert (found.reason, math.isnan(found.value)) == ("no labelled rows", True)


def test_perfect_regression_has_no_error() -> None:
    found = metrics.rmse(np.zeros(20))
    assert (found.value, found.low, found.high, found.variance) == (0.0, 0.0, 0.0, 0.0)


def test_classes_that_are_only_predicted_count_in_the_macro_mean() -> None:
    target, predicted = np.asarray([0, 0, 1, 1]), np.asarray([0, 0, 1, 2])
    # by hand: F1 of 1, 2/3 and 0
    assert metrics.f1_macro(target, predicted).value == pytest.approx((1.0 + 2.0 / 3.0 + 0.0) / 3.0)
    # no row is of class 2, so it has no recall
    assert metrics.balanced_accuracy(target, predicted).value == pytest.approx(0.75)


ROWS = np.arange(400)
KNOWN_SCORE = (ROWS * 37 % 101) / 100.0
KNOWN_TARGET = ((ROWS * ROWS * 7 + 3 * ROWS) % 97 / 97.0) < KNOWN_SCORE
KNOWN_CODES = ROWS * ROWS % 4 + (ROWS % 3 == 0)
KNOWN_GUESS = np.where(ROWS % 7 < 5, KNOWN_CODES, (ROWS * 3) % 5)
KNOWN_ERROR = (ROWS * 17 % 31) / 7.0 - (ROWS * 13 % 29) / 7.0
# What scikit-learn 1.9.1 says of these rows: without weights, and with weights of 1 to 5.
SCIKIT_LEARN = {
    "accuracy": (0.7175, 0.7208333333333333),
    "f1": (0.710997442455243, 0.7134302822925578),
    "f1_macro": (0.4868344216170303, 0.4811205367113847),
    "balanced_accuracy": (0.7793332211124827, 0.778621499356062),
    "roc_auc": (0.790764411027569, 0.7886697160812979),
    "log_loss": (0.5575327152048435, 0.560484436391161),
    "brier": (0.1884945, 0.18910141666666666),
    "mae": (1.4896428571428573, 1.5060714285714287),
    "rmse": (1.820896280765635, 1.8444575922269966),
}


@pytest.mark.parametrize("weight", [None, 1.0 + ROWS % 5], ids=["equal", "weighted"])
def test_values_are_those_of_scikit_learn(weight: Any) -> None:
    predicted = KNOWN_SCORE >= 0.5
    found = {
        "accuracy": metrics.accuracy(predicted == KNOWN_TARGET, weight=weight),
        "f1": metrics.f1(KNOWN_TARGET, predicted, weight=weight),
        "f1_macro": metrics.f1_macro(KNOWN_CODES, KNOWN_GUESS, weight=weight),
        "balanced_accuracy": metrics.balanced_accuracy(KNOWN_CODES, KNOWN_GUESS, weight=weight),
        "roc_auc": metrics.roc_auc(KNOWN_TARGET, KNOWN_SCORE, weight=weight),
        "log_loss": metrics.log_loss(KNOWN_TARGET, KNOWN_SCORE, weight=weight),
        "brier": metrics.brier(KNOWN_TARGET, KNOWN_SCORE, weight=weight),
        "mae": metrics.mae(KNOWN_ERROR, weight=weight),
        "rmse": metrics.rmse(KNOWN_ERROR, weight=weight),
    }
    values = {name: measured.value for name, measured in found.items()}
    assert values == pytest.approx({name: pair[weight is not None] for name, pair in SCIKIT_LEARN.items()}, rel=1e-12)
