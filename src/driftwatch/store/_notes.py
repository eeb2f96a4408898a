"""Statements about leases and small documents (layer 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from driftwatch.errors import ConfigError

if TYPE_CHECKING:
    from driftwatch.store._sql import Connection

__all__ = ["NOTES", "NoteStatements"]

NOTES = "SELECT name, content FROM note WHERE space = ? ORDER BY name"


class NoteStatements:
    """See `driftwatch.store.Transaction`."""

    _connection: Connection

    def lease(self, name: str, holder: str, *, now: int, until: int) -> bool:
        """Take a lease, or renew an own one; return whether it is the holder's, False while another's is not over."""
        if until <= now:
            raise ConfigError(f"`until` must come after `now`, {now}, got {until}: nobody could use such a lease.")
        taken = self._connection.execute(
            "INSERT INTO lease (name, holder, until) VALUES (?, ?, ?)"
            " ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until"
            " WHERE lease.holder = excluded.holder OR lease.until <= ?",
            (name, holder, until, now),
        )
        return taken.rowcount == 1

    def release(self, name: str, holder: str) -> None:
        """Give a lease back; nothing happens where it is another holder's."""
        self._connection.execute("DELETE FROM lease WHERE name = ? AND holder = ?", (name, holder))

    def note(self, space: str, name: str) -> str | None:
        """Return a small document by its name, None where there is none."""
        row = self._connection.execute(
            "SELECT content FROM note WHERE space = ? AND name = ?", (space, name)
        ).fetchone()
        return None if row is None else str(row[0])

    def notes(self, space: str) -> dict[str, str]:
        """Return the small documents of a space by name, in the order of the names."""
        return dict(self._connection.execute(NOTES, (space,)).fetchall())

    def put_note(self, space: str, name: str, text: str | None) -> None:
        """Store a small document in the place of what was there; None removes it."""
        if text is None:
            self._connection.execute("DELETE FROM note WHERE space = ? AND name = ?", (space, name))
            return
        self._connection.execute(
            "INSERT INTO note (space, name, content) VALUES (?, ?, ?)"
            " ON CONFLICT (space, name) DO UPDATE SET content = excluded.content",
            (space, name, text),
        )
