"""Statements about the outbox (layer 4)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from driftwatch.errors import ConfigError
from driftwatch.store.model import Letter

if TYPE_CHECKING:
    from collections.abc import Collection

    from driftwatch.store._sql import Connection
    from driftwatch.store.protocol import Settled

__all__ = ["LETTER", "OutboxStatements"]

LETTER = "id, receiver, body, created, due, attempts, state, error"  # as `Letter` has them
_SETTLED = ("delivered", "dead")


class OutboxStatements:
    """See `driftwatch.store.Transaction`."""

    _connection: Connection

    def enqueue(self, letter: Letter) -> bool:
        """Put a letter into the outbox; return False, and change nothing, where its id is known already."""
        added = self._connection.execute(
            f"INSERT INTO letter ({LETTER}) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",  # noqa: S608
            (
                *(letter.id, letter.receiver, letter.body, letter.created, letter.due),
                *(letter.attempts, letter.state, letter.error),
            ),
        )
        return added.rowcount == 1

    def claim(self, receivers: Collection[str], *, now: int, until: int, limit: int) -> list[Letter]:
        """Return waiting letters that are due, the longest due first, and make them due again at `until`."""
        if until <= now:
            raise ConfigError(f"`until` must come after `now`, {now}, got {until}: others would send them as well.")
        if not receivers:
            return []
        marks = ", ".join("?" * len(receivers))
        rows = self._connection.execute(
            f"SELECT {LETTER} FROM letter WHERE state = 'waiting' AND due <= ? AND receiver IN ({marks})"  # noqa: S608
            " ORDER BY due, created, id LIMIT ?",
            (now, *receivers, limit),
        ).fetchall()
        claimed = [
            replace(letter, due=until, attempts=letter.attempts + 1) for letter in (Letter(*row) for row in rows)
        ]
        self._connection.executemany(
            "UPDATE letter SET due = ?, attempts = ? WHERE id = ?",
            [(letter.due, letter.attempts, letter.id) for letter in claimed],
        )
        return claimed

    def settle(self, letter_id: str, *, state: Settled, now: int, error: str = "") -> None:
        """End a letter: `delivered`, or `dead` with the last error. A delivered one stays delivered."""
        if state not in _SETTLED:
            raise ConfigError(f"`state` must be one of {_SETTLED}, got {state!r}.")
        # of two who sent it, as the first took too long, one may have failed
        self._connection.execute(
            "UPDATE letter SET state = ?, settled = ?, error = ? WHERE id = ? AND state <> 'delivered'",
            (state, now, error, letter_id),
        )

    def requeue(self, letter_id: str, *, now: int) -> bool:
        """Send a dead letter again, as if it was written now; return False where it is not dead."""
        changed = self._connection.execute(
            "UPDATE letter SET state = 'waiting', created = ?, due = ?, attempts = 0, settled = NULL, error = ''"
            " WHERE id = ? AND state = 'dead'",
            (now, now, letter_id),
        )
        return changed.rowcount == 1

    def postpone(self, letter_id: str, *, due: int, error: str) -> None:
        """Send a letter that waits again at `due`."""
        self._connection.execute(
            "UPDATE letter SET due = ?, error = ? WHERE id = ? AND state = 'waiting'", (due, error, letter_id)
        )
