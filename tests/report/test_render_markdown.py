"""Markdown for GitHub, read back by a CommonMark parser with tables (oracle: markdown-it)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

import report_samples as samples
from driftwatch.report.model import Status
from driftwatch.report.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from markdown_it.token import Token

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
# stripped of spaces at the ends, which a table cell does not keep
names = st.text(alphabet=st.sampled_from("ab|`\\*_[]()<>&#!~$@: \n\x1b"), min_size=1, max_size=12).filter(str.strip)


def tokens(markdown: str) -> Iterator[Token]:
    for token in PARSER.parse(markdown):
        yield token
        yield from token.children or ()


def test_the_heading_is_the_verdict() -> None:
    assert samples.realistic().to_markdown().startswith("## Drift detected: 5 of 9 tested features drifted")


def test_tables_have_one_row_for_each_feature() -> None:
    kinds = [token.type for token in tokens(samples.realistic().to_markdown())]
    headings = 3
    assert kinds.count("tr_open") == samples.realistic().n_features + headings


def test_all_rows_of_a_table_have_the_same_number_of_cells() -> None:
    lines = [line for line in samples.realistic().to_markdown().splitlines() if line.startswith("| `price`")]
    assert [line.count(" | ") for line in lines] == [8]


@given(names)
def test_a_name_is_one_code_span_that_reads_as_it_was(name: str) -> None:
    markdown = samples.report([samples.drifted(name)]).to_markdown()
    assert [token.content for token in tokens(markdown) if token.type == "code_inline"] == [printable(name)]
    assert sum(token.type == "td_open" for token in tokens(markdown)) == 9


@given(names)
def test_a_reason_is_text_that_reads_as_it_was(reason: str) -> None:
    markdown = samples.report([samples.without_verdict("x", Status.ERROR, reason)]).to_markdown()
    cells = [token for token in PARSER.parse(markdown) if token.type == "inline" and token.level == 4]
    children = cells[-1].children or []
    assert {child.type for child in children} <= {"text", "text_special", "html_inline"}
    assert {child.content for child in children if child.type == "html_inline"} <= {"<!-- -->"}
    shown = "".join(child.content for child in children if child.type != "html_inline")
    assert shown.strip() == printable(reason).strip()


@pytest.mark.parametrize("reason", ["@octocat", "#1", "https://example.org", "www.example.org"])
def test_github_makes_no_mention_and_no_link_of_a_reason(reason: str) -> None:
    markdown = samples.report([samples.without_verdict("x", Status.ERROR, reason)]).to_markdown()
    assert reason not in markdown


def test_features_without_drift_are_folded_away() -> None:
    assert "<details><summary>Without drift: 4</summary>\n\n|" in samples.realistic().to_markdown()


def test_columns_of_one_side_are_named() -> None:
    assert "Only in current: `gate_code`, `crew_id`" in samples.realistic().to_markdown()


def test_many_features_stay_within_a_comment_of_github() -> None:
    features = [samples.drifted(f"d{index}") for index in range(10_000)]
    features += [samples.feature(f"f{index}") for index in range(10_000)]
    features += [samples.without_verdict(f"s{index}", Status.SKIPPED, "why") for index in range(10_000)]
    markdown = samples.report(features, only_in_current=[f"c{index}" for index in range(10_000)]).to_markdown()
    assert len(markdown) < 65_536
    assert "… and 9,900 more with drift" in markdown
