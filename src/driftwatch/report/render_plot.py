"""A report as figures of matplotlib, for papers and notebooks (layer 4): what is drawn, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from driftwatch.errors import ConfigError, UnknownNameError
from driftwatch.report.axes import PLAIN, new_figure
from driftwatch.report.plot_panels import CURRENT, GREY, PANELS, clean, panels_of, side_map
from driftwatch.report.text import NAME_WIDTH, printable, shorten, wrap
from driftwatch.report.wording import MISSING_MOVES, sentence, verdict_line

if TYPE_CHECKING:
    from driftwatch.report.model import DriftReport, FeatureReport
    from driftwatch.report.performance import Interval

__all__ = ["plot_report"]

DRIFTED_SHOWN = 40  # rows that a page of a paper has room for
SHOWN = 20  # of which the others may fill up so many
WIDTH, HEIGHT = 3.5, 3.1  # inches of a panel: a column of a paper
NARROW = 2.9  # of three side by side, so that they can still be read across a page
TITLE_WIDTH = 9.7  # characters of the title to an inch


def plot_report(report: DriftReport, feature: str | None, *, kind: str | None, ax: Any) -> Any:
    """Return the figure with what was asked for: see `DriftReport.plot`."""
    known = [*PANELS, "effects"]
    if kind is not None and kind not in known:
        raise UnknownNameError.from_names("kind of plot", [str(kind)], known)
    if feature is None:
        if kind not in {None, "effects"}:
            raise ConfigError(f"`kind={kind!r}` is a plot of one feature, got none. Pass its name first.")
        return _effects(report, ax)
    if feature not in report.features:
        raise UnknownNameError.from_names("feature", [str(feature)], report.features)
    if kind == "effects":
        raise ConfigError(f"`kind='effects'` is a plot of all features, got {feature!r}. Leave out the name.")
    return _feature(report, report.features[feature], kind, ax)


def _feature(report: DriftReport, feature: FeatureReport, kind: str | None, ax: Any) -> Any:
    possible = panels_of(feature)
    wanted = possible if kind is None else [kind]
    missing_decided = feature.direction in MISSING_MOVES
    if kind is None and not missing_decided and len(possible) > 1:
        wanted = [panel for panel in possible if panel != "missing"]
    if not wanted or wanted[0] not in possible:
        what = "nothing to draw" if kind is None else f"no {kind} to draw"
        instead = f"It has: {', '.join(possible)}." if possible else f"{feature.reason or 'It holds no counts'}."
        raise ConfigError(f"feature {feature.name!r} of kind {feature.kind!r} has {what}. {instead}")

    name = shorten(printable(feature.name), NAME_WIDTH)
    if ax is not None:
        PANELS[wanted[0]](ax, feature)
        clean(ax)
        ax.set_title(name, **PLAIN)
        return ax.figure
    planes = ["reference", "current"] if kind is None and wanted[0] == "projection" else []
    n_panels = len(planes) + len(wanted)
    width = n_panels * (WIDTH if n_panels < 3 else NARROW)
    figure = new_figure(width, HEIGHT + 0.3)
    own = figure.subplots(1, n_panels, squeeze=False)[0]
    for axes, side in zip(own, planes, strict=False):
        side_map(axes, feature, current=side == "current")
    for axes, panel in zip(own[len(planes) :], wanted, strict=True):
        PANELS[panel](axes, feature)
    for axes in own:
        clean(axes)
    said = sentence(feature, report)
    lines = wrap(said, int(TITLE_WIDTH * width)) if said else []
    verdict = "drift" if feature.drift_detected else "no drift" if feature.has_verdict else "no verdict"
    figure.suptitle("\n".join([f"{name}: {verdict}", *lines]), fontsize="medium", x=0.01, ha="left", **PLAIN)
    return figure


def _effects(report: DriftReport, ax: Any) -> Any:
    """Draw the effects of the drifted features with their intervals, and below them, where there is room, the others."""
    features = [feature for feature in report.ranked() if feature.effect is not None]
    drifted = sum(feature.drift_detected for feature in features)
    if not features:
        raise ConfigError("the report has no effect to draw: no feature was tested. Draw one feature by its name.")
    shown = features[: min(max(drifted, SHOWN), DRIFTED_SHOWN)]
    if ax is None:
        figure = new_figure(2 * WIDTH, 1.2 + 0.24 * len(shown))
        ax = figure.subplots()
    for position, feature in enumerate(shown):
        colour = CURRENT if feature.drift_detected else GREY
        interval = _interval(feature)
        if interval is not None and interval.low is not None and interval.high is not None:
            ax.plot([interval.low, interval.high], [position, position], color=colour, linewidth=1.6)
        filled = colour if feature.drift_detected else "white"
        ax.plot([feature.effect], [position], "o", color=colour, markerfacecolor=filled, markersize=5)
    names = [shorten(printable(feature.name), NAME_WIDTH) for feature in shown]
    ax.set_yticks(range(len(names)), names, **PLAIN)
    ax.set_ylim(len(shown) - 0.4, -0.6)
    ax.set_xlim(left=0)
    ax.axvline(report.min_effect, color=GREY, linewidth=0.9, linestyle=":")
    ax.annotate(
        f"min_effect {report.min_effect:g}",
        (report.min_effect, 1),
        xycoords=("data", "axes fraction"),
        xytext=(3, 2),
        textcoords="offset points",
        fontsize="x-small",
        color=GREY,
    )
    level = "" if report.confidence is None else f", {100 * report.confidence:g} % intervals"
    ax.set_xlabel(f"effect{level}; filled: drift")
    if len(features) > len(shown):
        hidden = drifted - sum(feature.drift_detected for feature in shown)
        more = f" ({hidden:,} drifted)" if hidden else ""
        ax.set_xlabel(f"{ax.get_xlabel()}; {len(features) - len(shown):,} more features{more}")
    clean(ax)
    ax.set_title(verdict_line(report), loc="left", fontsize="medium", pad=14, **PLAIN)
    return ax.figure


def _interval(feature: FeatureReport) -> Interval | None:
    """Return the interval of the effect, which is D's or total variation's; that of a missing share has none."""
    if feature.direction in MISSING_MOVES:
        return None
    return feature.intervals.get("ks") or feature.intervals.get("total_variation")
