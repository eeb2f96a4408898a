"""The orchestration: every part where it can be given, a reason where it cannot, and no part at the cost of another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from driftwatch import DriftReport, Explainer, Monitor, Window, explain
from driftwatch.errors import ConfigError, InputTypeError, UnknownNameError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from driftwatch.report.explanation import Explanation


def _data(seed: int, n: int, shift: float = 0.0) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    return {
        "a": rng.normal(shift, 1.0, n),
        "b": rng.normal(size=n),
        "city": rng.choice(["Oslo", "Rome"], n),
    }


REFERENCE, CURRENT = _data(0, 1_000), _data(1, 800, shift=1.0)


def _model(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    return 2.0 * rows[:, 0] - rows[:, 1]


def _explained(explainer: Explainer, current: Any = CURRENT) -> Explanation:
    explanation = explainer.explain(current).explanation
    assert explanation is not None
    return explanation


def test_by_default_the_drifted_features_and_the_segments_are_explained() -> None:
    found = _explained(Explainer(Monitor(REFERENCE)))
    assert list(found.features) == ["a"]
    assert found.segments is not None
    assert [one.feature for one in found.segments.segments[0].conditions] == ["a"]
    assert (found.ranking, found.score_shift, found.contribution_drift, found.separation, found.directions) == (
        None,
    ) * 5
    assert found.reasons == {}


def test_a_given_report_is_explained_and_not_made_again() -> None:
    monitor = Monitor(REFERENCE)
    report = monitor.check(CURRENT)
    explained = Explainer(monitor).explain(CURRENT, report=report)
    assert explained.features is report.features
    assert explained.created_at == report.created_at
    assert report.explanation is None


def test_a_model_gives_the_shift_of_its_score_and_the_drift_of_what_it_makes_of_the_features() -> None:
    explainer = Explainer(Monitor(REFERENCE), model=_model, model_features=["a", "b"], segments=False)
    found = _explained(explainer)
    assert found.score_shift is not None
    assert found.contribution_drift is not None
    assert found.ranking is not None
    (output,) = found.score_shift.outputs
    assert output.features[0].feature == "a"
    assert sum(one.shift.value for one in output.features) == pytest.approx(output.change.value, abs=1e-6)
    assert [test.feature for test in found.contribution_drift.tests if test.drift_detected] == ["a"]
    assert found.ranking.source == "mean |contribution|"
    assert found.segments is None


def test_the_reference_is_asked_of_the_model_once() -> None:
    calls: list[int] = []

    def counted(rows: np.ndarray) -> np.ndarray:
        calls.append(len(rows))
        return _model(rows)

    explainer = Explainer(Monitor(REFERENCE), model=counted, model_features=["a", "b"], segments=False)
    first = _explained(explainer)
    after_first = len(calls)
    assert _explained(explainer) == first
    assert len(calls) - after_first < after_first


def test_a_model_that_fails_costs_its_own_parts_only() -> None:
    def broken(rows: np.ndarray) -> np.ndarray:
        raise RuntimeError(f"out of memory for {len(rows)} rows")

    found = _explained(Explainer(Monitor(REFERENCE), model=broken, model_features=["a", "b"]))
    assert list(found.features) == ["a"]
    assert found.segments is not None
    assert set(found.reasons) == {"ranking", "score_shift", "contribution_drift"}
    assert "out of memory" in found.reasons["score_shift"]


def test_a_column_that_cannot_be_read_costs_its_own_feature_only() -> None:
    current = {**CURRENT, "b": ["x"] * 800}
    found = _explained(Explainer(Monitor(REFERENCE), features=["a", "b"]), current)
    assert found.features["a"].flows
    assert found.features["b"].reason is not None
    assert found.segments is not None
    assert "b takes no part" in (found.segments.reason or "")


def test_weights_rank_the_features() -> None:
    found = _explained(Explainer(Monitor(REFERENCE), importance={"a": 1.0, "b": 3.0, "nowhere": 1.0}, segments=False))
    assert found.ranking is not None
    assert found.ranking.source == "weights"
    assert found.ranking.unknown == ("nowhere",)
    assert found.ranking.without == ("city",)


def test_a_window_gives_what_counts_can_and_says_what_needs_rows() -> None:
    monitor = Monitor(REFERENCE)
    window = Window(monitor.profile).update(CURRENT)
    found = _explained(Explainer(monitor, importance={"a": 1.0}), window)
    assert list(found.features) == ["a"]
    assert found.ranking is not None
    assert set(found.reasons) == {"segments"}
    assert "counts" in found.reasons["segments"]


def test_a_monitor_without_rows_needs_the_reference_again() -> None:
    monitor = Monitor(REFERENCE, keep_rows=False)
    found = _explained(Explainer(monitor, model=_model, model_features=["a", "b"]))
    assert set(found.reasons) == {"ranking", "segments", "score_shift", "contribution_drift"}
    assert "`reference`" in found.reasons["segments"]

    again = _explained(Explainer(monitor, REFERENCE, model=_model, model_features=["a", "b"]))
    assert again.reasons == {}


def test_an_embedding_that_drifted_has_rows_along_its_direction() -> None:
    rng = np.random.default_rng(0)
    reference, current = ({"text": rng.normal(shift, 1.0, (200, 4))} for shift in (0.0, 1.0))
    found = _explained(Explainer(Monitor(reference), segments=False), current)
    assert found.directions is not None
    assert found.directions["text"].auc > 0.8


def test_a_classifier_is_trained_where_it_was_asked_for() -> None:
    pytest.importorskip("sklearn", reason="the classifier is scikit-learn's")
    found = _explained(Explainer(Monitor(REFERENCE), separation=True, segments=False))
    assert found.separation is not None
    assert found.separation.features[0].feature == "a"


def test_an_explained_report_survives_json() -> None:
    explainer = Explainer(Monitor(REFERENCE), model=_model, model_features=["a", "b"], importance={"a": 2, "b": 1})
    report = explainer.explain(CURRENT)
    assert DriftReport.from_json(report.to_json()).explanation == report.explanation


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"max_features": 0}, ConfigError, "max_features"),
        ({"max_rows": 0.5}, ConfigError, "max_rows"),
        ({"alpha": 1.0}, ConfigError, "`alpha` must be between 0 and 1"),
        ({"features": "a"}, ConfigError, "sequence of names"),
        ({"features": ["aa"]}, UnknownNameError, "did you mean 'a'|feature"),
        ({"importance": {"a": -1.0}}, ConfigError, "importance"),
        ({"reference": 3}, InputTypeError, "reference"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_misuse_raises_at_once(options: dict[str, Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        Explainer(Monitor(REFERENCE), **options)


def test_the_public_names_are_there() -> None:
    assert explain.Explainer is Explainer
