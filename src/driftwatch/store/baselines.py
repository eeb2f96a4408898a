"""References in a store (layer 4): every version of them, by whom and why, for all hosts."""

from __future__ import annotations

import datetime as dt
import json
import time
from typing import TYPE_CHECKING

from driftwatch.profile.profile import Profile
from driftwatch.store.model import Baseline
from driftwatch.store.over_time import microseconds

if TYPE_CHECKING:
    from collections.abc import Callable

    from driftwatch.store.protocol import Store, Transaction

__all__ = ["ACCEPTED", "accept_baseline", "keep_baseline", "load_baseline"]

ACCEPTED = "accepted"  # the space of notes in which alerts find that what they are about was accepted


def keep_baseline(
    transaction: Transaction, name: str, profile: Profile, *, clock: Callable[[], float] = time.time
) -> Baseline:
    """Store a version of a reference under the name of a stream, unless it is there, and return what is said of it.

    Parameters
    ----------
    transaction : Transaction
    name : str
    profile : Profile
        Its history says when, by whom and why; the first version is as old as this call.
    clock : callable
        Seconds after 1970.

    Raises
    ------
    StoreConflictError
        If the store has another reference as that version.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from driftwatch.store import SQLiteStore
    >>> profile = Profile.fit({"price": [float(i) for i in range(100)]})
    >>> with tempfile.TemporaryDirectory() as folder, SQLiteStore(pathlib.Path(folder) / "driftwatch.db") as store:
    ...     with store.transaction() as transaction:
    ...         kept = keep_baseline(transaction, "orders", profile)
    ...     load_baseline(store, "orders").hash == profile.hash, kept.version
    (True, 1)
    """
    if profile.history:
        step = profile.history[-1]
        created, who, reason = microseconds(dt.datetime.fromisoformat(step.when)), step.who, step.reason
    else:
        created, who, reason = int(clock() * 1e6), None, ""
    assert created is not None
    baseline = Baseline(name, profile.version, created, who, reason, profile.n_rows, profile.hash)
    transaction.put_baseline(baseline, profile.to_bytes())
    return baseline


def accept_baseline(
    transaction: Transaction,
    name: str,
    *,
    before: Profile,
    after: Profile,
    clock: Callable[[], float] = time.time,
) -> Baseline:
    """Store the next version of a reference and the one before it, and tell alerts of the stream that it was accepted.

    Parameters
    ----------
    transaction : Transaction
    name : str
        Of the stream.
    before, after : Profile
        As `Profile.accept` and `Profile.roll_back` take and return them.
    clock : callable
        Seconds after 1970.

    Raises
    ------
    StoreConflictError
        If the store has another reference as one of these versions: somebody else accepted one meanwhile.
    """
    keep_baseline(transaction, name, before, clock=clock)
    baseline = keep_baseline(transaction, name, after, clock=clock)
    told = {"version": baseline.version, "by": baseline.who, "reason": baseline.reason, "at": int(clock() * 1e6)}
    transaction.put_note(ACCEPTED, name, json.dumps(told))
    return baseline


def load_baseline(store: Store, name: str, version: int | None = None) -> Profile:
    """Return a version of a reference, by default the newest.

    Raises
    ------
    StoreError
        If the store has no such version.
    """
    return Profile.from_bytes(store.baseline(name, version))
