"""What the pages of the documentation hold: their code blocks by language, and where their text is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

__all__ = ["DOCS", "FENCE", "PAGES", "ROOT", "Block", "blocks", "examples", "page_name", "prose", "text_of"]

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
# README.md and CONTRIBUTING.md are pages too; docs/contributing.md only includes the latter.
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md"))]
FENCE = re.compile(
    r"^(?P<indent> *)```(?P<language>[\w-]*)(?P<title>[^\n`]*)\n(?P<code>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)


class Block(NamedTuple):
    """A code block: its language, what stands behind it in the opening line, and the code without its indent."""

    language: str
    title: str
    code: str


def page_name(page: Path) -> str:
    """Return the path of a page below the project, as a test's id."""
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path, *languages: str) -> list[Block]:
    """Return the code blocks of a page in these languages, in their order."""
    return [
        Block(
            found["language"],
            found["title"].strip(),
            re.sub(rf"^{found['indent']}", "", found["code"], flags=re.MULTILINE),
        )
        for found in FENCE.finditer(page.read_text("utf-8"))
        if found["language"] in languages
    ]


def examples(page: Path, library: str) -> list[str]:
    """Return what runs on a page where a library is installed, in its order; nothing where no block needs it."""
    title = f'title="needs {library}"'
    found = blocks(page, "python", "py")
    wanted = [block.code for block in found if block.title == title or (block.language == "python" and not block.title)]
    return wanted if any(block.title == title for block in found) else []


def prose(page: Path) -> str:
    """Return the text of a page without its code blocks."""
    return FENCE.sub("", text_of(page))


def text_of(page: Path) -> str:
    """Return the text of a page; where it is about another package, without what that one calls things."""
    text = page.read_text("utf-8")
    if page.parent.name == "migration":  # tables of two columns of names: theirs first
        return re.sub(r"^\|[^|\n]*\|", "|", text, flags=re.MULTILINE)
    return text
