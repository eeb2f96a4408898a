"""Write the pictures of docs/plots.md into docs/assets/plots. Command: python docs/generate_plots.py."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from driftwatch import DriftReport, Monitor, datasets

DOCS = Path(__file__).parent
PICTURES = DOCS / "assets" / "plots"
SPEECHES = DOCS.parent / "examples" / "data" / "sotu_decades.npz"
DPI = 120
COLOURS = 256  # with a palette a file is half as large


def save(figure: Any, path: Path) -> None:
    """Write a small PNG."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DPI)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.open(buffer).convert("RGB").quantize(COLOURS).save(path, optimize=True)


def flights() -> DriftReport:
    """Return January against July."""
    loaded = datasets.load("flights")
    reference, current = (side.drop_columns(["month", "day"]) for side in (loaded.reference, loaded.current))
    return Monitor(reference, confidence=0.95).check(current)


def speeches() -> DriftReport:
    """Return sentences of the 1950s against those since 2000."""
    stored = np.load(SPEECHES)
    vectors, year = stored["embeddings"].astype(np.float32), stored["year"]
    return Monitor({"sentence": vectors[year < 1960]}).check({"sentence": vectors[year >= 2000]})


if __name__ == "__main__":
    report = flights()
    save(report.plot(), PICTURES / "effects.png")
    for name in ("dep_delay", "carrier"):
        save(report.plot(name), PICTURES / f"{name}.png")
    save(speeches().plot("sentence"), PICTURES / "sentence.png")
