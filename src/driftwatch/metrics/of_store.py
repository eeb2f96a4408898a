"""The samples of what a store holds (layer 4): the last check of each stream, its counters, and letters to receivers."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING

from driftwatch._version import version
from driftwatch.errors import InputError
from driftwatch.metrics.model import Family, Part, Sample
from driftwatch.metrics.of_report import DEFAULT_TOP, RESULTS, check_top, families_of, report_parts
from driftwatch.report.model import DriftReport
from driftwatch.store.model import lag_space

if TYPE_CHECKING:
    from collections.abc import Mapping

    from driftwatch.store.model import OutboxCount, Progress, Run
    from driftwatch.store.protocol import Store

__all__ = ["LastChecks", "StoreMetrics"]

MICROSECONDS = 1e6
# Counters of a stream that have a family of their own; the reasons for which rows are not counted, by counter.
_DROPPED = {"late_rows": "late", "dead_letters": "dead_letter"}
_DROPPED_PREFIX = "dropped_"
_CHECKS_PREFIX = "checks_"
_STATES = ("waiting", "delivered", "dead")
_OWN = {"rows", "windows", "check_microseconds", *(_CHECKS_PREFIX + result for result in RESULTS)}

Samples = defaultdict[str, list[Sample]]


class StoreMetrics:
    """The metrics of a store.

    A report is read once and kept until the stream has a newer one, so looking often costs little; a feature, a stream or
    a check that is gone from the store is gone from the metrics.

    Parameters
    ----------
    store : Store
    top : int, optional
        Features of each stream with series of their own, the drifted first, each by falling effect. None for all.
    pvalues : bool
        Whether p-values are exported too: of little use in large samples, where everything is significant.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from driftwatch.store import SQLiteStore
    >>> with tempfile.TemporaryDirectory() as folder, SQLiteStore(pathlib.Path(folder) / "driftwatch.db") as store:
    ...     [family.spec.name for family in StoreMetrics(store).families()]
    ['driftwatch_build_info']
    """

    def __init__(self, store: Store, *, top: int | None = DEFAULT_TOP, pvalues: bool = False) -> None:
        self._store = store
        self._checks = LastChecks(top=top, pvalues=pvalues)

    def families(self) -> list[Family]:
        """Return the families that have samples now.

        Raises
        ------
        StoreError
            If the store cannot be read.
        """
        return self._checks.families(self._store)


class LastChecks:
    """Reads stores, and keeps the series of each stream's newest check. It does not keep the store.

    Parameters
    ----------
    top, pvalues
        As for `StoreMetrics`.
    """

    def __init__(self, *, top: int | None = DEFAULT_TOP, pvalues: bool = False) -> None:
        check_top(top)
        self._top, self._pvalues = top, pvalues
        self._known: dict[str, tuple[int, Mapping[str, Part]]] = {}  # by stream: the check, and what it comes to

    def families(self, store: Store) -> list[Family]:
        """Return the families of a store that have samples now; always ask with the same one."""
        parts: list[Mapping[str, Part]] = [{"build_info": Part((Sample((version(),), 1),))}]
        known: dict[str, tuple[int, Mapping[str, Part]]] = {}
        for stream in store.streams():
            for run in store.runs(stream, limit=1):
                before = self._known.get(stream)
                if before is None or before[0] != run.id:
                    before = (run.id, self._of_run(run, store))
                known[stream] = before
                parts.append(known[stream][1])
            parts.append(_counted(stream, store.counters(stream)))
            parts.append(_far(stream, store.progress(stream)))
            parts.append(_behind(stream, store.notes(lag_space(stream))))
        self._known = known
        parts.append(_letters(store.outbox()))
        return families_of(parts)

    def _of_run(self, run: Run, store: Store) -> Mapping[str, Part]:
        samples: Samples = defaultdict(list)
        samples["last_check_timestamp_seconds"].append(Sample((run.stream,), run.created / MICROSECONDS))
        if run.key.is_time:
            samples["last_window_end_timestamp_seconds"].append(Sample((run.stream,), run.key.stop / MICROSECONDS))
        samples["last_check_result"] = [Sample((run.stream, name), int(name == run.verdict)) for name in RESULTS]
        samples["window_rows"].append(Sample((run.stream,), run.n_rows))
        parts = {name: Part(tuple(found)) for name, found in samples.items()}
        if run.verdict == "error":  # there is no report, and nothing of an older one that could be taken for it
            return parts
        try:
            report = DriftReport.from_json(store.report(run.id))
        except InputError:
            return parts | {"last_report_unreadable": Part((Sample((run.stream,), 1),))}
        own = report_parts(report, run.stream, top=self._top, pvalues=self._pvalues)
        return parts | own | {"last_report_unreadable": Part((Sample((run.stream,), 0),))}


def _far(stream: str, progress: Progress) -> dict[str, Part]:
    times = [position.event_time for position in progress.positions.values() if position.event_time is not None]
    values = {
        "event_timestamp_seconds": max(times) / MICROSECONDS if times else None,
        "watermark_timestamp_seconds": None if progress.watermark is None else progress.watermark / MICROSECONDS,
        "open_windows": progress.n_open,
    }
    return {name: Part((Sample((stream,), value),)) for name, value in values.items() if value is not None}


def _behind(stream: str, notes: Mapping[str, str]) -> dict[str, Part]:
    """Return how far the partitions are behind their broker, as the workers said when they last asked it."""
    known = {partition: json.loads(text) for partition, text in notes.items()}
    latest = [Sample((stream,), max(found["at"] for found in known.values()) / MICROSECONDS)] if known else []
    return {
        "lag_messages": Part(
            tuple(Sample((stream, partition), found["messages"]) for partition, found in known.items())
        ),
        "lag_timestamp_seconds": Part(tuple(latest)),
    }


def _letters(outbox: list[OutboxCount]) -> dict[str, Part]:
    # a receiver with one state has all of them: a series that begins at its first letter would hide that one from a rate
    counts = {(receiver, state): 0 for receiver in sorted({found.receiver for found in outbox}) for state in _STATES}
    counts |= {(found.receiver, found.state): found.n for found in outbox}
    oldest = [Sample((found.receiver,), found.oldest / MICROSECONDS) for found in outbox if found.state == "waiting"]
    return {
        "letters": Part(tuple(Sample(labels, n) for labels, n in counts.items())),
        "oldest_waiting_letter_timestamp_seconds": Part(tuple(oldest)),
    }


def _counted(stream: str, counters: Mapping[str, int]) -> dict[str, Part]:
    samples: Samples = defaultdict(list)
    samples["rows_total"].append(Sample((stream,), counters.get("rows", 0)))
    for result in RESULTS:
        samples["checks_total"].append(Sample((stream, result), counters.get(_CHECKS_PREFIX + result, 0)))
    samples["check_seconds_total"].append(Sample((stream,), counters.get("check_microseconds", 0) / MICROSECONDS))
    for name, n in counters.items():
        if name in _DROPPED or name.startswith(_DROPPED_PREFIX):
            reason = _DROPPED.get(name, name.removeprefix(_DROPPED_PREFIX))
            samples["rows_dropped_total"].append(Sample((stream, reason), n))
        elif name not in _OWN:
            samples["events_total"].append(Sample((stream, name), n))
    return {name: Part(tuple(found)) for name, found in samples.items()}
