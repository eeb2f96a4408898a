"""Many runs at once: every run has references and streams of its own, and its features are features of one monitor."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch import SequentialMonitor
from driftwatch.sequential.goal import Goal

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["first_alarms", "median_delay"]

NDArray = np.ndarray[Any, Any]
BATCH = 20


def first_alarms(
    n_runs: int,
    d: int,
    n_batches: int,
    draw: Callable[[np.random.Generator, tuple[int, int]], NDArray],
    *,
    n_reference: int = 1000,
    change: Callable[[NDArray], NDArray] | None = None,
    clean: int = 0,
    seed: int = 0,
    **settings: Any,
) -> NDArray:
    """Return the batch of the first alarm of every run, 0 where there is none, shape `(n_runs,)`.

    Features are independent of each other in a monitor, so that runs can share one: its threshold for `n_runs * d`
    features is not used, but the one for `d`.
    """
    rng = np.random.default_rng(seed)
    monitor = SequentialMonitor(draw(rng, (n_reference, n_runs * d)), **settings)
    goal = Goal(monitor._stream.evidence.goal.alpha, settings.get("arl"), settings.get("horizon"))
    needed = math.log(goal.threshold(d))
    alarms = np.zeros(n_runs, dtype=np.int64)
    for batch in range(1, n_batches + 1):
        x = draw(rng, (BATCH, n_runs * d))
        if change is not None and batch > clean:
            x = change(x)
        strongest = monitor.update(x).log_evidence.reshape(n_runs, d).max(axis=-1)
        alarms[(alarms == 0) & (strongest >= needed)] = batch
        if alarms.all():
            break
    return alarms


def median_delay(alarms: NDArray, clean: int) -> float:
    """Return the median number of batches after the change, of the runs without an alarm before it."""
    later = alarms[(alarms == 0) | (alarms > clean)].astype(np.float64)
    return float(np.median(np.where(later == 0, np.inf, later - clean)))
