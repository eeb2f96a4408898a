"""Messages to rows and their times (layer 5): JSON unless the user decodes, and a reason for what cannot be read."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from driftwatch.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from driftwatch.scoring.scored import Row
    from driftwatch.streaming.source import Message

__all__ = ["TIME_UNITS", "PoisonError", "Reader", "decode_json"]

TIME_UNITS = {"s": 1_000_000, "ms": 1_000, "us": 1}
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)


class PoisonError(Exception):
    """A message cannot be counted; the text says why. Never leaves this folder: it becomes a dead letter."""


def decode_json(value: bytes) -> Row | list[Row]:
    """Return the JSON object of a message, or the list of them.

    Examples
    --------
    >>> decode_json(b'{"price": 2.5}')
    {'price': 2.5}
    """
    found: Row | list[Row] = json.loads(value)  # NaN too, which is not JSON: Python's own writer makes it
    return found


@dataclass(frozen=True, slots=True)
class Reader:
    """What makes rows of a message.

    Parameters
    ----------
    decode : callable
        From the bytes of a message to a row or a list of rows.
    timestamp : str, optional
        The field that holds the time of a row; by default the time at which the broker took the message.
    unit : str
        Of numbers in that field: `s`, `ms` or `us` after 1970.
    """

    decode: Callable[[bytes], Any] = decode_json
    timestamp: str | None = None
    unit: str = "s"

    def __post_init__(self) -> None:
        if self.unit not in TIME_UNITS:
            raise ConfigError(f"`timestamp_unit` must be one of {', '.join(TIME_UNITS)}, got {self.unit!r}.")

    def read(self, message: Message, *, timed: bool, latest: int) -> tuple[list[Row], list[int]]:
        """Return the rows of a message and their times in microseconds; no times if they are not `timed`.

        Parameters
        ----------
        message : Message
        timed : bool
        latest : int
            A time beyond this one is refused: one wrong clock would close the windows of all.

        Raises
        ------
        PoisonError
            If it cannot be read, for whatever reason.
        """
        if message.value is None:
            raise PoisonError("no content")
        try:
            found = self.decode(message.value)
        except Exception as error:  # noqa: BLE001 - a user's decoder, or any bytes at all
            raise PoisonError(f"not readable: {type(error).__name__}: {error}") from None
        rows = _rows(found)
        if not timed:
            return rows, []
        times = [self._time(row, message) for row in rows]
        if times and max(times) > latest:
            raise PoisonError("its time lies in the future")
        return rows, times

    def _time(self, row: Row, message: Message) -> int:
        if self.timestamp is None:
            if message.time is None:
                raise PoisonError("the broker gives no time; name the field that holds it")
            return message.time
        value = row.get(self.timestamp)
        try:
            return _microseconds(value, self.unit)
        except (ValueError, OverflowError, TypeError):
            raise PoisonError(f"`{self.timestamp}` is no time: {value!r:.50}") from None


def _rows(found: Any) -> list[Row]:
    rows = [found] if isinstance(found, Mapping) else found
    if not isinstance(rows, Sequence) or isinstance(rows, str | bytes):
        raise PoisonError(f"wanted an object or a list of them, got {type(found).__name__}")
    for row in rows:
        if not isinstance(row, Mapping):
            raise PoisonError(f"wanted a list of objects, got one with {type(row).__name__}")
    return list(rows)


def _microseconds(value: Any, unit: str) -> int:
    if isinstance(value, bool):
        raise TypeError
    if isinstance(value, int | float):
        if not math.isfinite(value) or abs(value) * TIME_UNITS[unit] > 2**62:
            raise ValueError
        return round(value * TIME_UNITS[unit])
    moment = value if isinstance(value, dt.datetime) else dt.datetime.fromisoformat(value)
    return (moment.replace(tzinfo=moment.tzinfo or dt.UTC) - _EPOCH) // _MICROSECOND
