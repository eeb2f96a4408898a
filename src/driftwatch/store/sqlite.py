"""State in one SQLite file (layer 4): readers never wait, writers take turns, and a killed process leaves no half."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
import zlib
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, Self

from driftwatch.errors import ConfigError, StoreError, StoreLockedError
from driftwatch.store._filesystem import filesystem_of, is_network
from driftwatch.store._migrations import APPLICATION_ID, VERSION, migrate
from driftwatch.store._notes import NOTES
from driftwatch.store._outbox import LETTER
from driftwatch.store._transaction import SQLTransaction
from driftwatch.store.model import Lease, Letter, Run, WindowKey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["SQLiteStore"]

OLDEST_SQLITE = (3, 37)  # the first with STRICT tables
_END = _NO_LIMIT = 2**63 - 1
_BEYOND = """SELECT id FROM (
    SELECT id, row_number() OVER (PARTITION BY stream ORDER BY id DESC) AS place FROM run
) AS placed WHERE place > ?"""
_RUN = "stream, scope, start, stop, created, n_rows, verdict, id"
# Of a parent process: closing one in a forked child would drop the locks of the parent, so nothing may collect them.
_INHERITED: list[object] = []


class SQLiteStore:
    """State in one SQLite file, for any number of threads and processes of one machine.

    Parameters
    ----------
    path : path-like
        The file; made if it does not exist. Two more stand beside it while it is used, `-wal` and `-shm`.
    timeout : float
        Seconds to wait for another writer.
    filesystem : callable
        What tells the type of the file system of a folder. Network disks are refused, as SQLite's write-ahead log
        loses data on them.

    Raises
    ------
    StoreError
        If the file is no store, damaged, of a newer version, not writable or on a network disk.

    Notes
    -----
    The write-ahead log is written with `synchronous=NORMAL`: a killed process loses nothing that was stored. A machine
    that loses power may lose the last transactions, whole, and never a part of one; offsets and counts go back together.
    Each thread has a connection of its own, and a forked child opens new ones.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> with tempfile.TemporaryDirectory() as folder, SQLiteStore(pathlib.Path(folder) / "driftwatch.db") as store:
    ...     with store.transaction() as transaction:
    ...         transaction.count("orders", {"late_rows": 2})
    ...     store.counters("orders")
    {'late_rows': 2}
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        timeout: float = 5.0,
        filesystem: Callable[[Path], str | None] = filesystem_of,
    ) -> None:
        if not timeout > 0:
            raise ConfigError(f"`timeout` must be a positive number of seconds, got {timeout!r}.")
        if os.fspath(path) in {"", ":memory:"}:
            raise ConfigError(f"`path` must be a file, got {os.fspath(path)!r}: each thread would have another store.")
        self.path = Path(path).absolute()
        self.timeout = timeout
        self._check_place(filesystem)
        self._connections: dict[int, sqlite3.Connection] = {}
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._connection()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def __reduce__(self) -> NoReturn:
        raise TypeError("a store cannot be pickled: pass its path, and open it where it is used.")

    @contextmanager
    def transaction(self) -> Iterator[SQLTransaction]:
        """Begin a transaction with the lock to write; it is stored at the end of the block, dropped if that raises.

        Raises
        ------
        StoreLockedError
            If another process writes for longer than the timeout.
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

    def runs(self, stream: str | None = None, *, limit: int | None = None) -> list[Run]:
        """Return the stored checks, newest first.

        Parameters
        ----------
        stream : str, optional
            All streams by default.
        limit : int, optional
            How many at most.
        """
        where, values = ("", ()) if stream is None else ("WHERE stream = ?", (stream,))
        rows = self._read(
            f"SELECT {_RUN} FROM run {where} ORDER BY id DESC LIMIT ?",  # noqa: S608 - constants
            *values,
            _NO_LIMIT if limit is None else limit,
        )
        return [
            Run(name, WindowKey(start, stop, scope), created, n_rows, verdict, number)
            for name, scope, start, stop, created, n_rows, verdict, number in rows
        ]

    def report(self, run_id: int) -> str:
        """Return the report of a check (JSON).

        Raises
        ------
        StoreError
            If there is no such check.
        """
        rows = self._read("SELECT report FROM run WHERE id = ?", run_id)
        if not rows:
            raise StoreError(f"the store {str(self.path)!r} has no check {run_id}: it was pruned, or never there.")
        return zlib.decompress(rows[0][0]).decode()

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

    def leases(self) -> list[Lease]:
        """Return the leases that were taken and not given back, by name, those that are over among them."""
        return [Lease(*row) for row in self._read("SELECT name, holder, until FROM lease ORDER BY name")]

    def prune(self, *, before: int | None = None, keep: int | None = None) -> int:
        """Drop old checks and return how many that were.

        Letters that are delivered or dead go with them: those that ended before that time, or before the oldest check
        that is left.

        Parameters
        ----------
        before : int, optional
            Those stored before this time (microseconds after 1970).
        keep : int, optional
            All but the newest of each stream, so many of them.
        """
        if (before is None) == (keep is None):
            raise ConfigError("`prune` wants either `before` or `keep`.")
        if keep is not None and keep < 0:
            raise ConfigError(f"`keep` must be a number of checks, 0 or more, got {keep!r}.")
        with self._writing() as connection:
            if keep is None:
                removed = connection.execute("DELETE FROM run WHERE created < ?", (before,))
            else:
                removed = connection.execute(f"DELETE FROM run WHERE id IN ({_BEYOND})", (keep,))  # noqa: S608
                (before,) = connection.execute("SELECT min(created) FROM run").fetchone()
            connection.execute("DELETE FROM letter WHERE settled < ?", (_END if before is None else before,))
        with self._explained():
            self._connection().executescript("PRAGMA incremental_vacuum")  # `execute` would give back one page only
        return removed.rowcount

    def forget(self, stream: str) -> None:
        """Drop the offsets, open windows, counters and settings of a stream; its checks stay.

        The next worker of this name begins as if the stream were new.
        """
        with self._writing() as connection:
            connection.execute("DELETE FROM stream WHERE name = ?", (stream,))
            connection.execute("DELETE FROM position WHERE stream = ?", (stream,))
            connection.execute("DELETE FROM window_part WHERE stream = ?", (stream,))
            connection.execute("DELETE FROM counter WHERE stream = ?", (stream,))

    def close(self) -> None:
        """Close the connections of this process; a later call opens a new one."""
        self._notice_fork()
        with self._lock:
            connections, self._connections = self._connections, {}
        for connection in connections.values():
            connection.close()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._explained():
            connection = self._connection()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    def _read(self, statement: str, *values: object) -> list[Any]:
        with self._explained():
            return self._connection().execute(statement, values).fetchall()

    def _notice_fork(self) -> None:
        if self._pid != os.getpid():
            _INHERITED.append(self._connections)
            self._connections, self._pid, self._lock = {}, os.getpid(), threading.Lock()

    def _connection(self) -> sqlite3.Connection:
        self._notice_fork()
        own = threading.get_ident()
        found = self._connections.get(own)
        if found is None:
            found = self._open()
            with self._lock:
                alive = {thread.ident for thread in threading.enumerate()}
                for ended in [ident for ident in self._connections if ident not in alive]:
                    self._connections.pop(ended).close()
                self._connections[own] = found
        return found

    def _open(self) -> sqlite3.Connection:
        with self._explained():
            # closed by another thread than its own when that has ended, and never used by two
            connection = sqlite3.connect(self.path, timeout=self.timeout, isolation_level=None, check_same_thread=False)
            try:
                self._prepare(connection)
            except BaseException:
                connection.close()
                raise
            return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        connection.execute("BEGIN")  # one look at all three: another process may make the tables meanwhile
        (n_tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        connection.execute("COMMIT")
        if n_tables and application != APPLICATION_ID:
            raise StoreError(
                f"{str(self.path)!r} is an SQLite file of another program, not a store. Name another file."
            )
        if version > VERSION:
            raise StoreError(
                f"the store {str(self.path)!r} has version {version} and this driftwatch knows versions up to "
                f"{VERSION}. Update driftwatch, or name another file."
            )
        if not n_tables:
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # only an empty file takes it
        self._use_log(connection)
        connection.execute("PRAGMA synchronous = NORMAL")
        if version < VERSION:
            connection.execute("BEGIN IMMEDIATE")
            migrate(connection)
            connection.execute("COMMIT")

    def _use_log(self, connection: sqlite3.Connection) -> None:
        # SQLite does not wait for a lock here when several processes open a new file at once
        until = time.monotonic() + self.timeout
        while True:
            try:
                connection.execute("PRAGMA journal_mode = WAL").fetchall()
            except sqlite3.OperationalError as error:
                if not _name(error).startswith("SQLITE_BUSY") or time.monotonic() > until:
                    raise
                time.sleep(0.01)
            else:
                return

    def _check_place(self, filesystem: Callable[[Path], str | None]) -> None:
        if sqlite3.sqlite_version_info < OLDEST_SQLITE:
            raise StoreError(
                f"the store needs SQLite {'.'.join(map(str, OLDEST_SQLITE))} or newer, and this Python was built with "
                f"{sqlite3.sqlite_version}. Use a newer Python."
            )
        folder = self.path.parent
        if not folder.is_dir():
            raise StoreError(f"there is no folder {str(folder)!r} for the store. Create it first.")
        kind = filesystem(folder)
        if is_network(kind):
            raise StoreError(
                f"the store {str(self.path)!r} would be on a network file system ({kind}), where SQLite loses data. "
                "Put it on a local disk."
            )

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise _explain(error, str(self.path), self.timeout) from error


def _name(error: sqlite3.Error) -> str:
    return str(getattr(error, "sqlite_errorname", ""))


def _explain(error: sqlite3.Error, path: str, timeout: float) -> StoreError:
    name = _name(error)
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return StoreLockedError(
            f"another process has held the lock of the store {path!r} for more than {timeout:g} s. End what holds it, "
            "or raise `timeout`."
        )
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_FORMAT")):
        return StoreError(
            f"{path!r} is not a store, or is damaged ({error}). Put it aside, and restore a copy or name another file."
        )
    if name.startswith("SQLITE_FULL"):
        return StoreError(f"there is no space left for the store {path!r}. Free some, or prune old checks.")
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_AUTH")):
        return StoreError(
            f"the store {path!r} cannot be opened for writing ({error}). Its folder must be writable too: SQLite keeps "
            "a log beside the file."
        )
    return StoreError(f"the store {path!r} cannot be used: {error} ({name or type(error).__name__}).")
