"""What a profile holds, and how two differ, as text of 80 columns (layer 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from driftwatch.report.text import compact, number, pad, percent, printable, shorten, width_of, wrap

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from driftwatch.profile.profile import Profile
    from driftwatch.report.text import Glyphs

__all__ = ["render_diff", "render_profile"]

NAME, KIND, MISSING, NUMBER = 18, 11, 7, 8
NUMBERS = ("min", "median", "max", "mean", "std")
CHANGES_SHOWN = ("kind", "dtype", "mean", "std", "min", "median", "max", "n_levels", "missing")


def render_profile(profile: Profile, *, name: str, width: int, glyphs: Glyphs) -> str:
    """Return one line for each feature, and the history."""
    head = f"{printable(name, glyphs)}: {profile.n_rows:,} rows, {len(profile.features):,} features"
    lines = [f"{head}, version {profile.version}", ""]
    titles = "".join(pad(title, NUMBER, right=True) for title in NUMBERS)
    lines.append("  " + pad("feature", NAME) + " " + pad("kind", KIND) + pad("missing", MISSING) + titles)
    for feature, facts in profile.describe().items():
        start = "  " + pad(shorten(printable(feature, glyphs), NAME, glyphs), NAME) + " " + pad(facts["kind"], KIND)
        start += pad(_missing(facts), MISSING, right=True)
        lines.append(start + shorten(printable(_values(facts), glyphs), width - width_of(start), glyphs))
    if profile.history:
        lines += ["", "History"]
    for step in profile.history:
        what = f"{step.when}  {step.who or 'somebody'}, {step.n_rows:,} rows: {step.reason}"
        lines += wrap(printable(what, glyphs), width, first=f"  {step.version}  ", indent=5, glyphs=glyphs)
    return "\n".join(line.rstrip() for line in lines)


def render_diff(found: Mapping[str, Any], *, width: int, glyphs: Glyphs) -> str:
    """Return what was added and removed, and each feature that changed."""
    rows = found["n_rows"]
    lines = [f"Rows {rows['before']:,} {glyphs.to} {rows['after']:,}"]
    for word in ("removed", "added"):
        if found[word]:
            lines += wrap(_names(found[word], glyphs), width, first=f"{word.capitalize()}: ", indent=2, glyphs=glyphs)
    changed = {name: own for name, own in found["changed"].items() if any(key in own for key in CHANGES_SHOWN)}
    if not changed:
        return "\n".join([*lines, "No feature changed."])
    lines.append("")
    for name, own in changed.items():
        start = "  " + pad(shorten(printable(name, glyphs), NAME, glyphs), NAME) + "  "
        parts = [
            f"{key} {_cell(own[key]['before'])} {glyphs.to} {_cell(own[key]['after'])}"
            for key in CHANGES_SHOWN
            if key in own
        ]
        if own.get("shift") is not None:
            parts.insert(0, f"shift {number(own['shift'])} sd")
        lines += wrap(printable(", ".join(parts), glyphs), width, first=start, indent=width_of(start), glyphs=glyphs)
    return "\n".join(line.rstrip() for line in lines)


def _missing(facts: Mapping[str, Any]) -> str:
    return "" if facts["missing"] is None else percent(facts["missing"] / max(1, facts["n_rows"]))


def _values(facts: Mapping[str, Any]) -> str:
    if "problem" in facts:
        return f"  not compared: {facts['problem']}"
    if "levels" in facts:
        shown = ", ".join(f"{label} {compact(n)}" for label, n in facts["levels"].items() if not label.startswith("~"))
        return f"  {facts['n_levels']:,} levels" + (f": {shown}" if shown else "")
    if "mean" in facts:
        return "".join(pad(_short(facts[key]), NUMBER, right=True) for key in NUMBERS)
    return f"  {facts['dtype']}"


def _short(value: float | None) -> str:
    text = number(value)
    return text if value is None or len(text) < NUMBER else f"{value:.1g}"


def _cell(value: Any) -> str:
    return number(value) if isinstance(value, int | float) and not isinstance(value, bool) else str(value)


def _names(names: Sequence[str], glyphs: Glyphs) -> str:
    return ", ".join(printable(name, glyphs) for name in names)
