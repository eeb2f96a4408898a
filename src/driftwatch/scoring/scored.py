"""Rows to counts, and counts to a report (layer 4): the only part of a stream that knows what is counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, Self

if TYPE_CHECKING:
    from collections.abc import Sequence

    from driftwatch.report.model import DriftReport

__all__ = ["Row", "Scored", "Scorer", "State", "summary_of"]

NAMES_SHOWN = 5  # features in the one line of a window

Row = Mapping[str, Any]


class State(Protocol):
    """Counts of some rows, which add: in whatever order and grouping, the sum is the same to the byte."""

    def __add__(self, other: Self, /) -> Self: ...

    def to_bytes(self) -> bytes:
        """Return the counts for the store."""
        ...


@dataclass(frozen=True, slots=True)
class Scored:
    """The outcome of a closed window.

    Attributes
    ----------
    verdict : str
        `drift`, `no_drift`, `no_verdict` or `error`.
    report : str
        JSON, for the store.
    summary : str
        One line for people.
    result : DriftReport, optional
        The same report as an object. None where the check failed.
    """

    verdict: str
    report: str
    summary: str
    result: DriftReport | None = field(default=None, compare=False, repr=False)


class Scorer(Protocol):
    """What counts rows and judges the counts.

    Attributes
    ----------
    fingerprint : str
        Of the reference: counts of different references do not add.
    """

    fingerprint: str

    def count(self, rows: Sequence[Row]) -> State:
        """Return the counts of some rows. Whatever it raises is taken as the fault of one of the rows."""
        ...

    def load(self, data: bytes) -> State:
        """Return the counts that `to_bytes` wrote."""
        ...

    def score(self, state: Any) -> Scored:
        """Judge the counts of a window."""
        ...


def summary_of(report: DriftReport) -> str:
    """Return what a report says, in one line."""
    drifted = report.drifted_features
    if not drifted:
        return report.summary().partition("\n")[0]
    more = f" and {len(drifted) - NAMES_SHOWN} more" if len(drifted) > NAMES_SHOWN else ""
    return f"drift in {len(drifted)} of {len(report.features)} features: {', '.join(drifted[:NAMES_SHOWN])}{more}"
