"""What counting on a cluster costs: constants measured in one process, and what follows for 1e9 and 1e12 rows.

Command: DRIFTWATCH_NUM_THREADS=1 python benchmarks/clusters.py
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

import numpy as np
from measure import Figure

from driftwatch import Profile, Window
from driftwatch.distributed.protocol import FAN_IN, count_partition, merge_partitions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

D = 100
REFERENCE_ROWS, BATCH_ROWS, BATCHES = 200_000, 100_000, 5
PARTITION_BYTES = 1e9  # of values
ROUNDS = 5
SIZES = (10**9, 10**12)


def cpu_seconds(call: Callable[[], Any]) -> float:
    """Return the smallest CPU time of a few calls."""
    times = []
    for _ in range(ROUNDS):
        begin = time.process_time()
        call()
        times.append(time.process_time() - begin)
    return min(times)


def reckoned(constants: dict[str, float]) -> Iterator[str]:
    """Yield a line of a table for each number of rows, at float32 and partitions of `PARTITION_BYTES`."""
    yield "rows | bytes read | partitions | counting, CPU hours | states, all levels | levels | merging, CPU hours"
    for rows in SIZES:
        read = rows * D * 4
        partitions = math.ceil(read / PARTITION_BYTES)
        levels = math.ceil(math.log(partitions, FAN_IN))
        sent = sum(math.ceil(partitions / FAN_IN**level) for level in range(levels)) * constants["state"]
        counting, merging = rows * D * constants["value"] / 3600, sent / constants["state"] * constants["merge"] / 3600
        yield (
            f"{rows:.0e} | {read / 1e12:g} TB | {partitions:,} | {counting:.3g} | {sent / 1e9:.3g} GB | {levels} "
            f"| {merging:.3g}"
        )


def figures() -> Iterator[Figure]:
    rng = np.random.default_rng(0)
    profile = Profile.fit(rng.normal(size=(REFERENCE_ROWS, D)).astype("f4"))
    sent = profile.to_bytes()
    batches = [rng.normal(size=(BATCH_ROWS, D)).astype("f4") for _ in range(BATCHES)]
    state = count_partition(sent, batches)  # and whatever the first call compiles
    arrays = sum(array.nbytes for block in Window(profile).counts.blocks for array in block)
    once = cpu_seconds(lambda: count_partition(sent, batches[:1]))
    constants = {
        "value": (cpu_seconds(lambda: count_partition(sent, batches)) - once) / ((BATCHES - 1) * BATCH_ROWS * D),
        "state": len(state),
        "merge": cpu_seconds(lambda: merge_partitions(sent, [state] * FAN_IN)) / FAN_IN,
    }
    yield Figure("a profile, as bytes", len(sent) / D / 1e3, "kB a feature")
    yield Figure("reading it, once a process", cpu_seconds(lambda: Profile.from_bytes(sent)) / D * 1e3, "ms a feature")
    yield Figure("a state, in memory", arrays / D / 1e3, "kB a feature")
    yield Figure("a state, as bytes", len(state) / D / 1e3, "kB a feature")
    yield Figure("counting", constants["value"] * 1e9, "ns a value")
    yield Figure("merging a state into another", constants["merge"] / D * 1e3, "ms a feature")
    print(*reckoned(constants), sep="\n")


if __name__ == "__main__":
    for figure in figures():
        print(figure.line())
