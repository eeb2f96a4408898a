"""The Python on the pages of the documentation runs as written, page by page, from top to bottom."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"
PYTHON_BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
EXAMPLES = {page.name: PYTHON_BLOCK.findall(page.read_text("utf-8")) for page in sorted(DOCS.glob("*.md"))}


@pytest.mark.parametrize("page", [page for page, blocks in EXAMPLES.items() if blocks])
def test_examples_run(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, object] = {"__name__": "__main__"}
    for block in EXAMPLES[page]:
        exec(compile(block, page, "exec"), namespace)


def test_the_quick_start_has_examples() -> None:
    assert len(EXAMPLES["quickstart.md"]) > 3
