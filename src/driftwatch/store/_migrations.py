"""The tables, one step for each version of them (layer 4), in SQLite's words. A step that was released never changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

__all__ = ["APPLICATION_ID", "MIGRATIONS", "VERSION", "for_postgresql", "migrate"]

APPLICATION_ID = 0x44726674  # "Drft" in the header of the file, by which `file` and we know it

# Offsets are text: an entry of a Redis stream has an id of 128 bits.
_STREAMS = (
    """CREATE TABLE stream (
        name TEXT PRIMARY KEY,
        settings TEXT NOT NULL,
        watermark INTEGER
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE position (
        stream TEXT NOT NULL,
        partition TEXT NOT NULL,
        last TEXT NOT NULL,
        n_messages INTEGER NOT NULL,
        n_rows INTEGER NOT NULL,
        event_time INTEGER,
        idle INTEGER NOT NULL,
        PRIMARY KEY (stream, partition)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE window_part (
        stream TEXT NOT NULL,
        scope TEXT NOT NULL,
        start INTEGER NOT NULL,
        stop INTEGER NOT NULL,
        part TEXT NOT NULL,
        n_rows INTEGER NOT NULL,
        state BLOB NOT NULL,
        UNIQUE (stream, scope, start, stop, part)
    ) STRICT""",
    """CREATE TABLE counter (
        stream TEXT NOT NULL,
        name TEXT NOT NULL,
        n INTEGER NOT NULL,
        PRIMARY KEY (stream, name)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE run (
        id INTEGER PRIMARY KEY,
        stream TEXT NOT NULL,
        scope TEXT NOT NULL,
        start INTEGER NOT NULL,
        stop INTEGER NOT NULL,
        created INTEGER NOT NULL,
        n_rows INTEGER NOT NULL,
        verdict TEXT NOT NULL,
        report BLOB NOT NULL
    ) STRICT""",
    "CREATE INDEX run_by_stream ON run (stream, id)",
    "CREATE INDEX run_by_created ON run (created)",
)

# What a service needs besides: who judges, the state of alerts, and the outbox of their messages
_SERVICE = (
    """CREATE TABLE lease (
        name TEXT PRIMARY KEY,
        holder TEXT NOT NULL,
        until INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE note (
        space TEXT NOT NULL,
        name TEXT NOT NULL,
        content TEXT NOT NULL,
        PRIMARY KEY (space, name)
    ) STRICT""",
    """CREATE TABLE letter (
        id TEXT PRIMARY KEY,
        receiver TEXT NOT NULL,
        body TEXT NOT NULL,
        created INTEGER NOT NULL,
        due INTEGER NOT NULL,
        attempts INTEGER NOT NULL,
        state TEXT NOT NULL,
        error TEXT NOT NULL,
        settled INTEGER
    ) STRICT""",
    "CREATE INDEX letter_by_due ON letter (state, due)",
    "CREATE INDEX letter_by_created ON letter (created)",
)

_BASELINES = (
    """CREATE TABLE baseline (
        name TEXT NOT NULL,
        version INTEGER NOT NULL,
        created INTEGER NOT NULL,
        who TEXT,
        reason TEXT NOT NULL,
        n_rows INTEGER NOT NULL,
        fingerprint TEXT NOT NULL,
        data BLOB NOT NULL,
        PRIMARY KEY (name, version)
    ) STRICT""",
)

MIGRATIONS = (_STREAMS, _SERVICE, _BASELINES)
VERSION = len(MIGRATIONS)

# A number has 64 bits in SQLite. Text is ordered by code point, as Python does: counts are added in the order of names.
_POSTGRESQL = (
    ("INTEGER PRIMARY KEY", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"),
    ("INTEGER", "BIGINT"),
    ("BLOB", "BYTEA"),
    ("TEXT", 'TEXT COLLATE "C"'),
    (" STRICT, WITHOUT ROWID", ""),
    (" STRICT", ""),
)


def for_postgresql(statement: str) -> str:
    """Return a statement that makes a table or an index in the words of PostgreSQL."""
    for word, instead in _POSTGRESQL:
        statement = statement.replace(word, instead)
    return statement


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the tables to this version, inside of the transaction that is open."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    for step in MIGRATIONS[version:]:
        for statement in step:
            connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {VERSION}")
