"""A source, a store and a scorer put together (layer 5): every message is counted once, every window judged once."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from driftwatch.errors import (
    ConfigError,
    SourceError,
    StoreConflictError,
    StoreError,
    StoreLockedError,
    StoreUnavailableError,
)
from driftwatch.scoring.judging import Judge
from driftwatch.store.model import Position, lag_space
from driftwatch.streaming.reading import Reader, decode_json
from driftwatch.streaming.tally import Tally, Uncounted, tally
from driftwatch.streaming.watermark import Completeness

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from driftwatch.scoring.judging import ClosedWindow
    from driftwatch.scoring.scored import Scorer
    from driftwatch.scoring.windows import Windows
    from driftwatch.store.model import OpenWindow
    from driftwatch.store.protocol import Store, Transaction
    from driftwatch.streaming.source import DeadLetter, Source

__all__ = ["Worker"]

MAX_POLLED = 1_000  # messages taken from the broker at a time: enough for one network round trip to be cheap
LAG_EVERY = (
    15.0  # seconds between two questions of how far behind the broker we are: each is an answer over the network
)
MAX_LOCKED = 10  # commits in a row that find the store locked or away, each after the store's own timeout


class Worker:
    """Counts the messages of a source in windows, and stores a report for each window that closes.

    Parameters
    ----------
    source : Source
    store : Store
    scorer : Scorer
        Such as `ProfileScorer(profile)`.
    windows : Windows
    stream : str, optional
        Name in the store, by default that of the source. Workers with the same name share the work.
    decode : callable
        From the bytes of a message to a row (a mapping) or a list of rows. JSON by default.
    timestamp : str, optional
        The field with the time of a row, ISO text or a number; by default the time at which the broker took the message.
    timestamp_unit : str
        Of numbers in that field: `s`, `ms` or `us`.
    commit_every : float
        Seconds between commits. What a killed worker has to read again.
    max_rows : int
        Rows (or messages, where they have none) held in memory before they are committed sooner.
    idle_after : float
        Seconds of silence after which windows do not wait for a partition that is read to its end.
    max_ahead : float
        Seconds that the time of a row may be ahead of the clock.
    standby : float
        Seconds to wait after another worker has counted the same messages.
    with_report : callable, optional
        Called with the transaction that stores a report and the `ClosedWindow`, such as an `AlertManager`.
    on_window : callable, optional
        Called with each `ClosedWindow` after its report is stored.
    on_problem : callable, optional
        Called with the reason when nothing comes, such as a broker that is away, and with None when all is well again.
    clock : callable
        Seconds after 1970.

    Notes
    -----
    Offsets and counts are stored in one transaction that fails if the offsets are not where this worker began, so a message
    is counted once even where two workers read it. The broker is told afterwards. All work happens in the thread that calls
    `run`: nothing is queued that could be lost, and a slow worker reads more slowly.
    """

    def __init__(
        self,
        source: Source,
        store: Store,
        scorer: Scorer,
        *,
        windows: Windows,
        stream: str | None = None,
        decode: Callable[[bytes], Any] = decode_json,
        timestamp: str | None = None,
        timestamp_unit: str = "s",
        commit_every: float = 1.0,
        max_rows: int = 10_000,
        idle_after: float = 60.0,
        max_ahead: float = 3_600.0,
        standby: float = 5.0,
        with_report: Callable[[Transaction, ClosedWindow], object] | None = None,
        on_window: Callable[[ClosedWindow], object] | None = None,
        on_problem: Callable[[str | None], object] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        for name, value in (("idle_after", idle_after), ("max_ahead", max_ahead), ("standby", standby)):
            if not value >= 0:
                raise ConfigError(f"`{name}` must be a number of seconds, 0 or more, got {value!r}.")
        if not commit_every > 0:
            raise ConfigError(f"`commit_every` must be a positive number of seconds, got {commit_every!r}.")
        if max_rows < 1:
            raise ConfigError(f"`max_rows` must be a positive number of rows, got {max_rows!r}.")
        self.stream = source.name if stream is None else stream
        self._source, self._store, self._scorer, self._windows = source, store, scorer, windows
        self._reader = Reader(decode, timestamp, timestamp_unit)
        self._complete = Completeness(windows, idle_after)
        self._commit_every, self._max_rows, self._idle_after = commit_every, max_rows, idle_after
        self._max_ahead, self._standby, self._clock = max_ahead, standby, clock
        self._on_problem = on_problem
        self._judge = Judge(self.stream, store, scorer, with_report=with_report, on_window=on_window, clock=clock)
        self._stopping = threading.Event()
        self._partitions: dict[str, Uncounted] = {}
        self._waiting: Counter[str] = Counter()  # counts that belong to no partition: stored with the next commit
        self._committed_at = clock()
        self._lag_asked_at = float("-inf")
        self._n_locked = 0
        self._problem: str | None = None
        self._n_open = 0
        self._watermark: int | None = None

    def run(self) -> None:
        """Read until `stop` is called, by a signal handler or another thread; what is counted is then stored.

        Raises
        ------
        SourceError
            If the source cannot be opened, or does not hold what was counted before.
        StoreError
            If counts cannot be stored.
        ConfigError
            If the stream was begun with other windows or another reference.
        """
        try:
            self.start()
            while not self._stopping.is_set():
                self.step()
            self.commit()
        finally:
            self._source.close()

    def stop(self) -> None:
        """Ask `run` to end. Safe in a signal handler and from any thread."""
        self._stopping.set()

    def start(self) -> None:
        """Open the stream: settings are compared, partitions taken on, and windows that had closed before are judged."""
        settings = json.dumps(
            {
                "reference": self._scorer.fingerprint,
                "windows": json.loads(self._windows.settings),
                "timestamp": self._reader.timestamp,
            },
            sort_keys=True,
        )
        with self._store.transaction() as transaction:
            known = transaction.register(self.stream, settings)
        if known != settings:
            raise ConfigError(
                f"the store has stream {self.stream!r} with other settings: {known}, now {settings}. Counts of both do not "
                "add. Give this one another name, or forget the old one."
            )
        self._source.start(self)
        self.commit()

    def assigned(self, initial: Mapping[str, int]) -> Mapping[str, int]:
        """Take partitions on, and return the offsets that are counted. Called by the source."""
        with self._store.transaction() as transaction:
            known = transaction.positions(self.stream)
            for partition, offset in initial.items():
                before = known.get(partition)
                # what was silent when it was last read may have messages by now
                known[partition] = Position(offset) if before is None else replace(before, idle=False)
                if known[partition] != before:
                    expected = None if before is None else before.offset
                    transaction.move(self.stream, partition, known[partition], expected=expected)
        now = self._clock()
        self._partitions |= {partition: Uncounted(known[partition], now) for partition in initial}
        return {partition: known[partition].offset for partition in initial}

    def revoked(self, partitions: Collection[str]) -> None:
        """Store what is counted and give partitions up. Called by the source."""
        # where it cannot be stored, the next owner reads again what is dropped here
        with suppress(StoreError):
            self.commit(seek=False)
        for partition in partitions:
            self._partitions.pop(partition, None)

    def step(self, timeout: float | None = None) -> int:
        """Read once, commit if it is time to, and return how many messages came.

        Parameters
        ----------
        timeout : float, optional
            Seconds to wait for a message, by default until the next commit.
        """
        if timeout is None:
            timeout = min(1.0, max(0.01, self._committed_at + self._commit_every - self._clock()))
        room = self._max_rows - self._n_held()
        messages = self._source.poll(min(MAX_POLLED, room), timeout) if room > 0 else ()
        now = self._clock()
        latest = int((now + self._max_ahead) * 1e6)
        timed = self._windows.by == "time"
        for message in messages:
            held = self._partitions.get(message.partition)
            if held is not None:  # one that was revoked during the poll is read by its new owner
                held.arrived = now
                held.add(message, self._reader, timed=timed, latest=latest)
        self._tell(self._source.problem)
        if self._n_held() >= self._max_rows or now - self._committed_at >= self._commit_every:
            try:
                self.commit()
                self._n_locked = 0
            except (StoreLockedError, StoreUnavailableError):
                self._n_locked += 1
                if self._n_locked > MAX_LOCKED:
                    raise
        return len(messages)

    def commit(self, *, seek: bool = True) -> None:
        """Store what is counted and tell the broker; judge the windows that this closes.

        Parameters
        ----------
        seek : bool
            Read again from the stored offsets where another worker was faster.
        """
        now = self._clock()
        idle = self._idle(now)
        tallies = {
            name: tally(name, held, self._scorer, self._windows)
            for name, held in self._partitions.items()
            if held.last != held.stored.offset or held.counts or idle[name] != held.stored.idle
        }
        self._send_letters([letter for found in tallies.values() for letter in found.letters])
        moved = {name: replace(found.position, idle=idle[name]) for name, found in tallies.items()}
        lag = self._lag(now)
        try:
            with self._store.transaction() as transaction:
                late = self._store_counts(transaction, tallies, moved)
                closed = self._advance(transaction, now)
                for found in tallies.values():
                    transaction.count(self.stream, found.counts)
                transaction.count(self.stream, {**self._waiting, "late_rows": late})
                for name, text in lag.items():
                    transaction.put_note(lag_space(self.stream), name, text)
        except StoreConflictError:
            self._fall_back(seek=seek)
            return
        self._committed_at = now
        self._waiting.clear()
        for name, position in moved.items():
            self._partitions[name] = Uncounted(position, self._partitions[name].arrived)
        self._source.commit({name: position.offset for name, position in moved.items()})
        for window in closed:
            self._n_open -= self._judge(window)

    def status(self) -> dict[str, Any]:
        """Return how the stream stands, as plain data: offsets, lag, counters and the last window.

        May be called from another thread.
        """
        lag = dict(self._source.lag())
        newest = self._judge.newest
        return {
            "stream": self.stream,
            "problem": self._source.problem,
            "partitions": {
                name: {
                    "offset": held.stored.offset,
                    "messages": held.stored.n_messages,
                    "rows": held.stored.n_rows,
                    "event_time": held.stored.event_time,
                    "idle": held.stored.idle,
                    "lag": lag.get(name),
                }
                for name, held in list(self._partitions.items())
            },
            "watermark": self._watermark,
            "open_windows": self._n_open,
            "uncommitted_rows": sum(held.n_rows for held in list(self._partitions.values())),
            "seconds_since_commit": max(0.0, self._clock() - self._committed_at),
            "counters": self._store.counters(self.stream),
            "last_window": None
            if newest is None
            else {
                "start": newest.key.start,
                "stop": newest.key.stop,
                "scope": newest.key.scope,
                "rows": newest.n_rows,
                "verdict": newest.scored.verdict,
            },
        }

    def _n_held(self) -> int:
        """Return how much is held in memory: rows, or messages where they have none."""
        return sum(max(held.n_rows, held.counts["messages"]) for held in self._partitions.values())

    def _tell(self, problem: str | None) -> None:
        if problem != self._problem:
            self._problem = problem
            if self._on_problem is not None:
                self._on_problem(problem)

    def _idle(self, now: float) -> dict[str, bool]:
        quiet = {
            name: held.last == held.stored.offset and now - held.arrived >= self._idle_after
            for name, held in self._partitions.items()
        }
        if not any(quiet.values()):
            return quiet
        lag = self._source.lag()
        return {name: is_quiet and lag.get(name) == 0 for name, is_quiet in quiet.items()}

    def _lag(self, now: float) -> dict[str, str | None]:
        """Return how many messages each partition has behind what was read, for the store; nothing between two questions."""
        if now - self._lag_asked_at < LAG_EVERY:
            return {}
        self._lag_asked_at = now
        at = int(now * 1e6)
        return {
            name: None if n is None else json.dumps({"messages": n, "at": at})
            for name, n in self._source.lag().items()
            if name in self._partitions
        }

    def _send_letters(self, letters: list[DeadLetter]) -> None:
        if letters:
            try:
                self._source.dead_letter(letters)
            except SourceError:
                self._waiting["dead_letters_unsent"] += len(letters)

    def _store_counts(
        self, transaction: Transaction, tallies: Mapping[str, Tally], moved: Mapping[str, Position]
    ) -> int:
        """Store offsets and counts, and return how many rows came after their window had closed."""
        late = 0
        watermark = transaction.watermark(self.stream)
        for name, found in tallies.items():
            transaction.move(self.stream, name, moved[name], expected=self._partitions[name].stored.offset)
            for key, (state, n_rows) in found.windows.items():
                if self._windows.by == "time" and self._windows.is_closed(key.stop, watermark):
                    late += n_rows
                    continue
                before = transaction.window_part(self.stream, key, name)
                total = state if before is None else self._scorer.load(before) + state
                transaction.put_window_part(self.stream, key, name, total.to_bytes(), n_rows=n_rows)
        return late

    def _advance(self, transaction: Transaction, now: float) -> list[OpenWindow]:
        """Move the watermark on, and return the windows that are complete."""
        positions = transaction.positions(self.stream)
        windows = transaction.open_windows(self.stream)
        self._n_open = len(windows)
        if self._windows.by == "rows":
            return [window for window in windows if window.key.stop <= positions[window.key.scope].n_rows]
        stored = transaction.watermark(self.stream)
        if not self._partitions:  # not yet assigned: who knows what waits
            self._watermark = stored
        else:
            self._watermark = self._complete.watermark(positions.values(), stored, now)
        if self._watermark is not None and self._watermark != stored:
            transaction.set_watermark(self.stream, self._watermark)
        return [window for window in windows if self._windows.is_closed(window.key.stop, self._watermark)]

    def _fall_back(self, *, seek: bool) -> None:
        """Drop what another worker has counted too, and go on where it stands."""
        self._waiting["conflicts"] += 1
        if seek:
            self._stopping.wait(self._standby)
        with self._store.transaction() as transaction:
            known = transaction.positions(self.stream)
        now = self._clock()
        self._committed_at = now
        self._partitions = {name: Uncounted(known[name], now) for name in self._partitions if name in known}
        if seek:
            self._source.seek({name: held.stored.offset for name, held in self._partitions.items()})
