"""Parquet files counted on a profile, batch by batch: seconds, peak memory, and how both grow with rows and columns.

By itself `python benchmarks/larger_than_memory.py --rows 3000000 --columns 100` measures one shape, against 300,000 rows
of reference. Peak memory is that of a fresh process, Python and its libraries included.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from measure import Figure, Process, run_process

if TYPE_CHECKING:
    from collections.abc import Iterator

REFERENCE_ROWS = 300_000
ROWS_PER_FILE = 300_000
SHAPES = ((300_000, 20), (600_000, 20), (1_200_000, 20), (300_000, 40), (300_000, 80))
FULL = (3_000_000, 100)
MAX_SECONDS, MAX_MB = 25.0, 1024.0  # of the full shape, on two cores
DRIFTWATCH = (sys.executable, "-m", "driftwatch")


def write(folder: Path, n_rows: int, n_columns: int, seed: int, shift: float) -> None:
    """Write standard normal float32 columns as files of 300,000 rows, the first column shifted."""
    folder.mkdir()
    rng = np.random.default_rng(seed)
    for start in range(0, n_rows, ROWS_PER_FILE):
        n = min(ROWS_PER_FILE, n_rows - start)
        columns = {f"x{i:04}": rng.standard_normal(n, dtype="f4") for i in range(n_columns)}
        columns["x0000"] += np.float32(shift)
        pq.write_table(pa.table(columns), folder / f"{start:010}.parquet", compression="none", use_dictionary=False)


def measured(n_rows: int, n_columns: int) -> tuple[Process, Process]:
    """Return how long the profile of the reference takes, and the check of so many current rows against it."""
    with tempfile.TemporaryDirectory() as scratch:
        reference, current, profile = Path(scratch) / "ref", Path(scratch) / "cur", Path(scratch) / "ref.dwp"
        write(reference, REFERENCE_ROWS, n_columns, 1, 0.0)
        write(current, n_rows, n_columns, 2, 0.5)
        build = run_process(*DRIFTWATCH, "profile", "build", str(reference), "-o", str(profile))
        check = run_process(*DRIFTWATCH, "check", "--profile", str(profile), str(current))
    if (build.returncode, check.returncode) != (0, 1):
        raise RuntimeError(f"ended with {build.returncode} and {check.returncode}, expected 0 and 1 (drift in x0000)")
    return build, check


def figures(n_rows: int, n_columns: int) -> Iterator[Figure]:
    """Yield what one shape takes."""
    build, check = measured(n_rows, n_columns)
    at = {"n": n_rows, "d": n_columns}
    shape = f"{n_rows:,} x {n_columns:,} float32"
    bounds = (MAX_SECONDS, MAX_MB) if (n_rows, n_columns) == FULL else (None, None)
    yield Figure(f"profile build, {REFERENCE_ROWS:,} x {n_columns:,} float32", build.seconds, "s", at=at)
    yield Figure(f"profile build, {REFERENCE_ROWS:,} x {n_columns:,} float32, peak memory", build.peak_mb, "MB", at=at)
    yield Figure(f"check --profile, {shape}", check.seconds, "s", bounds[0], at=at)
    yield Figure(f"check --profile, {shape}, peak memory", check.peak_mb, "MB", bounds[1], at=at)


def run() -> Iterator[Figure]:
    """Measure small shapes, each twice the one before in rows or in columns."""
    for n_rows, n_columns in SHAPES:
        yield from figures(n_rows, n_columns)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=FULL[0])
    parser.add_argument("--columns", type=int, default=FULL[1])
    asked = parser.parse_args()
    for figure in figures(asked.rows, asked.columns):
        print(figure.line(), flush=True)
