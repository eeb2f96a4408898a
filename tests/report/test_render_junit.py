"""JUnit XML, read back by the standard library's parser."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

import report_samples as samples
from driftwatch.report.model import DriftReport, Status
from driftwatch.report.render_junit import render_junit


def parsed(report: DriftReport) -> ET.Element:
    return ET.fromstring(render_junit(report).encode())


def case(report: DriftReport, name: str) -> ET.Element:
    (found,) = [element for element in parsed(report).iter("testcase") if element.get("name") == name]
    return found


def test_there_is_one_test_case_for_each_feature() -> None:
    assert [element.get("name") for element in parsed(samples.realistic()).iter("testcase")] == [
        *samples.realistic().features
    ]


def test_the_counts_agree_with_the_cases() -> None:
    suite = parsed(samples.realistic()).find("testsuite")
    assert suite is not None
    assert [suite.get(key) for key in ("tests", "failures", "errors", "skipped")] == ["13", "5", "1", "3"]


@pytest.mark.parametrize(
    ("name", "tag"),
    [("price", "failure"), ("gate", "error"), ("tailnum", "skipped"), ("tail_score", "skipped")],
)
def test_an_outcome_is_one_element(name: str, tag: str) -> None:
    assert [child.tag for child in case(samples.realistic(), name)] == [tag]


def test_a_feature_without_drift_passes() -> None:
    assert list(case(samples.realistic(), "hour")) == []


def test_a_failure_says_what_moved() -> None:
    failure = case(samples.realistic(), "price").find("failure")
    assert failure is not None
    assert failure.get("message") == "up, KS 0.412, p 1e-12, effect 0.411; median 12.1 → 15.3"


def test_what_was_not_tested_says_why() -> None:
    skipped = case(samples.realistic(), "tailnum").find("skipped")
    assert skipped is not None
    assert skipped.get("message") == "identifiers are reported, not tested"


def test_a_drifted_feature_that_could_not_be_tested_is_a_failure_with_the_reason() -> None:
    report = samples.report([samples.drifted("gone", status=Status.ERROR, reason="all values are missing")])
    failure = case(report, "gone").find("failure")
    assert failure is not None
    assert "all values are missing" in (failure.text or "")


@given(st.text(alphabet=st.characters(), min_size=1, max_size=20))
def test_any_text_gives_valid_xml(text: str) -> None:
    features = [
        samples.drifted(text, kind=text, reason=text, signals=(text,)),
        samples.without_verdict(text + "2", Status.ERROR, text),
    ]
    report = samples.report(features, created_at=text, reference_hash=text, only_in_current=(text,))
    assert len(list(parsed(report).iter("testcase"))) == 2


def test_hostile_names_are_inert() -> None:
    document = render_junit(samples.report([samples.drifted(samples.HOSTILE_NAME)]))
    assert "<script>" not in document
    assert all(line.isprintable() for line in document.split("\n"))
