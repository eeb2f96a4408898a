"""One pass over a text file before it is parsed: what a parser would let through or misname (layer 4)."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from driftwatch.io.source import Source

__all__ = ["TextFacts", "check_text"]

_CHUNK_BYTES = 1 << 20
FACTS = "text"


@dataclass(frozen=True)
class TextFacts:
    """What a pass over the text found: its length, uncompressed, and the number of double quotes in it."""

    n_bytes: int
    n_quotes: int


def check_text(source: Source) -> TextFacts:
    """Return facts about the text, after making sure, once, that it is whole, is UTF-8, and has no NUL byte.

    Raises
    ------
    InputError
        For invalid UTF-8 and NUL bytes (with byte offset from 0 and line from 1), blank text and damaged gzip.

    Notes
    -----
    pyarrow reads NUL bytes as they are, and turns a column with invalid UTF-8 into bytes without saying where.
    Memory: one chunk of 1 MiB.
    """
    if FACTS not in source.known:
        source.known[FACTS] = _read_through(source)
    facts: TextFacts = source.known[FACTS]
    return facts


def _read_through(source: Source) -> TextFacts:
    decoder = codecs.getincrementaldecoder("utf-8")()
    offset = n_newlines = n_quotes = 0
    blank = True
    with source.open() as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            pending = len(decoder.getstate()[0])  # the first bytes of a character that the last chunk cut in two
            if (at := chunk.find(b"\0")) >= 0:
                where = _where(offset + at, n_newlines + chunk.count(b"\n", 0, at))
                raise source.error(f"text was expected, but there is a NUL byte at {where}", "Save it as UTF-8 text")
            if pending or not chunk.isascii():
                try:
                    decoder.decode(chunk)
                except UnicodeDecodeError as error:
                    at = error.start - pending
                    where = _where(offset + at, n_newlines + chunk.count(b"\n", 0, max(at, 0)))
                    raise _not_utf8(source, error.object[error.start], where) from None
            blank = blank and chunk.isspace()
            n_quotes += chunk.count(b'"')
            n_newlines += chunk.count(b"\n")
            offset += len(chunk)

    if cut := decoder.getstate()[0]:
        raise _not_utf8(source, cut[0], _where(offset - len(cut), n_newlines))
    if blank:
        raise source.error("a table was expected, but it holds blanks only", "Check the program that wrote it")
    return TextFacts(offset, n_quotes)


def _where(offset: int, n_newlines: int) -> str:
    return f"byte {offset} (line {n_newlines + 1})"


def _not_utf8(source: Source, byte: int, where: str) -> Exception:
    return source.error(
        f"UTF-8 text was expected, but byte 0x{byte:02x} at {where} is not part of it",
        "Save it as UTF-8, for example with: iconv -f latin1 -t utf-8",
    )
