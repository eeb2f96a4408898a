"""The report in a notebook: a frame of its own, and something for viewers that take frames out."""

from __future__ import annotations

import re
from html import unescape

import page_samples
import report_samples as samples
from driftwatch.report.page import document
from driftwatch.report.render_html import render_html


def test_the_frame_holds_the_page_and_may_not_reach_the_notebook() -> None:
    report = samples.realistic()
    found = re.match(r'<iframe title="DriftWatch report" sandbox="([^"]*)" srcdoc="([^"]*)"', report._repr_html_())
    assert found is not None
    assert found[1].split() == ["allow-scripts", "allow-downloads"]
    assert unescape(found[2]) == document(report)


def test_what_follows_the_frame_is_the_fragment_without_scripts() -> None:
    report = page_samples.hostile()
    assert report._repr_html_().partition("</iframe>\n")[2] == render_html(report)


def test_many_features_stay_small() -> None:
    assert len(page_samples.large(5_000)._repr_html_()) < 400_000
