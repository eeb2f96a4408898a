"""The tutorials: scripts that run, and pages that are what the scripts say. `nox -s notebooks` runs all of them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SCRIPTS = sorted((ROOT / "examples" / "notebooks").glob("*.py"))
PAGES = ROOT / "docs" / "tutorials"
# The others take longer, or a library that is not here: `nox -s notebooks` and `nox -s backends` run them.
QUICK = ("01_first_check", "02_year_of_flights", "03_speeches_over_decades")
CELL = re.compile(r"^# %%(?P<kind>.*)\n(?P<source>(?:(?!# %%).*\n?)*)", re.MULTILINE)
PICTURE = re.compile(r"!\[([^\]]+)\]\(([^)]+)\)")


def cells(script: Path) -> list[tuple[str, str]]:
    """Return the kind and the text of each cell: "markdown", "claims" or "code"."""
    found = []
    for cell in CELL.finditer(script.read_text("utf-8")):
        kind = "markdown" if "[markdown]" in cell["kind"] else "claims" if "claims" in cell["kind"] else "code"
        source = cell["source"].strip()
        if kind == "markdown":
            source = re.sub(r"^# ?", "", source, flags=re.MULTILINE)
            source = re.sub(r"\]\((\d\d_\w+)\.py\)", r"](\1.md)", source).replace("](../../docs/", "](../")
        found.append((kind, source))
    return found


def page_of(script: Path) -> str:
    return (PAGES / f"{script.stem}.md").read_text("utf-8")


@pytest.mark.parametrize("name", QUICK)
def test_tutorial_runs_from_any_folder_and_its_claims_hold(name: str, tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "examples" / "notebooks" / f"{name}.py")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_page_has_the_text_and_the_code_of_its_script(script: Path) -> None:
    page = page_of(script)
    for kind, source in cells(script):
        shown = re.sub(r"^# Picture: .*\n", "", source, flags=re.MULTILINE).strip()
        if kind == "claims":
            assert f"```py\n{shown}" not in page
        else:
            assert shown in page, f"write it anew: python docs/generate_tutorials.py {script.stem[:2]}"


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_tutorial_checks_what_it_says_and_shows_it(script: Path) -> None:
    claims = "\n".join(source for kind, source in cells(script) if kind == "claims")
    assert len(re.findall(r"^ *assert ", claims, re.MULTILINE)) >= 4
    described = [text for _, source in cells(script) for text in re.findall(r"^# Picture: (.+)$", source, re.MULTILINE)]
    shown = PICTURE.findall(page_of(script))
    assert [text for text, _ in shown] == described
    assert described
    assert {file for _, file in shown} == {path.name for path in PAGES.glob(f"{script.stem}-*.png")}


def test_every_tutorial_is_listed_and_in_the_menu() -> None:
    index, menu = (PAGES / "index.md").read_text("utf-8"), (ROOT / "mkdocs.yml").read_text("utf-8")
    assert SCRIPTS
    for script in SCRIPTS:
        assert f"]({script.stem}.md)" in index
        assert f"tutorials/{script.stem}.md" in menu
    assert {path.stem for path in PAGES.glob("[0-9]*.md")} == {script.stem for script in SCRIPTS}
