"""The page as a file, read back by the standard library: one file, nothing from outside, nothing that a name could run."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest

import page_samples
import report_samples as samples
from driftwatch.report.model import DriftReport
from driftwatch.report.page import SCRIPTS, asset, document

if TYPE_CHECKING:
    from collections.abc import Mapping

MEGABYTE = 1e6


class Reader(HTMLParser):
    """Tags with their attributes, and the text inside each script, style and title."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.inside: list[tuple[str, dict[str, str | None], str]] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        self.tags.append((f"/{tag}", {}))

    def handle_data(self, data: str) -> None:
        if self.tags:
            self.inside.append((*self.tags[-1], data))

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]

    def texts(self, tag: str) -> list[str]:
        return [text for name, _, text in self.inside if name == tag]


def packed(page: str, name: str) -> Any:
    found = re.search(f'<script type="text/plain" id="{name}">([A-Za-z0-9+/=]*)</script>', page)
    assert found is not None
    return json.loads(gzip.decompress(base64.b64decode(found[1])))


def test_the_file_holds_the_whole_report() -> None:
    report = page_samples.complete()
    data = packed(document(report), "report")
    back = DriftReport.from_dict(data)
    assert list(back.features) == list(report.features)
    assert back.features["price"].bins == report.features["price"].bins
    assert back.performance == report.performance


def test_what_is_embedded_cannot_end_its_script() -> None:
    page = document(page_samples.hostile())
    reader = Reader(page)
    assert [item.get("id") for item in reader.named("script")] == ["report", "more", *[None] * len(SCRIPTS)]
    assert len(re.findall("(?i)</script", page)) == 2 + len(SCRIPTS)
    assert "<!--" not in page


def test_names_are_text_in_the_table_for_readers_without_scripts() -> None:
    reader = Reader(document(page_samples.hostile()))
    tags = {tag for tag, _ in reader.tags if not tag.startswith("/")}
    assert tags <= {
        "html", "head", "meta", "title", "style", "body", "main", "div", "h1", "p", "noscript", "table", "thead", "tbody",
        "tr", "th", "td", "strong", "script",
    }  # fmt: skip
    assert {name for _, attributes in reader.tags for name in attributes} <= {
        "lang", "charset", "http-equiv", "content", "name", "id", "class", "hidden", "type",
    }  # fmt: skip


def test_the_policy_lets_these_scripts_and_this_sheet_run_and_nothing_else() -> None:
    reader = Reader(document(samples.realistic()))
    policy = next(item["content"] for item in reader.named("meta") if "http-equiv" in item)
    assert policy is not None
    rules: Mapping[str, list[str]] = {rule.split()[0]: rule.split()[1:] for rule in policy.split(";")}

    def hashes(texts: list[str]) -> list[str]:
        return [f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for text in texts]

    assert rules["default-src"] == ["'none'"]
    assert rules["script-src"] == hashes(reader.texts("script")[2:])
    assert rules["style-src"] == hashes(reader.texts("style"))
    assert rules["base-uri"] == rules["form-action"] == ["'none'"]
    assert set(rules) == {"default-src", "script-src", "style-src", "base-uri", "form-action"}


@pytest.mark.parametrize("name", ["page.html", "style.css", *SCRIPTS])
def test_no_file_names_another_host(name: str) -> None:
    text = asset(name).replace("http://www.w3.org/2000/svg", "")  # a name space, which nothing fetches
    assert not re.search(r"https?:|//[a-z]+\.|@import|url\(|fetch\(|XMLHttp|WebSocket|innerHTML|outerHTML", text)
    assert not re.search(r"insertAdjacentHTML|document\.write|\beval\(|new Function", text)
    assert "\r" not in text  # a parser would turn it into a line feed, and the hash would not match


def test_the_same_report_gives_the_same_bytes() -> None:
    first, second = (
        document(page_samples.complete(), history=page_samples.history(page_samples.complete())) for _ in "12"
    )
    assert first == second


def test_five_thousand_features_take_less_than_four_megabytes() -> None:
    assert len(document(page_samples.large(5_000)).encode()) < 4 * MEGABYTE


def test_a_placeholder_in_a_name_stays_a_name() -> None:
    page = document(samples.report([samples.drifted("{{scripts}}")]))
    assert Reader(page).texts("strong") == ["{{scripts}}"]


def test_the_title_is_the_verdict() -> None:
    assert Reader(document(samples.realistic())).texts("title")[0].startswith("Drift detected: 5 of 9")


def test_the_page_is_utf8_whatever_the_names() -> None:
    assert document(page_samples.hostile()).encode()


def test_fewer_features_keep_the_verdict_of_all() -> None:
    page = document(page_samples.large(500), limit=20)
    report, more = packed(page, "report"), packed(page, "more")
    assert len(report["features"]) == len(more["words"]["rows"]) == 20
    assert (report["n_features"], more["words"]["omitted"]) == (500, 480)
    assert more["words"]["verdict"] == "Drift detected: 50 of 500 tested features drifted."
