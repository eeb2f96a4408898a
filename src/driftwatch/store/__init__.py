"""Durable state (layer 4): what was counted, up to where, the reports that came of it, and what is to be sent."""

from typing import TYPE_CHECKING

from driftwatch._lazy import attach

if TYPE_CHECKING:  # what `attach` gives at run time, for type checkers and editors
    from driftwatch.store.baselines import accept_baseline, keep_baseline, load_baseline
    from driftwatch.store.model import (
        Baseline,
        Lease,
        Letter,
        OpenWindow,
        OutboxCount,
        Position,
        Progress,
        Run,
        RunCount,
        WindowKey,
    )
    from driftwatch.store.opening import open_store
    from driftwatch.store.over_time import history
    from driftwatch.store.postgresql import PostgreSQLStore
    from driftwatch.store.protocol import Store, Transaction
    from driftwatch.store.retention import Retention
    from driftwatch.store.sqlite import SQLiteStore

__all__ = [
    "Baseline",
    "Lease",
    "Letter",
    "OpenWindow",
    "OutboxCount",
    "Position",
    "PostgreSQLStore",
    "Progress",
    "Retention",
    "Run",
    "RunCount",
    "SQLiteStore",
    "Store",
    "Transaction",
    "WindowKey",
    "accept_baseline",
    "history",
    "keep_baseline",
    "load_baseline",
    "open_store",
]

_BASELINES = "driftwatch.store.baselines"
_MODEL = "driftwatch.store.model"
_PROTOCOL = "driftwatch.store.protocol"
__getattr__, __dir__ = attach(
    __name__,
    {
        "Baseline": _MODEL,
        "Lease": _MODEL,
        "Letter": _MODEL,
        "OpenWindow": _MODEL,
        "OutboxCount": _MODEL,
        "Position": _MODEL,
        "Progress": _MODEL,
        "PostgreSQLStore": "driftwatch.store.postgresql",
        "Retention": "driftwatch.store.retention",
        "Run": _MODEL,
        "RunCount": _MODEL,
        "SQLiteStore": "driftwatch.store.sqlite",
        "Store": _PROTOCOL,
        "Transaction": _PROTOCOL,
        "WindowKey": _MODEL,
        "accept_baseline": _BASELINES,
        "history": "driftwatch.store.over_time",
        "keep_baseline": _BASELINES,
        "load_baseline": _BASELINES,
        "open_store": "driftwatch.store.opening",
    },
)
