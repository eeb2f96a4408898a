"""The header of an archive: what it says of itself, and the sha256 that vouches for all of it (layer 3)."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch._version import version
from driftwatch.errors import ArchiveError
from driftwatch.profile._json import read_json, require_json, write_json
from driftwatch.profile._stored import HEADER, Damage, too_large

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from driftwatch.profile._stored import HostArray
    from driftwatch.profile.archive import Archive

__all__ = ["read_header", "require_intact", "require_readable", "write_header"]

CONTAINER = 1  # counts changes of the envelope itself, which every kind has; formats are counted by their kinds
MAGIC = "driftwatch"  # the key of that number
MAX_HEADER = 64 << 20  # bytes of JSON, which takes some twenty times as many in memory
FIELDS = {MAGIC: int, "kind": str, "format": int, "min_reader": int, "version": str, "header": dict, "sha256": str}
NEVER_LONGER = 60  # characters of a file's own words in a message


def write_header(archive: Archive, arrays: Mapping[str, HostArray], min_reader: int | None) -> bytes:
    """Return the header as JSON, with the sha256 of itself and of the arrays."""
    content = {
        MAGIC: CONTAINER,
        "kind": archive.kind,
        "format": archive.format,
        "min_reader": archive.format if min_reader is None else min_reader,
        "version": version(),
        "header": archive.header,
    }
    require_json(content, f"the header of a {archive.kind}")
    document = write_json({**content, "sha256": _digest(content, arrays)})
    if len(document) > MAX_HEADER:
        raise ArchiveError(
            f"a header of at most {MAX_HEADER:,} bytes is wanted, got {len(document):,}. Put numbers into arrays."
        )
    return document


def _digest(content: Mapping[str, Any], arrays: Mapping[str, HostArray]) -> str:
    """Return the sha256 over the header and over name, type, shape and bytes of each array."""
    stored = {name: _little_endian(array) for name, array in arrays.items()}
    listed = {
        name: [array.dtype.str, list(array.shape), hashlib.sha256(array.data).hexdigest()]
        for name, array in stored.items()
    }
    return hashlib.sha256(write_json({"content": content, "arrays": listed})).hexdigest()


def _little_endian(array: HostArray) -> HostArray:
    return array.astype(array.dtype.newbyteorder("<"), copy=False)


def read_header(name: str, header: HostArray) -> dict[str, Any]:
    """Return the fields of the entry that a file begins with, each of the right type."""
    if name != HEADER or header.dtype != np.uint8 or header.ndim != 1:
        raise Damage("is a file that driftwatch did not save", "Name one that it saved")
    if header.size > MAX_HEADER:
        raise too_large("a header", MAX_HEADER)
    content = read_json(header.tobytes())
    for key, wanted in FIELDS.items():
        if type(content.get(key)) is not wanted:
            raise Damage(f"has a header without {key!r}")
    return content


def require_readable(content: Mapping[str, Any], kind: str, formats: Collection[int]) -> None:
    """Raise `Damage` unless a file is of the kind, and of a format or for a reader that the caller knows."""
    saved_by = f"driftwatch {content['version'][:NEVER_LONGER]!r}"
    if content[MAGIC] > CONTAINER:
        raise Damage(f"was saved by {saved_by} in a way that is newer", f"Use {saved_by} or a later version")
    if content["kind"] != kind:
        raise Damage(f"holds the kind {content['kind'][:NEVER_LONGER]!r}", "Load it as that")
    found = content["format"]
    if found not in formats and not content["min_reader"] <= max(formats) < found:
        known = ", ".join(map(str, sorted(formats)))
        later = " or a later version" if found > max(formats) else ""
        raise Damage(
            f"is of format {found}, where driftwatch {version()!r} reads {known}; {saved_by} saved it",
            f"Use {saved_by}{later}",
        )


def require_intact(content: Mapping[str, Any], arrays: Mapping[str, HostArray]) -> None:
    """Raise `Damage` unless header and arrays are the ones that were saved."""
    rest = {key: value for key, value in content.items() if key != "sha256"}
    try:
        found = _digest(rest, arrays)
    except ValueError:  # a number that no float holds, such as 1e999
        found = None
    if found != content["sha256"]:
        raise Damage("was altered: its content is not what its sha256 says")
