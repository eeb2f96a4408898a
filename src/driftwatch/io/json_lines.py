"""JSON lines as Arrow tables (layer 4); imported only when such a file is read."""

from __future__ import annotations

import io
import json as stdlib_json
from functools import partial
from typing import IO, TYPE_CHECKING, Any

import pyarrow as pa
from pyarrow import json

from driftwatch.io.formats import HEAD_BYTES
from driftwatch.io.source import one_line
from driftwatch.io.text import check_text

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from contextlib import AbstractContextManager

    from driftwatch.io.source import Source

__all__ = ["JsonLinesParts", "read_json_lines"]

_BLOCK_BYTES = 8 << 20


def read_json_lines(source: Source) -> pa.Table:
    """Return the table of a file with one JSON object a line; a key that a line lacks is missing there.

    Notes
    -----
    pyarrow reads what it can. Where it cannot (a broken line, or a column that changes its type), Python's parser goes
    line by line, slower: it names the broken line, and turns a column of mixed types into text.
    """
    _check_lines(source)
    return _parse(source, source.open, 0)


class JsonLinesParts:
    """A file of JSON lines, which is one part. Types are those of each block of lines."""

    n_rows = None
    n_parts = 1

    def __init__(self, source: Source) -> None:
        self.source = source

    def tables(
        self,
        columns: Collection[str] | None,  # noqa: ARG002 - every line holds its names, and is parsed whole
        n_values: int,  # noqa: ARG002 - as the others: blocks are of bytes
        parts: Sequence[int] | None = None,  # noqa: ARG002 - there is one
    ) -> Iterator[pa.Table]:
        """Yield the lines, some megabytes at a time."""
        _check_lines(self.source)
        n_before = 0
        for block in self._blocks():
            if not block.isspace():
                yield _parse(self.source, partial(io.BytesIO, block), n_before)
            n_before += block.count(b"\n")

    def _blocks(self) -> Iterator[bytes]:
        """Yield whole lines, some megabytes of them at a time."""
        rest = b""
        with self.source.open() as stream:
            while chunk := stream.read(_BLOCK_BYTES):
                lines, line_end, cut = (rest + chunk).rpartition(b"\n")
                rest = cut
                if line_end:
                    yield lines + line_end
        if rest:
            yield rest


def _check_lines(source: Source) -> None:
    check_text(source)
    if source.head(HEAD_BYTES).removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"["):
        raise source.error(
            "JSON lines (one object a line) were expected, but it holds a JSON array",
            "Convert it, for example with: jq -c '.[]'",
        )


def _parse(source: Source, opener: Callable[[], AbstractContextManager[IO[bytes]]], n_before: int) -> pa.Table:
    """Return the table of some lines; `n_before` of the file stand before them."""
    try:
        with opener() as stream:
            return json.read_json(stream, read_options=json.ReadOptions(block_size=_BLOCK_BYTES))
    except pa.ArrowException:
        with opener() as stream:
            return _read_line_by_line(source, stream, n_before)


def _read_line_by_line(source: Source, stream: IO[bytes], n_before: int) -> pa.Table:
    columns: dict[str, list[Any]] = {}
    n_rows = 0
    with io.TextIOWrapper(stream, encoding="utf-8-sig") as lines:
        for number, line in enumerate(lines, start=n_before + 1):
            if line.isspace():
                continue
            row = _parse_line(source, number, line)
            for name in row:
                if name not in columns:
                    columns[name] = [None] * n_rows
            for name, values in columns.items():
                values.append(row.get(name))
            n_rows += 1
    return pa.table({name: _as_column(values) for name, values in columns.items()})


def _parse_line(source: Source, number: int, line: str) -> dict[str, Any]:
    advice = "Correct that line: each line is one whole JSON object"
    try:
        row = stdlib_json.loads(line.strip(), object_pairs_hook=_refuse_repeated_keys)
    except stdlib_json.JSONDecodeError as error:
        raise source.error(
            f"line {number} is not valid JSON ({error.msg} at character {error.colno})", advice
        ) from None
    except (ValueError, RecursionError) as error:
        raise source.error(f"line {number} is not valid JSON ({one_line(error)})", advice) from None
    if not isinstance(row, dict):
        raise source.error(f"line {number} holds {type(row).__name__} in place of a JSON object", advice)
    return row


def _refuse_repeated_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    row = dict(pairs)
    if len(row) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"the key {next(name for name in names if names.count(name) > 1)!r} stands there twice")
    return row


def _as_column(values: list[Any]) -> pa.Array:
    try:
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
        if all(value is None or type(value) in {int, float} for value in values):
            # Integers beyond 64 bits, or beyond 2^53 beside floats.
            return pa.array([None if value is None else float(value) for value in values])
        return pa.array([_as_text(value) for value in values])


def _as_text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else stdlib_json.dumps(value)
