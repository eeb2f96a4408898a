"""The performance in every format, and the sections that roles make."""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema
import pytest

import report_samples as samples
from driftwatch.errors import InputError
from driftwatch.report import FORMATS, json_schema, render
from driftwatch.report.model import DriftReport, Status, Verdict
from driftwatch.report.performance import Interval, MetricReport, PerformanceReport
from driftwatch.report.render_html import render_html
from driftwatch.report.render_table import render_table
from driftwatch.report.render_text import render_text


def metric(name: str = "roc_auc", **changes: Any) -> MetricReport:
    """Return a metric that did not drop."""
    values: dict[str, Any] = {
        "name": name,
        "status": Status.OK,
        "reason": None,
        "higher_is_better": True,
        "relative": False,
        "reference": Interval(0.91, 0.90, 0.92),
        "current": Interval(0.905, 0.88, 0.93),
        "drop": 0.005,
        "min_drop": 0.02,
        "pvalue": 0.4,
        "pvalue_adjusted": 0.6,
        "pvalue_method": "permutation",
        "significant": False,
        "material": False,
    }
    return MetricReport(**(values | changes))


DROPPED = metric(
    "log_loss",
    higher_is_better=False,
    relative=True,
    current=Interval(0.61, 0.58, 0.64),
    drop=0.254,
    min_drop=0.05,
    pvalue=1e-9,
    pvalue_adjusted=3e-9,
    significant=True,
    material=True,
)
RARE = metric(
    "f1",
    status=Status.INSUFFICIENT,
    reason="3 of class '1' in current, at least 10 are needed",
    pvalue=None,
    pvalue_adjusted=None,
    pvalue_method=None,
    significant=None,
    material=None,
)


def performance(*metrics: MetricReport, **changes: Any) -> PerformanceReport:
    values: dict[str, Any] = {
        "prediction": "score",
        "target": "churned",
        "task": "scores",
        "n_reference": 10_000,
        "n_labelled_reference": 10_000,
        "n_current": 8_400,
        "n_labelled": 2_100,
        "metrics": {item.name: item for item in metrics},
        "positive": "1",
        "threshold": 0.5,
    }
    return PerformanceReport(**(values | changes))


def report(*metrics: MetricReport, **changes: Any) -> DriftReport:
    features = [
        samples.drifted("price"),
        samples.feature("distance"),
        samples.feature("score", role="prediction"),
        samples.without_verdict("churned", Status.INSUFFICIENT, "not labelled yet: no values in current"),
    ]
    features[-1] = samples.feature("churned", role="target")
    return samples.report(features, performance=performance(*metrics, **changes))


ESTIMATED = report(
    metric(pvalue=None, pvalue_adjusted=None, significant=None, material=None),
    estimated=True,
    n_labelled=0,
    assumption="a score means what it meant",
    reason="not labelled yet",
)
MIXED = report(metric(), DROPPED, RARE)
REPORTS = {"mixed": MIXED, "estimated": ESTIMATED, "empty": report(reason="current: could not be read")}


@pytest.mark.parametrize("name", REPORTS)
def test_json_is_valid_and_comes_back(name: str) -> None:
    data = REPORTS[name].to_dict()
    jsonschema.validate(data, json_schema())
    assert DriftReport.from_json(json.dumps(data)) == REPORTS[name]


def test_a_drop_alone_is_drift() -> None:
    found = samples.report([samples.feature("x")], performance=performance(DROPPED))
    assert (found.verdict, found.drift_detected, found.n_drifted) == (Verdict.DRIFT, True, 0)
    jsonschema.validate(found.to_dict(), json_schema())
    contradiction = found.to_dict()
    contradiction["performance"]["drop_detected"] = False
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(contradiction, json_schema())


def test_performance_alone_is_a_verdict_and_an_estimate_is_none() -> None:
    untested = [samples.without_verdict("x", Status.SKIPPED, "text")]
    assert samples.report(untested, performance=performance(metric())).verdict is Verdict.NO_DRIFT
    assert samples.report(untested, performance=ESTIMATED.performance).verdict is Verdict.NO_VERDICT


def test_legs_are_both_needed() -> None:
    assert DROPPED.drop_detected
    assert not metric(significant=True, material=False).drop_detected
    assert not metric(significant=False, material=True).drop_detected
    assert metric(significant=None, material=True).drop_detected  # alpha=None
    assert not metric(significant=None, material=None).drop_detected


def test_settled_metric_has_both_legs() -> None:
    open_ = metric(drop=0.03, significant=None, material=None)
    assert open_.settled(0.01, 0.05).drop_detected
    assert not open_.settled(0.06, 0.05).drop_detected
    assert open_.settled(0.06, None).significant is None
    assert RARE.settled(0.01, 0.05) == RARE


def test_numbers_that_are_not_finite_become_none() -> None:
    found = metric(drop=float("inf"), pvalue=float("nan"), current=Interval(1.0, float("-inf"), float("nan")))
    assert (found.drop, found.pvalue, found.current) == (None, None, Interval(1.0))


TEXTS = {
    "text": render_text,
    "table": lambda found: render_table(found, width=100),
    "markdown": lambda found: render(found, "markdown"),
    "html": render_html,
}


@pytest.mark.parametrize("name", TEXTS)
def test_sections_stand_in_order_with_the_performance_under_concept(name: str) -> None:
    text = TEXTS[name](MIXED)
    places = [*(text.index(part) for part in ("Features", "price", "Predictions", "Concept")), text.rindex("log")]
    assert places == sorted(places)
    for part in ("0.910 ", "0.610 ", "25.4%", "3e-09", "at least 10 are needed"):
        assert part in text.replace("\\", "")
    assert "rows labelled" in text


@pytest.mark.parametrize("name", TEXTS)
def test_an_estimate_is_marked(name: str) -> None:
    text = " ".join(TEXTS[name](ESTIMATED).split())
    assert "Estimated performance" in text
    assert "a score means what it meant" in text


@pytest.mark.parametrize("name", TEXTS)
def test_no_performance_says_why(name: str) -> None:
    assert "could not be read" in " ".join(TEXTS[name](REPORTS["empty"]).split())


def test_verdict_names_what_dropped() -> None:
    assert render_text(MIXED).splitlines()[0] == (
        "Drift detected: 1 of 4 tested columns drifted; performance dropped: log_loss."
    )


def test_text_stays_within_its_width() -> None:
    assert max(map(len, render_text(MIXED).splitlines())) <= 80


def test_table_in_ascii_and_in_colour() -> None:
    assert render_table(MIXED, ascii_only=True).isascii()
    assert "\x1b[" in render_table(MIXED, color=True)


def test_junit_has_a_case_for_each_metric() -> None:
    root = ET.fromstring(render(MIXED, "junit"))
    cases = {case.get("name"): [child.tag for child in case] for case in root.iter("testcase")}
    assert (cases["roc_auc"], cases["log_loss"], cases["f1"]) == ([], ["failure"], ["skipped"])
    suite = root.find("testsuite")
    assert suite is not None
    assert [suite.get(key) for key in ("tests", "failures", "skipped")] == ["7", "2", "1"]


def test_github_annotates_a_drop() -> None:
    lines = [line for line in render(MIXED, "github").splitlines() if "Performance dropped" in line]
    assert len(lines) == 1
    assert lines[0].startswith("::error title=Performance dropped%3A log_loss::")


@pytest.mark.parametrize("name", FORMATS)
def test_hostile_columns_are_harmless(name: str) -> None:
    found = report(metric(), prediction=samples.HOSTILE_NAME, target=samples.HOSTILE_NAME, reason=samples.HOSTILE_NAME)
    assert "\x1b" not in render(found, name)
    assert "<script>" not in render_html(found)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"metrics": []}, r"`report\.performance\.metrics` must be an object"),
        ({"n_labelled": -1}, "must be a count"),
        ({"task": None}, r"`report\.performance\.task` must be a string"),
        ({"metrics": {"f1": {"status": "fine"}}}, "must be one of ok, skipped"),
    ],
)
def test_a_wrong_performance_is_refused(change: dict[str, Any], message: str) -> None:
    data = MIXED.to_dict()
    data["performance"] |= change
    with pytest.raises(InputError, match=message):
        DriftReport.from_dict(data)
