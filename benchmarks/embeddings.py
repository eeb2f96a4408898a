"""Embeddings: maximum mean discrepancy at two sizes, beside alibi-detect's, and a check against a large reference."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from environments import CannotInstallError, Peer, python_of
from measure import Absent, Figure
from other_libraries import measured

from driftwatch import Monitor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

D, SMALL, LARGE, REFERENCE = 384, 2_000, 10_000, 100_000
GROUP = "embeddings"
TORCH = Peer("alibi-detect-torch", ("alibi-detect==0.13.0", "torch==2.13.0"), "with_alibi_detect_mmd.py")
SAME = 1e-6  # theirs is float32, not centred, and its distances are rounded to that


def rows(n: int, *, seed: int, shift: float = 0.0) -> NDArray[np.float32]:
    """Return rows with a mean of 1 and a spread that falls from dimension to dimension, as embeddings have them."""
    scale = np.linspace(2.0, 0.2, D)
    drawn = np.random.default_rng(seed).standard_normal((n, D))
    return (1.0 + shift + scale * drawn).astype(np.float32)


def run() -> Iterator[Figure | Absent]:
    """All figures; the peer's first, in turns with ours."""
    with tempfile.TemporaryDirectory() as folder:
        yield from against_alibi(folder)
        yield from at_ten_thousand(folder)
    yield from large_reference()


def saved(folder: str, n: int) -> tuple[str, str]:
    files = (str(Path(folder) / "reference.npy"), str(Path(folder) / "current.npy"))
    for seed, (path, shift) in enumerate(zip(files, (0.0, 0.02), strict=True)):
        np.save(path, rows(n, seed=seed, shift=shift))
    return files


def against_alibi(folder: str) -> Iterator[Figure | Absent]:
    files = saved(folder, SMALL)
    name = f"MMD {SMALL:,} + {SMALL:,} x {D}, 200 permutations, alibi-detect (PyTorch)"
    own = (sys.executable, "with_driftwatch_mmd.py")
    try:
        peer = (python_of(TORCH), TORCH.script)
    except CannotInstallError as error:
        yield Absent(name, f"it cannot be installed: {error}", GROUP)
        return
    ours = [measured(*own, files, "time")]
    theirs = measured(*peer, files, "time")
    ours.append(measured(*own, files, "time"))
    apart = abs(ours[0]["result"]["mmd"] - theirs["result"]["mmd"])
    if apart > SAME:
        raise RuntimeError(f"not the same statistic: {ours[0]['result']} and {theirs['result']}")
    times = {"driftwatch": float(np.mean([one["seconds"] for one in ours])), "alibi-detect": theirs["seconds"]}
    yield Figure(name, times["alibi-detect"] / times["driftwatch"], "x", floor=30.0, group=GROUP, times=times)


def at_ten_thousand(folder: str) -> Iterator[Figure]:
    files = saved(folder, LARGE)
    own = (sys.executable, "with_driftwatch_mmd.py")
    name = f"MMD {LARGE:,} + {LARGE:,} x {D}, 200 permutations"
    found = measured(*own, files, "time")
    yield Figure(name, found["seconds"], "s", 20.0, group=GROUP)
    memory = measured(*own, files, "memory")
    yield Figure(f"{name}: memory beside the data", memory["extra_mb"], "MB", 1_500.0, group=GROUP)


def large_reference() -> Iterator[Figure]:
    reference, current = rows(REFERENCE, seed=2), rows(LARGE, seed=3, shift=0.02)
    start = time.perf_counter()
    monitor = Monitor({"text": reference})
    fitted = time.perf_counter()
    monitor.check({"text": current})
    checked = time.perf_counter()
    name = f"check of {LARGE:,} x {D} against {REFERENCE:,} x {D}"
    yield Figure(
        name, checked - fitted, "s", 10.0, group=GROUP, times={"fit": fitted - start, "check": checked - fitted}
    )


if __name__ == "__main__":
    for figure in run():
        print(figure.line())
