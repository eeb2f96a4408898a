"""A calibration as text of 80 columns (layer 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from driftwatch.report.text import UNICODE, pad, printable, shorten, wrap

if TYPE_CHECKING:
    from driftwatch.report.calibration import Calibration, FeatureCalibration, RateEstimate
    from driftwatch.report.text import Glyphs

__all__ = ["render_calibration"]

WIDTH = 80
NAME = 22
SHIFT = 13
AMOUNT = 15
SPAN = 16
SHARE = "share of rows"  # is shown in percent
WORDS = {"correlation_rotation": "rotation", "right angles": "x 90 deg"}  # that fit into their columns


def render_calibration(calibration: Calibration, *, width: int = WIDTH, glyphs: Glyphs = UNICODE) -> str:
    """Return what was asked for, what was measured and what was set, and the smallest drift of each feature."""
    c = calibration
    asked = (
        f"Calibrated for windows of {c.window:,} rows, {c.checks_per_day:g} a day, and {c.false_alarms_per_month:.3g} false "
        f"alarms a month: {_percent(c.target_rate)} of checks. Measured on {c.after.n_windows:,} windows left out of "
        f"{c.n_reference:,} rows of reference."
    )
    lines = [
        *wrap(asked, width, first="", indent=0, glyphs=glyphs),
        "",
        "  " + pad("false alarms", NAME) + "  of windows, interval of 95 %",
        _rate("before", c.alpha_before, 1.0, c.before, c),
        _rate("after", c.alpha, c.factor, c.after, c),
        "",
        "  " + pad("feature", NAME) + f"  drift seen with {c.power:.0%} power, its interval, rows worth",
        *(_row(name, found, width, glyphs) for name, found in c.features.items()),
    ]
    for warning in c.warnings:
        lines += ["", *wrap(warning + ".", width, first="Note: ", indent=6, glyphs=glyphs)]
    return "\n".join(line.rstrip() for line in lines)


def _rate(word: str, alpha: float | None, factor: float, rate: RateEstimate, calibration: Calibration) -> str:
    level = f"cuts x {factor:.3g}" if alpha is None else f"alpha {alpha:.3g}"
    months = f"{calibration.alarms_per_month(rate.rate):.3g} a month"
    span = f"{_percent(rate.low)} to {_percent(rate.high)}"
    return (
        "  " + pad(f"{word}, {level}", NAME) + "  " + pad(_percent(rate.rate), SHIFT) + pad(span, AMOUNT + 2) + months
    )


def _percent(share: float) -> str:
    return f"{100.0 * share:.2g} %" if 0.0 < share < 0.0995 else f"{100.0 * share:.0f} %"


def _row(name: str, found: FeatureCalibration, width: int, glyphs: Glyphs) -> str:
    start = "  " + pad(shorten(printable(name, glyphs), NAME, glyphs), NAME) + "  "
    if found.smallest is None:
        return start + shorten(printable(found.reason or "", glyphs), width - len(start), glyphs)
    in_shares = found.unit == SHARE
    low, high = (_amount(bound, in_shares=in_shares) for bound in (found.low, found.high))
    amount = _amount(found.smallest, in_shares=in_shares) + (
        " of rows" if in_shares else f" {WORDS.get(found.unit or '', found.unit)}"
    )
    worth = "" if found.n_effective is None else f"{found.n_effective:,.0f}"
    return (
        start
        + pad(WORDS.get(found.shift or "", found.shift or ""), SHIFT)
        + pad(amount, AMOUNT)
        + pad(f"{low} to {high}", SPAN)
        + worth
    )


def _amount(value: float | None, *, in_shares: bool) -> str:
    if value is None:
        return "?"
    return _percent(value) if in_shares else f"{value:.2g}"
