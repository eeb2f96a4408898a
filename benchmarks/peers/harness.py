"""Runs inside a peer's own environment: reads two .npy files, times one peer's check of them, prints JSON.

Command: python harness.py with_scipy.py reference.npy current.npy {time,memory}
Standard library and numpy only, for Python 3.9 and later.
"""

from __future__ import annotations

import importlib.util
import json
import logging
import statistics
import sys
import time
import warnings
from importlib import metadata
from pathlib import Path

import numpy as np

SECONDS = 8.0  # repeats stop here; a first call and two more are always made
MIN_CALLS, MAX_CALLS = 2, 9


def load(script):
    """Import a peer's script by its path."""
    spec = importlib.util.spec_from_file_location("peer", script)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def timed(check, current):
    start = time.perf_counter()
    result = check(current)
    return time.perf_counter() - start, result


def resident_mb(field):
    """Return a field of /proc/self/status in MB: VmRSS now, VmHWM at its peak."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"no {field} in /proc/self/status")


def measure_time(check, current):
    """Time the first call, and take the median of those after it; the peer may cache whatever it likes in between."""
    first, result = timed(check, current)
    later = []
    while len(later) < MAX_CALLS and (len(later) < MIN_CALLS or sum(later) < SECONDS):
        seconds, result = timed(check, current)
        later.append(seconds)
    return {"first": first, "seconds": statistics.median(later), "calls": len(later), "result": result}


def measure_memory(check, current):
    """Measure by how much the second call raises the resident memory at its peak."""
    check(current)
    before = resident_mb("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # resets the high-water mark
    check(current)
    return {"extra_mb": resident_mb("VmHWM") - before, "data_mb": current_mb(current)}


def current_mb(current):
    return current.nbytes / 2**20 if isinstance(current, np.ndarray) else float(current.memory_usage().sum()) / 2**20


def main():
    script, reference, current, what = sys.argv[1:]
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    peer = load(script)
    table = getattr(peer, "table", lambda array: array)  # the peer's own kind of table, made outside the timing
    check = peer.fit(table(np.load(reference)))
    measured = {"time": measure_time, "memory": measure_memory}[what](check, table(np.load(current)))
    versions = {name: metadata.version(name) for name in peer.PACKAGES}
    sys.stdout.write("\n" + json.dumps({**measured, "does": peer.DOES, "versions": versions}) + "\n")


if __name__ == "__main__":
    main()
