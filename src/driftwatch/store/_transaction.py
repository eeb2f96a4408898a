"""The statements of one transaction (layer 4), each written once for all databases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from driftwatch.store._baselines import BaselineStatements
from driftwatch.store._notes import NoteStatements
from driftwatch.store._outbox import OutboxStatements
from driftwatch.store._streams import StreamStatements

if TYPE_CHECKING:
    from driftwatch.store._sql import Connection

__all__ = ["SQLTransaction"]


class SQLTransaction(StreamStatements, NoteStatements, OutboxStatements, BaselineStatements):
    """See `driftwatch.store.Transaction`.

    Parameters
    ----------
    connection : Connection
        With a transaction that has the lock to write.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
