"""Other drift libraries, each in an environment of its own, given the same two files: time, peak memory, ratio."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from environments import PEERS, CannotInstallError, python_of
from measure import Absent, Figure, medians
from memory import RETURN_FREED_BLOCKS
from ratios import SHIFTS, limits, samples

if TYPE_CHECKING:
    from collections.abc import Iterator

N, D = 50_000, 20
HARNESS = Path(__file__).parent / "peers" / "harness.py"
FLOORS = {"evidently": 200.0, "alibi-detect": 25.0, "frouros": 25.0}
# two of them report their use over the network when they are called, which would be timed too
QUIET = {"DO_NOT_TRACK": "1", "NML_DISABLE_USAGE_LOGGING": "1"}
SAME = 1e-6  # alibi-detect returns float32


def measured(python: str, script: str, files: tuple[str, str], what: str) -> dict[str, Any]:
    """Run one peer's script in its environment and return what the harness found."""
    environment = {**os.environ, **QUIET, **(RETURN_FREED_BLOCKS if what == "memory" else {})}
    done = subprocess.run(
        [python, str(HARNESS), str(HARNESS.parent / script), *files, what],
        check=False,
        capture_output=True,
        text=True,
        env=environment,
    )
    if done.returncode:
        raise RuntimeError((done.stderr.strip() or "no message").splitlines()[-1])
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def run() -> Iterator[Figure | Absent]:
    """Check 50,000 x 20 float64 with every peer; the reference is fitted beforehand where the peer can."""
    interpreters = {"scipy loop": (sys.executable, "with_scipy.py")}
    for peer in PEERS:
        try:
            interpreters[peer.name] = (python_of(peer), peer.script)
        except CannotInstallError as error:
            yield Absent(peer.name, f"it cannot be installed: {error}", "peers")
    with tempfile.TemporaryDirectory() as folder:
        for shift in SHIFTS:
            files = (str(Path(folder) / "reference.npy"), str(Path(folder) / "current.npy"))
            for path, values in zip(files, samples(N, D, "float64", shift), strict=True):
                np.save(path, values)
            yield from side_by_side(interpreters, files, shift)


def side_by_side(
    interpreters: dict[str, tuple[str, str]], files: tuple[str, str], shift: float
) -> Iterator[Figure | Absent]:
    """Measure ours before each peer and once more after the last, and every peer in between."""
    own = (sys.executable, "with_driftwatch.py")
    ours = [measured(*own, files, "time")]
    theirs: dict[str, dict[str, Any]] = {}
    for name, peer in interpreters.items():
        try:
            theirs[name] = {**measured(*peer, files, "time"), **measured(*peer, files, "memory")}
        except RuntimeError as error:
            yield Absent(f"{name}, shift {shift:g}", f"it failed: {error}", "peers")
            continue
        ours.append(measured(*own, files, "time"))

    seconds = statistics.median(run["seconds"] for run in ours)
    limit = medians(limits(np.load(files[1])))
    memory = measured(*own, files, "memory")
    yield _memory("driftwatch", {**ours[0], **memory}, shift)
    for name, found in theirs.items():
        _compare(name, found["result"].get("ks"), ours[0]["result"]["ks"])
        times = {"driftwatch": seconds, "peer": found["seconds"], "peer, first call": found["first"], **limit}
        version = next(iter(found["versions"].values()))
        yield Figure(
            f"{name}, shift {shift:g}",
            found["seconds"] / seconds,
            "x",
            detail=f"{name} {version}: {found['does']}",
            floor=FLOORS.get(name),
            group="peers",
            times=times,
        )
        yield _memory(name, found, shift)


def _memory(name: str, found: dict[str, Any], shift: float) -> Figure:
    detail = f"the data are {found['data_mb']:.1f} MB"
    return Figure(f"{name}, shift {shift:g}", found["extra_mb"], "MB", detail=detail, group="peers_memory")


def _compare(name: str, theirs: list[float] | None, ours: list[float]) -> None:
    """A ratio of times means nothing if the results differ."""
    if theirs is not None and not np.allclose(theirs, ours, rtol=0, atol=SAME):
        raise RuntimeError(f"{name} and driftwatch disagree on the KS statistics: {theirs} and {ours}")
