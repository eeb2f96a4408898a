"""Bodies as they come over the wire: compressed, bombs among them, and JSON of every reader."""

from __future__ import annotations

import gzip
import json
import math
import sys
import tracemalloc
import zlib
from typing import Any

import pytest

from driftwatch.middleware import bodies
from driftwatch.middleware.bodies import headers_of, is_allowed, json_decoder, plain
from driftwatch.middleware.rows import UnreadableError

TEXT = b'{"x": 1}' * 50


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (TEXT, b""),
        (TEXT, b"identity"),
        (gzip.compress(TEXT, mtime=0), b"gzip"),
        (gzip.compress(TEXT, mtime=0), b"x-gzip"),
        (zlib.compress(TEXT), b"deflate"),
        (gzip.compress(TEXT[:100], mtime=0) + gzip.compress(TEXT[100:], mtime=0), b"gzip"),
    ],
)
def test_compressed_bodies_are_what_they_were(data: bytes, encoding: bytes) -> None:
    assert plain(data, encoding, len(TEXT)) == TEXT


@pytest.mark.parametrize(
    ("data", "encoding", "reason"),
    [
        (TEXT, b"br", "encoding"),
        (TEXT, b"gzip", "malformed"),
        (gzip.compress(TEXT, mtime=0)[:-9], b"gzip", "malformed"),
        (gzip.compress(TEXT, mtime=0), b"gzip, gzip", "encoding"),
        (gzip.compress(TEXT + b" ", mtime=0), b"gzip", "too_large"),
        (gzip.compress(TEXT, mtime=0) + gzip.compress(b" ", mtime=0), b"gzip", "too_large"),
    ],
)
def test_other_bodies_have_a_reason(data: bytes, encoding: bytes, reason: str) -> None:
    with pytest.raises(UnreadableError, match=reason):
        plain(data, encoding, len(TEXT))


def test_a_bomb_is_never_unpacked_beyond_the_limit() -> None:
    bomb = gzip.compress(bytes(200_000_000))
    tracemalloc.start()
    with pytest.raises(UnreadableError, match="too_large"):
        plain(bomb, b"gzip", 100_000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2_000_000


def test_headers_are_read_whatever_their_case() -> None:
    kind = (b"Content-Type", b" Application/JSON ; charset=utf-8 ")
    assert headers_of([(b"X-A", b"1"), kind, (b"CONTENT-ENCODING", b" GZip ")]) == (b"application/json", b"gzip")
    assert headers_of([(b"content-typo", b"x")]) == headers_of([]) == (b"", b"")


@pytest.mark.parametrize(
    ("kind", "allowed", "expected"),
    [
        (b"", [b"application/json"], True),
        (b"application/vnd.kserve+json", [b"application/json"], True),
        (b"application/vnd.kserve+json", [b"text/plain"], False),
        (b"text/html", [b"application/json"], False),
    ],
)
def test_types_are_looked_at_by_the_list(kind: bytes, allowed: list[bytes], expected: bool) -> None:
    assert is_allowed(kind, allowed) is expected


DOCUMENTS = [
    b'{"a": NaN, "b": [Infinity, -Infinity]}',
    b'{"a": 1e400}',
    b'{"a": 1, "a": 2}',
    b'{"a": 123456789012345678901234567890}',
    '{"a": "\\ud800", "é": 1}'.encode(),
    '{"a": "ü"}'.encode("utf-16"),
    b'\xef\xbb\xbf{"a": 1}',
    json.dumps({"a": [1.5, None, True, "x"]}).encode(),
]


@pytest.mark.parametrize("reader", ["orjson", "msgspec", None])
@pytest.mark.parametrize("body", DOCUMENTS)
def test_every_reader_gives_what_python_reads(body: bytes, reader: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    use(reader, monkeypatch)
    assert same(json_decoder()(body), json.loads(body))


@pytest.mark.parametrize("reader", ["orjson", "msgspec", None])
@pytest.mark.parametrize("body", [b"", b"{", b'{"a": tru}', b"\xff\xfe\xfa", b"[" * 100_000, b"1" * 5_000, b"\x00"])
def test_what_is_no_json_is_malformed_for_every_reader(
    body: bytes, reader: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(reader, monkeypatch)
    with pytest.raises(UnreadableError, match="malformed"):
        json_decoder()(body)


def use(reader: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let only this reader be installed."""
    for name in {"orjson", "msgspec"} - {reader}:
        monkeypatch.setitem(sys.modules, name, None)
    if reader is not None:
        pytest.importorskip(reader, reason="it is optional, and the others give the same")
        assert bodies._fast() is not None


def same(a: Any, b: Any) -> bool:
    """Equal, where NaN equals itself and a large integer the float that it is for the statistics."""
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, float) and math.isnan(a):
        return math.isnan(b)
    return bool(a == b or float(a) == float(b))
