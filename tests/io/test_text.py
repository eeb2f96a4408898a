"""Bytes that are not text are found at their place, wherever a chunk ends; `bytes.decode` is the oracle."""

from __future__ import annotations

import pytest

from driftwatch.errors import InputError
from driftwatch.io import text
from driftwatch.io.source import Source

LINES = "år,€\n1,😀\n2,ø\n".encode()


def _check(content: bytes) -> text.TextFacts:
    return text.check_text(Source("memory", None, content))


@pytest.mark.parametrize("chunk", range(1, len(LINES) + 1))
def test_characters_cut_by_a_chunk_are_whole(monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    monkeypatch.setattr(text, "_CHUNK_BYTES", chunk)
    _check(LINES)


@pytest.mark.parametrize("chunk", [1, 2, 3, 5, 7, 1024])
@pytest.mark.parametrize("bad", [b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf0\x9f\x98"])
def test_invalid_byte_is_named_with_its_place(monkeypatch: pytest.MonkeyPatch, chunk: int, bad: bytes) -> None:
    monkeypatch.setattr(text, "_CHUNK_BYTES", chunk)
    for at in (0, 5, 7, len(LINES)):  # never inside a character of the text
        broken = LINES[:at] + bad + LINES[at:]
        with pytest.raises(UnicodeDecodeError) as oracle:
            broken.decode()
        start = oracle.value.start
        line = broken.count(b"\n", 0, start) + 1
        with pytest.raises(InputError, match=rf"byte 0x{broken[start]:02x} at byte {start} \(line {line}\)"):
            _check(broken)


@pytest.mark.parametrize("chunk", [1, 2, 3, 5, 7, 1024])
def test_nul_byte_is_named_with_its_place(monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    monkeypatch.setattr(text, "_CHUNK_BYTES", chunk)
    with pytest.raises(InputError, match=r"NUL byte at byte 4 \(line 2\)"):
        _check(b"a,b\n\x00,2\n")


def test_quotes_are_counted() -> None:
    assert _check(b'a,"b"\n"\n').n_quotes == 3
