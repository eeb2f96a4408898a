"""Durable state (layer 4): what was counted, up to where, the reports that came of it, and what is to be sent."""

from typing import TYPE_CHECKING

from driftwatch._lazy import attach

if TYPE_CHECKING:  # what `attach` gives at run time, for type checkers and editors
    from driftwatch.store.model import Lease, Letter, OpenWindow, Position, Run, WindowKey
    from driftwatch.store.opening import open_store
    from driftwatch.store.over_time import history
    from driftwatch.store.postgresql import PostgreSQLStore
    from driftwatch.store.protocol import Store, Transaction
    from driftwatch.store.retention import Retention
    from driftwatch.store.sqlite import SQLiteStore

__all__ = [
    "Lease",
    "Letter",
    "OpenWindow",
    "Position",
    "PostgreSQLStore",
    "Retention",
    "Run",
    "SQLiteStore",
    "Store",
    "Transaction",
    "WindowKey",
    "history",
    "open_store",
]

_MODEL = "driftwatch.store.model"
_PROTOCOL = "driftwatch.store.protocol"
__getattr__, __dir__ = attach(
    __name__,
    {
        "Lease": _MODEL,
        "Letter": _MODEL,
        "OpenWindow": _MODEL,
        "Position": _MODEL,
        "PostgreSQLStore": "driftwatch.store.postgresql",
        "Retention": "driftwatch.store.retention",
        "Run": _MODEL,
        "SQLiteStore": "driftwatch.store.sqlite",
        "Store": _PROTOCOL,
        "Transaction": _PROTOCOL,
        "WindowKey": _MODEL,
        "history": "driftwatch.store.over_time",
        "open_store": "driftwatch.store.opening",
    },
)
