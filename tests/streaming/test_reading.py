"""What makes rows and times of a message, and what each message that cannot be read is said to be."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest

from driftwatch.errors import ConfigError
from driftwatch.streaming.reading import PoisonError, Reader
from driftwatch.streaming.source import Message

LATEST = 2_000_000_000_000_000
NOON = int(dt.datetime(2024, 5, 6, 12, tzinfo=dt.UTC).timestamp() * 1_000_000)


def read(reader: Reader, value: Any, *, time: int | None = NOON, timed: bool = True) -> Any:
    content = value if isinstance(value, bytes | None) else json.dumps(value).encode()
    return reader.read(Message("0", 0, content, time), timed=timed, latest=LATEST)


def test_an_object_is_a_row_and_a_list_is_many() -> None:
    assert read(Reader(), {"x": 1}) == ([{"x": 1}], [NOON])
    assert read(Reader(), [{"x": 1}, {"x": 2}]) == ([{"x": 1}, {"x": 2}], [NOON, NOON])
    assert read(Reader(), []) == ([], [])


@pytest.mark.parametrize(
    ("value", "unit"),
    [
        ("2024-05-06T12:00:00Z", "s"),
        ("2024-05-06T14:00:00+02:00", "s"),
        ("2024-05-06 12:00", "s"),  # without a zone: UTC
        (NOON / 1e6, "s"),
        (NOON // 1_000, "ms"),
        (NOON, "us"),
    ],
)
def test_times_of_rows_are_read(value: object, unit: str) -> None:
    assert read(Reader(timestamp="at", unit=unit), {"at": value}, time=None)[1] == [NOON]


@pytest.mark.parametrize("value", ["noon", None, True, [1], 1e300, float("nan"), float("inf"), "", {}])
def test_what_is_no_time_is_poison(value: object) -> None:
    with pytest.raises(PoisonError, match="`at` is no time"):
        read(Reader(timestamp="at"), {"at": value})


def test_a_row_without_its_time_is_poison() -> None:
    with pytest.raises(PoisonError, match="`at` is no time: None"):
        read(Reader(timestamp="at"), [{"at": "2024-05-06"}, {"x": 1}])
    with pytest.raises(PoisonError, match="the broker gives no time"):
        read(Reader(), {"x": 1}, time=None)


def test_no_time_is_needed_where_windows_go_by_rows() -> None:
    assert read(Reader(timestamp="at"), {"x": 1}, time=None, timed=False) == ([{"x": 1}], [])


def test_a_time_in_the_future_is_poison() -> None:
    with pytest.raises(PoisonError, match="future"):
        read(Reader(timestamp="at"), {"at": "9999-01-01"})


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "no content"),
        (b"", "not readable: JSONDecodeError"),
        (b'{"x": "\xff"}', "not readable: UnicodeDecodeError"),
        (b"[" * 100_000, "not readable: RecursionError"),
        (b"12", "got int"),
        (b'"text"', "got str"),
        (b"null", "got NoneType"),
        (b'[{"x": 1}, 2]', "got one with int"),
    ],
)
def test_what_cannot_be_read_is_poison_with_a_reason(value: bytes | None, reason: str) -> None:
    with pytest.raises(PoisonError, match=reason):
        read(Reader(), value)


def test_a_decoder_of_the_user_takes_the_place_of_json() -> None:
    reader = Reader(decode=lambda value: {"x": int.from_bytes(value)})
    assert read(reader, b"\x01\x00", timed=False) == ([{"x": 256}], [])


def test_whatever_a_decoder_raises_is_poison() -> None:
    def decode(value: bytes) -> Any:
        raise LookupError(f"no schema for {value!r}")

    with pytest.raises(PoisonError, match="LookupError: no schema"):
        read(Reader(decode=decode), b"x")


def test_an_unknown_unit_is_refused() -> None:
    with pytest.raises(ConfigError, match="`timestamp_unit`"):
        Reader(unit="ns")
