"""The plain summary."""

from __future__ import annotations

import report_samples as samples
from driftwatch.report.text import width_of


def test_the_summary_begins_with_the_verdict_and_ranks_the_features() -> None:
    lines = samples.realistic().summary().splitlines()
    assert lines[0] == "Drift detected: 5 of 9 tested features drifted (4 not tested)."
    assert lines[1].split()[0] == "sensor_gain"


def test_the_summary_stays_within_eighty_columns() -> None:
    wide = samples.drifted("価格" * 40, reason="説明" * 60)
    report = samples.report([*samples.realistic().features.values(), wide, samples.drifted(samples.HOSTILE_NAME)])
    assert max(map(width_of, report.summary().splitlines())) <= 80


def test_the_summary_names_what_was_not_tested_and_columns_of_one_side() -> None:
    summary = samples.realistic().summary()
    assert "Not tested: flight_date, tail_score, gate, tailnum" in summary
    assert "Only in current: gate_code, crew_id" in summary


def test_the_summary_uses_ascii_symbols_so_that_any_log_takes_it() -> None:
    assert samples.realistic().summary().isascii()


def test_the_summary_of_many_drifted_features_stays_short() -> None:
    lines = samples.report([samples.drifted(f"f{index}") for index in range(500)]).summary().splitlines()
    assert len(lines) < 50
    assert "  and 480 more" in lines


def test_hostile_names_are_inert_in_the_summary() -> None:
    summary = samples.report([samples.drifted(samples.HOSTILE_NAME)]).summary()
    assert all(line.isprintable() for line in summary.split("\n"))


def test_a_report_without_drift_is_short() -> None:
    assert len(samples.report([samples.feature()]).summary().splitlines()) == 3
