"""The examples of the documentation that need PyTorch or JAX run as written, page by page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from docs_pages import PAGES, examples, page_name

if TYPE_CHECKING:
    from pathlib import Path

FOUND = {
    (library, page_name(page)): code
    for library in ("PyTorch", "JAX")
    for page in PAGES
    if (code := examples(page, library))
}


@pytest.mark.parametrize(("library", "page"), FOUND)
def test_examples_run(library: str, page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, object] = {"__name__": "__main__"}
    for code in FOUND[library, page]:
        exec(compile(code, page, "exec"), namespace)


def test_both_libraries_have_examples() -> None:
    assert {
        ("PyTorch", "docs/backends.md"),
        ("JAX", "docs/training.md"),
        ("PyTorch", "docs/training.md"),
    } <= FOUND.keys()
