"""What only a real process shows: pipes, descriptors, signals, encodings and file names."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from cli_runs import clean_environment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cli_runs import RunFresh

REFERENCE = "price,shop\n" + "".join(f"{i % 17 + i / 1000},s{i % 3}\n" for i in range(200))
DRIFTED = "price,shop\n" + "".join(f"{i % 17 + 40},s{i % 3}\n" for i in range(200))
BROKEN_PIPE = 141
FULL_DISK = "/dev/full"


@pytest.fixture(autouse=True)
def _files(tmp_path: Path) -> None:
    (tmp_path / "ref.csv").write_text(REFERENCE)
    (tmp_path / "cur.csv").write_text(DRIFTED)


def test_check_from_files_to_verdict(run_fresh: RunFresh) -> None:
    same = run_fresh("check", "ref.csv", "ref.csv")
    assert (same.code, same.err) == (0, "")
    assert same.out.startswith("No drift detected in 2 tested features.")
    moved = run_fresh("check", "ref.csv", "cur.csv")
    assert (moved.code, moved.err) == (1, "")
    assert moved.out.startswith("Drift detected: 1 of 2 tested features drifted.")


def test_either_side_may_be_standard_input(run_fresh: RunFresh) -> None:
    as_files = run_fresh("check", "ref.csv", "cur.csv", "--format", "markdown").out
    for sides, piped in ((("-", "cur.csv"), REFERENCE), (("ref.csv", "-"), DRIFTED)):
        outcome = run_fresh("check", *sides, "--format", "markdown", stdin=piped.encode())
        assert (outcome.code, outcome.out) == (1, as_files)


def test_empty_standard_input_ends_with_2(run_fresh: RunFresh) -> None:
    outcome = run_fresh("check", "ref.csv", "-")
    assert outcome.code == 2
    assert outcome.error.startswith("cannot read 'standard input': a table was expected, but it is empty")


@pytest.mark.parametrize("arguments", [["check", "ref.csv", "-"], ["report", "-"]])
def test_closed_standard_input_ends_with_2(run_fresh: RunFresh, arguments: list[str]) -> None:
    outcome = run_fresh(*arguments, shell="$DRIFTWATCH <&-")
    assert outcome.code == 2
    assert outcome.error


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_reader_that_stops_early_causes_no_noise(run_fresh: RunFresh, tmp_path: Path, unbuffered: str) -> None:
    rng = np.random.default_rng(1)
    columns: dict[str, Any] = {f"feature{i}": rng.normal(size=12) for i in range(1500)}
    np.savez(tmp_path / "wide.npz", **columns)
    # far more than a pipe holds, so that the writer is still writing when `head` has gone
    outcome = run_fresh(
        *("check", "wide.npz", "wide.npz", "--format", "json"),
        env={"PYTHONUNBUFFERED": unbuffered},
        shell="$DRIFTWATCH | head -1; exit ${PIPESTATUS[0]}",
    )
    assert (outcome.code, outcome.out, outcome.err) == (BROKEN_PIPE, "{\n", "")


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["check", "ref.csv", "cur.csv"], ["config", "show"]])
def test_reader_that_never_came_causes_no_noise(run_fresh: RunFresh, arguments: list[str]) -> None:
    # the substitution ends at once, so that nobody reads; `wait` makes sure of it
    outcome = run_fresh(*arguments, shell="exec 3> >(exec true); wait $!; $DRIFTWATCH >&3")
    assert (outcome.code, outcome.err) == (BROKEN_PIPE, "")


def test_closed_standard_output_ends_quietly(run_fresh: RunFresh) -> None:
    outcome = run_fresh("check", "ref.csv", "cur.csv", shell="$DRIFTWATCH >&-")
    assert (outcome.code, outcome.err) == (BROKEN_PIPE, "")


def test_closed_standard_output_does_not_matter_to_a_quiet_check(run_fresh: RunFresh) -> None:
    assert run_fresh("check", "ref.csv", "cur.csv", "-q", shell="$DRIFTWATCH >&-").code == 1


def test_closed_standard_error_does_not_change_the_code(run_fresh: RunFresh) -> None:
    assert run_fresh("check", "ref.csv", "nope.csv", shell="$DRIFTWATCH 2>&-").code == 2


@pytest.mark.skipif(not Path(FULL_DISK).exists(), reason="this system has no /dev/full to stand for a full disk")
def test_full_disk_ends_with_2_and_one_line(run_fresh: RunFresh) -> None:
    outcome = run_fresh("check", "ref.csv", "cur.csv", shell=f"$DRIFTWATCH > {FULL_DISK}")
    assert outcome.code == 2
    assert outcome.error.startswith("cannot write the report to standard output: No space left on device.")


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Processes that are started hear SIGINT, also where the tests run in the background of a shell, which ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_interrupt_ends_with_130_and_silence(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "slow.csv")
    process = subprocess.Popen(
        [sys.executable, "-m", "driftwatch", "check", "slow.csv", "cur.csv"],
        cwd=tmp_path,
        env=clean_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    # opening the pipe for writing waits until the command reads from it, so that the signal comes amid its work
    with process, (tmp_path / "slow.csv").open("wb"):
        process.send_signal(signal.SIGINT)
        try:
            out, err = process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    assert (process.returncode, out, err) == (130, b"", b"")


def test_named_pipes_are_read(tmp_path: Path, run_fresh: RunFresh) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    writer = threading.Thread(target=(tmp_path / "pipe.csv").write_text, args=(DRIFTED,))
    writer.start()
    outcome = run_fresh("check", "ref.csv", "pipe.csv")
    writer.join(timeout=60)
    assert (outcome.code, outcome.err) == (1, "")


def test_working_directory_may_be_read_only(run_fresh: RunFresh, tmp_path: Path) -> None:
    # nobody, root included, can create a file in /proc
    read_only = "/proc" if Path("/proc/self").exists() else "/"
    outcome = run_fresh("check", tmp_path / "ref.csv", tmp_path / "cur.csv", cwd=read_only)
    assert (outcome.code, outcome.err) == (1, "")


def test_output_into_a_folder_that_refuses_files_ends_with_2(run_fresh: RunFresh) -> None:
    outcome = run_fresh("check", "ref.csv", "cur.csv", "--output", "/proc/report.txt")
    assert outcome.code == 2
    assert "/proc" in outcome.error


def test_file_name_that_is_not_utf8_can_be_read(run_fresh: RunFresh, tmp_path: Path) -> None:
    name = os.fsdecode(b"ref\xff.csv")
    (tmp_path / name).write_text(REFERENCE)
    outcome = run_fresh("check", name, "cur.csv")
    assert (outcome.code, outcome.err) == (1, "")


def test_file_name_that_is_not_utf8_can_be_named_in_an_error(run_fresh: RunFresh) -> None:
    outcome = run_fresh("check", os.fsdecode(b"no\xff\n.csv"), "cur.csv")
    assert outcome.code == 2
    assert outcome.error.startswith(r"cannot read 'no\udcff\n.csv': no such file")


def test_file_name_that_is_not_utf8_can_be_written(run_fresh: RunFresh, tmp_path: Path) -> None:
    name = os.fsdecode(b"out\xff.txt")
    outcome = run_fresh("check", "ref.csv", "cur.csv", "-o", name)
    assert (outcome.code, outcome.err) == (1, "wrote out\\udcff.txt\n")
    assert (tmp_path / name).exists()


def test_terminal_that_knows_ascii_only_gets_ascii(run_fresh: RunFresh) -> None:
    outcome = run_fresh("check", "ref.csv", "cur.csv", env={"PYTHONIOENCODING": "ascii"})
    assert (outcome.code, outcome.err) == (1, "")
    assert outcome.out.isascii()


def test_names_beyond_the_encoding_do_not_cost_the_report(run_fresh: RunFresh, tmp_path: Path) -> None:
    for name in ("ref.csv", "cur.csv"):
        text = (tmp_path / name).read_text().replace("price", "цена")
        (tmp_path / name).write_text(text, encoding="utf-8")
    outcome = run_fresh("check", "ref.csv", "cur.csv", "--format", "markdown", env={"PYTHONIOENCODING": "latin-1"})
    assert (outcome.code, outcome.err) == (1, "")
    assert r"\u0446\u0435\u043d\u0430" in outcome.out  # the name, as escapes


def test_both_ways_to_start_are_one(run_fresh: RunFresh) -> None:
    from importlib.metadata import entry_points

    from driftwatch.cli.__main__ import main

    (script,) = entry_points(group="console_scripts", name="driftwatch")
    assert script.load() is main
    assert run_fresh("--version").code == 0
