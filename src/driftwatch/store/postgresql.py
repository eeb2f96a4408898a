"""State in a PostgreSQL database (layer 4), for many hosts. The only file that knows psycopg."""

from __future__ import annotations

import hashlib
import math
import re
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from driftwatch.errors import (
    ConfigError,
    InputError,
    MissingExtraError,
    StoreError,
    StoreLockedError,
    StoreUnavailableError,
)
from driftwatch.store._base import SQLStore
from driftwatch.store._connections import ThreadConnections
from driftwatch.store._migrations import MIGRATIONS, VERSION, for_postgresql

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from driftwatch.store._sql import Cursor

try:
    import psycopg
    from psycopg.conninfo import conninfo_to_dict
    from psycopg.pq import TransactionStatus
except ImportError as error:
    _MISSING: ImportError | None = error
else:
    _MISSING = None

__all__ = ["PostgreSQLStore"]

SCHEMA = "driftwatch"
MAX_SILENCE = 60  # seconds; a host that vanished inside of a transaction gives the lock back after them
_NAME = re.compile(r"(?!pg_)[A-Za-z_][A-Za-z0-9_]{0,62}")
# Noticed within a minute, where a network drops packets without a word
_ALIVE = {"keepalives_idle": 20, "keepalives_interval": 10, "keepalives_count": 3, "tcp_user_timeout": 30_000}
# https://www.postgresql.org/docs/current/errcodes-appendix.html
_LOCKED = {"55P03", "40001", "40P01"}
_AWAY = {"57P01", "57P02", "57P03", "57P05", "25P03", "53300"}
_READ_ONLY = {"25006"}
_FORBIDDEN = {"42501"}
_FULL = {"53100"}


class PostgreSQLStore(SQLStore):
    """State in a schema of a PostgreSQL database, for any number of threads, processes and hosts.

    Parameters
    ----------
    address : str
        `postgresql://user@host:port/database`, as libpq has it. `?schema=NAME` at its end is the argument `schema`. A
        password is better kept in `~/.pgpass` or in the variable PGPASSWORD.
    schema : str, optional
        Where the tables are, by default `driftwatch`; made if it does not exist. Nothing outside of it is touched.
    timeout : float
        Seconds to wait for another writer, and for a server that was there before and is away.

    Raises
    ------
    StoreError
        If the schema holds other tables, or tables of a newer version, or may not be written.
    StoreUnavailableError
        If the server cannot be reached.
    MissingExtraError
        If psycopg is not installed.

    Notes
    -----
    Writers take turns by an advisory lock of the schema that lasts as long as the transaction. Taken before anything is
    read, in the isolation level that sees what was stored up to each statement, it makes transactions serial, and none has
    to be tried again. Readers do not wait. All settings are those of a transaction, so poolers such as PgBouncer may lend
    the connection to others in between.

    Where the connection is lost while a transaction is being stored, nobody knows whether it was. Everything in the store
    may be tried again: offsets say what is counted already, and letters have ids.

    Examples
    --------
    >>> store = PostgreSQLStore("postgresql://watch@db.example.org/monitoring?schema=drift")  # doctest: +SKIP
    """

    def __init__(self, address: str, *, schema: str | None = None, timeout: float = 5.0) -> None:
        if _MISSING is not None:
            raise MissingExtraError.for_feature("PostgreSQLStore", package="psycopg", extra="postgres") from _MISSING
        if not timeout > 0:
            raise ConfigError(f"`timeout` must be a positive number of seconds, got {timeout!r}.")
        self.timeout = timeout
        self._conninfo, named = _without_schema(address)
        self.schema = schema or named or SCHEMA
        if not _NAME.fullmatch(self.schema):
            raise ConfigError(
                f"`schema` must be up to 63 letters, digits and `_`, beginning with neither a digit nor pg_, got {self.schema!r}."
            )
        self._shown = _shown(self._conninfo, self.schema)
        path = f'SET LOCAL search_path TO "{self.schema}"'
        digest = hashlib.sha256(f"driftwatch:{self.schema}".encode()).digest()
        self._begin_reading = f"BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY; {path}"
        self._begin_writing = (
            f"BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; {path}; SET LOCAL lock_timeout = {math.ceil(timeout * 1e3)};"
            f" SET LOCAL idle_in_transaction_session_timeout = '{MAX_SILENCE}s';"
            f" SELECT pg_advisory_xact_lock({int.from_bytes(digest[:8], 'big', signed=True)})"
        )
        self._was_there = False
        self._connections = ThreadConnections(self._open)
        self._connections.get()
        self._was_there = True

    @property
    def name(self) -> str:
        """The address as messages show it, without a password."""
        return self._shown

    def close(self) -> None:
        """Close the connections of this process; a later call opens a new one."""
        self._connections.close()

    @contextmanager
    def _writing(self) -> Iterator[_Session]:
        with self._explained(), self._session(self._begin_writing) as session:
            yield session

    def _read(self, statement: str, *values: object) -> list[Any]:
        with self._explained():
            held = self._connections.get()
            if held.info.transaction_status is TransactionStatus.INTRANS:  # this thread writes
                return _Session(held).execute(statement, values).fetchall()
            with self._session(self._begin_reading) as session:
                return session.execute(statement, values).fetchall()

    @contextmanager
    def _session(self, begin: str) -> Iterator[_Session]:
        connection = self._begun(begin)
        try:
            yield _Session(connection)
            if connection.info.transaction_status is TransactionStatus.INERROR:
                # COMMIT would roll back without a word
                raise StoreError(
                    f"nothing was stored in {self.name!r}: a statement of the transaction failed, and what it raised was "
                    "caught inside. Let it pass."
                )
            connection.execute("COMMIT")
        finally:
            _roll_back(connection)

    def _begun(self, begin: str) -> psycopg.Connection:
        connection = self._connections.get()
        if not connection.closed and connection.info.transaction_status is not TransactionStatus.IDLE:
            raise StoreError(f"this thread has a transaction of the store {self.name!r} open. End it first.")
        try:
            connection.execute(begin)
        except psycopg.OperationalError:
            if not connection.closed:
                _roll_back(connection)
                raise
            # it was lost while nothing was done with it: the server was started again, or a proxy closed it
            self._connections.drop()
            connection = self._connections.get()
            try:
                connection.execute(begin)
            except BaseException:
                _roll_back(connection)
                raise
        except BaseException:
            _roll_back(connection)
            raise
        return connection

    def _open(self) -> psycopg.Connection:
        with self._explained():
            until = time.monotonic() + self.timeout
            while True:
                try:
                    return self._connected()
                except psycopg.OperationalError:
                    if not self._was_there or time.monotonic() > until:
                        raise
                    time.sleep(0.1)

    def _connected(self) -> psycopg.Connection:
        options: dict[str, Any] = {
            "application_name": "driftwatch",
            "target_session_attrs": "read-write",
            "connect_timeout": max(2, math.ceil(self.timeout)),
            **_ALIVE,
            **self._conninfo,
        }
        # poolers that lend a connection for one transaction know no prepared statements
        connection = psycopg.connect(**options, autocommit=True, prepare_threshold=None)
        try:
            self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _prepare(self, connection: psycopg.Connection) -> None:
        if self._version(connection) == VERSION:
            return
        try:
            connection.execute(self._begin_writing)
            version = self._version(connection)  # again: another process may have made the tables meanwhile
            if version is None:
                self._make_schema(connection)
            for step in MIGRATIONS[version or 0 :]:
                for statement in step:
                    connection.execute(for_postgresql(statement))
            connection.execute("UPDATE store_version SET version = %s", (VERSION,))
            connection.execute("COMMIT")
        finally:
            _roll_back(connection)

    def _version(self, connection: psycopg.Connection) -> int | None:
        # not `to_regclass`, which remembers that there was no such table when another process has made it meanwhile
        found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", (self.schema,)).fetchall()
        tables = {name for (name,) in found}
        if not tables:
            return None
        if "store_version" not in tables:
            raise StoreError(
                f"the schema of {self.name!r} holds tables of another program. Name another one: `?schema=NAME`."
            )
        row = connection.execute(f'SELECT version FROM "{self.schema}".store_version').fetchone()  # noqa: S608 - checked
        version = 0 if row is None else int(row[0])
        if version > VERSION:
            raise StoreError(
                f"the store {self.name!r} has version {version} and this driftwatch knows versions up to {VERSION}. Update "
                "driftwatch, or name another schema."
            )
        return version

    def _make_schema(self, connection: psycopg.Connection) -> None:
        # not IF NOT EXISTS, which wants the right to make one also where it is there
        known = connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", (self.schema,)).fetchone()
        if known is None:
            connection.execute(f'CREATE SCHEMA "{self.schema}"')
        connection.execute("CREATE TABLE store_version (version BIGINT NOT NULL)")
        connection.execute("INSERT INTO store_version VALUES (0)")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except psycopg.DataError as error:  # the caller's: the store is well
            raise InputError(f"PostgreSQL cannot hold a value of the transaction: {_said(error)}.") from error
        except psycopg.Error as error:
            raise _explain(error, self.name, self.timeout) from error


class _Session:
    """Takes statements as SQLite has them."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def execute(self, statement: str, values: Sequence[Any] = (), /) -> Cursor:
        found: Cursor = self._connection.execute(statement.replace("?", "%s"), values)
        return found

    def executemany(self, statement: str, values: Iterable[Sequence[Any]], /) -> None:
        # not psycopg's, which sends them in a pipeline: after one the server does not end a session that falls silent
        for row in values:
            self.execute(statement, row)


def _roll_back(connection: psycopg.Connection) -> None:
    if not connection.closed and connection.info.transaction_status is not TransactionStatus.IDLE:
        try:
            connection.execute("ROLLBACK")
        except psycopg.Error:  # the server drops it by itself, and there is an error to tell already
            connection.close()


def _without_schema(address: str) -> tuple[dict[str, Any], str | None]:
    before, _, query = address.partition("?")
    pairs = query.split("&") if query else []
    schemas = [unquote(pair.partition("=")[2]) for pair in pairs if pair.partition("=")[0] == "schema"]
    rest = "&".join(pair for pair in pairs if pair.partition("=")[0] != "schema")
    try:
        return conninfo_to_dict(before + (f"?{rest}" if rest else "")), schemas[-1] if schemas else None
    except psycopg.Error:
        # libpq quotes what it cannot read, which may be the password
        raise ConfigError(
            "`address` must be postgresql://user@host:port/database as libpq has it, with %XX for characters such as @ / : % "
            f"in a password; got one that libpq cannot read, of {len(address)} characters."
        ) from None


def _shown(conninfo: dict[str, Any], schema: str) -> str:
    user = f"{conninfo['user']}@" if conninfo.get("user") else ""
    port = f":{conninfo['port']}" if conninfo.get("port") else ""
    return f"postgresql://{user}{conninfo.get('host', '')}{port}/{conninfo.get('dbname', '')}?schema={schema}"


def _said(error: psycopg.Error) -> str:
    return (error.diag.message_primary or str(error)).strip().partition("\n")[0]


def _explain(error: psycopg.Error, name: str, timeout: float) -> StoreError:
    code = error.sqlstate or ""
    said = _said(error)
    if code in _LOCKED:
        return StoreLockedError(
            f"another process has held the lock of the store {name!r} for more than {timeout:g} s. End what holds it, or "
            "raise `timeout`."
        )
    if code in _FULL:
        return StoreError(
            f"the server has no space left for the store {name!r} ({said}). Free some, or prune old checks."
        )
    if code in _READ_ONLY:
        return StoreError(f"the store {name!r} may only be read ({said}). Name the primary server.")
    if code in _FORBIDDEN:
        return StoreError(
            f"the store {name!r} may not be used by this user ({said}). Let an administrator make the schema with this user "
            "as its owner."
        )
    if code in _AWAY or isinstance(error, psycopg.OperationalError):
        return StoreUnavailableError(
            f"the server of the store {name!r} cannot be reached ({said}). Start it, or look at host, user and password."
        )
    return StoreError(f"the store {name!r} cannot be used: {said} ({code or type(error).__name__}).")
