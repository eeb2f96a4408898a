"""Workflow commands of GitHub Actions, read back the way the runner does."""

from __future__ import annotations

import re
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

import report_samples as samples
from driftwatch.report.model import DriftReport, Status
from driftwatch.report.render_github import MAX_ANNOTATIONS, render_github
from driftwatch.report.text import printable

BREAKS = {"%0D": "\r", "%0A": "\n"}
COMMAND = re.compile(r"::(error|warning|notice) title=([^:,]*)::(.*)")


class Annotation(NamedTuple):
    level: str
    title: str
    text: str


def unescape(text: str, codes: dict[str, str]) -> str:
    for code, char in codes.items():
        text = text.replace(code, char)
    return text.replace("%25", "%")  # last: what it stood for must not be read as an escape again


def read(report: DriftReport) -> list[Annotation]:
    """Undo the escapes as actions/runner does: ActionCommand.cs, UnescapeProperty and UnescapeData."""
    found = []
    for line in render_github(report).split("\n")[:-1]:
        match = COMMAND.fullmatch(line)
        assert match is not None, line
        level, title, text = match.groups()
        found.append(Annotation(level, unescape(title, {**BREAKS, "%3A": ":", "%2C": ","}), unescape(text, BREAKS)))
    return found


def test_the_verdict_comes_first() -> None:
    first = read(samples.realistic())[0]
    assert first.level == "error"
    assert first.text.startswith("Drift detected: 5 of 9 tested features drifted (4 not tested).")


def test_a_report_without_drift_is_a_notice() -> None:
    assert [item.level for item in read(samples.report([samples.feature()]))] == ["notice"]


def test_a_report_without_verdict_begins_with_a_warning() -> None:
    report = samples.report([samples.without_verdict("a", Status.SKIPPED, "why")])
    assert [item.level for item in read(report)] == ["warning", "notice"]


def test_a_drifted_feature_is_an_error_that_says_what_moved() -> None:
    price = Annotation("error", "Data drift in price", "up, KS 0.412, p 1e-12, effect 0.411; median 12.1 → 15.3")
    assert price in read(samples.realistic())


def test_what_could_not_be_tested_is_a_warning_and_what_is_not_meant_to_be_a_notice() -> None:
    levels = {item.title: item.level for item in read(samples.realistic())}
    assert levels["Not tested: gate"] == levels["Not tested: tail_score"] == "warning"
    assert levels["Not tested: tailnum"] == "notice"


def test_columns_of_one_side_are_warnings() -> None:
    assert Annotation("warning", "Only in current", "gate_code, crew_id") in read(samples.realistic())


def test_no_level_has_more_than_github_shows_and_the_rest_is_counted() -> None:
    features = [samples.drifted(f"d{index}") for index in range(50)]
    features += [samples.without_verdict(f"s{index}", Status.SKIPPED, "why") for index in range(50)]
    annotations = read(samples.report(features))
    errors = [item for item in annotations if item.level == "error"]
    assert len(errors) == len(annotations) - len(errors) == MAX_ANNOTATIONS
    assert errors[-1].title == "42 more"


@given(st.text(alphabet=st.characters(), min_size=1, max_size=20))
def test_any_text_stays_within_its_own_command(text: str) -> None:
    features = [samples.drifted(text), samples.without_verdict(text + "2", Status.ERROR, text)]
    annotations = read(samples.report(features))
    assert [item.title for item in annotations] == [
        "Data drift",
        f"Data drift in {printable(text)}",
        f"Not tested: {printable(text + '2')}",
    ]


@pytest.mark.parametrize("name", ["100%0A", "%25", "a%3Ab"])
def test_a_name_that_looks_escaped_reads_as_it_was(name: str) -> None:
    report = samples.report([samples.drifted(name), samples.without_verdict("x", Status.ERROR, name)])
    assert read(report)[1].title == f"Data drift in {name}"
    assert read(report)[2].text == name


def test_hostile_names_are_inert() -> None:
    lines = render_github(samples.report([samples.drifted(samples.HOSTILE_NAME)])).split("\n")
    assert len(lines) == 3
    assert all(line.isprintable() for line in lines)
