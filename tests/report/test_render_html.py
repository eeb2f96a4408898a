"""The HTML fragment for viewers that run no scripts, read back by the standard library's parser."""

from __future__ import annotations

from html.parser import HTMLParser

import report_samples as samples
from driftwatch.report.model import DriftReport, Status
from driftwatch.report.render_html import render_html
from driftwatch.report.text import printable

ALLOWED = {"div", "p", "strong", "small", "table", "thead", "tbody", "tr", "th", "td", "details", "summary"}


class Reader(HTMLParser):
    def __init__(self, fragment: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.open: list[str] = []
        self.attributes: set[str] = set()
        self.texts: list[str] = []
        self.feed(fragment)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.open.append(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def read(report: DriftReport) -> Reader:
    return Reader(render_html(report))


def test_the_fragment_is_balanced_and_has_plain_tags_only() -> None:
    reader = read(samples.realistic())
    assert reader.open == []
    assert set(reader.tags) <= ALLOWED
    assert reader.attributes <= {"class", "style"}


def test_the_verdict_comes_first() -> None:
    assert read(samples.realistic()).texts[0].startswith("Drift detected: 5 of 9")


def test_hostile_names_are_inert() -> None:
    hostile = samples.HOSTILE_NAME
    features = [samples.drifted(hostile), samples.without_verdict("<img src=x>", Status.ERROR, "<b onclick='x'>")]
    reader = read(samples.report(features, only_in_current=("<script>",), correction="<i>"))
    assert set(reader.tags) <= ALLOWED
    assert reader.attributes <= {"class", "style"}
    assert printable(hostile) in reader.texts


def test_notebooks_are_told_to_leave_dollar_signs_alone() -> None:
    assert "mathjax_ignore" in render_html(samples.realistic())


def test_many_features_stay_a_small_fragment() -> None:
    features = [samples.drifted(f"d{index}") for index in range(10_000)]
    report = samples.report(features, only_in_current=[f"c{index}" for index in range(10_000)])
    assert len(render_html(report)) < 65_536
    assert "… and 9,950 more" in read(report).texts
