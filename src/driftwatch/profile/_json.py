"""JSON that comes back as it was written, and JSON from files that nobody vouches for (layer 3)."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from driftwatch.errors import ArchiveError
from driftwatch.profile._stored import Damage

__all__ = ["MAX_DEPTH", "read_json", "require_json", "write_json"]

MAX_DEPTH = 64  # mappings and sequences in each other


def write_json(value: object) -> bytes:
    """Return the one text of a value: keys sorted, ASCII only, no spaces."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode("ascii")


def require_json(value: object, what: str) -> None:
    """Raise `ArchiveError` unless a value comes back from JSON as it is now."""
    try:
        problem = "a value of another type" if json.loads(write_json(value)) != value else ""
        if not problem and _depth(value) > MAX_DEPTH:
            problem = f"more than {MAX_DEPTH} levels"
    except (TypeError, ValueError, RecursionError) as error:
        problem = str(error)
    if problem:
        raise ArchiveError(
            f"{what} must be what JSON holds (dict with str keys, list, str, int, finite float, bool, None), "
            f"got {problem}. Turn tuples into lists, keys into text and NaN into None."
        )


def read_json(text: bytes) -> dict[str, Any]:
    """Return the JSON object of a text; `Damage` if it is none, has a key twice, NaN or too many levels."""
    try:
        found = json.loads(text.decode("ascii"), object_pairs_hook=_unique, parse_constant=_refuse)
        if isinstance(found, dict) and _depth(found) <= MAX_DEPTH:
            return found
    except RecursionError:
        pass
    except ValueError as error:  # bytes that are no ASCII, numbers of too many digits and all that is no JSON
        raise Damage(f"has a header that is no JSON ({error})") from None
    raise Damage(f"has a header that is no JSON object of at most {MAX_DEPTH} levels")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number of JSON")


def _depth(value: object) -> int:
    depth, level = 0, [value]
    while level := [item for item in level if isinstance(item, (dict, list))]:
        depth += 1
        level = [child for item in level for child in (item.values() if isinstance(item, dict) else item)]
        if depth > MAX_DEPTH:
            break
    return depth
