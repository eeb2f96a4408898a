"""By how much one check raises the resident memory at its peak, over the current data."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

from measure import Figure

if TYPE_CHECKING:
    from collections.abc import Iterator

SHAPES = ((1_000_000, 20, "float64", True), (100_000, 100, "float32", False), (100_000, 100, "float32", True))
# glibc keeps freed blocks for itself and may serve the next call from them: with this they go back at once
RETURN_FREED_BLOCKS = {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "0"}


def run() -> Iterator[Figure]:
    """Check tables and arrays, each in a fresh process."""
    for shape in SHAPES:
        n, d, dtype, is_frame = shape
        done = subprocess.run(
            [sys.executable, __file__, json.dumps(shape)],
            check=True,
            capture_output=True,
            text=True,
            env={**os.environ, **RETURN_FREED_BLOCKS},
        )
        found = json.loads(done.stdout.splitlines()[-1])
        name = f"{n:,} x {d} {dtype}, {'pandas' if is_frame else 'numpy, C order'}"
        detail = f"{found['extra_mb']:.0f} MB over {found['data_mb']:.0f} MB"
        yield Figure(name, found["extra_mb"] / found["data_mb"], "x the data", 2.0, detail, group="memory")


def measure(n: int, d: int, dtype: str, is_frame: bool) -> dict[str, float]:
    """Return what the second check adds to the resident memory, in MB."""
    import pandas as pd
    from peers.harness import measure_memory
    from ratios import samples

    from driftwatch import Monitor, warmup

    warmup()
    reference, current = samples(n, d, dtype, 0.02)
    monitor = Monitor(pd.DataFrame(reference) if is_frame else reference)
    del reference
    return measure_memory(monitor.check, pd.DataFrame(current) if is_frame else current)


if __name__ == "__main__":
    print(json.dumps(measure(*json.loads(sys.argv[1]))))
