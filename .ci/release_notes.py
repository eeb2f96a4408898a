"""Print what CHANGELOG.md says about a release, if the tag, the version and the heading agree: `release_notes.py v1.0.0`."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]


def notes(tag: str, root: Path = ROOT) -> str:
    """Return the section of the release, or end with what does not agree."""
    version = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    if tag != f"v{version}":
        raise SystemExit(f"wanted the tag v{version}, as pyproject.toml has version {version}; got {tag!r}")
    sections = re.split(r"^(?=## )", (root / "CHANGELOG.md").read_text("utf-8"), flags=re.MULTILINE)
    dated = re.compile(rf"## \[{re.escape(version)}\] - \d{{4}}-\d\d-\d\d\n")
    found = [section for section in sections if dated.match(section)]
    if len(found) != 1:
        raise SystemExit(
            f"wanted one heading `## [{version}] - YYYY-MM-DD` in CHANGELOG.md, found {len(found)}: "
            "give the unreleased lines their version and the day"
        )
    return found[0].partition("\n")[2].strip() + "\n"


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("usage: release_notes.py TAG")
    sys.stdout.write(notes(sys.argv[1]))
