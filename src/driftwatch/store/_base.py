"""What stores have in common (layer 4): statements outside of a transaction, each written once for all databases."""

from __future__ import annotations

import zlib
from abc import ABC, abstractmethod
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn, Self

from driftwatch.errors import ConfigError, StoreError
from driftwatch.store._baselines import BASELINE
from driftwatch.store._notes import NOTES
from driftwatch.store._outbox import LETTER
from driftwatch.store._streams import POSITIONS, position_of
from driftwatch.store._transaction import SQLTransaction
from driftwatch.store.model import Baseline, Lease, Letter, OutboxCount, Progress, Run, RunCount, WindowKey, lag_space

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager

    from driftwatch.store._sql import Connection

__all__ = ["SQLStore"]

_END = _NO_LIMIT = 2**63 - 1
_RUN = "stream, scope, start, stop, created, n_rows, verdict, id"
_BEYOND = """SELECT id FROM (
    SELECT id, row_number() OVER (PARTITION BY stream ORDER BY id DESC) AS place FROM run
) AS placed WHERE place > ?"""


class SQLStore(ABC):
    """See `driftwatch.store.Store`."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def __reduce__(self) -> NoReturn:
        raise TypeError("a store cannot be pickled: pass its address, and open it where it is used.")

    @property
    @abstractmethod
    def name(self) -> str:
        """The address as messages may show it, without a password."""

    @abstractmethod
    def close(self) -> None:
        """Close the connections of this process; a later call opens a new one."""

    @abstractmethod
    def _writing(self) -> AbstractContextManager[Connection]:
        """Begin a transaction with the lock to write; it is stored at the end of the block, dropped if that raises."""

    @abstractmethod
    def _read(self, statement: str, *values: object) -> list[Any]:
        """Return what a statement finds, in a transaction of its own unless this thread has one open."""

    @contextmanager
    def transaction(self) -> Iterator[SQLTransaction]:
        """Begin a transaction with the lock to write; it is stored at the end of the block, dropped if that raises.

        Raises
        ------
        StoreLockedError
            If another process writes for longer than the timeout.
        StoreUnavailableError
            If the server is away.
        StoreError
            If it cannot be stored, for example on a full disk.
        """
        with self._writing() as connection:
            yield SQLTransaction(connection)

    def streams(self) -> list[str]:
        """Return the names of the streams."""
        return [name for (name,) in self._read("SELECT name FROM stream ORDER BY name")]

    def counters(self, stream: str) -> dict[str, int]:
        """Return the counters of a stream by name."""
        return dict(self._read("SELECT name, n FROM counter WHERE stream = ? ORDER BY name", stream))

    def runs(
        self,
        stream: str | None = None,
        *,
        limit: int | None = None,
        since: int | None = None,
        until: int | None = None,
        below: int | None = None,
    ) -> list[Run]:
        """Return the stored checks, newest first.

        Parameters
        ----------
        stream : str, optional
            All streams by default.
        limit : int, optional
            How many at most.
        since, until : int, optional
            Those stored at or after the one time and before the other (microseconds after 1970).
        below : int, optional
            Those with an id below this one: the next page of a long list.
        """
        wanted = {"stream = ?": stream, "created >= ?": since, "created < ?": until, "id < ?": below}
        chosen = {condition: value for condition, value in wanted.items() if value is not None}
        where = f"WHERE {' AND '.join(chosen)}" if chosen else ""
        rows = self._read(
            f"SELECT {_RUN} FROM run {where} ORDER BY id DESC LIMIT ?",  # noqa: S608 - constants
            *chosen.values(),
            _NO_LIMIT if limit is None else limit,
        )
        return [_run(row) for row in rows]

    def run_counts(self) -> list[RunCount]:
        """Return the newest check of each stream that has one and how many it has, in the order of their names."""
        rows = self._read(
            f"SELECT {_RUN}, n FROM run JOIN"  # noqa: S608 - a constant
            " (SELECT max(id) AS newest, count(*) AS n FROM run GROUP BY stream) AS counted ON id = newest ORDER BY stream"
        )
        return [RunCount(_run(row[:-1]), row[-1]) for row in rows]

    def report(self, run_id: int) -> str:
        """Return the report of a check (JSON).

        Raises
        ------
        StoreError
            If there is no such check.
        """
        rows = self._read("SELECT report FROM run WHERE id = ?", run_id)
        if not rows:
            raise StoreError(f"the store {self.name!r} has no check {run_id}: it was pruned, or never there.")
        try:
            return zlib.decompress(rows[0][0]).decode()
        except (zlib.error, UnicodeDecodeError) as error:
            raise StoreError(
                f"check {run_id} of the store {self.name!r} is damaged ({error}). Restore a copy."
            ) from error

    def notes(self, space: str) -> dict[str, str]:
        """Return the small documents of a space by name, in the order of the names."""
        return dict(self._read(NOTES, space))

    def letters(self, state: str | None = None, *, limit: int | None = None) -> list[Letter]:
        """Return letters of the outbox, newest first.

        Parameters
        ----------
        state : str, optional
            `waiting`, `delivered` or `dead`; all by default.
        limit : int, optional
            How many at most.
        """
        where, values = ("", ()) if state is None else ("WHERE state = ?", (state,))
        rows = self._read(
            f"SELECT {LETTER} FROM letter {where} ORDER BY created DESC, id LIMIT ?",  # noqa: S608 - constants
            *values,
            _NO_LIMIT if limit is None else limit,
        )
        return [Letter(*row) for row in rows]

    def outbox(self) -> list[OutboxCount]:
        """Return how many letters each receiver has in each state, without reading them."""
        rows = self._read(
            "SELECT receiver, state, count(*), min(created) FROM letter GROUP BY receiver, state ORDER BY receiver, state"
        )
        return [OutboxCount(*row) for row in rows]

    def progress(self, stream: str) -> Progress:
        """Return how far a stream is; it waits for no writer, so what it says may be a moment old."""
        watermark = self._read("SELECT watermark FROM stream WHERE name = ?", stream)
        n_open = self._read(
            "SELECT count(*) FROM (SELECT DISTINCT scope, start, stop FROM window_part WHERE stream = ?) AS opened",
            stream,
        )
        positions = self._read(POSITIONS, stream)
        return Progress(
            watermark[0][0] if watermark else None, n_open[0][0], {row[0]: position_of(row) for row in positions}
        )

    def leases(self) -> list[Lease]:
        """Return the leases that were taken and not given back, by name, those that are over among them."""
        return [Lease(*row) for row in self._read("SELECT name, holder, until FROM lease ORDER BY name")]

    def baselines(self, name: str | None = None) -> list[Baseline]:
        """Return what is said of the versions of references, the newest of each first.

        Parameters
        ----------
        name : str, optional
            Of the stream; all by default.
        """
        where, values = ("", ()) if name is None else ("WHERE name = ?", (name,))
        rows = self._read(f"SELECT {BASELINE} FROM baseline {where} ORDER BY name, version DESC", *values)  # noqa: S608
        return [Baseline(*row) for row in rows]

    def baseline(self, name: str, version: int | None = None) -> bytes:
        """Return a version of a reference as `Profile.to_bytes` wrote it, by default the newest.

        Raises
        ------
        StoreError
            If there is no such version.
        """
        rows = self._read(
            "SELECT data FROM baseline WHERE name = ? AND version = coalesce(?,"
            " (SELECT max(version) FROM baseline WHERE name = ?))",
            *(name, version, name),
        )
        if not rows:
            which = "no reference" if version is None else f"no version {version} of the reference"
            raise StoreError(f"the store {self.name!r} has {which} {name!r}. Accept one with it, or name another.")
        return bytes(rows[0][0])

    def prune(self, *, before: int | None = None, keep: int | None = None, stream: str | None = None) -> int:
        """Drop old checks and return how many that were.

        Letters that are delivered or dead go with them: those that ended before that time, or before the oldest check
        that is left.

        Parameters
        ----------
        before : int, optional
            Those stored before this time (microseconds after 1970).
        keep : int, optional
            All but the newest of each stream, so many of them.
        stream : str, optional
            Checks of this stream alone.
        """
        if (before is None) == (keep is None):
            raise ConfigError("`prune` wants either `before` or `keep`.")
        if keep is not None and keep < 0:
            raise ConfigError(f"`keep` must be a number of checks, 0 or more, got {keep!r}.")
        chosen = "created < ?" if keep is None else f"id IN ({_BEYOND})"
        where, values = ("", ()) if stream is None else ("AND stream = ?", (stream,))
        with self._writing() as connection:
            removed = connection.execute(
                f"DELETE FROM run WHERE {chosen} {where}",  # noqa: S608 - constants
                (before if keep is None else keep, *values),
            )
            if keep is not None:
                oldest = connection.execute("SELECT min(created) FROM run").fetchone()
                before = None if oldest is None else oldest[0]
            connection.execute("DELETE FROM letter WHERE settled < ?", (_END if before is None else before,))
        return removed.rowcount

    def forget(self, stream: str) -> None:
        """Drop the offsets, open windows, counters and settings of a stream; its checks stay.

        The next worker of this name begins as if the stream were new.
        """
        with self._writing() as connection:
            connection.execute("DELETE FROM stream WHERE name = ?", (stream,))
            for table in ("position", "window_part", "counter"):
                connection.execute(f"DELETE FROM {table} WHERE stream = ?", (stream,))  # noqa: S608 - constants
            connection.execute("DELETE FROM note WHERE space = ?", (lag_space(stream),))


def _run(row: Sequence[Any]) -> Run:
    """Return the check of a row of `_RUN`."""
    name, scope, start, stop, created, n_rows, verdict, number = row
    return Run(name, WindowKey(start, stop, scope), created, n_rows, verdict, number)
