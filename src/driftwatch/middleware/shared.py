"""Windows that the worker processes of a service fill together (layer 5): each row in one window, each window judged once."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch.errors import StoreConflictError
from driftwatch.profile.window import Window
from driftwatch.store.model import Position, WindowKey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from driftwatch.middleware.collector import Batch, Columns
    from driftwatch.profile.profile import Profile
    from driftwatch.scoring.windows import Windows
    from driftwatch.store.model import OpenWindow
    from driftwatch.store.protocol import Store, Transaction

__all__ = ["SharedWindows", "Written", "space_of"]

NDArray = np.ndarray[Any, Any]

SECOND = 1_000_000
SLACK = SECOND  # between the clock's reading for a row and the row being in the queue
FORGOTTEN = 86_400 * SECOND  # after which a worker that wrote no more is no longer listed
MAX_UNSAVED = 200  # windows of time that wait for a store that is away
ALL = "all"  # the scope of windows by count, which have one: it is what tells them from those of time
MAX_TRIES = 20  # times that other workers may have been faster


def space_of(stream: str) -> str:
    """Return where the workers of a stream keep their notes."""
    return f"middleware:{stream}"


@dataclass(slots=True)
class _Unit:
    """What one transaction is to store. It stays the same until it is known to be stored, whatever came of the first try."""

    seq: int
    counts: Mapping[str, int]
    rows: list[Batch] = field(default_factory=list)
    parts: dict[WindowKey, tuple[Window, int]] = field(default_factory=dict)

    @property
    def n_rows(self) -> int:
        return sum(len(batch.order) for batch in self.rows)


@dataclass(frozen=True, slots=True)
class Written:
    """What a transaction came to.

    Attributes
    ----------
    leads : bool
        Whether this worker judges until the lease is over.
    closed : list of OpenWindow
        What it is to judge.
    mixed : bool
        Whether a worker that is alive counts on another reference, or in other windows, than the one that began last.
    """

    leads: bool
    closed: list[OpenWindow]
    mixed: bool


class _MovedError(Exception):
    """Other workers have stored rows since; the text is where the stream stands."""


class SharedWindows:
    """The part of one worker in the windows of a stream.

    Parameters
    ----------
    stream : str
    profile : Profile
    windows : Windows
    worker : str
        Name of this worker, which no other one has.
    since : int
        When it began. Counts of different references or windows do not add; those of the worker that began last are kept.
    flush_every, lease_for : float
        Seconds.

    Notes
    -----
    Rows are numbered by the transaction that stores them, so that windows by count are filled without a gap whatever the
    number of workers. Rows of windows of time belong to the time at which their response was complete; such a window
    closes when every worker that is alive has stored what came before its end.
    """

    def __init__(
        self,
        stream: str,
        profile: Profile,
        windows: Windows,
        *,
        worker: str,
        since: int,
        flush_every: float,
        lease_for: float,
    ) -> None:
        self.settings = json.dumps({"reference": profile.summary.frame, "windows": json.loads(windows.settings)})
        self.scope = "" if windows.by == "time" else ALL
        self.worker = worker
        self.is_outdated = False
        self._since = since
        self._stream, self._profile, self._windows = stream, profile, windows
        self._grace = int(2 * flush_every * SECOND)
        self._dead_after = int(max(30.0, 6 * flush_every) * SECOND)
        self._lease_for = int(lease_for * SECOND)
        self._seq = 0
        self._offset = 0
        self._unit: _Unit | None = None
        self._unsaved: dict[WindowKey, tuple[Window, int]] = {}
        self._stored: dict[WindowKey, Window] = {}
        self._watermark: int | None = None
        self._entered = False
        self.lost: Counter[str] = Counter()

    @property
    def timed(self) -> bool:
        """Whether windows are of time, so that rows become counts before they are stored."""
        return self._windows.by == "time"

    @property
    def n_unsaved(self) -> int:
        """Rows that are counted and not stored."""
        unit, parts = self._unit, [*self._unsaved.values()]
        if unit is None:
            return sum(n for _, n in parts)
        return unit.n_rows + sum(n for _, n in (*parts, *unit.parts.values()))

    def flush(
        self,
        store: Store,
        take: Callable[[], tuple[list[Batch], Mapping[str, int]]],
        *,
        now: int,
        through: int,
        final: bool = False,
    ) -> Written:
        """Store what waits, and return what this worker is to judge.

        Parameters
        ----------
        store : Store
        take : callable
            Returns rows and counts that have come since the last call, and forgets them.
        now, through : int
            The time, and up to when everything that came is among the rows.
        final : bool
            Whether this is the last time, so that nobody has to wait for this worker.

        Raises
        ------
        StoreError
            If it cannot be stored. It is kept, and stored the next time.
        """
        pending = self._unit is not None
        if pending:
            self._write(store, now=now, through=0, final=False)
        batches, counts = take()
        self._unit = _Unit(self._seq + 1, counts)
        if self.timed:
            self.keep(batches)
            self._unit.parts, self._unsaved = self._unsaved, {}
        else:
            self._unit.rows = batches
        return self._write(store, now=now, through=through, final=final)

    def keep(self, batches: Iterable[Batch]) -> None:
        """Count rows into windows of time, which wait in memory and add up."""
        for batch in batches:
            for key, part in self._counted(batch, np.asarray(batch.times, dtype=np.int64)):
                known = self._unsaved.get(key)
                if known is None and len(self._unsaved) >= MAX_UNSAVED:
                    self.lost["store_away"] += part[1]
                else:
                    self._unsaved[key] = part if known is None else (known[0] + part[0], known[1] + part[1])

    def _write(self, store: Store, *, now: int, through: int, final: bool) -> Written:
        assert self._unit is not None
        unit = self._unit
        if not self._entered:
            self._enter(store)
        for _ in range(MAX_TRIES):
            parts = unit.parts if self.timed else self._numbered(unit.rows, self._offset)
            totals = {
                key: self._stored[key] + part if key in self._stored else part for key, (part, _) in parts.items()
            }
            ready = [(key, totals[key].to_bytes(), n) for key, (_, n) in parts.items()]
            try:
                with store.transaction() as transaction:
                    late = self._put(transaction, unit, ready, now, through, final=final)
                    written = self._lead(transaction, now, final=final)
            except _MovedError as moved:
                self._offset = int(str(moved))
            else:
                self._settle(unit, {key: total for key, total in totals.items() if key not in late})
                return written
        raise StoreConflictError(
            f"the stream {self._stream!r} was moved on by other workers {MAX_TRIES} times in a row. Write less often: raise "
            "`flush_every`."
        )

    def _settle(self, unit: _Unit, totals: Mapping[WindowKey, Window]) -> None:
        self._seq, self._unit = unit.seq, None
        if self.is_outdated:
            self._stored = {}
            return
        self._offset += unit.n_rows
        reached = self._watermark if self.timed else self._offset
        self._stored = {
            key: window
            for key, window in {**self._stored, **totals}.items()
            if not self._windows.is_closed(key.stop, reached)
        }

    def _put(
        self,
        transaction: Transaction,
        unit: _Unit,
        ready: list[tuple[WindowKey, bytes, int]],
        now: int,
        through: int,
        *,
        final: bool,
    ) -> set[WindowKey]:
        """Store a unit; return the windows of it that had closed before."""
        space, late = space_of(self._stream), set[WindowKey]()
        before = transaction.note(space, self.worker)
        # a connection that broke during a commit does not say whether that was done
        if before is None or json.loads(before)["seq"] != unit.seq:
            counts = Counter(unit.counts)
            known = self._in_use(transaction)
            self.is_outdated = known is not None and known["settings"] != self.settings
            if unit.n_rows and not self.is_outdated:
                self._number(transaction, unit.n_rows)
            self._watermark = transaction.watermark(self._stream)
            for key, state, n_rows in ready:
                if self.is_outdated:
                    counts["dropped_old_reference"] += n_rows
                elif self.timed and self._windows.is_closed(key.stop, self._watermark):
                    late.add(key)
                    counts["late_rows"] += n_rows
                else:
                    transaction.put_window_part(self._stream, key, self.worker, state, n_rows=n_rows)
            transaction.count(self._stream, counts)
        note = {"seq": unit.seq, "time": now, "through": through, "outdated": self.is_outdated}
        transaction.put_note(space, self.worker, None if final else json.dumps(note))
        return late

    def _enter(self, store: Store) -> None:
        """Make the reference of this worker the one in use, unless a worker that began later has another one."""
        with store.transaction() as transaction:
            transaction.register(self._stream, self.settings)
            known = self._in_use(transaction)
            if known is None or (known["settings"] != self.settings and known["since"] <= self._since):
                # windows that were begun on another reference can neither be filled up nor judged by it
                lost = transaction.open_windows(self._stream)
                for window in lost:
                    transaction.remove_window(self._stream, window.key)
                transaction.count(self._stream, {"dropped_old_reference": sum(window.n_rows for window in lost)})
                position = transaction.positions(self._stream).get(self.scope)
                if position is not None:
                    stop = -(-position.offset // self._windows.size) * self._windows.size
                    moved = Position(stop, n_rows=position.n_rows)
                    transaction.move(self._stream, self.scope, moved, expected=position.offset)
                note = json.dumps({"settings": self.settings, "since": self._since})
                transaction.put_note(f"{space_of(self._stream)}:reference", "in use", note)
        self._entered = True

    def _in_use(self, transaction: Transaction) -> dict[str, Any] | None:
        text = transaction.note(f"{space_of(self._stream)}:reference", "in use")
        return None if text is None else json.loads(text)

    def _number(self, transaction: Transaction, n_rows: int) -> None:
        position = transaction.positions(self._stream).get(self.scope)
        offset = 0 if position is None else position.offset
        if offset != self._offset:
            raise _MovedError(str(offset))
        stop = offset + n_rows
        moved = Position(stop, n_rows=n_rows if position is None else position.n_rows + n_rows)
        transaction.move(self._stream, self.scope, moved, expected=None if position is None else offset)

    def _lead(self, transaction: Transaction, now: int, *, final: bool) -> Written:
        """Take the lease if nobody has it, and return what is closed."""
        name = space_of(self._stream)
        if self.is_outdated:
            transaction.release(name, self.worker)
        if self.is_outdated or not transaction.lease(name, self.worker, now=now, until=now + self._lease_for):
            return Written(leads=False, closed=[], mixed=self.is_outdated)
        space, others = space_of(self._stream), dict[str, dict[str, Any]]()
        for worker, text in transaction.notes(space).items():
            note = json.loads(text)
            if note["time"] < now - FORGOTTEN:
                transaction.put_note(space, worker, None)
            elif note["time"] > now - self._dead_after:
                others[worker] = note
        reached: int | None
        if self.timed:
            known = transaction.watermark(self._stream)
            reached = min([now - self._grace, *(note["through"] for note in others.values())])
            reached = reached if known is None else max(known, reached)
            transaction.set_watermark(self._stream, reached)
        else:
            position = transaction.positions(self._stream).get(self.scope)
            reached = None if position is None else position.offset
        closed = [
            window
            for window in transaction.open_windows(self._stream)
            if self._windows.is_closed(window.key.stop, reached)
        ]
        if final and not closed:
            transaction.release(name, self.worker)
        return Written(leads=True, closed=closed, mixed=any(note["outdated"] for note in others.values()))

    def release(self, store: Store) -> None:
        """Let another worker judge from now on."""
        with store.transaction() as transaction:
            transaction.release(space_of(self._stream), self.worker)

    def _numbered(self, batches: list[Batch], first: int) -> dict[WindowKey, tuple[Window, int]]:
        """Count rows into the windows that they are in if the first of them has this number."""
        parts: dict[WindowKey, tuple[Window, int]] = {}
        least = min((batch.order[0] for batch in batches), default=0)
        for batch in batches:
            # places that dropped rows have left are closed up: the order of a unit has no gaps
            at = np.asarray(batch.order, dtype=np.int64) - least + first
            for key, (state, n) in self._counted(batch, at):
                known = parts.get(key)
                parts[key] = (state, n) if known is None else (known[0] + state, known[1] + n)
        return parts

    def _counted(self, batch: Batch, at: NDArray) -> Iterable[tuple[WindowKey, tuple[Window, int]]]:
        for start, stop, chosen in self._windows.assign(at):
            columns = batch.columns if chosen.size == at.size else _chosen(batch.columns, chosen)
            yield WindowKey(start, stop, self.scope), (self._window(columns, chosen.size), int(chosen.size))

    def _window(self, columns: Columns, n_rows: int) -> Window:
        """Count rows; what cannot be counted is looked for in ever smaller groups, and lost alone."""
        try:
            return Window(self._profile).update(columns)
        except MemoryError:
            raise
        except Exception:  # noqa: BLE001 - any values at all, and the others must not be lost with them
            if n_rows == 1:
                self.lost["uncountable"] += 1
                return Window(self._profile)
            middle, places = n_rows // 2, np.arange(n_rows)
            first, second = _chosen(columns, places[:middle]), _chosen(columns, places[middle:])
            return self._window(first, middle) + self._window(second, n_rows - middle)


def _chosen(columns: Columns, places: NDArray) -> Columns:
    rows = places.tolist()
    return {
        name: values[places] if isinstance(values, np.ndarray) else [values[i] for i in rows]
        for name, values in columns.items()
    }
