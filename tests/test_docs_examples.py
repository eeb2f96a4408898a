"""The Python on the pages of the documentation runs as written, page by page, from top to bottom."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from docs_pages import PAGES, blocks, page_name

if TYPE_CHECKING:
    from pathlib import Path

# A block with a title is a file, which a test of its own writes and runs.
EXAMPLES = {
    page_name(page): [block.code for block in found if not block.title]
    for page in PAGES
    if (found := blocks(page, "python"))
}


@pytest.mark.parametrize("page", [page for page, found in EXAMPLES.items() if found])
def test_examples_run(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, object] = {"__name__": "__main__"}
    for code in EXAMPLES[page]:
        exec(compile(code, page, "exec"), namespace)


def test_the_first_page_after_the_front_has_examples() -> None:
    assert len(EXAMPLES["docs/quickstart.md"]) > 3


def test_python_that_needs_what_is_not_installed_here_says_so() -> None:
    # `py` is not run: it needs a library, a cluster or a server, which the line before the block names. Pages of tutorials
    # were written by running their scripts: tests/test_tutorials.py.
    pages = [page for page in PAGES if page.parent.name != "tutorials"]
    unmarked = [page_name(page) for page in pages for block in blocks(page, "py") if 'title="needs ' not in block.title]
    assert unmarked == []
