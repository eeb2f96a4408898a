"""Compare two builds of the documentation, page by page: `python docs/compare_sites.py SITE OTHER`.

MkDocs and its successor Zensical read the same `mkdocs.yml`, and Zensical passes over a plugin that it does not know without
a word. So each must have written the same pages, with the same headings and the same names of the reference on them.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

# Signs of a theme (`__search`) and of footnotes are no headings of ours.
ANCHOR = re.compile(r"<(?:h[1-6]|a|div|span)[^>]*\bid=\"?([^\"\s>]+)")


def anchors(site: Path) -> set[str]:
    """Return `page#anchor` of every heading and name, and `page` of every page."""
    pages = {page.relative_to(site).as_posix(): page.read_text("utf-8") for page in site.rglob("index.html")}
    return set(pages) | {
        f"{page}#{anchor}" for page, text in pages.items() for anchor in ANCHOR.findall(text) if anchor[:2] != "__"
    }


def main() -> int:
    one, other = (anchors(Path(argument)) for argument in sys.argv[1:3])
    for where, missing in ((sys.argv[1], other - one), (sys.argv[2], one - other)):
        for anchor in sorted(missing):
            print(f"{where} lacks {anchor}", file=sys.stderr)
    print(f"{len(one)} pages, headings and names in {sys.argv[1]}, {len(other)} in {sys.argv[2]}")
    return int(one != other or len(one) < 100)


if __name__ == "__main__":
    sys.exit(main())
