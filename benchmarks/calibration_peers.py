"""False alarms of other libraries, at their defaults, on the tables without drift that ours is given too.

Command: nox -s calibration -- --only peers
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from calibration_data import draw, generator
from environments import PEERS, CannotInstallError, python_of
from other_libraries import QUIET

if TYPE_CHECKING:
    from collections.abc import Iterator

SCRIPT = Path(__file__).parent / "peers" / "false_alarms.py"
SIZES = ((100, 100), (1_000, 1_000))
FEATURES = 50
REPLICATES = 20
KINDS = ("normal",)
OUR_INTERPRETER = ("driftwatch", "ks_2samp loop", "PSI loop")


@dataclass(frozen=True)
class PeerRate:
    """Reports with an alarm, and single features that were flagged, among the replicates of one cell."""

    cell: dict[str, Any]
    alarms: int
    features: int
    replicates: int
    does: str
    version: str
    missed: bool = False

    def line(self) -> str:
        cell = ", ".join(f"{key} {value}" for key, value in self.cell.items())
        flagged = self.features / (self.replicates * FEATURES)
        return f"  {cell:<64} reports {self.alarms / self.replicates:.3f}  features {flagged:.4f}"

    def as_dict(self) -> dict[str, Any]:
        return {"table": "peers", **asdict(self), "per_report": FEATURES}


@dataclass(frozen=True)
class AbsentPeer:
    """A library that could not be installed or failed, and why."""

    name: str
    reason: str
    missed: bool = False

    def line(self) -> str:
        return f"  {self.name}: {self.reason}"

    def as_dict(self) -> dict[str, Any]:
        return {"table": "peers", **asdict(self)}


def run() -> Iterator[PeerRate | AbsentPeer]:
    """Yield the rates of every library on every cell."""
    interpreters = dict.fromkeys(OUR_INTERPRETER, sys.executable)
    for peer in PEERS:
        if peer.name == "river":
            continue  # watches streams: it stands beside SequentialMonitor
        try:
            interpreters[peer.name] = python_of(peer)
        except CannotInstallError as error:
            yield AbsentPeer(peer.name, f"cannot be installed: {error}")
    with tempfile.TemporaryDirectory() as folder:
        for kind in KINDS:
            for n, m in SIZES:
                rng = generator("peers", kind, n, m)
                files = [str(Path(folder) / f"{side}.npy") for side in ("reference", "current")]
                for path, rows in zip(files, (n, m), strict=True):
                    np.save(path, draw(kind, rng, (REPLICATES * rows, FEATURES)).reshape(REPLICATES, rows, FEATURES))
                for name, python in interpreters.items():
                    where = {"library": name, "data": kind, "n": n, "m": m}
                    yield _measured(where, [python, str(SCRIPT), name, *files])


def _measured(where: dict[str, Any], command: list[str]) -> PeerRate | AbsentPeer:
    done = subprocess.run(command, check=False, capture_output=True, text=True, env={**os.environ, **QUIET})
    if done.returncode:
        return AbsentPeer(where["library"], f"failed: {(done.stderr.strip() or 'no message').splitlines()[-1]}")
    found = json.loads(done.stdout.splitlines()[-1])
    return PeerRate(where, found["alarms"], found["features"], REPLICATES, found["does"], found["version"])
