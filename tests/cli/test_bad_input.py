"""Bad input, real files through the whole stack: case -> exit code -> what is still reported."""

from __future__ import annotations

import datetime as dt
import json
import pickle
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import feather, parquet

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cli_runs import Run

N = 60
RNG = np.random.default_rng(20240501)
GOOD = RNG.normal(size=N)
CSV = ("good,other\n" + "".join(f"{value},{index % 7}\n" for index, value in enumerate(GOOD))).encode()
HEADER = b"good,other\n"


def as_bytes(write: Callable[[pa.BufferOutputStream], object]) -> bytes:
    sink = pa.BufferOutputStream()
    write(sink)
    return bytes(sink.getvalue())


def npy(array: Any, *, allow_pickle: bool = False) -> bytes:
    return as_bytes(lambda sink: np.save(sink, array, allow_pickle=allow_pickle))


TABLE = pa.table({"good": GOOD, "other": [index % 7 for index in range(N)]})
PARQUET = as_bytes(lambda sink: parquet.write_table(TABLE, sink))
ARROW = as_bytes(lambda sink: feather.write_feather(TABLE, sink))

# case: (file name, content, part of the one line)
COULD_NOT_RUN = {
    "empty file": ("bad.csv", b"", "a table was expected, but it is empty (0 bytes)"),
    "header only": ("bad.csv", HEADER, "2 columns and zero rows"),
    "zero rows": ("bad.parquet", as_bytes(lambda sink: parquet.write_table(TABLE[:0], sink)), "zero rows"),
    "truncated parquet": ("bad.parquet", PARQUET[:-20], "cannot read 'bad.parquet'"),
    "damaged parquet": ("bad.parquet", PARQUET[:20] + b"\xff" * 40 + PARQUET[60:], "cannot read 'bad.parquet'"),
    "text named .parquet": ("bad.parquet", CSV, "its name ends in .parquet, but it holds text"),
    "truncated arrow": ("bad.arrow", ARROW[:-200], "cannot read 'bad.arrow'"),
    "wrong delimiter": ("bad.csv", CSV.replace(b",", b"^"), "no column in common"),
    "no common column": ("bad.csv", CSV.replace(HEADER, b"a,b\n"), "no column in common"),
    "binary junk": ("bad.csv", bytes(range(256)) * 8, "cannot read 'bad.csv'"),
    "binary junk without a suffix": ("bad", b"\x07\x13\x99" * 99, "it starts with the bytes 07 13 99"),
    "nul byte": ("bad.csv", CSV[:50] + b"\0" + CSV[50:], "there is a NUL byte at byte 50 (line 3)"),
    "invalid utf-8": ("bad.csv", CSV[:50] + b"\xff" + CSV[50:], "byte 0xff at byte 50 (line 3)"),
    "utf-16": ("bad.csv", CSV.decode().encode("utf-16"), "UTF-16 text"),
    "duplicate column names": ("bad.csv", CSV.replace(HEADER, b"good,good\n"), "more than once: 'good'"),
    "pickled npy": ("bad.npy", npy(np.array([{"a": 1}] * N), allow_pickle=True), "cannot read 'bad.npy'"),
    "pickle": ("bad.npy", pickle.dumps(GOOD), "a Python pickle, which is never loaded"),
    "3-d npy": ("bad.npy", npy(np.zeros((5, 4, 3))), "cannot read 'bad.npy'"),
    "unknown suffix and content": ("bad.xyz", b"just words\nand more\n", "neither its name nor its content says which"),
    "truncated gzip": ("bad.csv.gz", b"\x1f\x8b\x08\x00" + b"\0" * 20, "gzip"),
    "broken json lines": ("bad.jsonl", b'{"good": 1}\n{"good": \n', "cannot read 'bad.jsonl'"),
    "unknown compression": ("bad.csv", b"BZh91AY&SY", "compressed with bzip2"),
}


@pytest.mark.parametrize("side", ["reference", "current"])
@pytest.mark.parametrize("case", COULD_NOT_RUN)
def test_input_that_cannot_be_used_ends_with_2_and_one_line(run: Run, tmp_path: Path, case: str, side: str) -> None:
    name, content, message = COULD_NOT_RUN[case]
    (tmp_path / "good.csv").write_bytes(CSV)
    (tmp_path / name).write_bytes(content)
    sides = (name, "good.csv") if side == "reference" else ("good.csv", name)
    outcome = run("check", *sides, "--output", "report.txt")
    assert outcome.code == 2
    assert message in outcome.error
    assert not (tmp_path / "report.txt").exists()


@pytest.mark.parametrize("side", ["reference", "current"])
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing.csv", "cannot read 'missing.csv': no such file"),
        ("folder", "cannot read 'folder': a file was expected"),
    ],
)
def test_path_that_is_no_file_ends_with_2(run: Run, tmp_path: Path, name: str, message: str, side: str) -> None:
    (tmp_path / "good.csv").write_bytes(CSV)
    (tmp_path / "folder").mkdir()
    sides = (name, "good.csv") if side == "reference" else ("good.csv", name)
    outcome = run("check", *sides)
    assert outcome.code == 2
    assert outcome.error.startswith(message)


def test_missing_current_is_told_before_the_reference_is_read(run: Run, tmp_path: Path) -> None:
    (tmp_path / "reference.csv").write_bytes(b"")  # would be refused as well, but later
    assert "'missing.csv'" in run("check", "reference.csv", "missing.csv").error


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--features", "godo"], "unknown feature: 'godo' (did you mean 'good'?)"),
        (["--exclude", "godo"], "unknown feature: 'godo' (did you mean 'good'?)"),
        (["--kind", "godo=numeric"], "unknown feature: 'godo' (did you mean 'good'?)"),
        (["--threshold", "pis=0.2"], "unknown statistic in `thresholds`: 'pis' (did you mean 'psi'?)"),
    ],
)
def test_name_that_the_data_or_the_statistics_do_not_have_ends_with_2(
    run: Run, tmp_path: Path, options: list[str], message: str
) -> None:
    (tmp_path / "good.csv").write_bytes(CSV)
    outcome = run("check", "good.csv", "good.csv", *options)
    assert outcome.code == 2
    assert outcome.error.startswith(message)


def test_internal_error_ends_with_2_and_one_line(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr("driftwatch.monitor.monitor.Monitor.check", fail)
    (tmp_path / "good.csv").write_bytes(CSV)
    outcome = run("check", "good.csv", "good.csv")
    assert outcome.code == 2
    assert outcome.error.startswith("internal error: ZeroDivisionError: division by zero.")


def check_column(
    run: Run, folder: Path, reference: object, current: object, *options: str
) -> tuple[int, dict[str, Any]]:
    """Check tables of one good column and the column `odd`; return the exit code and the report as it was written."""
    for side, column in (("reference", reference), ("current", current)):
        columns = {"good": GOOD} if column is None else {"good": GOOD, "odd": column}
        parquet.write_table(pa.table(columns), folder / f"{side}.parquet")
    outcome = run("check", "reference.parquet", "current.parquet", "--format", "json", *options)
    assert outcome.err == ""
    report = json.loads(outcome.out)
    assert report["features"]["good"]["status"] == "ok", "the good column lost its verdict"
    return outcome.code, report


NUMBERS = pa.array(RNG.normal(size=N))
WORDS = pa.array([f"word{index % 5}" for index in range(N)])
NULLS = pa.nulls(N, pa.float64())
FIVES = pa.array([5.0] * N)
INFINITE = pa.array([float("inf"), float("-inf"), *RNG.normal(size=N - 2)])
HUGE = pa.array([2**53 + index for index in range(N)])
ZONED = pa.array([dt.datetime(2024, 3, 31, tzinfo=dt.UTC) + dt.timedelta(hours=hour) for hour in range(N)])
DURATIONS = pa.array([dt.timedelta(seconds=abs(float(value))) for value in GOOD])
DECIMALS = pa.array([Decimal(int(value * 100)) / 100 for value in GOOD])

# case: (reference, current, exit code, status, part of the reason or None, signal or flag or None)
REPORTED: dict[str, tuple[pa.Array, pa.Array, int, str, str | None, str | None]] = {
    "numbers and text": (NUMBERS, WORDS, 0, "error", "the type changed: reference holds number", "type_changed"),
    "text and numbers": (WORDS, NUMBERS, 0, "error", "the type changed: reference holds string", "type_changed"),
    "all null on both sides": (NULLS, NULLS, 0, "insufficient", "no values in 60 rows in reference", None),
    "all null in reference": (NULLS, NUMBERS, 1, "insufficient", "no values in 60 rows in reference", "missing_share"),
    "all null in current": (NUMBERS, NULLS, 1, "insufficient", "no values in 60 rows in current", "missing_share"),
    "without a type": (pa.nulls(N), pa.nulls(N), 0, "insufficient", "no values in 60 rows in reference", None),
    "constant": (FIVES, FIVES, 0, "ok", None, None),
    "constant that changed": (FIVES, pa.array([7.0] * N), 1, "ok", None, "constant_changed"),
    "infinite values": (INFINITE, INFINITE, 0, "ok", None, None),
    "infinite everywhere": (pa.array([float("inf")] * N), NUMBERS, 1, "ok", None, None),
    "integers above 2**53": (HUGE, HUGE, 0, "ok", None, "rounded_integers"),
    "dates with a time zone": (ZONED, ZONED, 0, "skipped", "timestamps move on by definition", None),
    "durations": (DURATIONS, DURATIONS, 0, "ok", None, None),
    "lists": (pa.array([[1, 2]] * N), pa.array([[1, 2]] * N), 0, "skipped", "nested or binary values", None),
    "structs": (pa.array([{"a": 1}] * N), pa.array([{"a": 1}] * N), 0, "skipped", "nested or binary values", None),
    "decimals": (DECIMALS, DECIMALS, 0, "ok", None, None),
}


@pytest.mark.parametrize("case", REPORTED)
def test_odd_column_is_reported_with_its_status_and_costs_no_other_column(run: Run, tmp_path: Path, case: str) -> None:
    reference, current, code, status, reason, mark = REPORTED[case]
    found, report = check_column(run, tmp_path, reference, current)
    odd = report["features"]["odd"]
    assert (found, odd["status"]) == (code, status)
    assert (reason is None) == (odd["reason"] is None)
    assert (reason or "") in (odd["reason"] or "")
    assert mark is None or mark in {*odd["signals"], *odd["flags"]}


@pytest.mark.parametrize("name", ["table", "markdown", "junit", "github"])
def test_reason_reaches_every_format(run: Run, tmp_path: Path, name: str) -> None:
    check_column(run, tmp_path, NUMBERS, WORDS)
    outcome = run("check", "reference.parquet", "current.parquet", "--format", name)
    assert "the type changed" in " ".join(outcome.out.split())


def test_column_of_one_side_is_named(run: Run, tmp_path: Path) -> None:
    code, report = check_column(run, tmp_path, NUMBERS, None)
    assert (code, report["only_in_reference"], report["only_in_current"]) == (0, ["odd"], [])
    code, report = check_column(run, tmp_path, None, NUMBERS)
    assert (code, report["only_in_reference"], report["only_in_current"]) == (0, [], ["odd"])


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_mixed_types_in_one_text_column_are_levels(run: Run, tmp_path: Path, suffix: str) -> None:
    rows = [{"good": float(value), "odd": index % 3 if index % 2 else "word"} for index, value in enumerate(GOOD)]
    if suffix == "csv":
        text = "good,odd\n" + "".join(f"{row['good']},{row['odd']}\n" for row in rows)
    else:
        text = "".join(json.dumps(row) + "\n" for row in rows)
    (tmp_path / f"mixed.{suffix}").write_text(text)
    outcome = run("check", f"mixed.{suffix}", f"mixed.{suffix}", "--format", "json")
    odd = json.loads(outcome.out)["features"]["odd"]
    assert (outcome.code, odd["kind"], odd["status"]) == (0, "categorical", "ok")


@pytest.mark.parametrize(
    ("n_reference", "n_current", "options", "reason"),
    [
        (9, N, [], "9 values in reference, at least 10 are needed"),
        (N, 9, [], "9 values in current, at least 10 are needed"),
        (1, 1, [], "1 value in reference, at least 10 are needed"),
        (N, N, ["--min-samples", "61"], "60 values in reference, at least 61 are needed"),
    ],
)
def test_too_few_rows_end_with_3_and_the_reason(
    run: Run, tmp_path: Path, n_reference: int, n_current: int, options: list[str], reason: str
) -> None:
    lines = CSV.splitlines(keepends=True)
    (tmp_path / "reference.csv").write_bytes(b"".join(lines[: n_reference + 1]))
    (tmp_path / "current.csv").write_bytes(b"".join(lines[: n_current + 1]))
    outcome = run("check", "reference.csv", "current.csv", "--format", "json", *options)
    features = json.loads(outcome.out)["features"]
    assert outcome.code == 3
    assert {feature["status"] for feature in features.values()} == {"insufficient"}
    assert {feature["reason"] for feature in features.values()} == {reason}


def test_ten_thousand_columns_simply_work(run: Run, tmp_path: Path) -> None:
    n_columns = 10_000
    values = RNG.normal(size=(20, n_columns))
    np.save(tmp_path / "reference.npy", values)
    values[:, 7] += 100.0
    np.save(tmp_path / "current.npy", values)
    outcome = run("check", "reference.npy", "current.npy", "--format", "json")
    report = json.loads(outcome.out)
    assert (outcome.code, report["n_features"]) == (1, n_columns)
    assert [name for name, feature in report["features"].items() if feature["drift_detected"]] == ["f7"]
