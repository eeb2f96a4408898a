"""The formats by name."""

from __future__ import annotations

import json
import sys
from xml.etree import ElementTree as ET

import pytest

import report_samples as samples
from driftwatch.errors import UnknownNameError
from driftwatch.report import FORMATS, DriftReport, render


def test_the_formats_are_known() -> None:
    assert list(FORMATS) == ["json", "table", "markdown", "html", "junit", "github"]


@pytest.mark.parametrize("name", list(FORMATS))
@pytest.mark.parametrize("report", [samples.realistic(), samples.report([])], ids=["realistic", "empty"])
def test_every_format_ends_with_one_line_break(name: str, report: DriftReport) -> None:
    text = render(report, name)
    assert text.endswith("\n")
    assert not text.endswith("\n\n")


@pytest.mark.parametrize("name", list(FORMATS))
def test_every_format_can_be_written_as_utf8(name: str) -> None:
    report = samples.report([samples.drifted(samples.HOSTILE_NAME)], only_in_reference=(samples.HOSTILE_NAME,))
    assert render(report, name).encode()


def test_json_is_the_dict_of_the_report() -> None:
    assert json.loads(render(samples.realistic(), "json")) == samples.realistic().to_dict()


def test_junit_is_xml() -> None:
    assert ET.fromstring(render(samples.realistic(), "junit").encode()).tag == "testsuites"


def test_an_unknown_format_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'markdown'"):
        render(samples.realistic(), "markdwon")


def test_a_format_without_color_needs_no_rich(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rich", None)
    assert [bool(render(samples.realistic(), name)) for name in FORMATS] == [True] * len(FORMATS)
