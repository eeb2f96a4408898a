"""Run examples/notebooks/*.py as notebooks, and write them with their results as pages of docs/tutorials.

Commands: python docs/generate_tutorials.py [NAME...] [--check]. Each script is a notebook in the percent format of
jupytext; what was run is also kept beside it as .ipynb, which git ignores. With --check the pages stay as they are, and one
that differs from what was run is an error: in anything but the last digits of numbers and the pictures.
"""

from __future__ import annotations

import argparse
import io
import math
import re
import sys
import time
from base64 import b64decode
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jupytext
import nbformat
from nbclient import NotebookClient
from PIL import Image

DOCS = Path(__file__).parent
SCRIPTS = DOCS.parent / "examples" / "notebooks"
PAGES = DOCS / "tutorials"
CLAIMS = "claims"  # the tag of cells that check what the text says: run, and not shown
PICTURE = re.compile(r"^# Picture: (.+)\n", re.MULTILINE)
NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?")
COLOURS = 256
TIMEOUT = 120  # seconds for a cell
TOLERANCE = 0.05  # relative: other machines add floating point numbers in another order


@dataclass
class Page:
    """The text of a page and its pictures by file name."""

    name: str
    parts: list[str] = field(default_factory=list)
    pictures: dict[str, bytes] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The page as Markdown."""
        return "\n\n".join(self.parts) + "\n"


def run(script: Path) -> nbformat.NotebookNode:
    """Run a script as a notebook; an error of a cell is raised, and so is what it writes to the error stream."""
    notebook = jupytext.read(script)
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    NotebookClient(notebook, timeout=TIMEOUT, resources={"metadata": {"path": str(script.parent)}}).execute()
    nbformat.write(notebook, script.with_suffix(".ipynb"))
    said = [
        output
        for cell in notebook.cells
        for output in cell.get("outputs", ())
        if output.output_type == "error" or output.get("name") == "stderr" or "Traceback" in output.get("text", "")
    ]
    if said:
        raise SystemExit(f"{script.name}: wanted no errors and no warnings, got {said[0]}")
    return notebook


def page_of(name: str, notebook: nbformat.NotebookNode) -> Page:
    """Return the page of a notebook that was run."""
    page = Page(name)
    command = f"python examples/notebooks/{name}.py"
    page.parts.append(
        f"<!-- written by docs/generate_tutorials.py from examples/notebooks/{name}.py; edit that, not this page -->"
    )
    for cell in notebook.cells:
        if CLAIMS in cell.metadata.get("tags", ()):
            continue
        if cell.cell_type == "markdown":
            page.parts.append(_with_links(cell.source))
            continue
        described = PICTURE.search(cell.source)
        code = PICTURE.sub("", cell.source).strip()
        page.parts.append(f"```py\n{code}\n```")
        for output in cell.outputs:
            _add_output(page, output, described[1] if described else None)
    page.parts.append(
        f"---\n\nThis page is what `{command}` gave: the numbers in the text are checked by the script. It is a notebook too, "
        "for [jupytext](https://jupytext.readthedocs.io)."
    )
    return page


def _with_links(markdown: str) -> str:
    """Return links between scripts, and from scripts to pages, as links between pages."""
    return re.sub(r"\]\((\d\d_\w+)\.py\)", r"](\1.md)", markdown).replace("](../../docs/", "](../")


def _add_output(page: Page, output: Any, described: str | None) -> None:
    if output.output_type == "stream":
        page.parts.append(f"```text\n{output.text.rstrip()}\n```")
        return
    if "image/png" not in output.data:
        raise SystemExit(f"{page.name}: a cell ends in a value that is no picture. Print what the page is to show.")
    if described is None:
        raise SystemExit(f"{page.name}: a picture without a description. Put `# Picture: ...` on a line above it.")
    file = f"{page.name}-{len(page.pictures) + 1}.png"
    buffer = io.BytesIO()
    picture = Image.open(io.BytesIO(b64decode(output.data["image/png"]))).convert("RGB")
    picture.quantize(COLOURS).save(buffer, format="png", optimize=True)
    page.pictures[file] = buffer.getvalue()
    page.parts.append(f"![{described}]({file})")


def differs(old: str, new: str) -> bool:
    """Return whether two pages say different things: numbers with a point may differ in their last digits."""
    if NUMBER.sub("#", old) != NUMBER.sub("#", new):
        return True
    pairs = zip(NUMBER.findall(old), NUMBER.findall(new), strict=True)
    return any(
        before != after
        and ("." not in before + after or not math.isclose(float(before), float(after), rel_tol=TOLERANCE))
        for before, after in pairs
    )


def main() -> None:
    """Run the scripts that were asked for, all by default."""
    parser = argparse.ArgumentParser(description=__doc__)
    known = sorted(path.stem for path in SCRIPTS.glob("[0-9]*.py"))
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(known)}, or how they begin")
    parser.add_argument("--check", action="store_true", help="leave the pages as they are, and compare")
    asked = parser.parse_args()
    chosen = [name for name in known if not asked.names or name.startswith(tuple(asked.names))]
    changed = []
    for name in chosen:
        start = time.monotonic()
        page = page_of(name, run(SCRIPTS / f"{name}.py"))
        print(f"{name}: {time.monotonic() - start:.0f} s", flush=True)
        path = PAGES / f"{name}.md"
        if not asked.check:
            PAGES.mkdir(exist_ok=True)
            for old in PAGES.glob(f"{name}-*.png"):
                old.unlink()
            path.write_text(page.text, "utf-8")
            for file, content in page.pictures.items():
                (PAGES / file).write_bytes(content)
        elif not path.is_file() or differs(path.read_text("utf-8"), page.text):
            changed.append(name)
    if changed:
        sys.exit(
            f"pages that are not what was run: {', '.join(changed)}. Write them: python docs/generate_tutorials.py"
        )


if __name__ == "__main__":
    main()
