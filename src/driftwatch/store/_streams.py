"""Statements about streams: positions, open windows, checks and counters (layer 4)."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

from driftwatch.errors import StoreConflictError, StoreError
from driftwatch.store.model import OpenWindow, Position, WindowKey

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from driftwatch.store._sql import Connection
    from driftwatch.store.model import Run

__all__ = ["POSITIONS", "StreamStatements", "position_of"]

POSITIONS = "SELECT partition, last, n_messages, n_rows, event_time, idle FROM position WHERE stream = ?"

_PART = "stream = ? AND scope = ? AND start = ? AND stop = ?"


def position_of(row: Sequence[Any]) -> Position:
    """Return the position of a row of `POSITIONS`."""
    partition, last, n_messages, n_rows, event_time, idle = row
    try:
        return Position(int(last), n_messages, n_rows, event_time, bool(idle))
    except ValueError as error:
        raise StoreError(f"the offset of partition {partition!r} is damaged ({error}). Restore a copy.") from error


class StreamStatements:
    """See `driftwatch.store.Transaction`."""

    _connection: Connection

    def register(self, stream: str, settings: str) -> str:
        """Enter the stream if it is new, and return the settings that it was entered with."""
        self._connection.execute(
            "INSERT INTO stream (name, settings) VALUES (?, ?) ON CONFLICT DO NOTHING", (stream, settings)
        )
        row = self._connection.execute("SELECT settings FROM stream WHERE name = ?", (stream,)).fetchone()
        assert row is not None, "it was entered just now"
        return str(row[0])

    def positions(self, stream: str) -> dict[str, Position]:
        """Return how far each partition has been counted."""
        return {row[0]: position_of(row) for row in self._connection.execute(POSITIONS, (stream,))}

    def move(self, stream: str, partition: str, position: Position, *, expected: int | None) -> None:
        """Move a partition on from the offset `expected`, None if it is new."""
        values = (str(position.offset), position.n_messages, position.n_rows, position.event_time, int(position.idle))
        if expected is None:
            moved = self._connection.execute(
                "INSERT INTO position (last, n_messages, n_rows, event_time, idle, stream, partition)"
                " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                (*values, stream, partition),
            )
        else:
            moved = self._connection.execute(
                "UPDATE position SET last = ?, n_messages = ?, n_rows = ?, event_time = ?, idle = ?"
                " WHERE stream = ? AND partition = ? AND last = ?",
                (*values, stream, partition, str(expected)),
            )
        if moved.rowcount != 1:
            raise StoreConflictError(
                f"partition {partition!r} of stream {stream!r} was expected at offset {expected}, and has been moved: "
                "another worker reads it too. Run one worker for each partition, or give this one another name."
            )

    def watermark(self, stream: str) -> int | None:
        """Return the time up to which the stream is complete."""
        row = self._connection.execute("SELECT watermark FROM stream WHERE name = ?", (stream,)).fetchone()
        return None if row is None else row[0]

    def set_watermark(self, stream: str, watermark: int) -> None:
        """Store the time up to which the stream is complete."""
        self._connection.execute("UPDATE stream SET watermark = ? WHERE name = ?", (watermark, stream))

    def open_windows(self, stream: str) -> list[OpenWindow]:
        """Return the windows that have counts, in their order."""
        rows = self._connection.execute(
            "SELECT scope, start, stop, CAST(sum(n_rows) AS BIGINT) FROM window_part WHERE stream = ?"
            " GROUP BY scope, start, stop ORDER BY start, stop, scope",
            (stream,),
        )
        return [OpenWindow(WindowKey(start, stop, scope), n_rows) for scope, start, stop, n_rows in rows]

    def window_part(self, stream: str, key: WindowKey, part: str) -> bytes | None:
        """Return the counts of one part of a window."""
        row = self._connection.execute(
            f"SELECT state FROM window_part WHERE {_PART} AND part = ?",  # noqa: S608 - a constant
            (stream, key.scope, key.start, key.stop, part),
        ).fetchone()
        return None if row is None else row[0]

    def window_parts(self, stream: str, key: WindowKey) -> list[bytes]:
        """Return the counts of every part of a window, in the order of their names."""
        rows = self._connection.execute(
            f"SELECT state FROM window_part WHERE {_PART} ORDER BY part",  # noqa: S608 - a constant
            (stream, key.scope, key.start, key.stop),
        )
        return [state for (state,) in rows]

    def put_window_part(self, stream: str, key: WindowKey, part: str, state: bytes, *, n_rows: int) -> None:
        """Store the counts of one part in the place of what it had; `n_rows` is how many rows came to them."""
        self._connection.execute(
            "INSERT INTO window_part (stream, scope, start, stop, part, n_rows, state) VALUES (?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (stream, scope, start, stop, part)"
            " DO UPDATE SET n_rows = window_part.n_rows + excluded.n_rows, state = excluded.state",
            (stream, key.scope, key.start, key.stop, part, n_rows, state),
        )

    def remove_window(self, stream: str, key: WindowKey) -> bool:
        """Drop the counts of a window; return whether there were any."""
        removed = self._connection.execute(
            f"DELETE FROM window_part WHERE {_PART}",  # noqa: S608 - a constant
            (stream, key.scope, key.start, key.stop),
        )
        return removed.rowcount > 0

    def add_run(self, run: Run, report: str) -> int:
        """Store a check and its report, and return the id that it has from then on."""
        row = self._connection.execute(
            "INSERT INTO run (stream, scope, start, stop, created, n_rows, verdict, report)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
            (
                *(run.stream, run.key.scope, run.key.start, run.key.stop, run.created, run.n_rows, run.verdict),
                zlib.compress(report.encode()),
            ),
        ).fetchone()
        assert row is not None, "what is inserted is returned"
        return int(row[0])

    def count(self, stream: str, counts: Mapping[str, int]) -> None:
        """Add to the counters of a stream."""
        self._connection.executemany(
            "INSERT INTO counter (stream, name, n) VALUES (?, ?, ?)"
            " ON CONFLICT (stream, name) DO UPDATE SET n = counter.n + excluded.n",
            [(stream, name, n) for name, n in counts.items() if n],
        )
