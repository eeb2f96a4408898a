"""The pictures of the page about the verdict: drawn from reports, safe to open, and readable without seeing them."""

from __future__ import annotations

import re
import runpy
from xml.etree import ElementTree as ET

import pytest

from docs_pages import DOCS, FENCE

PAGE = (DOCS / "verdict.md").read_text("utf-8")
SHOWN = re.findall(r"!\[([^\]]+)\]\(assets/verdict/(\w+)\.svg\)", PAGE)
SVG = "{http://www.w3.org/2000/svg}"


def test_every_picture_stands_on_the_page_with_words_for_it() -> None:
    assert sorted(name for _, name in SHOWN) == sorted(
        path.stem for path in (DOCS / "assets" / "verdict").glob("*.svg")
    )
    assert all(len(words) > 60 for words, _ in SHOWN)


@pytest.mark.parametrize("name", [name for _, name in SHOWN])
def test_a_picture_is_an_image_with_a_name_and_nothing_that_runs_or_loads(name: str) -> None:
    root = ET.parse(DOCS / "assets" / "verdict" / f"{name}.svg").getroot()
    tags = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert root.get("role") == "img"
    assert root.get("aria-label")
    assert tags <= {"svg", "title", "style", "rect", "path", "circle", "polyline", "text", "g"}
    assert not re.search(r"(?:href|src|url\()", ET.tostring(root, encoding="unicode"))


def test_what_the_first_picture_says_is_so() -> None:
    checked = runpy.run_path(str(DOCS / "generate_verdict.py"))["checked"]
    moved, many, few = (
        checked(2_000, 2_000, [0.4] * 5, 1),
        checked(20_000, 20_000, [0.05] * 5, 2),
        checked(60, 60, [0.0] * 25, 3),
    )
    assert moved.n_drifted == 5
    assert [(f.significant, f.material) for f in many.features.values()] == [(True, False)] * 5
    assert few.n_drifted == 0
    assert any(feature.material for feature in few.features.values())


def test_the_page_has_no_picture_inside_a_code_block() -> None:
    assert len(re.findall(r"assets/verdict/", FENCE.sub("", PAGE))) == len(SHOWN)
