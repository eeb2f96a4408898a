"""Two files of 1,000,000 x 50 float64 (400 MB each in memory): time and peak memory of one `driftwatch check`."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from measure import DRIFTWATCH, Figure, run_process

if TYPE_CHECKING:
    from collections.abc import Iterator

ROWS, COLUMNS = 1_000_000, 50


def write(path: Path, seed: int, shift: float) -> None:
    """Write standard normal columns, the first of them shifted."""
    rng = np.random.default_rng(seed)
    columns = {f"x{i:02}": rng.standard_normal(ROWS) + (shift if i == 0 else 0.0) for i in range(COLUMNS)}
    pq.write_table(pa.table(columns), path, compression="none", use_dictionary=False)


def run() -> Iterator[Figure]:
    """Write the files to a temporary folder and check them once."""
    with tempfile.TemporaryDirectory() as folder:
        reference, current = Path(folder) / "reference.parquet", Path(folder) / "current.parquet"
        write(reference, 1, 0.0)
        write(current, 2, 0.5)
        process = run_process(DRIFTWATCH, "check", str(reference), str(current))
    if process.returncode != 1:
        raise RuntimeError(f"driftwatch check ended with {process.returncode}, expected 1 (drift in x00)")
    yield Figure("driftwatch check, 2 x 1,000,000 x 50 float64", process.seconds, "s")
    yield Figure("driftwatch check, the same, peak memory", process.peak_mb, "MB", 2400)
