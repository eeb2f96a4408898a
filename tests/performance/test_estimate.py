"""Estimates without labels, held against the labels that came later. Oracle: simulation with known truth, fixed seeds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from driftwatch import performance
from driftwatch.errors import InputError, UnknownNameError
from driftwatch.performance import metrics

METRICS = ["roc_auc", "accuracy", "f1", "log_loss", "brier"]


def batch(rng: np.random.Generator, n: int, shift: float = 0.0, concept: float = 0.0) -> dict[str, Any]:
    """Return scores of a model that is overconfident, and labels.

    `shift` moves the input (covariate shift), `concept` what the input means (concept drift).
    """
    x = rng.normal(shift, 1.0, n)
    truth = 1.0 / (1.0 + np.exp(-((1.2 - concept) * x - concept)))
    score = 1.0 / (1.0 + np.exp(-2.0 * x))
    return {"p": score, "y": (rng.uniform(size=n) < truth).astype(int)}


def realised(data: dict[str, Any]) -> dict[str, float]:
    y, p = data["y"] == 1, data["p"]
    found = {
        "roc_auc": metrics.roc_auc(y, p),
        "accuracy": metrics.accuracy(y == (p >= 0.5)),
        "f1": metrics.f1(y, p >= 0.5),
        "log_loss": metrics.log_loss(y, p),
        "brier": metrics.brier(y, p),
    }
    return {name: measured.value for name, measured in found.items()}


def covered(runs: int, shift: float, concept: float, n: int, m: int) -> dict[str, float]:
    """Return the share of runs in which the interval held what the labels came to."""
    held = dict.fromkeys(METRICS, 0)
    for run in range(runs):
        rng = np.random.default_rng([run, n, m, 1])
        past, today = batch(rng, n), batch(rng, m, shift, concept)
        report = performance.estimate(past, {"p": today["p"]}, prediction="p", target="y", seed=run)
        truth = realised(today)
        for name, metric in report.metrics.items():
            assert metric.current is not None
            assert metric.current.low is not None
            assert metric.current.high is not None
            held[name] += metric.current.low <= truth[name] <= metric.current.high
    return {name: count / runs for name, count in held.items()}


@pytest.mark.parametrize(("shift", "n", "m"), [(0.0, 1000, 300), (0.8, 1000, 300), (-0.8, 2000, 2000)])
def test_interval_holds_the_metric_that_labels_come_to_under_covariate_shift(shift: float, n: int, m: int) -> None:
    runs = 80
    found = covered(runs, shift, 0.0, n, m)
    # 95 % less 3.3 standard errors, and 1.5 % for what intervals of a bootstrap lack
    assert min(found.values()) >= 0.95 - 3.3 * (0.95 * 0.05 / runs) ** 0.5 - 0.015, found


def test_concept_drift_is_not_seen_as_documented() -> None:
    found = covered(20, 0.0, 0.9, 2000, 1000)
    assert max(found.values()) < 0.2, found


def test_concept_drift_leaves_no_trace_in_the_estimate() -> None:
    rng = np.random.default_rng(0)
    past, today = batch(rng, 3000), batch(rng, 3000, concept=0.9)
    report = performance.estimate(past, today, prediction="p", target="y")
    accuracy = report.metrics["accuracy"]
    assert accuracy.reference is not None
    assert accuracy.current is not None
    assert accuracy.current.value == pytest.approx(accuracy.reference.value, abs=0.02)
    assert realised(today)["accuracy"] < accuracy.reference.value - 0.07


def test_estimate_follows_a_covariate_shift_and_calibration_matters() -> None:
    rng = np.random.default_rng(1)
    past, today = batch(rng, 20_000), batch(rng, 20_000, shift=1.0)
    report = performance.estimate(past, today, prediction="p", target="y")
    truth, before = realised(today), realised(past)
    for name, metric in report.metrics.items():
        assert metric.current is not None
        assert metric.current.value == pytest.approx(truth[name], rel=0.04), name
        assert abs(truth[name] - before[name]) > 0.004, name
    # taken at their word, the overconfident scores promise more than they keep
    promised = np.maximum(today["p"], 1 - today["p"]).mean()
    assert promised > truth["accuracy"] + 0.03


def small() -> tuple[dict[str, Any], dict[str, Any]]:
    rng = np.random.default_rng(2)
    past, today = batch(rng, 800), batch(rng, 400, shift=0.5)
    past["w"], today["w"] = rng.uniform(0.2, 3.0, 800), np.where(today["p"] < 0.5, 5.0, 0.2)
    return past, today


def test_estimate_is_marked_and_never_a_verdict() -> None:
    report = performance.estimate(*small(), prediction="p", target="y", min_drop=0.0)
    assert report.estimated
    assert "no concept drift" in str(report.assumption)
    assert (report.drop_detected, report.has_verdict, report.n_labelled) == (False, False, 0)
    assert {metric.pvalue for metric in report.metrics.values()} == {None}


def test_same_seed_same_interval() -> None:
    def ends(seed: int) -> list[Any]:
        report = performance.estimate(*small(), prediction="p", target="y", seed=seed)
        return [metric.current for metric in report.metrics.values()]

    assert ends(0) == ends(0)
    assert ends(0) != ends(1)


def test_every_option_matters() -> None:
    plain = performance.estimate(*small(), prediction="p", target="y")
    weighted = performance.estimate(*small(), prediction="p", target="y", weight="w")
    assert weighted.metrics["accuracy"].current != plain.metrics["accuracy"].current
    strict = performance.estimate(*small(), prediction="p", target="y", threshold=0.8)
    assert strict.metrics["f1"].current != plain.metrics["f1"].current
    assert list(performance.estimate(*small(), prediction="p", target="y", metrics=["f1"]).metrics) == ["f1"]
    turned = performance.estimate(*small(), prediction="p", target="y", positive=0)
    assert turned.positive == "0"
    assert turned.metrics["roc_auc"].current != plain.metrics["roc_auc"].current
    assert performance.estimate(*small(), prediction="p", target="y", min_drop=0.3).metrics["f1"].min_drop == 0.3


def test_weights_change_the_estimate_as_they_change_the_metric() -> None:
    past, today = small()
    report = performance.estimate(past, today, prediction="p", target="y", weight="w")
    truth = metrics.accuracy((today["y"] == 1) == (today["p"] >= 0.5), weight=today["w"])
    current = report.metrics["accuracy"].current
    assert current is not None
    assert current.low is not None
    assert current.high is not None
    assert current.low < truth.value < current.high
    # fewer rows' worth of weight: a wider interval
    plain = performance.estimate(past, today, prediction="p", target="y").metrics["accuracy"].current
    assert plain is not None
    assert plain.low is not None
    assert plain.high is not None
    assert current.high - current.low > plain.high - plain.low


def test_small_samples_are_not_ranked_against_themselves() -> None:
    # two scores, the lower with 1 of 4 positive and the higher with 3 of 4: the pairs by hand
    past = {"p": [0.2] * 400 + [0.8] * 400, "y": [1, 0, 0, 0] * 100 + [0, 1, 1, 1] * 100}
    today = {"p": [0.2] * 10 + [0.8] * 10}
    low, high = 0.25, 0.75
    won = 100 * high * (1 - low) + 0.5 * 90 * (low * (1 - low) + high * (1 - high))
    pairs = won + 100 * low * (1 - high) + 0.5 * 90 * (low * (1 - low) + high * (1 - high))
    found = performance.estimate(past, today, prediction="p", target="y").metrics["roc_auc"].current
    assert found is not None
    assert found.value == pytest.approx(won / pairs, abs=0.005)  # the bootstrap that takes the bias out has noise


def test_scores_beyond_those_of_the_reference_are_said() -> None:
    past, today = small()
    today["p"] = np.where(np.arange(400) % 20 == 0, 1.0, today["p"])
    report = performance.estimate(past, today, prediction="p", target="y")
    assert report.flags == ("scores_beyond_reference",)
    assert performance.estimate(past, past, prediction="p", target="y").flags == ()


def test_what_cannot_be_estimated_is_refused() -> None:
    past, today = small()
    with pytest.raises(InputError, match="an estimate needs 10 scores at least, and 'p' has 5"):
        performance.estimate(past, {"p": [0.5] * 5}, prediction="p", target="y")
    with pytest.raises(InputError, match=r"scores outside \[0, 1\] are no probabilities"):
        performance.estimate(past, {"p": 2.0 * today["p"]}, prediction="p", target="y")
    with pytest.raises(InputError, match=r"an estimate needs scores in \[0, 1\] and 10 rows of each class"):
        performance.estimate({**past, "p": 9.0 * past["p"]}, today, prediction="p", target="y")
    with pytest.raises(UnknownNameError, match="unknown column: 'q'"):
        performance.estimate(past, today, prediction="q", target="y")
