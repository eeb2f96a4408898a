"""One picture of one feature on the axes it is given (layer 4): the counts of a report as shares, and nothing else."""

from __future__ import annotations

from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any

from driftwatch.report.axes import LINES, PLAIN, ramp
from driftwatch.report.text import number, percent, printable, shorten

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from driftwatch.report.model import Bins, FeatureReport
    from driftwatch.report.pictures import Histogram, Projection

    Squares = list[list[float]]

__all__ = ["CURRENT", "GREY", "PANELS", "REFERENCE", "clean", "panels_of", "side_map"]

REFERENCE, CURRENT = LINES[:2]
GREY = "#5F5F5F"
LEVEL_WIDTH = 18  # cells of a category level beside its bar
TICKS = 6
GAP = 0.6  # between the bins and what lies beyond them, in bins
LEGEND: dict[str, Any] = {"fontsize": "small", "frameon": False}
ROWS_FOR_ALL_SQUARES = 2_000  # of the smaller side; with fewer, neighbouring squares of a plane are drawn as one


def clean(ax: Any) -> None:
    """Take away what tells nothing."""
    ax.spines[["top", "right"]].set_visible(False)
    ax.tick_params(labelsize="small")


def panels_of(feature: FeatureReport) -> list[str]:
    """Return the names of the panels that can be drawn of a feature, the first one best."""
    bins, counted = feature.bins, feature.bins is not None and _is_counted(feature.bins)
    found = []
    if _has_histogram(feature) or counted:
        found.append("distribution")
    if len(_steps(feature)) > 1:
        found.append("ecdf")
    if bins is not None and any(bins.psi):
        found.append("psi")
    if feature.projection is not None:
        found.append("projection")
    if feature.missing_reference or feature.missing_current:
        found.append("missing")
    return found


def _distribution(ax: Any, feature: FeatureReport) -> None:
    if feature.bins is not None and feature.bins.labels:
        _levels(ax, feature.bins)
    elif feature.histogram is not None and _has_histogram(feature):
        _histogram(ax, feature.histogram)
    elif feature.bins is not None:
        _densities(ax, feature)


def _histogram(ax: Any, histogram: Histogram) -> None:
    """Draw bins of equal width, and hatched beside them what lies beyond."""
    k = len(histogram.reference) - 2
    low, width = histogram.low, (histogram.high - histogram.low) / k
    edges = [low + i * width for i in range(k)] + [histogram.high]
    beyond = {0: (low - (1 + GAP) * width, low - GAP * width, f"< {number(low)}")}
    high = histogram.high
    beyond[-1] = (high + GAP * width, high + (1 + GAP) * width, f"≥ {number(high)}")
    for counts, colour, label in _sides(histogram):
        shares = _shares(counts)
        ax.stairs(shares[1:-1], edges, color=colour, fill=True, alpha=0.25)
        ax.stairs(shares[1:-1], edges, color=colour, linewidth=1.4, label=label)
        for side, (start, stop, _) in beyond.items():
            if shares[side]:
                ax.stairs([shares[side]], [start, stop], color=colour, linewidth=1.4, hatch="////", alpha=0.7)
    for side, (start, stop, text) in beyond.items():
        if histogram.reference[side] or histogram.current[side]:
            # under the axis, where the ticks of the bins cannot reach
            ax.annotate(
                text,
                ((start + stop) / 2, 0),
                xytext=(0, 3),
                textcoords="offset points",
                rotation=90,
                ha="center",
                va="bottom",
                fontsize="x-small",
                color=GREY,
            )
    ax.locator_params(axis="x", nbins=TICKS)
    ax.set_ylim(bottom=0)
    ax.set_ylabel("share of values")
    ax.yaxis.set_major_formatter(_tick)
    ax.legend(**LEGEND)


def _densities(ax: Any, feature: FeatureReport) -> None:
    """Draw shares of quantile bins by their width: the outer ones end where the values do."""
    bins = feature.bins
    assert bins is not None
    edges = [edge for edge in _ends(feature, bins) if edge is not None]
    outer = len(edges) == len(bins.edges) + 2
    for counts, colour, label in _sides(bins):
        shares = _shares(counts) if outer else _shares(counts)[1:-1]
        heights = [
            share / (stop - start) if stop > start else 0.0
            for share, (start, stop) in zip(shares, pairwise(edges), strict=True)
        ]
        ax.stairs(heights, edges, color=colour, fill=True, alpha=0.25)
        ax.stairs(heights, edges, color=colour, linewidth=1.4, label=label)
    ax.set_ylim(bottom=0)
    ax.set_ylabel("density")
    if not outer:
        ax.set_xlabel("without the outer bins, which are open")
    ax.legend(**LEGEND)


def _levels(ax: Any, bins: Bins) -> None:
    """Draw the levels of a category, the most frequent at the top, both sides under each other."""
    positions = range(len(bins.labels))
    for (counts, colour, label), offset in zip(_sides(bins), (-0.2, 0.2), strict=True):
        ax.barh([i + offset for i in positions], _shares(counts), height=0.36, color=colour, label=label)
    _label_levels(ax, bins)
    ax.set_xlabel("share of values")
    ax.xaxis.set_major_formatter(_tick)


def _ecdf(ax: Any, feature: FeatureReport) -> None:
    """Draw both distribution functions through the values at which the report counts, and mark D."""
    steps = _steps(feature)
    x = [value for value, _, _ in steps]
    ax.plot(x, [before for _, before, _ in steps], color=REFERENCE, linewidth=1.6, label="reference")
    ax.plot(x, [after for _, _, after in steps], color=CURRENT, linewidth=1.6, linestyle=(0, (5, 1.5)), label="current")
    tested = feature.tests.get("ks")
    if tested is not None and tested.statistic is not None:
        at, before, after = max(steps, key=lambda step: abs(step[2] - step[1]))
        ax.plot([at, at], [before, after], color="black", linewidth=1.2, marker="_", markersize=6)
        ax.annotate(
            f"D = {number(tested.statistic)}",
            (at, (before + after) / 2),
            xytext=(6, -2),
            textcoords="offset points",
            fontsize="small",
            va="top",
            bbox={"facecolor": "white", "alpha": 0.8, "edgecolor": "none", "pad": 1},
        )
    ax.locator_params(axis="x", nbins=TICKS)
    ax.set_ylim(-0.02, 1.02)
    ax.set_ylabel("share of values below")
    ax.yaxis.set_major_formatter(_tick)
    if feature.histogram is not None and _has_histogram(feature):
        margin = (feature.histogram.high - feature.histogram.low) / 20
        ax.set_xlim(
            feature.histogram.low - margin, feature.histogram.high + margin
        )  # the tails tell nothing to the eye
    ax.legend(**LEGEND, loc="lower right")


def _psi(ax: Any, feature: FeatureReport) -> None:
    """Draw what each bin or level adds to PSI: the colour is that of the side with more of it."""
    bins = feature.bins
    assert bins is not None
    shares = zip(_shares(bins.reference), _shares(bins.current), strict=True)
    grew = [after > before for before, after in shares]
    for chosen, colour, label in ((True, CURRENT, "more in current"), (False, REFERENCE, "fewer in current")):
        own = [i for i, more in enumerate(grew) if more is chosen]
        heights = [bins.psi[i] for i in own]
        if bins.labels:
            ax.barh(own, heights, color=colour, height=0.72, label=label)
        else:
            ax.bar(own, heights, color=colour, width=0.9, label=label)
    if bins.labels:
        _label_levels(ax, bins)
        ax.locator_params(axis="x", nbins=4)
        ax.set_xlabel("part of PSI")
    else:
        edges = [number(edge) for edge in bins.edges]
        ax.set_xticks([i + 0.5 for i in range(len(edges))], edges, rotation=60, ha="right", rotation_mode="anchor")
        ax.set_xlabel("edges of the bins")
        ax.set_ylim(0, 1.25 * max(bins.psi))
        ax.set_ylabel("part of PSI")
        ax.legend(**LEGEND)
    tested = feature.tests.get("psi")
    if tested is not None and tested.statistic is not None:
        ax.set_title(f"PSI = {number(tested.statistic)}", fontsize="small")


def _projection(ax: Any, feature: FeatureReport) -> None:
    """Draw where rows became more and fewer, in shares of each side."""
    projection = feature.projection
    assert projection is not None
    sides = _plane_shares(projection)
    change = [[after - before for before, after in zip(*rows, strict=True)] for rows in zip(*sides, strict=True)]
    limit = max((abs(cell) for row in change for cell in row), default=0.0) or 1.0
    drawn = _draw_map(ax, projection, change, ramp(REFERENCE, "white", CURRENT), (-limit, limit))
    bar = ax.figure.colorbar(drawn, ax=ax, format=lambda share, _: f"{100 * share:+.1f}%")
    bar.ax.tick_params(labelsize="small")
    bar.outline.set_visible(False)
    ax.set_title("current less reference", fontsize="small")


def side_map(ax: Any, feature: FeatureReport, *, current: bool) -> None:
    """Draw where the rows of one side lie, both sides on one scale."""
    projection = feature.projection
    assert projection is not None
    sides = _plane_shares(projection)
    top = max((cell for side in sides for row in side for cell in row), default=0.0) or 1.0
    _draw_map(ax, projection, sides[current], ramp("white", CURRENT if current else REFERENCE), (0.0, top))
    ax.set_title("current" if current else "reference", fontsize="small")


def _missing(ax: Any, feature: FeatureReport) -> None:
    """Draw the missing share of each side."""
    sides = ((feature.n_reference, feature.missing_reference), (feature.n_current, feature.missing_current))
    shares = [missing / max(1, valid + missing) for valid, missing in sides]
    ax.barh([0, 1], shares, color=[REFERENCE, CURRENT], height=0.6)
    for position, share in enumerate(shares):
        ax.annotate(
            percent(share), (share, position), (4, 0), textcoords="offset points", va="center", fontsize="small"
        )
    ax.set_yticks([0, 1], ["reference", "current"])
    ax.invert_yaxis()
    ax.set_xlim(0, max(*shares, 0.01) * 1.2)
    ax.xaxis.set_major_formatter(_tick)
    ax.set_xlabel("missing")


def _draw_map(ax: Any, projection: Projection, cells: Squares, colours: Any, span: tuple[float, float]) -> Any:
    x, y = (
        [low + i * (high - low) / n for i in range(n + 1)]
        for low, high, n in zip(projection.low, projection.high, (len(cells[0]), len(cells)), strict=True)
    )
    # edges in the colour of their cell: vector formats show hairlines between cells otherwise
    drawn = ax.pcolormesh(x, y, cells, cmap=colours, vmin=span[0], vmax=span[1], edgecolors="face", linewidth=0.2)
    ax.set_xlabel("along the difference of the means", fontsize="small")
    ax.set_ylabel("along the largest spread", fontsize="small")
    return drawn


def _label_levels(ax: Any, bins: Bins) -> None:
    labels = [shorten(printable(label), LEVEL_WIDTH) for label in bins.labels]
    ax.set_yticks(range(len(labels)), labels, **PLAIN)
    ax.set_ylim(len(labels) - 0.4 + max(0.6, 0.14 * len(labels)), -0.6)  # from above, with room for the legend
    ax.legend(**LEGEND, loc="lower right", ncols=2, borderaxespad=0)


def _steps(feature: FeatureReport) -> list[tuple[float, float, float]]:
    """Return the values at which both sides were counted, and the shares below them, from the lowest value on."""
    steps: dict[float, tuple[float, float]] = {}
    bins, histogram = feature.bins, feature.histogram
    if histogram is not None and _has_histogram(feature):
        k = len(histogram.reference) - 2
        edges = [histogram.low + i * (histogram.high - histogram.low) / k for i in range(k)] + [histogram.high]
        steps |= dict(zip(edges, _below(histogram), strict=True))
    if bins is not None and not bins.labels:
        known = [edge for edge in bins.edges if edge is not None]
        if len(known) == len(bins.edges):
            steps |= dict(zip(known, _below(bins), strict=True))
    lows, highs = (
        [end for side in (feature.reference, feature.current) if side and (end := getattr(side, name)) is not None]
        for name in ("minimum", "maximum")
    )
    if steps and lows and min(lows) < min(steps):
        steps[min(lows)] = (0.0, 0.0)
    if steps and highs and max(highs) > max(steps):
        steps[max(highs)] = (1.0, 1.0)
    return sorted((value, *shares) for value, shares in steps.items())


def _below(counted: Bins | Histogram) -> list[tuple[float, float]]:
    """Return the shares of both sides below each inner edge."""
    sides = (list(accumulate(_shares(side)))[:-1] for side in (counted.reference, counted.current))
    return list(zip(*sides, strict=True))


def _ends(feature: FeatureReport, bins: Bins) -> list[float | None]:
    """Return the edges of quantile bins, the outer ones at the smallest and largest value where the report knows them."""
    lows, highs = (
        [end for side in (feature.reference, feature.current) if side and (end := getattr(side, name)) is not None]
        for name in ("minimum", "maximum")
    )
    edges = [edge for edge in bins.edges if edge is not None]
    if not lows or not highs or not edges:
        return [*bins.edges]
    return [min(*lows, edges[0]), *edges, max(*highs, edges[-1])]


def _sides(counted: Bins | Histogram) -> list[tuple[Sequence[int], str, str]]:
    return [(counted.reference, REFERENCE, "reference"), (counted.current, CURRENT, "current")]


def _shares(counts: Sequence[int]) -> list[float]:
    total = sum(counts) or 1
    return [count / total for count in counts]


def _plane_shares(projection: Projection) -> tuple[Squares, Squares]:
    totals = [sum(map(sum, side)) for side in (projection.reference, projection.current)]
    step = 1 if min(totals) >= ROWS_FOR_ALL_SQUARES else 2
    before, after = (
        [[count / (total or 1) for count in row] for row in _folded(side, step)]
        for side, total in zip((projection.reference, projection.current), totals, strict=True)
    )
    return before, after


def _folded(rows: Sequence[Sequence[int]], step: int) -> list[list[int]]:
    return [
        [sum(sum(row[j : j + step]) for row in rows[i : i + step]) for j in range(0, len(rows[0]), step)]
        for i in range(0, len(rows), step)
    ]


def _tick(share: float, _: object) -> str:
    return f"{100 * share:.3g}%"


def _is_counted(bins: Bins) -> bool:
    return len(bins.reference) > 0 and bool(sum(bins.reference) or sum(bins.current))


def _has_histogram(feature: FeatureReport) -> bool:
    histogram = feature.histogram
    return histogram is not None and len(histogram.reference) > 2 and histogram.high > histogram.low


PANELS: dict[str, Callable[[Any, FeatureReport], None]] = {
    "distribution": _distribution,
    "ecdf": _ecdf,
    "psi": _psi,
    "projection": _projection,
    "missing": _missing,
}
