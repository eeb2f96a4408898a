"""Write the pictures of docs/verdict.md into docs/assets/verdict. Command: python docs/generate_verdict.py.

Every point is a feature of a report that `Monitor` made of simulated data; nothing is drawn by hand.
"""

from __future__ import annotations

import math
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from driftwatch import DriftReport, Monitor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

PICTURES = Path(__file__).parent / "assets" / "verdict"
WIDTH, HEIGHT = 720, 400
LEFT, RIGHT, TOP, BOTTOM = 78, 24, 52, 56
SMALLEST_P = 1e-12  # of the axis; smaller ones stand on its edge

# A picture has its own ground, so that it can be read whatever page it stands on.
STYLE = """
  .ground { fill: #ffffff } text { fill: #24292f; font: 13px system-ui, sans-serif }
  .title { font-weight: 600; font-size: 15px } .quiet { fill: #57606a } .end { text-anchor: end } .mid { text-anchor: middle }
  .axis { stroke: #8c959f } .cut { stroke: #24292f; stroke-dasharray: 5 4 } .zone { fill: #cf222e; opacity: .07 }
  .a { fill: #0969da; stroke: #0969da } .b { fill: #bc4c00; stroke: #bc4c00 } .c { fill: #8250df; stroke: #8250df }
  .d { fill: #6e7781; stroke: #6e7781 } circle, rect.dot, path.dot { fill-opacity: .55; stroke-width: 1 }
  .line { fill: none; stroke-width: 2.5 } .dashes { stroke-dasharray: 7 5 }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #1e2129 } text { fill: #e6edf3 } .quiet { fill: #9aa4b0 } .axis { stroke: #6e7681 } .cut { stroke: #e6edf3 }
    .zone { fill: #ff7b72; opacity: .1 } .a { fill: #58a6ff; stroke: #58a6ff } .b { fill: #f0883e; stroke: #f0883e }
    .c { fill: #bc8cff; stroke: #bc8cff } .d { fill: #8b949e; stroke: #8b949e } .line { fill: none }
  }
"""


class Axis(NamedTuple):
    """Where values stand: the scale in pixels, and the values that are written beside it."""

    place: Callable[[float], float]
    ticks: Sequence[tuple[float, str]]
    title: str


def linear(low: float, high: float, start: float, stop: float) -> Callable[[float], float]:
    """Return a scale from values to pixels."""
    return lambda value: start + (value - low) / (high - low) * (stop - start)


def logarithmic(low: float, high: float, start: float, stop: float) -> Callable[[float], float]:
    """Return a scale of powers of ten; what is smaller than either end stands at it."""
    inner = linear(math.log10(low), math.log10(high), start, stop)
    return lambda value: inner(math.log10(max(value, min(low, high))))


def horizontal(scale: Callable[..., Callable[[float], float]], low: float, high: float) -> Callable[[float], float]:
    """Return a scale along the picture."""
    return scale(low, high, LEFT, WIDTH - RIGHT)


def vertical(scale: Callable[..., Callable[[float], float]], low: float, high: float) -> Callable[[float], float]:
    """Return a scale up the picture."""
    return scale(low, high, HEIGHT - BOTTOM, TOP)


def text(x: float, y: float, words: str, *classes: str) -> str:
    """Return words at a place."""
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{" ".join(classes)}">{escape(words)}</text>'


def line(points: Iterable[tuple[float, float]], *classes: str) -> str:
    """Return a line through points."""
    return f'<polyline class="{" ".join(classes)}" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in points)}"/>'


def marks(points: Iterable[tuple[float, float]], kind: str) -> list[str]:
    """Return a mark for each point; the four kinds differ by shape as well as by colour."""
    shapes = {
        "a": '<circle class="a" cx="{0:.1f}" cy="{1:.1f}" r="4.5"/>',
        "b": '<rect class="b dot" x="{2:.1f}" y="{3:.1f}" width="8" height="8"/>',
        "c": '<path class="c dot" d="M{0:.1f} {4:.1f}l5 9h-10z"/>',
        "d": '<path class="d dot" d="M{0:.1f} {5:.1f}l5 5l-5 5l-5 -5z"/>',
    }
    return [shapes[kind].format(x, y, x - 4, y - 4, y - 5, y - 5) for x, y in points]


def picture(title: str, summary: str, x: Axis, y: Axis, parts: Iterable[str]) -> str:
    """Return an SVG file with both axes, the title, and what is between them."""
    floor = HEIGHT - BOTTOM
    frame = [
        f'<path class="axis" fill="none" d="M{LEFT} {TOP}V{floor}H{WIDTH - RIGHT}"/>',
        text(LEFT - 54, 28, title, "title"),
        text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 14, x.title, "mid", "quiet"),
        f'<g transform="translate(18 {(TOP + floor) / 2:.0f}) rotate(-90)">{text(0, 0, y.title, "mid", "quiet")}</g>',
        *(text(x.place(value), floor + 20, words, "mid", "quiet") for value, words in x.ticks),
        *(text(LEFT - 8, y.place(value) + 4, words, "end", "quiet") for value, words in y.ticks),
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(summary)}">\n'
        f"<title>{escape(summary)}</title>\n<style>{STYLE}</style>\n"
        f'<rect class="ground" width="{WIDTH}" height="{HEIGHT}" rx="6"/>\n'
        + "\n".join([*frame, *parts])
        + "\n</svg>\n"
    )


def checked(n: int, m: int, shifts: Sequence[float], seed: int) -> DriftReport:
    """Return the report of normal features, each moved by its shift in standard deviations."""
    rng = np.random.default_rng(seed)
    reference, current = rng.normal(size=(n, len(shifts))), rng.normal(shifts, 1.0, size=(m, len(shifts)))
    return Monitor(reference, detectors=["ks", "psi"], thresholds={}).check(current)


def legs() -> str:
    """Return the two legs: p-value against effect, of features of four kinds."""
    x_place, y_place = horizontal(linear, 0.0, 0.3), vertical(logarithmic, 1.0, SMALLEST_P)
    x = Axis(x_place, [(v, f"{v:g}") for v in (0.0, 0.05, 0.1, 0.2, 0.3)], "effect: KS D less its noise")
    y = Axis(
        y_place,
        [(1.0, "1"), (0.05, "0.05"), (1e-6, "1e-6"), (SMALLEST_P, "≤1e-12")],
        "adjusted p",
    )
    cases = {
        "a": ("moved by 0.4 sd, 2,000 rows", checked(2_000, 2_000, [0.4] * 25, 1)),
        "b": ("moved by 0.05 sd, 100,000 rows", checked(100_000, 100_000, [0.05] * 25, 2)),
        "c": ("not moved, 60 rows", checked(60, 60, [0.0] * 25, 3)),
        "d": ("not moved, 5,000 rows", checked(5_000, 5_000, [0.0] * 25, 4)),
    }
    left, level, top = x_place(0.05), y.place(0.05), y.place(SMALLEST_P)
    parts = [
        f'<rect class="zone" x="{left:.1f}" y="{top:.1f}" width="{WIDTH - RIGHT - left:.1f}" height="{level - top:.1f}"/>',
        f'<path class="cut" d="M{left:.1f} {TOP}V{HEIGHT - BOTTOM}M{LEFT} {level:.1f}H{WIDTH - RIGHT}"/>',
        text(WIDTH - RIGHT - 8, level - 12, "significant and material: drift", "end", "title"),
        text(LEFT + 8, level - 12, "too small", "quiet"),
        text(x_place(0.23), level + 18, "may be chance", "mid", "quiet"),
    ]
    for row, (kind, (words, report)) in enumerate(cases.items()):
        found = report.features.values()
        points = [(x_place(min(f.effect or 0.0, 0.3)), y.place(f.tests["ks"].pvalue_adjusted or 0.0)) for f in found]
        parts += marks(points, kind) + marks([(WIDTH - 252, TOP + 24 + 20 * row)], kind)
        parts.append(text(WIDTH - 240, TOP + 28 + 20 * row, words))
    summary = "Adjusted p-value against effect of a hundred features: only those that moved by 0.4 standard deviations pass both cuts"
    return picture("Both legs, and not one of them", summary, x, y, parts)


def noise() -> str:
    """Return raw and corrected D against the number of rows, without drift and with some."""
    sizes = (30, 60, 100, 200, 500, 1_000, 2_000, 5_000, 20_000)
    x_place, y_place = horizontal(logarithmic, 25, 25_000), vertical(linear, 0.0, 0.3)
    x = Axis(x_place, [(n, f"{n:,}") for n in (30, 100, 500, 2_000, 20_000)], "rows of each side")
    y = Axis(y_place, [(v, f"{v:g}") for v in (0.0, 0.05, 0.1, 0.2, 0.3)], "mean over 60 features")
    reports = {kind: [checked(n, n, [shift] * 60, n) for n in sizes] for kind, shift in {"a": 0.0, "b": 0.3}.items()}
    parts = [
        f'<path class="cut" d="M{LEFT} {y_place(0.05):.1f}H{WIDTH - RIGHT}"/>',
        text(WIDTH - RIGHT - 4, y_place(0.05) - 8, "min_effect", "end", "quiet"),
    ]
    words = {"a": "no drift", "b": "moved by 0.3 sd"}
    for kind, found in reports.items():
        raw = [np.mean([f.tests["ks"].statistic or 0.0 for f in r.features.values()]) for r in found]
        kept = [np.mean([f.effect or 0.0 for f in r.features.values()]) for r in found]
        for row, (values, style) in enumerate(((raw, "dashes"), (kept, ""))):
            height = TOP + 14 + 20 * row + (44 if kind == "a" else 0)
            parts.append(line([(WIDTH - 232, height), (WIDTH - 196, height)], kind, "line", style))
            parts.append(text(WIDTH - 188, height + 4, f"{words[kind]}: {'effect' if row else 'raw D'}"))
            parts.append(
                line(
                    [(x_place(n), y_place(min(float(v), 0.3))) for n, v in zip(sizes, values, strict=True)],
                    kind,
                    "line",
                    style,
                )
            )
    summary = "Mean of D and of the effect by number of rows: D without drift is above 0.2 at 30 rows, the effect stays low and flat"
    return picture("What is left when the noise is taken out", summary, x, y, parts)


def family() -> str:
    """Return the p-values of 200 features without drift, in their order, and what the correction asks of them."""
    report = checked(1_000, 500, [0.0] * 200, 20)
    pvalues = sorted(feature.tests["ks"].pvalue or 0.0 for feature in report.features.values())[:20]
    x_place, y_place = horizontal(linear, 0.0, 20.5), vertical(linear, 0.0, 0.15)
    x = Axis(x_place, [(v, str(v)) for v in (1, 5, 10, 15, 20)], "the 20 smallest of 200 p-values, without any drift")
    y = Axis(y_place, [(v, f"{v:g}") for v in (0.0, 0.05, 0.1, 0.15)], "p")
    below = sum(p <= 0.05 for p in pvalues)
    bound = [(x_place(i), y_place(0.05 * i / 200)) for i in (0, 20)]
    parts = [
        f'<path class="cut" d="M{LEFT} {y_place(0.05):.1f}H{WIDTH - RIGHT}"/>',
        text(LEFT + 8, y_place(0.05) - 8, f"0.05 for each by itself: {below} false alarms"),
        line(bound, "b", "line"),
        text(WIDTH - RIGHT - 8, y_place(0.005) - 12, f"fdr_bh: {report.n_drifted} false alarms", "end"),
        *marks([(x_place(i), y_place(min(p, 0.15))) for i, p in enumerate(pvalues, 1)], "a"),
    ]
    summary = (
        f"Sorted p-values of 200 features without drift: {below} are below 0.05, none below the line of the correction"
    )
    return picture("200 features, one family", summary, x, y, parts)


if __name__ == "__main__":
    PICTURES.mkdir(parents=True, exist_ok=True)
    for name, draw in {"legs": legs, "noise": noise, "family": family}.items():
        (PICTURES / f"{name}.svg").write_text(draw(), "utf-8")
