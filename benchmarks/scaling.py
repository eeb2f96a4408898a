"""Time of every kernel of the catalog against n and d, as pytest-benchmark finds it in `test_kernels.py`."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from measure import Figure

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent


def run() -> Iterator[Figure]:
    """Run pytest-benchmark in a process of its own and read what it wrote."""
    with tempfile.TemporaryDirectory() as folder:
        found = Path(folder) / "benchmark.json"
        options = ["--benchmark-only", f"--benchmark-json={found}", "-q", "-p", "no:cacheprovider", "-o", "pythonpath="]
        command = [sys.executable, "-m", "pytest", str(HERE / "test_kernels.py"), *options]
        done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=HERE)
        if done.returncode:
            raise RuntimeError(f"pytest ended with {done.returncode}: {done.stdout[-2000:]}")
        benchmarks = json.loads(found.read_text())["benchmarks"]
    for benchmark in benchmarks:
        about, seconds = benchmark["extra_info"], benchmark["stats"]["median"]
        at = {"n": about["n"], "d": about["d"]}
        name = f"{about['kernel']}, {at['n']:,} x {at['d']:,}"
        yield Figure(name, seconds * 1e3, "ms", group=f"along_{about['axis']}", detail=about["kernel"], at=at)
