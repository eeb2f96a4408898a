"""`driftwatch history`: the checks that a store has."""

from __future__ import annotations

import csv
import io
import json
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from driftwatch import DriftReport, Monitor
from driftwatch.store import Run as Check
from driftwatch.store import SQLiteStore, WindowKey, history

if TYPE_CHECKING:
    from pathlib import Path

    from cli_runs import Run

HOUR = 3_600_000_000
START = 1_700_000_000_000_000 // HOUR * HOUR


@pytest.fixture(scope="module")
def reports() -> list[DriftReport]:
    rng = np.random.default_rng(0)
    reference = {f"feature_{i}": rng.normal(0, 1, 400) for i in range(12)}
    monitor = Monitor(reference)
    return [
        monitor.check({name: values + (shift if int(name[8:]) < 10 else 0) for name, values in reference.items()})
        for shift in (0, 3)
    ]


@pytest.fixture
def store(tmp_path: Path, reports: list[DriftReport]) -> Path:
    path = tmp_path / "a.db"
    with SQLiteStore(path) as opened, opened.transaction() as transaction:
        for i, report in enumerate(reports):
            at = START + i * HOUR
            transaction.add_run(
                Check("orders", WindowKey(at, at + HOUR), at + HOUR, 400, str(report.verdict)), report.to_json()
            )
    return path


def add(path: Path, check: Check, report: str) -> None:
    with SQLiteStore(path) as opened, opened.transaction() as transaction:
        transaction.add_run(check, report)


def test_checks_are_listed_newest_first_in_80_columns(run: Run, store: Path, reports: list[DriftReport]) -> None:
    found = run("history", "list", "--store", store)
    head, newest, oldest = found.out.splitlines()
    assert head.split() == ["id", "window", "(UTC)", "rows", "verdict", "drifted"]
    assert newest.startswith(" 2  2023-11-14 23:00   400  drift       10 of 12: " + reports[1].drifted_features[0])
    assert oldest == " 1  2023-11-14 22:00   400  no drift"
    assert max(len(line) for line in found.out.splitlines()) <= 80
    assert (found.code, found.err) == (0, "")


def test_streams_have_a_column_where_there_are_several(run: Run, store: Path) -> None:
    add(store, Check("a stream with quite a long name\n", WindowKey(0, 9, "0"), 5, 9, "error"), '{"error": "x\\n"}')
    lines = run("history", "list", "--store", store).out.splitlines()
    assert "stream" in lines[0]
    assert "a stre" in lines[1]
    assert "0: row 0" in lines[1]
    assert "the check failed: x" in lines[1]
    assert len(lines) == 4
    assert max(len(line) for line in lines) <= 80
    assert len(run("history", "list", "--store", store, "--stream", "orders").out.splitlines()) == 3


@pytest.mark.parametrize("format_name", ["json", "ndjson", "csv"])
def test_lists_for_programs_have_the_same_rows(
    run: Run, store: Path, reports: list[DriftReport], format_name: str
) -> None:
    text = run("history", "list", "--store", store, "--format", format_name).out
    rows: list[dict[str, Any]]
    if format_name == "csv":
        rows = list(csv.DictReader(io.StringIO(text)))
        assert rows[0]["drifted"].split(", ") == reports[1].drifted_features
    else:
        rows = json.loads(text) if format_name == "json" else [json.loads(line) for line in text.splitlines()]
        assert rows[0]["drifted"] == reports[1].drifted_features
    assert [str(row["id"]) for row in rows] == ["2", "1"]
    assert rows[0]["start"] == "2023-11-14T23:00:00+00:00"
    assert (str(rows[0]["n_drifted"]), rows[0]["verdict"], rows[0]["stream"]) == ("10", "drift", "orders")


def test_the_newest_are_listed_and_how_to_see_more(run: Run, store: Path) -> None:
    found = run("history", "list", "--store", store, "--last", 1)
    assert len(found.out.splitlines()) == 2
    assert "--last all" in found.err
    assert len(run("history", "list", "--store", store, "--last", "all").out.splitlines()) == 3


def test_checks_since_a_time_are_listed(run: Run, store: Path) -> None:
    add(store, Check("orders", WindowKey(0, 9), int(time.time() * 1e6), 9, "error"), '{"error": "x"}')
    assert "feature" not in run("history", "list", "--store", store, "--since", "1h").out
    at = "2023-11-15T00:00:00+00:00"
    assert len(run("history", "list", "--store", store, "--since", at).out.splitlines()) == 3


def test_an_empty_store_says_so(run: Run, tmp_path: Path) -> None:
    SQLiteStore(tmp_path / "b.db").close()
    assert run("history", "list", "--store", tmp_path / "b.db").out == "no checks\n"
    assert "no checks" in run("history", "show", "--store", tmp_path / "b.db").error
    assert "no checks" in run("history", "export", "--store", tmp_path / "b.db").error


def test_a_report_is_shown_as_it_was(run: Run, store: Path, reports: list[DriftReport]) -> None:
    assert DriftReport.from_json(run("history", "show", 1, "--store", store, "--format", "json").out) == reports[0]
    newest = run("history", "show", "--store", store, "--format", "json")
    assert (newest.code, DriftReport.from_json(newest.out)) == (0, reports[1])
    assert run("history", "show", "--store", store).out.startswith("Drift detected: 10 of 12")


def test_a_report_goes_to_a_file(run: Run, store: Path, tmp_path: Path, reports: list[DriftReport]) -> None:
    run("history", "show", 2, "--store", store, "--format", "json", "--output", tmp_path / "r.json")
    assert DriftReport.from_json((tmp_path / "r.json").read_text()) == reports[1]


def test_a_check_that_failed_is_told_and_not_shown(run: Run, store: Path) -> None:
    add(store, Check("orders", WindowKey(0, 9), 5, 9, "error"), '{"error": "ValueError: no"}')
    assert "ValueError: no" in run("history", "show", 3, "--store", store).error


def test_an_export_has_a_row_for_each_feature_and_check(run: Run, store: Path, tmp_path: Path) -> None:
    found = run("history", "export", "--store", store, "-o", tmp_path / "h.parquet")
    assert "2 checks, 24 rows" in found.err
    rows = pq.read_table(tmp_path / "h.parquet").to_pylist()
    wanted = history(store).rows()
    assert len(rows) == len(wanted) == 24
    assert [row["check"] for row in rows] == [1] * 12 + [2] * 12
    for row, values in zip(rows, wanted, strict=True):
        assert row["start"].isoformat() == values["start"]
        assert {key: row[key] for key in ("feature", "status", "effect", "ks", "psi")} == {
            key: values[key] for key in ("feature", "status", "effect", "ks", "psi")
        }


def test_an_export_to_standard_output_is_csv(run: Run, store: Path) -> None:
    text = run("history", "export", "--store", store).out
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == 24
    assert {row["stream"] for row in rows} == {"orders"}


def test_an_export_of_windows_by_rows_and_by_time_keeps_both(
    run: Run, store: Path, tmp_path: Path, reports: list[DriftReport]
) -> None:
    add(store, Check("rows", WindowKey(200, 400, "0"), START, 200, "no_drift"), reports[0].to_json())
    run("history", "export", "--store", store, "-o", tmp_path / "h.parquet")
    last = pq.read_table(tmp_path / "h.parquet").to_pylist()[-1]
    assert (last["start"], last["start_row"], last["stop_row"], last["partition"]) == (None, 200, 400, "0")


def test_prune_drops_by_age_and_by_number(run: Run, store: Path) -> None:
    add(store, Check("orders", WindowKey(0, 9), int(time.time() * 1e6), 9, "error"), "{}")
    add(store, Check("orders", WindowKey(9, 18), int(time.time() * 1e6), 9, "error"), "{}")
    assert run("history", "prune", "--store", store, "--older-than", "30d").err == "dropped 2 checks\n"
    assert run("history", "prune", "--store", store, "--keep", 1, "--quiet").err == ""
    with SQLiteStore(store) as opened:
        assert [check.id for check in opened.runs()] == [4]


def test_prune_of_one_stream_keeps_the_others(run: Run, store: Path) -> None:
    add(store, Check("returns", WindowKey(0, 9), 5, 9, "error"), "{}")
    run("history", "prune", "--store", store, "--keep", 0, "--stream", "orders")
    with SQLiteStore(store) as opened:
        assert [check.stream for check in opened.runs()] == ["returns"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["list", "--format", "yaml"], "'yaml'"),
        (["list", "--last", "few"], "`--last`"),
        (["list", "--since", "yesterday"], "--since"),
        (["list", "--stream", "order"], "did you mean 'orders'"),
        (["show", "x"], "`ID`"),
        (["show", "99"], "no check 99"),
        (["export", "-o", "a.txt"], ".parquet"),
        (["export", "--stream", "order"], "did you mean 'orders'"),
        (["prune"], "--older-than"),
        (["prune", "--keep", "-1"], "`--keep`"),
        (["prune", "--older-than", "1mo"], "--older-than"),
        (["prune", "--keep", "1", "--stream", "order"], "did you mean 'orders'"),
    ],
)
def test_mistakes_are_told(run: Run, store: Path, arguments: list[str], said: str) -> None:
    found = run("history", *arguments, "--store", store)
    assert found.code == 2
    assert said in found.error


@pytest.mark.parametrize("command", [["list"], ["show"], ["export"], ["prune", "--keep", "1"]])
def test_a_mistyped_path_makes_no_store(run: Run, tmp_path: Path, command: list[str]) -> None:
    found = run("history", *command, "--store", tmp_path / "typo.db")
    assert "no store" in found.error
    assert not (tmp_path / "typo.db").exists()


def test_an_export_over_the_store_is_refused(run: Run, store: Path) -> None:
    assert "one of the inputs" in run("history", "export", "--store", store, "-o", store).error


def test_checks_of_files_are_kept_where_they_are_told_to(run: Run, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for name, mean in (("reference", 0), ("same", 0), ("other", 3)):
        np.savetxt(tmp_path / f"{name}.csv", rng.normal(mean, 1, (400, 2)), delimiter=",", header="a,b", comments="")
    kept = ("--store", tmp_path / "kept.db", "--stream", "nightly")
    assert run("check", tmp_path / "reference.csv", tmp_path / "same.csv", *kept).code == 0
    run("profile", "build", tmp_path / "reference.csv", "-o", tmp_path / "ref.dwp")
    assert run("check", "--profile", tmp_path / "ref.dwp", tmp_path / "other.csv", "-q", *kept).code == 1

    rows = json.loads(run("history", "list", "--store", tmp_path / "kept.db", "-f", "json").out)
    assert [(row["stream"], row["verdict"], row["n_drifted"]) for row in rows] == [
        ("nightly", "drift", 2),
        ("nightly", "no_drift", 0),
    ]


@pytest.mark.parametrize("half", [["--store", "a.db"], ["--stream", "nightly"]])
def test_a_kept_check_has_a_store_and_a_name(run: Run, half: list[str]) -> None:
    assert "go together" in run("check", "a.csv", "b.csv", *half).error
