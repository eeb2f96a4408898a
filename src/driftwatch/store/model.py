"""What a store holds, as plain data (layer 4). Times are microseconds after 1970 in UTC."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "Baseline",
    "Lease",
    "Letter",
    "OpenWindow",
    "OutboxCount",
    "Position",
    "Progress",
    "Run",
    "RunCount",
    "WindowKey",
    "lag_space",
]


@dataclass(frozen=True, slots=True)
class Position:
    """How far one partition of a stream has been counted.

    Attributes
    ----------
    offset : int
        Of the last message that is counted; every message up to it is.
    n_messages, n_rows : int
        How many messages and rows that were, since the first one.
    event_time : int, optional
        The latest time of a row. None before the first row.
    idle : bool
        Whether the partition has been read to its end and silent for a while, so that windows do not wait for it.
    """

    offset: int
    n_messages: int = 0
    n_rows: int = 0
    event_time: int | None = None
    idle: bool = False


@dataclass(frozen=True, slots=True, order=True)
class WindowKey:
    """A window of a stream: `start` up to, not including, `stop`.

    Times, or numbers of rows for windows by count. Those belong to one partition, which is their `scope`; the scope of
    windows of time is empty.
    """

    start: int
    stop: int
    scope: str = ""

    @property
    def is_time(self) -> bool:
        """Whether the window is one of time."""
        return not self.scope


@dataclass(frozen=True, slots=True)
class OpenWindow:
    """A window whose counts are stored and that has no report yet."""

    key: WindowKey
    n_rows: int


@dataclass(frozen=True, slots=True)
class Run:
    """One check whose report is stored.

    Attributes
    ----------
    stream : str
    key : WindowKey
        Which rows were checked.
    created : int
        When the report was stored.
    n_rows : int
    verdict : str
        `drift`, `no_drift`, `no_verdict`, or `error` where the check failed.
    id : int
        Given by the store; 0 before.
    """

    stream: str
    key: WindowKey
    created: int
    n_rows: int
    verdict: str
    id: int = 0


@dataclass(frozen=True, slots=True)
class RunCount:
    """The newest check of a stream, and how many of it are stored."""

    newest: Run
    n: int


@dataclass(frozen=True, slots=True)
class Lease:
    """A right that one process holds for a time, such as to judge the windows of a stream.

    Attributes
    ----------
    name : str
    holder : str
    until : int
        When it is over, unless it is renewed before.
    """

    name: str
    holder: str
    until: int


@dataclass(frozen=True, slots=True)
class Letter:
    """A message in the outbox: stored together with what it is about, and sent afterwards, at least once.

    Attributes
    ----------
    id : str
        Stays the same however often it is sent, so that a receiver can tell a repeated one.
    receiver : str
        Name of who sends it on.
    body : str
        JSON.
    created, due : int
        When it was written, and from when on it is to be sent.
    attempts : int
        How often it was claimed for sending.
    state : str
        `waiting`, `delivered`, or `dead` where it was given up.
    error : str
        Of the last attempt; empty where there was none.
    """

    id: str
    receiver: str
    body: str
    created: int
    due: int
    attempts: int = 0
    state: str = "waiting"
    error: str = ""


@dataclass(frozen=True, slots=True)
class Baseline:
    """A version of a reference.

    Attributes
    ----------
    name : str
        Of the stream that it is for.
    version : int
        The one as it was fitted is 1.
    created : int
        When it was accepted.
    who : str, optional
        Who said so.
    reason : str
        Why; empty for the first version.
    n_rows : int
        Rows of the reference.
    fingerprint : str
        `Profile.hash`.
    """

    name: str
    version: int
    created: int
    who: str | None
    reason: str
    n_rows: int
    fingerprint: str


@dataclass(frozen=True, slots=True)
class OutboxCount:
    """How many letters of a receiver are in a state, and when the oldest of them was written."""

    receiver: str
    state: str
    n: int
    oldest: int


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a stream is.

    Attributes
    ----------
    watermark : int, optional
        The time up to which it is complete.
    n_open : int
        Windows that have counts and no report yet.
    positions : dict of str to Position
        How far each partition has been counted.
    """

    watermark: int | None
    n_open: int
    positions: dict[str, Position]


def lag_space(stream: str) -> str:
    """Return the space of the notes, one for each partition, that say how far a stream is behind its broker."""
    return f"lag/{stream}"
