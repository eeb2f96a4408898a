"""Statements about versions of references (layer 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from driftwatch.errors import StoreConflictError

if TYPE_CHECKING:
    from driftwatch.store._sql import Connection
    from driftwatch.store.model import Baseline

__all__ = ["BASELINE", "BaselineStatements"]

BASELINE = "name, version, created, who, reason, n_rows, fingerprint"  # as `Baseline` has them


class BaselineStatements:
    """See `driftwatch.store.Transaction`."""

    _connection: Connection

    def put_baseline(self, baseline: Baseline, data: bytes) -> bool:
        """Store a version of a reference; return False, and change nothing, where it is known already."""
        added = self._connection.execute(
            f"INSERT INTO baseline ({BASELINE}, data) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608 - a constant
            " ON CONFLICT (name, version) DO NOTHING",
            (
                *(baseline.name, baseline.version, baseline.created, baseline.who, baseline.reason),
                *(baseline.n_rows, baseline.fingerprint, data),
            ),
        )
        if added.rowcount == 1:
            return True
        known = self._connection.execute(
            "SELECT fingerprint, who, reason FROM baseline WHERE name = ? AND version = ?",
            (baseline.name, baseline.version),
        ).fetchone()
        if known is not None and known[0] != baseline.fingerprint:
            raise StoreConflictError(
                f"the store has another version {baseline.version} of {baseline.name!r}, of {known[1] or 'somebody'}"
                f"{': ' + repr(known[2]) if known[2] else ''}. Begin with that one, or give this reference another name."
            )
        return False
