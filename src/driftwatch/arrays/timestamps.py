"""A column of timestamps as microseconds: since the epoch, and on the clock of a time zone (layer 1)."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from driftwatch.arrays.column import is_missing
from driftwatch.errors import ConfigError, InputError

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from driftwatch.arrays.column import Column

__all__ = ["Timestamps", "timestamps_of", "zone_of"]

NDArray = np.ndarray[Any, Any]

SECOND = 1_000_000  # microseconds
QUANTUM = 900 * SECOND  # all offsets from UTC that are in use, and their changes, are multiples of a quarter of an hour
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
MICROSECOND = dt.timedelta(microseconds=1)


class Timestamps(NamedTuple):
    """The instants of a column.

    Attributes
    ----------
    utc : numpy array of int64, shape (n,)
        Microseconds since the epoch; of timestamps without a zone as if they were in UTC. Any value where missing.
    offset : numpy array of int64, shape (n,)
        Microseconds that the clock of the zone is ahead of UTC; 0 without a zone.
    missing : numpy array of bool, shape (n,)
    zone : ZoneInfo or None
    """

    utc: NDArray
    offset: NDArray
    missing: NDArray
    zone: ZoneInfo | None

    @property
    def wall(self) -> NDArray:
        """Microseconds since the start of 1970 on the clock of the zone, shape `(n,)`."""
        return self.utc + self.offset


def zone_of(name: str) -> ZoneInfo:
    """Return the time zone of a name such as "Europe/Paris".

    Raises
    ------
    ConfigError
        If there is none.
    """
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError, TypeError):
        raise ConfigError(f"`timezone` must be the name of a time zone such as 'Europe/Paris', got {name!r}.") from None


def timestamps_of(column: Column, *, zone: str | None = None) -> Timestamps:
    """Return the instants of a column: dates, timestamps, or text in ISO format.

    Parameters
    ----------
    column : Column
    zone : str, optional
        On whose clock days and hours begin; by default the zone of the column, and UTC where it only has offsets.

    Raises
    ------
    InputError
        If the column holds something else, or some timestamps have a zone and others have none.
    ConfigError
        If a zone is given and the timestamps have none: which instants they are cannot be known.
    """
    found = column.instants()
    if found is None:
        found = _parsed(column.name, column.to_list())
    utc, missing, own = found
    if own is None:
        if zone is not None:
            raise ConfigError(
                f"`timezone` {zone!r} cannot be used, as the timestamps of {column.name!r} have no zone. Give them one, "
                "or leave it out: days then begin at 0:00 as it is written."
            )
        return Timestamps(utc, np.zeros_like(utc), missing, None)
    chosen = zone_of(zone or _named(own))
    return Timestamps(utc, _offsets(utc, missing, chosen), missing, chosen)


def _named(zone: str) -> str:
    """Return the name of the zone of a column; of a bare offset such as "+02:00" that of UTC."""
    return "UTC" if zone[:1] in "+-" else zone


def _offsets(utc: NDArray, missing: NDArray, zone: ZoneInfo) -> NDArray:
    quanta, place = np.unique(np.where(missing, 0, utc) // QUANTUM, return_inverse=True)
    offsets = np.empty(len(quanta), dtype=np.int64)
    for i, quantum in enumerate(quanta.tolist()):
        local = (EPOCH + quantum * QUANTUM * MICROSECOND).astimezone(zone).utcoffset()
        offsets[i] = 0 if local is None else local // MICROSECOND
    return np.asarray(offsets[place])


def _parsed(name: str, values: list[Any]) -> tuple[NDArray, NDArray, str | None]:
    """Return microseconds, where they are missing, and "UTC" if the timestamps have a zone, of Python objects."""
    utc, missing = np.zeros(len(values), dtype=np.int64), np.zeros(len(values), dtype=np.bool_)
    aware: set[bool] = set()
    for i, value in enumerate(values):
        if is_missing(value) or value == "":
            missing[i] = True
            continue
        instant = _datetime(name, value)
        aware.add(instant.tzinfo is not None)
        utc[i] = ((instant if instant.tzinfo else instant.replace(tzinfo=dt.UTC)) - EPOCH) // MICROSECOND
    if len(aware) > 1:
        raise InputError(f"the timestamps of {name!r} must all have a time zone or none of them, got both.")
    return utc, missing, "UTC" if True in aware else None


def _datetime(name: str, value: Any) -> dt.datetime:
    if isinstance(value, dt.datetime):
        return value
    if isinstance(value, dt.date):
        return dt.datetime(value.year, value.month, value.day)  # noqa: DTZ001 - a date has no zone
    try:
        return dt.datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise InputError(
            f"{name!r} must hold timestamps, dates or ISO text such as '2024-05-01T12:00', got {value!r}. "
            "Convert it first; of numbers, whether they count seconds or something else must be said."
        ) from None
