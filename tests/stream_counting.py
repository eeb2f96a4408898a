"""A scorer for the tests of streams that counts which rows it has seen, so that one lost or counted twice shows."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from driftwatch.scoring.scored import Scored

if TYPE_CHECKING:
    from collections.abc import Sequence

    from driftwatch.scoring.scored import Row

__all__ = ["Clock", "IdScorer", "IdState", "rows_of"]


@dataclass(frozen=True)
class IdState:
    """How often each `id` was counted."""

    ids: Counter[int]

    def __add__(self, other: IdState, /) -> IdState:
        return IdState(self.ids + other.ids)

    def to_bytes(self) -> bytes:
        return json.dumps(sorted(self.ids.items())).encode()


@dataclass
class IdScorer:
    """Counts ids; refuses rows with `bad`, fails to judge windows with `unjudgeable`."""

    fingerprint: str = "ids"
    n_counted: int = 0
    not_together: bool = False
    scored: list[IdState] = field(default_factory=list)

    def count(self, rows: Sequence[Row]) -> IdState:
        self.n_counted += 1
        if any("bad" in row for row in rows):
            raise ValueError("a bad row")
        if self.not_together and len({row.get("kind") for row in rows}) > 1:
            raise ValueError("rows of two kinds")
        return IdState(Counter(row["id"] for row in rows))

    def load(self, data: bytes) -> IdState:
        return IdState(Counter(dict(json.loads(data))))

    def score(self, state: IdState) -> Scored:
        self.scored.append(state)
        if -1 in state.ids:
            raise RuntimeError("cannot judge")
        report: dict[str, Any] = {"ids": sorted(state.ids.elements())}
        return Scored("no_drift", json.dumps(report), f"{state.ids.total()} rows")


def rows_of(report: str) -> list[int]:
    """Return the ids in a stored report."""
    ids: list[int] = json.loads(report)["ids"]
    return ids


@dataclass
class Clock:
    """A clock that moves when it is told to."""

    now: float = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now
