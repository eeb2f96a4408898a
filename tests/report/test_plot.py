"""Figures of a report: what is drawn are its numbers, names are only text, and misuse says what to do."""

from __future__ import annotations

import io
import subprocess
import sys
import xml.etree.ElementTree as ET
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from driftwatch import DriftReport, Monitor
from driftwatch.errors import ConfigError, MissingExtraError, UnknownNameError
from driftwatch.report.model import Bins, SideSummary, Status
from driftwatch.report.performance import Interval
from driftwatch.report.pictures import Histogram, Projection
from driftwatch.report.plot_panels import CURRENT, GREY, REFERENCE, panels_of
from report_samples import HOSTILE_NAME, drifted, feature, report, without_verdict

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from driftwatch.report.model import FeatureReport

HISTOGRAM = Histogram(0.0, 4.0, (1, 10, 20, 15, 4, 0), (0, 5, 10, 15, 10, 10))
BINS = Bins((10, 22, 18), (5, 15, 30), edges=(1.0, 2.5), psi=(0.1, 0.05, 0.2))
LEVELS = Bins((30, 15, 5), (20, 20, 10), labels=("AA", "$UA_1$", "(other)"), psi=(0.08, 0.03, 0.07))


def price(**changes: Any) -> FeatureReport:
    return drifted(
        "price",
        **{
            "histogram": HISTOGRAM,
            "bins": BINS,
            "reference": SideSummary(2.0, 1.0, -1.0, 2.0, 3.9),
            "current": SideSummary(2.5, 1.2, 0.1, 2.5, 9.0),
            **changes,
        },
    )


def carrier(**changes: Any) -> FeatureReport:
    return drifted(
        "carrier", kind="categorical", reference=None, current=None, **{"bins": LEVELS, "histogram": None, **changes}
    )


def drawn(one: FeatureReport, kind: str) -> Axes:
    axes: list[Axes] = report([one]).plot(one.name, kind=kind).axes
    (ax,) = axes
    return ax


def legend(ax: Axes) -> list[str]:
    found = ax.get_legend()
    return [] if found is None else [text.get_text() for text in found.get_texts()]


def stairs_of(ax: Axes, label: str) -> Any:
    return next(patch for patch in ax.patches if patch.get_label() == label)


def lines_of(ax: Axes) -> dict[str, np.ndarray[Any, Any]]:
    return {str(line.get_label()): np.asarray(line.get_xydata()) for line in ax.lines}


def svg_text(figure: Figure) -> str:
    buffer = io.BytesIO()
    with mpl.rc_context({"svg.fonttype": "none"}):
        figure.savefig(buffer, format="svg")
    return "\n".join("".join(node.itertext()) for node in ET.fromstring(buffer.getvalue()).iter() if "text" in node.tag)


def test_a_histogram_has_the_shares_of_its_counts_on_bins_of_equal_width() -> None:
    ax = drawn(price(), "distribution")
    for side, label in ((HISTOGRAM.reference, "reference"), (HISTOGRAM.current, "current")):
        data = stairs_of(ax, label).get_data()
        np.testing.assert_allclose(data.values, np.array(side[1:-1]) / sum(side))
        np.testing.assert_allclose(data.edges, [0.0, 1.0, 2.0, 3.0, 4.0])
    assert legend(ax) == ["reference", "current"]


def test_values_beyond_the_histogram_stand_beside_it_and_say_where_they_are() -> None:
    ax = drawn(price(), "distribution")
    beyond = [patch.get_data() for patch in ax.patches if getattr(patch, "get_hatch", lambda: None)()]  # type: ignore[attr-defined]
    found = sorted((data.edges[0] > 2, round(float(data.values[0]), 4)) for data in beyond)
    assert found == [(False, 1 / 50), (True, 10 / 50)]
    assert all(data.edges[1] <= 0.0 or data.edges[0] >= 4.0 for data in beyond)
    assert {"< 0", "≥ 4"} <= {text.get_text() for text in ax.texts}


def test_without_values_beyond_nothing_is_said_of_them() -> None:
    inside = replace(HISTOGRAM, reference=(0, 10, 20, 15, 5, 0), current=(0, 5, 10, 15, 20, 0))
    assert [text.get_text() for text in drawn(price(histogram=inside), "distribution").texts] == []


def test_deciles_become_densities_where_there_is_no_histogram() -> None:
    data = stairs_of(drawn(price(histogram=None), "distribution"), "reference").get_data()
    np.testing.assert_allclose(data.edges, [-1.0, 1.0, 2.5, 9.0])
    np.testing.assert_allclose(data.values * np.diff(data.edges), np.array(BINS.reference) / 50)


def test_deciles_without_known_ends_are_drawn_between_their_edges() -> None:
    one = price(histogram=None, reference=None, current=None)
    data = stairs_of(drawn(one, "distribution"), "current").get_data()
    np.testing.assert_allclose(data.edges, [1.0, 2.5])
    np.testing.assert_allclose(data.values, [15 / 50 / 1.5])


def test_the_ecdf_goes_through_every_counted_point() -> None:
    lines = lines_of(drawn(price(), "ecdf"))
    points = [-1.0, 0.0, 1.0, 2.0, 2.5, 3.0, 4.0, 9.0]
    before = [0.0, 1 / 50, 10 / 50, 31 / 50, 32 / 50, 46 / 50, 1.0, 1.0]
    after = [0.0, 0.0, 5 / 50, 15 / 50, 20 / 50, 30 / 50, 40 / 50, 1.0]
    np.testing.assert_allclose(lines["reference"], np.column_stack([points, before]))
    np.testing.assert_allclose(lines["current"], np.column_stack([points, after]))


def test_d_is_marked_where_the_counted_points_are_furthest_apart_and_is_the_report_s() -> None:
    one = price()
    ax = drawn(one, "ecdf")
    (mark,) = [line for line in ax.lines if line.get_color() == "black"]
    np.testing.assert_allclose(np.asarray(mark.get_xydata(), float), [[2.0, 31 / 50], [2.0, 15 / 50]])
    assert [text.get_text() for text in ax.texts] == [f"D = {one.tests['ks'].statistic:.3g}"]


def test_the_drawn_ecdf_is_that_of_the_values() -> None:
    rng = np.random.default_rng(0)
    reference, current = rng.normal(size=4_000), rng.normal(0.3, 1.2, size=3_000)
    made = Monitor({"x": reference}).check({"x": current})
    ax = made.plot("x", kind="ecdf").axes[0]
    lines = lines_of(ax)
    for values, label in ((reference, "reference"), (current, "current")):
        x, y = lines[label].T
        inner = slice(1, -1)
        np.testing.assert_allclose(y[inner], [(values < point).mean() for point in x[inner]], atol=1e-12)
    (mark,) = [np.asarray(line.get_ydata()) for line in ax.lines if line.get_color() == "black"]
    statistic = made.features["x"].tests["ks"].statistic
    assert statistic is not None
    # the largest of some points is no more than the largest of all, and 40 points come near it
    assert statistic - 0.02 <= abs(mark[1] - mark[0]) <= statistic


def test_psi_of_deciles_is_drawn_bin_by_bin_in_the_colour_of_the_larger_side() -> None:
    ax = drawn(price(), "psi")
    bars = sorted((round(bar.get_x() + bar.get_width() / 2), bar.get_height(), bar) for bar in ax.patches)  # type: ignore[attr-defined]
    assert [height for _, height, _ in bars] == list(BINS.psi)
    assert [to_hex(bar.get_facecolor()).upper() for *_, bar in bars] == [REFERENCE, REFERENCE, CURRENT]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["1", "2.5"]


def test_psi_says_the_statistic_of_the_report() -> None:
    one = price()
    statistic = one.tests["psi"].statistic
    assert drawn(one, "psi").get_title() == f"PSI = {statistic:.3g}"


def test_levels_stand_side_by_side_from_the_top_with_names_as_they_are() -> None:
    ax = drawn(carrier(), "distribution")
    assert [label.get_text() for label in ax.get_yticklabels()] == ["AA", "$UA_1$", "(other)"]
    assert all(not label.get_parse_math() for label in ax.get_yticklabels())
    before, after = ([bar.get_width() for bar in container] for container in ax.containers)
    np.testing.assert_allclose(before, np.array(LEVELS.reference) / 50)
    np.testing.assert_allclose(after, np.array(LEVELS.current) / 50)
    bottom, top = ax.get_ylim()
    assert bottom > top


def test_psi_of_levels_is_drawn_level_by_level() -> None:
    ax = drawn(carrier(), "psi")
    bars = sorted((round(bar.get_y() + bar.get_height() / 2), bar.get_width()) for bar in ax.patches)  # type: ignore[attr-defined]
    assert [width for _, width in bars] == list(LEVELS.psi)


@pytest.mark.parametrize(("n", "n_squares"), [(2_000, 24 * 24), (1_999, 12 * 12)])
def test_a_projection_shows_the_change_of_shares_and_fewer_squares_of_few_rows(n: int, n_squares: int) -> None:
    rng = np.random.default_rng(0)
    sides = [rng.multinomial(n, np.full(576, 1 / 576)).reshape(24, 24) for _ in range(2)]
    projection = Projection((-1.0, -2.0), (1.0, 2.0), *(tuple(map(tuple, side.tolist())) for side in sides))
    figure = report([drifted("text", kind="embedding", bins=None, projection=projection)]).plot("text")
    before, after, change = (np.asarray(ax.collections[0].get_array()) for ax in figure.axes[:3])
    assert change.size == n_squares
    np.testing.assert_allclose(change, after - before)
    np.testing.assert_allclose([before.sum(), after.sum()], 1.0)
    if n_squares == 576:
        np.testing.assert_allclose(after, sides[1] / n)
    assert [ax.get_title() for ax in figure.axes[:3]] == ["reference", "current", "current less reference"]
    np.testing.assert_allclose([*figure.axes[2].get_xlim(), *figure.axes[2].get_ylim()], [-1, 1, -2, 2])


def test_a_feature_that_drifted_by_missing_values_shows_their_shares() -> None:
    one = price(n_reference=90, missing_reference=10, n_current=60, missing_current=40, direction="more missing")
    figure = report([one]).plot("price")
    assert [bar.get_width() for bar in figure.axes[-1].patches] == [0.1, 0.4]
    without = report([replace(one, direction="up")]).plot("price")
    assert len(without.axes) == len(figure.axes) - 1


def test_a_feature_is_shown_in_all_panels_that_it_has() -> None:
    assert panels_of(price()) == ["distribution", "ecdf", "psi"]
    assert panels_of(carrier()) == ["distribution", "psi"]
    assert len(report([price()]).plot("price").axes) == 3


def test_the_title_says_the_verdict_and_what_moved() -> None:
    figure = report([price()]).plot("price")
    title = figure.get_suptitle()
    assert title.startswith("price: drift\n")
    assert "KS" in title


def test_the_overview_draws_effects_and_intervals_with_the_drifted_first() -> None:
    strong = drifted("strong", effect=0.4, intervals={"ks": Interval(0.41, 0.35, 0.47)})
    weak = drifted("weak$", effect=0.1, intervals={"total_variation": Interval(0.1, 0.06, 0.14)})
    made = replace(report([feature("fine", effect=0.02), weak, strong]), confidence=0.9)
    (ax,) = made.plot().axes
    assert [label.get_text() for label in ax.get_yticklabels()] == ["strong", "weak$", "fine"]
    points = [(line.get_xdata()[0], line.get_ydata()[0]) for line in ax.lines if line.get_marker() == "o"]
    assert points == [(0.4, 0), (0.1, 1), (0.02, 2)]
    whiskers = [list(np.asarray(line.get_xdata())) for line in ax.lines if len(np.asarray(line.get_xdata())) == 2]
    assert [0.35, 0.47] in whiskers
    assert [0.06, 0.14] in whiskers
    colours = [line.get_color() for line in ax.lines if line.get_marker() == "o"]
    assert colours == [CURRENT, CURRENT, GREY]
    assert "90 % intervals" in ax.get_xlabel()
    cut = [line for line in ax.lines if line.get_linestyle() == ":"]
    assert [list(np.asarray(line.get_xdata())) for line in cut] == [[made.min_effect] * 2]


def test_the_interval_of_a_distribution_is_not_that_of_a_missing_share() -> None:
    one = drifted("x", effect=0.4, direction="more missing", intervals={"ks": Interval(0.01, 0.0, 0.02)})
    (ax,) = report([one]).plot().axes
    assert [line.get_label() for line in ax.lines if list(np.asarray(line.get_xdata())) == [0.0, 0.02]] == []


def test_an_overview_of_many_features_shows_as_many_as_can_be_read() -> None:
    made = report([drifted(f"f{i}", effect=0.5 - i / 1000) for i in range(100)])
    (ax,) = made.plot().axes
    assert len(ax.get_yticklabels()) == 40
    assert "60 more features (60 drifted)" in ax.get_xlabel()


def test_an_overview_of_few_drifted_features_is_filled_up_with_others() -> None:
    made = report([*(feature(f"f{i}", effect=i / 1000) for i in range(30)), drifted("price")])
    (ax,) = made.plot().axes
    assert [label.get_text() for label in ax.get_yticklabels()][:2] == ["price", "f29"]
    assert len(ax.get_yticklabels()) == 20
    assert ax.get_xlabel().endswith("; 11 more features")


def test_one_picture_goes_on_the_axes_that_are_given() -> None:
    figure = Figure()
    left, right = figure.subplots(1, 2)
    made = report([price(), carrier()])
    assert made.plot("price", kind="ecdf", ax=left) is figure
    assert made.plot(ax=right) is figure
    assert left.get_title() == "price"
    assert len(right.get_yticklabels()) == 2


def test_names_are_only_text() -> None:
    names = [HOSTILE_NAME, "$\\frac{a}{$", "<img src=x onerror=alert(1)>", "a_$b$_{c}"]
    made = report([replace(price(), name=name) for name in names])
    for name in names:
        assert "price" not in svg_text(made.plot(name))
    shown = svg_text(made.plot())
    for name in names[1:]:
        assert name in shown
    assert "\x1b" not in shown


def test_pictures_are_vectors_and_show_themselves_in_a_notebook() -> None:
    figure = report([price()]).plot("price")
    pdf = io.BytesIO()
    figure.savefig(pdf, format="pdf")
    assert pdf.getvalue().startswith(b"%PDF")
    assert b"/Subtype /Image" not in pdf.getvalue()
    assert figure._repr_png_().startswith(b"\x89PNG")


def test_settings_of_matplotlib_are_left_alone_and_no_figure_is_kept() -> None:
    program = """
import sys
import matplotlib as mpl
from driftwatch import Monitor
settings = lambda: {name: mpl.rcParams[name] for name in mpl.rcParams if name != "backend"}  # that one imports pyplot
before = settings()
report = Monitor({"x": [i / 7 for i in range(100)]}).check({"x": [i / 7 for i in range(50, 150)]})
report.plot("x").savefig(sys.stdout.buffer, format="svg")
report.plot()
assert settings() == before
assert "matplotlib.pyplot" not in sys.modules  # it would hold on to figures, and ask for a display
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"<svg" in done.stdout


def test_a_report_that_was_stored_draws_the_same() -> None:
    rng = np.random.default_rng(1)
    made = Monitor({"x": rng.normal(size=500)}).check({"x": rng.normal(1.0, size=300)})
    again = DriftReport.from_json(made.to_json())
    for kind in ("distribution", "ecdf", "psi"):
        first, second = (one.plot("x", kind=kind).axes[0] for one in (made, again))
        assert [np.asarray(patch.get_path().vertices).tolist() for patch in first.patches] == [
            np.asarray(patch.get_path().vertices).tolist() for patch in second.patches
        ]


def test_an_unknown_feature_names_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match=r"unknown feature: 'prise' \(did you mean 'price'\?\)"):
        report([price()]).plot("prise")


def test_an_unknown_kind_names_those_there_are() -> None:
    with pytest.raises(UnknownNameError, match="Known: 'distribution', 'ecdf', 'psi'"):
        report([price()]).plot("price", kind="violin")


def test_what_a_feature_does_not_have_says_what_it_has() -> None:
    with pytest.raises(ConfigError, match=r"'carrier' of kind 'categorical' has no ecdf to draw. It has: distribution"):
        report([carrier()]).plot("carrier", kind="ecdf")


def test_a_feature_that_was_not_tested_says_why() -> None:
    one = without_verdict("tailnum", Status.SKIPPED, "identifiers are reported, not tested", "identifier")
    with pytest.raises(ConfigError, match=r"nothing to draw\. identifiers are reported, not tested"):
        report([replace(one, bins=None)]).plot("tailnum")


def test_a_report_of_nothing_tested_has_no_overview() -> None:
    one = without_verdict("tailnum", Status.SKIPPED, "identifiers are reported, not tested", "identifier")
    with pytest.raises(ConfigError, match="no feature was tested"):
        report([one]).plot()


@pytest.mark.parametrize(("name", "kind"), [(None, "ecdf"), ("price", "effects")])
def test_one_feature_and_all_of_them_are_different_plots(name: str | None, kind: str) -> None:
    with pytest.raises(ConfigError, match=f"`kind='{kind}'` is a plot of"):
        report([price()]).plot(name, kind=kind)


def test_without_matplotlib_the_line_to_type_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "driftwatch.report._figure", None)
    with pytest.raises(MissingExtraError, match=r"needs matplotlib.*\[plot\]"):
        report([price()]).plot("price")


def test_a_constant_reference_has_no_bins_of_psi_to_draw() -> None:
    rng = np.random.default_rng(0)
    made = Monitor({"x": np.full(200, 5.0)}).check({"x": rng.normal(5.0, size=200)})
    assert "psi" not in panels_of(made.features["x"])
    made.plot("x")
