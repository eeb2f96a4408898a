"""What stored checks found in each feature (layer 5), small enough to keep a thousand of them in memory."""

from __future__ import annotations

import math
import threading
from array import array
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from driftwatch.store.over_time import stored_window

if TYPE_CHECKING:
    from collections.abc import Mapping

    from driftwatch._typing import JSONScalar
    from driftwatch.store.model import Run
    from driftwatch.store.protocol import Store

__all__ = ["DRIFT", "FINE", "UNKNOWN", "Findings", "FindingsCache"]

DRIFT, FINE, UNKNOWN = "d", "o", "n"  # drifted, fine, no verdict
MAX_CELLS = 2_000_000  # features of all checks that are kept: some 30 MB
SIGNIFICANT_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Findings:
    """What one check found.

    Attributes
    ----------
    names : tuple of str
        The features.
    states : str
        A letter for each.
    effects : array of float
        NaN where there is none.
    reason : str, optional
        Why there is no verdict.
    """

    names: tuple[str, ...]
    states: str
    effects: array[float]
    reason: str | None = None

    @property
    def n_drifted(self) -> int:
        """How many features drifted."""
        return self.states.count(DRIFT)


class FindingsCache:
    """Reads reports, and keeps what they found; the ones that were not asked for the longest go first.

    A stored report never changes, but an id may come again after everything was dropped: the time tells them apart.
    """

    def __init__(self, *, max_cells: int = MAX_CELLS) -> None:
        self._max_cells = max_cells
        self._known: OrderedDict[tuple[int, int], Findings] = OrderedDict()
        self._n_cells = 0
        self._lock = threading.Lock()

    def of(self, store: Store, run: Run) -> Findings:
        """Return what a check found."""
        key = run.id, run.created
        with self._lock:
            found = self._known.get(key)
            if found is not None:
                self._known.move_to_end(key)
                return found
            newest = self._known[next(reversed(self._known))].names if self._known else ()
        found = _findings(run, store.report(run.id), newest)
        with self._lock:
            if key not in self._known:
                self._known[key] = found
                self._n_cells += _size(found)
            while self._n_cells > self._max_cells and len(self._known) > 1:
                _, dropped = self._known.popitem(last=False)
                self._n_cells -= _size(dropped)
        return found


def _size(found: Findings) -> int:
    return len(found.names) + 1


def _findings(run: Run, report: str, same_names: tuple[str, ...]) -> Findings:
    window, _ = stored_window(run, report)
    statistics = window.statistics or {}
    names = tuple(statistics)
    return Findings(
        same_names if names == same_names else names,  # checks of a stream have the same ones: held once
        "".join(_state(values) for values in statistics.values()),
        array("d", (_effect(values) for values in statistics.values())),
        window.reason,
    )


def _state(values: Mapping[str, JSONScalar]) -> str:
    if values["drift_detected"]:
        return DRIFT
    return FINE if values["status"] == "ok" else UNKNOWN


def _effect(values: Mapping[str, JSONScalar]) -> float:
    effect = values["effect"]
    return math.nan if effect is None else float(f"{float(effect):.{SIGNIFICANT_DIGITS}g}")
