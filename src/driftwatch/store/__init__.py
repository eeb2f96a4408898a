"""Durable state (layer 4): what streams have counted, up to where, and the reports that came of it."""

from typing import TYPE_CHECKING

from driftwatch._lazy import attach

if TYPE_CHECKING:  # what `attach` gives at run time, for type checkers and editors
    from driftwatch.store.model import OpenWindow, Position, Run, WindowKey
    from driftwatch.store.protocol import Store, Transaction
    from driftwatch.store.sqlite import SQLiteStore

__all__ = [
    "OpenWindow",
    "Position",
    "Run",
    "SQLiteStore",
    "Store",
    "Transaction",
    "WindowKey",
]

_MODEL = "driftwatch.store.model"
_PROTOCOL = "driftwatch.store.protocol"
__getattr__, __dir__ = attach(
    __name__,
    {
        "OpenWindow": _MODEL,
        "Position": _MODEL,
        "Run": _MODEL,
        "SQLiteStore": "driftwatch.store.sqlite",
        "Store": _PROTOCOL,
        "Transaction": _PROTOCOL,
        "WindowKey": _MODEL,
    },
)
