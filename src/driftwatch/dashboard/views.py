"""Everything that a dashboard shows, as plain data (layer 5): what the JSON API serves, and Streamlit reads in-process."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from driftwatch.dashboard.asking import RefusedError
from driftwatch.dashboard.comparison import compared, compared_feature, report_document
from driftwatch.dashboard.findings import FindingsCache
from driftwatch.dashboard.heatmap import heatmap
from driftwatch.dashboard.source import Source
from driftwatch.dashboard.standing import standing
from driftwatch.dashboard.stored import baseline_dict, letter_dict, progress_dict, run_dict, usual_gap

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from driftwatch.store.model import Run
    from driftwatch.store.protocol import Store

__all__ = ["SCHEMA_VERSION", "Views"]

SCHEMA_VERSION = 1
RECENT = 30  # checks of each stream in the list of streams


class Views:
    """What a store says, as plain data for JSON. Everything is bounded: a page of a list at a time.

    Parameters
    ----------
    store : Store or path-like
        A store, or the address of one; it is opened when something is asked for, and never made.
    clock : callable
        Seconds after 1970.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from driftwatch.store import SQLiteStore
    >>> with tempfile.TemporaryDirectory() as folder, SQLiteStore(pathlib.Path(folder) / "driftwatch.db") as store:
    ...     Views(store).streams()
    {'schema_version': 1, 'n_streams': 0, 'streams': [], 'next': None}
    """

    def __init__(self, store: Store | str | os.PathLike[str], *, clock: Callable[[], float] = time.time) -> None:
        self.source = Source(store, clock=clock)
        self._clock = clock
        self._findings = FindingsCache()

    def mark(self) -> object:
        """Return what changes whenever a check is stored or dropped, or a stream begins."""

        def read(store: Store) -> object:
            counts = [(count.newest.id, count.newest.created, count.n) for count in store.run_counts()]
            return counts, store.streams()

        return self.source.read(read)

    def newest(self, limit: int) -> list[Run]:
        """Return the newest checks of all streams, the newest first."""
        return self.source.read(lambda store: store.runs(limit=limit))

    def streams(self, *, limit: int = 100, after: str | None = None) -> dict[str, Any]:
        """Return the streams in the order of their names, with their newest checks.

        Parameters
        ----------
        limit : int
        after : str, optional
            The last name of the page before.
        """

        def read(store: Store) -> dict[str, Any]:
            counts = {count.newest.stream: count for count in store.run_counts()}
            known = sorted(counts.keys() | set(store.streams()))
            names = [name for name in known if after is None or name > after]
            streams = []
            for name in names[:limit]:
                recent = store.runs(name, limit=RECENT)
                streams.append(
                    {
                        "name": name,
                        "n_runs": counts[name].n if name in counts else 0,
                        "last": run_dict(recent[0]) if recent else None,
                        "usual_gap_s": usual_gap(recent),
                        "recent": [{"id": run.id, "verdict": run.verdict} for run in reversed(recent)],
                    }
                )
            more = streams[-1]["name"] if len(names) > limit else None
            return _versioned(n_streams=len(known), streams=streams, next=more)

        return self.source.read(read)

    def stream(self, name: str) -> dict[str, Any]:
        """Return how far a stream is and what it has counted."""

        def read(store: Store) -> dict[str, Any]:
            _check_stream(store, name)
            baselines = [baseline_dict(baseline) for baseline in store.baselines(name)]
            return _versioned(
                name=name,
                counters=store.counters(name),
                progress=progress_dict(store.progress(name)),
                baseline=baselines[0] if baselines else None,
            )

        return self.source.read(read)

    def runs(
        self,
        stream: str | None = None,
        *,
        limit: int = 100,
        below: int | None = None,
        since: int | None = None,
        until: int | None = None,
    ) -> dict[str, Any]:
        """Return checks, the newest first: `limit` of those whose id is `below`, stored in `[since, until)`."""

        def read(store: Store) -> dict[str, Any]:
            found = store.runs(stream, limit=limit + 1, since=since, until=until, below=below)
            if not found and stream is not None:
                _check_stream(store, stream)
            page = found[:limit]
            return _versioned(runs=[run_dict(run) for run in page], next=page[-1].id if len(found) > limit else None)

        return self.source.read(read)

    def run(self, run_id: int) -> dict[str, Any]:
        """Return one check, what it found in short, and the checks of its stream before and after it."""

        def read(store: Store) -> dict[str, Any]:
            run = _run(store, run_id)
            found = self._findings.of(store, run)
            before = store.runs(run.stream, below=run_id, limit=1)
            return _versioned(
                **run_dict(run),
                n_features=len(found.names),
                n_drifted=found.n_drifted,
                reason=found.reason,
                previous=before[0].id if before else None,
            )

        return self.source.read(read)

    def report(self, run_id: int) -> tuple[Run, str]:
        """Return a check and its report (JSON), as it is stored."""
        return self.source.read(lambda store: (_run(store, run_id), store.report(run_id)))

    def heatmap(
        self,
        stream: str,
        *,
        windows: int = 60,
        features: int = 30,
        matching: str | None = None,
        since: int | None = None,
        until: int | None = None,
    ) -> dict[str, Any]:
        """Return features x time: the newest `windows` checks in `[since, until)`, and the features that drifted most."""

        def read(store: Store) -> dict[str, Any]:
            runs = store.runs(stream, limit=windows, since=since, until=until)
            if not runs:
                _check_stream(store, stream)
            checks = [(run, self._findings.of(store, run)) for run in reversed(runs)]
            return _versioned(stream=stream, **heatmap(checks, n_features=features, matching=matching))

        return self.source.read(read)

    def compare(self, left: int, right: int, *, offset: int = 0, limit: int = 100) -> dict[str, Any]:
        """Return two checks side by side."""
        sides = self._document(left), self._document(right)
        return _versioned(**compared(*sides, offset=offset, limit=limit))

    def compare_feature(self, left: int, right: int, feature: str) -> dict[str, Any]:
        """Return the counts of one feature in two checks."""
        return _versioned(**compared_feature(self._document(left), self._document(right), feature))

    def alerts(self) -> dict[str, Any]:
        """Return alerts, silences and how many letters there are."""
        return _versioned(**self.source.read(lambda store: standing(store, int(self._clock() * 1e6))))

    def letters(self, state: str | None = None, *, limit: int = 100) -> dict[str, Any]:
        """Return the newest letters of the outbox, of any state or of one."""
        letters = self.source.read(lambda store: store.letters(state, limit=limit))
        return _versioned(letters=[letter_dict(letter) for letter in letters])

    def baselines(self, name: str | None = None, *, limit: int = 200) -> dict[str, Any]:
        """Return the versions of references, of all streams or of one, the newest of each first."""
        found = self.source.read(lambda store: store.baselines(name))
        return _versioned(n_baselines=len(found), baselines=[baseline_dict(baseline) for baseline in found[:limit]])

    def _document(self, run_id: int) -> Any:
        run, text = self.report(run_id)
        return run, report_document(run, text)


def _versioned(**data: Any) -> dict[str, Any]:
    return {"schema_version": SCHEMA_VERSION, **data}


def _run(store: Store, run_id: int) -> Run:
    found = store.runs(below=run_id + 1, limit=1)
    if not found or found[0].id != run_id:
        raise RefusedError(404, "unknown_run", f"the store has no check {run_id}: it was dropped, or never there")
    return found[0]


def _check_stream(store: Store, name: str) -> None:
    if name not in store.streams() and not store.runs(name, limit=1):
        raise RefusedError(404, "unknown_stream", "the store has no stream of that name")
