"""State in one SQLite file (layer 4): readers never wait, writers take turns, and a killed process leaves no half."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from driftwatch.errors import ConfigError, StoreError, StoreLockedError
from driftwatch.store._base import SQLStore
from driftwatch.store._connections import ThreadConnections
from driftwatch.store._filesystem import filesystem_of, is_network
from driftwatch.store._migrations import APPLICATION_ID, VERSION, migrate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["SQLiteStore"]

OLDEST_SQLITE = (3, 37)  # the first with STRICT tables
MAX_LOG = 4 << 20  # bytes that the log keeps on disk once what it held is in the file


class SQLiteStore(SQLStore):
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
        self._connections = ThreadConnections(self._open)
        self._connections.get()
        found = self.path.stat()
        self._file = found.st_dev, found.st_ino

    @property
    def name(self) -> str:
        """The path, as messages show it."""
        return str(self.path)

    def close(self) -> None:
        """Close the connections of this process; a later call opens a new one."""
        self._connections.close()

    def prune(self, *, before: int | None = None, keep: int | None = None, stream: str | None = None) -> int:
        """See `driftwatch.store.Store.prune`; the file gets smaller."""
        removed = super().prune(before=before, keep=keep, stream=stream)
        with self._explained():
            # `execute` would give back one page only
            self._connections.get().executescript("PRAGMA incremental_vacuum")
        return removed

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._explained():
            connection = self._connections.get()
            self._check_file()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    def _read(self, statement: str, *values: object) -> list[Any]:
        with self._explained():
            return self._connections.get().execute(statement, values).fetchall()

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
            raise StoreError(f"{self.name!r} is an SQLite file of another program, not a store. Name another file.")
        if version > VERSION:
            raise StoreError(
                f"the store {self.name!r} has version {version} and this driftwatch knows versions up to "
                f"{VERSION}. Update driftwatch, or name another file."
            )
        if not n_tables:
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # only an empty file takes it
        self._use_log(connection)
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(f"PRAGMA journal_size_limit = {MAX_LOG}")
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

    def _check_file(self) -> None:
        """Refuse to write into a file that has another name or none by now, where nobody would find it."""
        try:
            found = self.path.stat()
        except OSError:
            found = None
        if found is None or (found.st_dev, found.st_ino) != self._file:
            raise StoreError(
                f"the file of the store {self.name!r} was removed or replaced while it was used. Put it back, or start what "
                "uses it again."
            )

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
                f"the store {self.name!r} would be on a network file system ({kind}), where SQLite loses data. "
                "Put it on a local disk."
            )

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise _explain(error, self.name, self.timeout) from error
        except UnicodeDecodeError as error:
            # Python cannot even read the message where it quotes bytes of a damaged table
            if not bytes(error.object).startswith(b"malformed database schema"):
                raise
            raise _damaged(self.name, "malformed database schema") from error


def _name(error: sqlite3.Error) -> str:
    return str(getattr(error, "sqlite_errorname", ""))


def _damaged(path: str, how: str) -> StoreError:
    return StoreError(
        f"{path!r} is not a store, or is damaged ({how}). Put it aside, and restore a copy or name another file."
    )


def _explain(error: sqlite3.Error, path: str, timeout: float) -> StoreError:
    name = _name(error)
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return StoreLockedError(
            f"another process has held the lock of the store {path!r} for more than {timeout:g} s. End what holds it, "
            "or raise `timeout`."
        )
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_FORMAT")):
        return _damaged(path, str(error))
    if name.startswith(("SQLITE_FULL", "SQLITE_IOERR_SHMSIZE")):  # the second is that of the log's index
        return StoreError(
            f"there is no space left for the store {path!r} and its log. Free some; what was stored before is there."
        )
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_AUTH")):
        return StoreError(
            f"the store {path!r} cannot be opened for writing ({error}). Its folder must be writable too: SQLite keeps "
            "a log beside the file."
        )
    if name.startswith("SQLITE_IOERR"):
        return StoreError(
            f"the disk refuses to read or write the store {path!r} ({error}, {name}). Look at free space, quotas and limits "
            "of file sizes first, then at the health of the disk."
        )
    return StoreError(f"the store {path!r} cannot be used: {error} ({name or type(error).__name__}).")
