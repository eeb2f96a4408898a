"""Write the picture of docs/html_report.md, with Chromium and Node. Command: python docs/generate_html_report.py."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from PIL import Image

from driftwatch import Monitor, datasets

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from browser import Browser

DOCS = Path(__file__).parent
PICTURE = DOCS / "assets" / "html_report.png"
COLOURS = 256  # with a palette the file is half as large
SIZE = (1280, 860)


def main() -> None:
    flights = datasets.load("flights")
    browser = Browser()
    with tempfile.TemporaryDirectory() as folder:
        page, shot = Path(folder) / "report.html", Path(folder) / "page.png"
        Monitor(flights.reference, confidence=0.95).check(flights.current).to_html(page)
        chosen = {"url": page.as_uri(), "features": ["dep_delay"], "picture": str(shot)}
        browser.call("report", "looked", scheme="light", width=SIZE[0], **chosen)
        Image.open(shot).convert("RGB").crop((0, 0, *SIZE)).quantize(COLOURS).save(PICTURE, optimize=True)
    browser.close()


if __name__ == "__main__":
    main()
