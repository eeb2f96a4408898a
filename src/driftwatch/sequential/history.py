"""The evidence of late batches as a table and as a plot (layer 4)."""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch.report.axes import legend_of_names, new_axes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from driftwatch.sequential.result import SequentialResult
    from driftwatch.sequential.tie_keys import HostArray

__all__ = ["History"]

LINES_SHOWN = 10  # more cannot be told apart


class History:
    """The last `length` results, by batch."""

    def __init__(self, length: int) -> None:
        self._entries: deque[tuple[int, int, HostArray]] = deque(maxlen=length)

    def append(self, result: SequentialResult) -> None:
        """Add the result of a batch with rows; the oldest one is forgotten when there are too many."""
        if self._entries and self._entries[-1][0] == result.batch:
            return  # a batch without rows
        if result.batch:
            self._entries.append((result.batch, result.n_rows, result.log_evidence))

    def table(self, names: Sequence[str], threshold: float) -> dict[str, HostArray]:
        """Return columns of equal length, one row a batch: see `SequentialMonitor.history`."""
        log_evidence = self._stacked(len(names))
        return {
            "batch": np.asarray([entry[0] for entry in self._entries], dtype=np.int64),
            "n_rows": np.asarray([entry[1] for entry in self._entries], dtype=np.int64),
            "log_threshold": np.full(len(self._entries), math.log(threshold)),
            "log_evidence": log_evidence.max(axis=-1, initial=-math.inf),
            **{f"log_evidence:{name}": log_evidence[:, i] for i, name in enumerate(names)},
        }

    def plot(self, names: Sequence[str], threshold: float, ax: Any | None) -> Any:
        """Draw the evidence over the batches; see `SequentialMonitor.plot`."""
        if ax is None:
            ax = new_axes()
        log_evidence = self._stacked(len(names)) / math.log(10.0)
        batches = [entry[0] for entry in self._entries]
        strongest = np.argsort(-log_evidence.max(axis=0, initial=-math.inf), kind="stable")[:LINES_SHOWN]
        for i in strongest:
            ax.plot(batches, log_evidence[:, i], label=names[i])
        ax.axhline(math.log10(threshold), color="black", linestyle="--", label="alarm")
        ax.set_xlabel("batch")
        ax.set_ylabel("evidence (log10)")
        legend_of_names(ax, loc="upper left")
        return ax

    def _stacked(self, d: int) -> HostArray:
        return np.stack([entry[2] for entry in self._entries]) if self._entries else np.empty((0, d))
