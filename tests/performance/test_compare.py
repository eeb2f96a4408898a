"""Which task it is, which rows count, and when a drop is a drop."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from driftwatch import performance
from driftwatch.arrays.table import read_table
from driftwatch.errors import ConfigError, InputError, UnknownNameError
from driftwatch.performance.rows import Task, TaskSpec, read_rows, read_task

RNG = np.random.default_rng(0)
N = 600


def scored(n: int = N, flipped: float = 0.0, seed: int = 1) -> dict[str, Any]:
    """Return calibrated scores and labels of which a share is turned round."""
    rng = np.random.default_rng([seed, n])
    p = rng.uniform(size=n)
    y = rng.uniform(size=n) < np.where(rng.uniform(size=n) < flipped, 1.0 - p, p)
    return {"p": p, "y": y.astype(np.int64), "w": rng.uniform(0.5, 2.0, n)}


def spec_of(prediction: Any, target: Any, **options: Any) -> TaskSpec:
    return read_task(read_table({"p": prediction, "y": target}), prediction="p", target="y", **options)


P = RNG.uniform(size=60)
TASKS: dict[str, tuple[Any, Any, Task]] = {
    "probabilities of 0 and 1": (P, [0, 1] * 30, Task.SCORES),
    "probabilities of booleans": (P, [True, False] * 30, Task.SCORES),
    "probabilities of words": (P, ["no", "yes"] * 30, Task.SCORES),
    "decision values": (P * 8 - 4, [0, 1] * 30, Task.SCORES),
    "0 and 1 of 0 and 1": ([0, 1] * 30, [0, 1] * 30, Task.LABELS),
    "only 0 of 0 and 1": ([0] * 60, [0, 1] * 30, Task.LABELS),
    "booleans of 0 and 1": ([True, False] * 30, [0, 1] * 30, Task.LABELS),
    "0 and 1 of booleans": ([0.0, 1.0] * 30, [True, False] * 30, Task.LABELS),
    "words": (["a", "b", "c"] * 20, ["a", "a", "b"] * 20, Task.LABELS),
    "codes of classes": ([1, 2, 3] * 20, [1, 1, 2, 3] * 15, Task.LABELS),
    "amounts": (P * 9, P * 8, Task.REGRESSION),
    "amounts of counts": (P * 9, [1, 2, 3] * 20, Task.REGRESSION),
    "many whole numbers": (np.arange(60), np.arange(60), Task.REGRESSION),
}


@pytest.mark.parametrize(("prediction", "target", "task"), TASKS.values(), ids=list(TASKS))
def test_task_is_told_from_the_reference(prediction: Any, target: Any, task: Task) -> None:
    assert spec_of(prediction, target).task is task


def test_task_that_was_asked_for_wins() -> None:
    assert spec_of([1, 2, 3] * 20, [1, 1, 2, 3] * 15, task=Task.REGRESSION).task is Task.REGRESSION
    assert spec_of([0, 1] * 30, [0, 1] * 30, task=Task.SCORES).task is Task.SCORES


@pytest.mark.parametrize(
    ("target", "given", "positive"),
    [
        ([0, 1] * 30, None, "1"),
        ([-1, 1] * 30, None, "1"),
        ([True, False] * 30, None, "True"),
        (["yes", "no"] * 30, None, "yes"),
        (["good", "bad"] * 30, "bad", "bad"),
        ([0, 1] * 30, 0, "0"),
        ([0, 1] * 30, True, "1"),
        ([True, False] * 30, 0, "False"),
    ],
)
def test_positive_class(target: Any, given: object, positive: str) -> None:
    assert spec_of(P, target, positive=given).positive == positive


def test_threshold_is_a_half_for_probabilities_and_none_for_other_scores() -> None:
    assert spec_of(P, [0, 1] * 30).threshold == 0.5
    assert spec_of(P, [0, 1] * 30, threshold=0.2).threshold == 0.2
    assert spec_of(P * 8 - 4, [0, 1] * 30).threshold is None


WRONG: dict[str, tuple[Any, Any, dict[str, Any], str]] = {
    "no labels": (P, [None] * 60, {}, "'y' has no values in the reference"),
    "regression of words": (P, ["a", "b"] * 30, {"task": Task.REGRESSION}, "a regression needs numbers, and 'y' holds"),
    "scores of three": (P, ["a", "b", "c"] * 20, {}, "a target with two values, and 'y' has 3: 'a', 'b', 'c'"),
    "scores of words": (["a"] * 60, [0, 1] * 30, {"task": Task.SCORES}, "scores must be numbers, and 'p' holds"),
    "labels of amounts": (P, P, {"task": Task.LABELS}, "more than 20 distinct numbers. Pass task='regression'"),
}


@pytest.mark.parametrize(("prediction", "target", "options", "message"), WRONG.values(), ids=list(WRONG))
def test_columns_that_do_not_fit_are_refused(prediction: Any, target: Any, options: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        spec_of(prediction, target, **options)


def test_unknown_positive_class_is_refused() -> None:
    with pytest.raises(ConfigError, match="`positive` must be one of the classes '0', '1', got 'yes'"):
        spec_of(P, [0, 1] * 30, positive="yes")


def test_rows_without_a_label_a_prediction_or_a_weight_do_not_count() -> None:
    data = {"p": [0.1, np.nan, 0.3, 0.9, 0.4, 0.6], "y": [0, 1, None, 1, 1, 0], "w": [1.0, 1.0, 1.0, 2.0, 0.0, np.nan]}
    table = read_table(data)
    spec = TaskSpec("p", "y", "w", Task.SCORES, ("0", "1"), "1", 0.5, probabilities=True)
    rows = read_rows(table, spec)
    assert (rows.n, rows.n_rows) == (2, 6)
    assert rows.prediction.tolist() == [0.1, 0.9]
    assert rows.target.tolist() == [False, True]
    assert rows.weight is not None
    assert rows.weight.tolist() == pytest.approx([2 / 3, 4 / 3])


FRAMES: dict[str, Any] = {
    "mapping": dict,
    "pandas": pd.DataFrame,
    "polars": pl.DataFrame,
    "arrow": lambda d: pl.DataFrame(d).to_arrow(),
}


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("kind", ["words", "booleans", "numbers"])
def test_every_library_gives_the_same_performance(frame: str, kind: str) -> None:
    def with_labels(data: dict[str, Any]) -> dict[str, Any]:
        spellings: dict[str, list[Any]] = {"words": ["no", "yes"], "booleans": [False, True], "numbers": [0.0, 1.0]}
        words = spellings[kind]
        labels = [words[y] if i % 5 else None for i, y in enumerate(data["y"].tolist())]
        return {"p": data["p"], "y": labels}

    sides = [with_labels(scored()), with_labels(scored(400, 0.1))]
    plain = performance.compare(*sides, prediction="p", target="y")
    found = performance.compare(*(FRAMES[frame](side) for side in sides), prediction="p", target="y")
    assert found == plain
    assert (found.n_labelled, found.n_current) == (320, 400)


def test_drop_inside_the_noise_is_none() -> None:
    report = performance.compare(scored(), scored(seed=2), prediction="p", target="y")
    assert list(report.metrics) == ["roc_auc", "accuracy", "f1", "log_loss", "brier"]
    assert (report.dropped, report.drop_detected, report.has_verdict) == ([], False, True)


def test_drop_beyond_it_is_one() -> None:
    report = performance.compare(scored(), scored(flipped=0.3), prediction="p", target="y")
    assert report.dropped == ["roc_auc", "accuracy", "f1", "log_loss", "brier"]
    accuracy = report.metrics["accuracy"]
    assert accuracy.reference is not None
    assert accuracy.current is not None
    assert accuracy.drop == pytest.approx(accuracy.reference.value - accuracy.current.value)
    loss = report.metrics["log_loss"]
    assert loss.reference is not None
    assert loss.current is not None
    assert loss.drop == pytest.approx(loss.current.value / loss.reference.value - 1.0)


def test_getting_better_is_no_drop() -> None:
    report = performance.compare(scored(flipped=0.3), scored(), prediction="p", target="y")
    assert report.dropped == []
    assert all((metric.drop or 0.0) < 0.0 for metric in report.metrics.values())
    assert all((metric.pvalue or 0.0) > 0.9 for metric in report.metrics.values())


def test_significant_and_small_is_no_drop_unless_it_is_asked_for() -> None:
    sides = scored(100_000), scored(100_000, 0.014)
    plain = performance.compare(*sides, prediction="p", target="y")
    assert {metric.significant for metric in plain.metrics.values()} == {True}
    assert plain.dropped == []
    assert performance.compare(*sides, prediction="p", target="y", min_drop=0.005).dropped == list(plain.metrics)
    one = performance.compare(*sides, prediction="p", target="y", min_drop={"f1": 0.005})
    assert one.dropped == ["f1"]


class TestOptions:
    sides = scored(), scored(flipped=0.15)

    def compare(self, **options: Any) -> performance.PerformanceReport:
        return performance.compare(*self.sides, prediction="p", target="y", **options)

    def test_alpha(self) -> None:
        p = self.compare().metrics["roc_auc"].pvalue_adjusted
        assert p is not None
        assert "roc_auc" in self.compare(alpha=p).dropped
        assert "roc_auc" not in self.compare(alpha=p * 0.99).dropped

    def test_no_alpha_leaves_the_size_of_the_drop(self) -> None:
        found = self.compare(alpha=None, min_drop=0.0)
        assert {metric.significant for metric in found.metrics.values()} == {None}
        assert found.drop_detected

    def test_correction(self) -> None:
        found = self.compare(correction="bonferroni").metrics["roc_auc"]
        assert found.pvalue is not None
        assert found.pvalue_adjusted == pytest.approx(min(1.0, 5 * found.pvalue))

    def test_metrics(self) -> None:
        found = self.compare(metrics=["brier", "roc_auc"])
        assert list(found.metrics) == ["roc_auc", "brier"]

    def test_threshold(self) -> None:
        assert self.compare(threshold=0.9).metrics["f1"] != self.compare().metrics["f1"]
        assert self.compare(threshold=0.9).metrics["roc_auc"].pvalue == self.compare().metrics["roc_auc"].pvalue

    def test_positive(self) -> None:
        found = self.compare(positive=0)
        auc, turned = (side.metrics["roc_auc"].reference for side in (self.compare(), found))
        assert auc is not None
        assert turned is not None
        assert turned.value == pytest.approx(1.0 - auc.value)

    def test_weight(self) -> None:
        found = self.compare(weight="w")
        assert found.weight == "w"
        auc, other = (side.metrics["roc_auc"].current for side in (self.compare(), found))
        assert auc != other

    def test_task(self) -> None:
        assert list(self.compare(task="regression").metrics) == ["mae", "rmse"]

    @pytest.mark.parametrize(("min_samples", "verdict"), [(N, True), (N + 1, False)])
    def test_min_samples(self, min_samples: int, *, verdict: bool) -> None:
        found = self.compare(min_samples=min_samples)
        accuracy = found.metrics["accuracy"]
        assert (accuracy.status == "ok") is verdict
        if not verdict:
            assert found.reason == "600 labelled rows in current, at least 601 are needed"
            assert (accuracy.pvalue, accuracy.significant, accuracy.drop_detected) == (None, None, False)


REFUSED: dict[str, tuple[dict[str, Any], type[Exception], str]] = {
    "task": ({"task": "ranking"}, UnknownNameError, "unknown task: 'ranking'"),
    "metric": ({"metrics": ["acuracy"]}, UnknownNameError, r"did you mean 'accuracy'"),
    "metric of another task": ({"metrics": ["mae"]}, UnknownNameError, "unknown metric of the task 'scores': 'mae'"),
    "metrics text": ({"metrics": "f1"}, ConfigError, "`metrics` must be a sequence of names, got 'f1'"),
    "min_drop negative": ({"min_drop": -0.1}, ConfigError, "`min_drop` must be a number of at least 0"),
    "min_drop text": ({"min_drop": "0.1"}, ConfigError, "`min_drop` must be a number"),
    "min_drop of nothing": ({"min_drop": {"f2": 0.1}}, UnknownNameError, "unknown metric in `min_drop`: 'f2'"),
    "threshold": ({"threshold": float("nan")}, ConfigError, "`threshold` must be a finite number, got nan"),
    "column": ({"weight": "v"}, UnknownNameError, "unknown column: 'v'"),
}


@pytest.mark.parametrize(("options", "error", "message"), REFUSED.values(), ids=list(REFUSED))
def test_wrong_option_is_refused(options: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        performance.compare(scored(), scored(), prediction="p", target="y", **options)


def labelled(n: int, noise: float, classes: str = "abc", seed: int = 0) -> dict[str, Any]:
    rng = np.random.default_rng([seed, n])
    y = rng.choice(list(classes), n)
    return {"p": np.where(rng.uniform(size=n) < noise, rng.choice(list(classes), n), y), "y": y}


def test_many_classes() -> None:
    report = performance.compare(labelled(900, 0.1), labelled(500, 0.4), prediction="p", target="y")
    assert report.dropped == ["accuracy", "balanced_accuracy", "f1_macro"]
    assert (report.task, report.positive) == ("labels", None)


def test_a_class_that_hardly_occurs_leaves_the_metrics_over_classes_without_a_verdict() -> None:
    current = labelled(500, 0.4, "ab")
    report = performance.compare(labelled(900, 0.1), current, prediction="p", target="y")
    assert report.dropped == ["accuracy"]
    for name in ("balanced_accuracy", "f1_macro"):
        metric = report.metrics[name]
        assert (metric.status, metric.pvalue) == ("insufficient", None)
        assert metric.reason == "0 of class 'c' in current, at least 10 are needed"


def test_a_class_that_is_new_counts_as_wrong_and_is_said() -> None:
    current = labelled(500, 0.0)
    current["y"] = np.where(np.arange(500) % 4 == 0, "new", current["y"])
    report = performance.compare(labelled(900, 0.1), current, prediction="p", target="y")
    assert report.flags == ("unknown_labels",)
    assert report.metrics["accuracy"].current is not None
    assert report.metrics["accuracy"].current.value == pytest.approx(0.75)


def test_a_third_label_leaves_the_row_of_a_score_out() -> None:
    current: dict[str, Any] = {**scored(), "y": np.where(np.arange(N) % 4 == 0, 2, scored()["y"])}
    report = performance.compare(scored(), current, prediction="p", target="y")
    assert (report.n_labelled, report.flags) == (450, ("unknown_labels",))


def test_scores_that_are_no_probabilities_are_ranked_only() -> None:
    sides = [{**side, "p": 9.0 * side["p"] - 4.0} for side in (scored(), scored(flipped=0.4))]
    report = performance.compare(*sides, prediction="p", target="y")
    assert report.dropped == ["roc_auc"]
    assert "no probabilities" in str(report.metrics["brier"].reason)
    assert "need a threshold" in str(report.metrics["f1"].reason)
    assert {metric.status for metric in report.metrics.values()} == {"ok", "error"}
    with_threshold = performance.compare(*sides, prediction="p", target="y", threshold=0.5)
    assert with_threshold.dropped == ["roc_auc", "accuracy", "f1"]


def test_regression() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=800)
    past = {"p": x, "y": x + rng.normal(size=800)}
    report = performance.compare(past, {"p": x, "y": x + 1.5 * rng.normal(size=800)}, prediction="p", target="y")
    assert report.dropped == ["mae", "rmse"]
    assert report.metrics["rmse"].drop == pytest.approx(0.5, abs=0.15)


def test_a_reference_without_any_error_has_a_drop_all_the_same() -> None:
    x = np.arange(100) / 7.0
    report = performance.compare({"p": x, "y": x}, {"p": x, "y": x + 1.0}, prediction="p", target="y")
    assert report.dropped == ["mae", "rmse"]
    assert report.metrics["mae"].drop == 1.0


def test_weights_that_are_the_same_are_none() -> None:
    sides = [{**side, "w": np.full(N, 3.0)} for side in (scored(), scored(flipped=0.15))]
    plain = performance.compare(*sides, prediction="p", target="y")
    weighted = performance.compare(*sides, prediction="p", target="y", weight="w")
    assert weighted.metrics == plain.metrics


def test_weights_decide_what_counts() -> None:
    past, today = scored(), scored(flipped=0.5)
    right = (today["p"] >= 0.5) == today["y"]
    today["w"] = np.where(right, 1.0, 1e-6)
    report = performance.compare(past, today, prediction="p", target="y", weight="w")
    assert report.metrics["accuracy"].current is not None
    assert report.metrics["accuracy"].current.value > 0.99
