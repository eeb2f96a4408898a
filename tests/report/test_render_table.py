"""The table for terminals, with and without Rich."""

from __future__ import annotations

import io
import re
import sys

import pytest
from rich.console import Console

import report_samples as samples
from driftwatch.errors import MissingExtraError
from driftwatch.report.model import Status, TestResult
from driftwatch.report.render_table import print_table, render_table
from driftwatch.report.text import width_of

ANSI = re.compile(r"\x1b\[[0-9;]*m")


def console(encoding: str = "utf-8", **options: object) -> Console:
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding, newline="")
    settings: dict[str, object] = {"width": 80, "legacy_windows": False, "color_system": None}
    return Console(file=stream, **(settings | options))  # type: ignore[arg-type]


def printed(target: Console) -> str:
    stream = target.file
    assert isinstance(stream, io.TextIOWrapper)
    stream.flush()
    assert isinstance(stream.buffer, io.BytesIO)
    return stream.buffer.getvalue().decode(stream.encoding)


@pytest.mark.parametrize("width", [80, 100, 120, 300])
@pytest.mark.parametrize("ascii_only", [False, True])
def test_lines_fit_the_width(width: int, ascii_only: bool) -> None:
    wide = samples.drifted("価格" * 40, reason="説明" * 60)
    report = samples.report([*samples.realistic().features.values(), wide, samples.drifted(samples.HOSTILE_NAME)])
    lines = render_table(report, width=width, ascii_only=ascii_only).splitlines()
    assert max(map(width_of, lines)) <= width


def test_the_first_line_is_the_verdict() -> None:
    assert render_table(samples.realistic()).splitlines()[0].startswith("Drift detected: 5 of 9 tested features")


def test_drifted_features_come_first_by_rank() -> None:
    rows = [
        line.split()[:2] for line in render_table(samples.realistic()).splitlines() if line[:5] in {"drift", "ok   "}
    ]
    assert [verdict for verdict, _ in rows] == ["drift"] * 5 + ["ok"] * 4
    assert [name for _, name in rows[:2]] == ["sensor_gain", "price"]


def test_a_row_shows_statistic_pvalue_effect_both_legs_and_n() -> None:
    rows = render_table(samples.realistic()).splitlines()
    (price,) = [row for row in rows if row.startswith("drift  price")]
    assert price.split() == ["drift", "price", "↑", "KS", "0.412", "1e-12", "0.411", "✓", "✓", "10k/8.4k"]
    (hour,) = [row for row in rows if row.startswith("ok     hour")]
    assert hour.split()[-3:-1] == ["✓", "·"]


def test_a_leg_that_was_switched_off_is_neither_yes_nor_no() -> None:
    table = render_table(samples.report([samples.drifted(significant=None)], alpha=None))
    assert "–    ✓" in table  # noqa: RUF001 - an en dash is meant
    assert "significant: not required" in table


def test_a_drifted_feature_shows_both_histograms_and_what_moved() -> None:
    lines = render_table(samples.report([samples.drifted()])).splitlines()
    assert lines[4].strip() == "▄▄▄▄▄▄▄▄▄▄ → ▁▂▂▂▃▄▅▆▇█  median 12.1 → 15.3"


def test_columns_stand_under_each_other() -> None:
    lines = render_table(samples.realistic()).splitlines()
    rows = [line for line in lines if line[:5] in {"drift", "ok   "}]
    assert len({line.index("10k/") for line in rows}) == 1


def test_long_names_are_cut_in_the_middle() -> None:
    table = render_table(samples.realistic())
    assert samples.LONG_NAME not in table
    assert re.search(r"drift  customer\w*…\w*_in_euro ", table)


def test_features_without_verdict_are_listed_with_their_reasons() -> None:
    table = render_table(samples.realistic())
    assert "  insufficient  tail_score: 4 valid values in current, 10 are needed" in table
    assert "  skipped       tailnum: identifiers are reported, not tested" in table


def test_features_with_the_same_reason_share_a_line() -> None:
    features = [samples.without_verdict(f"d{index}", Status.SKIPPED, "dates") for index in range(9)]
    assert "skipped       d0, d1, d2, d3, d4 and 4 more: dates" in render_table(samples.report(features))


def test_the_reason_of_a_drifted_feature_is_shown() -> None:
    gone = samples.drifted("gone", status=Status.INSUFFICIENT, reason="all values are missing")
    assert "all values are missing" in render_table(samples.report([gone]))


def test_a_threshold_that_decided_is_shown() -> None:
    tests = {"psi": TestResult(statistic=0.3, threshold=0.2)}
    table = render_table(samples.report([samples.drifted(signals=("psi",), tests=tests)]))
    assert "threshold 0.2" in table


def test_features_without_drift_are_limited_and_counted() -> None:
    report = samples.report([samples.drifted("d"), *(samples.feature(f"f{index}") for index in range(50))])
    table = render_table(report, max_rows=10)
    assert table.count("\nok ") == 9
    assert "… and 41 more without drift" in table


def test_no_limit_shows_all_features() -> None:
    report = samples.report([samples.feature(f"f{index}") for index in range(50)])
    assert render_table(report, max_rows=None).count("\nok ") == 50


def test_drifted_features_are_never_cut() -> None:
    report = samples.report([samples.drifted(f"f{index}") for index in range(50)])
    assert render_table(report, max_rows=3).count("\ndrift ") == 50


def test_reasons_beyond_the_limit_are_counted() -> None:
    features = [samples.without_verdict(f"d{index}", Status.ERROR, f"reason {index}") for index in range(50)]
    assert "  … and 47 more" in render_table(samples.report(features), max_rows=3)


def test_the_footer_names_rows_alpha_correction_and_effect() -> None:
    last = render_table(samples.realistic()).splitlines()[-2:]
    assert last == [
        "n 10,000 reference, 8,400 current",
        "significant: alpha 0.05 (fdr_bh) · material: effect ≥ 0.05",
    ]


def test_an_empty_report_is_a_table_too() -> None:
    assert render_table(samples.report([])).startswith("No verdict")


def test_ascii_only_is_ascii() -> None:
    report = samples.report([*samples.realistic().features.values(), samples.drifted("prix_€\u202e")])
    assert render_table(report, ascii_only=True).isascii()


def test_hostile_names_are_inert_in_the_table() -> None:
    features = [
        samples.drifted(samples.HOSTILE_NAME, kind="\x1b[0m", reason="\x1b]0;title\x07"),
        samples.without_verdict("x" + samples.HOSTILE_NAME, Status.ERROR, "[red]\x1b[2J\n::error::"),
    ]
    report = samples.report(features, correction="\x1b[1m", only_in_current=(samples.HOSTILE_NAME,))
    table = render_table(report, width=120)
    assert all(line.isprintable() for line in table.split("\n"))


def test_rich_markup_in_a_name_is_printed_as_it_stands() -> None:
    target = console(width=120)
    print_table(samples.report([samples.drifted("[bold]x[/nope] :smile:")]), target)
    assert "[bold]x[/nope] :smile:" in printed(target)


def test_color_adds_styles_and_changes_no_text() -> None:
    report = samples.realistic()
    colored = render_table(report, color=True)
    assert "\x1b[" in colored
    plain = [line.rstrip() for line in ANSI.sub("", colored).split("\n")]
    assert plain == render_table(report).split("\n")


def test_a_console_gets_the_table_at_its_own_width() -> None:
    target = console(width=100)
    print_table(samples.realistic(), target)
    assert [line.rstrip() for line in printed(target).rstrip("\n").split("\n")] == render_table(
        samples.realistic(), width=100
    ).split("\n")


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1"])
def test_a_console_that_cannot_draw_gets_ascii(encoding: str) -> None:
    target = console(encoding)
    print_table(samples.realistic(), target)
    assert printed(target).isascii()


def test_color_without_rich_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rich.console", None)
    with pytest.raises(MissingExtraError, match=r"driftwatch\[cli\]"):
        render_table(samples.realistic(), color=True)


def test_a_plain_table_needs_no_rich(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rich", None)
    monkeypatch.setitem(sys.modules, "rich.console", None)
    assert render_table(samples.realistic()).startswith("Drift detected")
