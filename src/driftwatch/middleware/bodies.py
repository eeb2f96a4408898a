"""Bodies of requests and responses, decoded (layer 5): content types, compression, JSON."""

from __future__ import annotations

import json
import zlib
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from driftwatch.middleware.rows import UnreadableError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

__all__ = ["decode_json", "headers_of", "is_allowed", "joined", "json_decoder", "plain"]

TYPE_LENGTH, ENCODING_LENGTH = len(b"content-type"), len(b"content-encoding")
_PLAIN = frozenset({b"", b"application/json"})
_WBITS = {b"gzip": 31, b"x-gzip": 31, b"deflate": 15}


def headers_of(headers: Iterable[tuple[bytes, bytes]]) -> tuple[bytes, bytes]:
    """Return the media type, without its parameters, and the encoding of a body, empty where there are none."""
    kind = encoding = b""
    for key, value in headers:
        if len(key) == TYPE_LENGTH and key.lower() == b"content-type":
            kind = bytes(value)
        elif len(key) == ENCODING_LENGTH and key.lower() == b"content-encoding":
            encoding = bytes(value).strip().lower()
    return kind if kind in _PLAIN else kind.partition(b";")[0].strip().lower(), encoding


def is_allowed(content_type: bytes, allowed: Collection[bytes]) -> bool:
    """Return whether a body of this type is looked at: none given is taken for JSON, and `+json` types are JSON."""
    if not content_type or content_type in allowed:
        return True
    return content_type.endswith(b"+json") and b"application/json" in allowed


def joined(parts: Sequence[bytes]) -> bytes:
    """Return the parts of a body as one."""
    return parts[0] if len(parts) == 1 else b"".join(parts)


def plain(data: bytes, encoding: bytes, limit: int) -> bytes:
    """Return a body without its compression.

    Parameters
    ----------
    data : bytes
    encoding : bytes
        The header `content-encoding`.
    limit : int
        Bytes that the result may have; no more are ever made.

    Raises
    ------
    UnreadableError
        `encoding` if nobody knows it, `too_large`, or `malformed`.
    """
    if not encoding or encoding == b"identity":
        return data
    wbits = _WBITS.get(encoding)
    if wbits is None:
        raise UnreadableError("encoding")
    found = b""
    try:
        while data:
            member = zlib.decompressobj(wbits)
            found += member.decompress(data, limit + 1 - len(found))
            if len(found) > limit:
                raise UnreadableError("too_large")
            if not member.eof:
                raise UnreadableError("malformed")
            data = member.unused_data
    except zlib.error:
        raise UnreadableError("malformed") from None
    return found


def decode_json(body: bytes) -> Any:
    """Return the document of a body, by Python's own reader: of equal keys the last one, NaN and 1e400 as numbers.

    Raises
    ------
    UnreadableError
        `malformed`, whatever is wrong with it.
    """
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise UnreadableError("malformed") from None


def json_decoder() -> Callable[[bytes], Any]:
    """Return `decode_json`, through orjson or msgspec if one of them is installed; what they refuse Python's own reads."""
    fast = _fast()
    if fast is None:
        return decode_json

    def decode(body: bytes) -> Any:
        try:
            return fast(body)
        except Exception:  # noqa: BLE001 - each has errors of its own, and is stricter
            return decode_json(body)

    return decode


def _fast() -> Callable[[bytes], Any] | None:
    with suppress(ImportError):
        import orjson

        loads: Callable[[bytes], Any] = orjson.loads
        return loads
    with suppress(ImportError):
        import msgspec

        decode: Callable[[bytes], Any] = msgspec.json.Decoder().decode
        return decode
    return None
