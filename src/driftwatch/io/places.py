"""Which files are meant by paths, globs, folders and URLs, and what the names of folders say of them (layer 4)."""

from __future__ import annotations

import fnmatch
import glob
import os
import re
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from driftwatch.errors import InputError, MissingExtraError
from driftwatch.io.source import STDIN, RemoteSource, Source, one_line, open_source

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Place", "find_places"]

_URL = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_WILD = re.compile(r"[*?[]")
_OPTIONS = re.compile(r"\?[a-z_]+=[^&?*\[]*(&[a-z_]+=[^&?*\[]*)*$")  # of a URL; any other ? stands for a character
_HIDDEN = ("_", ".")  # what engines write beside the data: _SUCCESS, _temporary, .crc
_HIVE_NULL = "__HIVE_DEFAULT_PARTITION__"


@dataclass(frozen=True)
class Place:
    """One file, and the values of its hive partitions: the folders `name=value` that it lies in."""

    source: Source
    partitions: Mapping[str, str | None] = field(default_factory=dict)


def find_places(sources: Sequence[str | os.PathLike[str]]) -> list[list[Place]]:
    """Return the files behind each source, in the order of their names.

    Parameters
    ----------
    sources : sequence of str or path-like
        Each a file, a folder (with all below it but names that begin with `_` or `.`), a pattern with `*`, `**` and
        `?`, the URL of one of these in a storage that pyarrow knows (`s3://`, `gs://`, `file://`), with pyarrow's options
        behind a `?` where it needs some, or "-".

    Raises
    ------
    InputError
        If one of them is no file, or nothing matches.
    """
    return [_remote(name) if _URL.match(name) else _local(name) for name in map(os.fsdecode, sources)]


def _local(name: str) -> list[Place]:
    try:
        found = None if name == STDIN else _found(name)
    except (OSError, ValueError):  # a NUL in the path: the one door for files says so
        found = None
    if found is None:
        return [_local_place(name)]
    return _some([_local_place(str(path)) for path in found], name)


def _found(name: str) -> list[Path] | None:
    """Return the files below a folder, or those that match a pattern; None where the name is neither."""
    path = Path(name)
    if path.is_dir():
        return [p for p in sorted(path.rglob("*")) if _is_data(p.relative_to(path).parts) and p.is_file()]
    if not _WILD.search(name) or path.exists():
        return None
    matches = [Path(p) for p in sorted(glob.glob(name, recursive=True))]  # noqa: PTH207 - Path.glob takes no absolute one
    return [p for p in matches if p.is_file() and not p.name.startswith(_HIDDEN)]


def _local_place(name: str) -> Place:
    return Place(open_source(name, None), _partitions(name))


def _remote(url: str) -> list[Place]:
    scheme, _, rest = url.partition("://")
    options = _OPTIONS.search(rest)
    fixed, pattern = _split_pattern(rest if options is None else rest[: options.start()])
    filesystem, base = _filesystem(f"{scheme}://{fixed}{'' if options is None else options[0]}", url)
    try:
        found = _listed(filesystem, base)
    except OSError as error:
        raise InputError(f"cannot read {url!r}: {one_line(error)}. Check the address and the access.") from None
    if not pattern and len(found) == 1 and found[0].path == base:
        return [_remote_place(filesystem, found[0], url)]
    places = []
    for info in sorted(found, key=lambda info: str(info.path)):
        below = PurePosixPath(info.path).relative_to(base)
        if _is_data(below.parts) and (not pattern or _matches(below.parts, pattern.split("/"))):
            places.append(_remote_place(filesystem, info, f"{scheme}://{fixed.rstrip('/')}/{below}"))
    return _some(places, url)


def _split_pattern(rest: str) -> tuple[str, str]:
    """Return the folders before the first wildcard, and the pattern from there on."""
    parts = rest.split("/")
    wild = next((i for i, part in enumerate(parts) if _WILD.search(part)), len(parts))
    return "/".join(parts[:wild]), "/".join(parts[wild:])


def _filesystem(url: str, asked: str) -> tuple[Any, str]:
    try:
        from pyarrow import fs
    except ImportError:
        raise MissingExtraError.for_feature("reading a URL", package="pyarrow", extra="cli") from None
    try:
        filesystem, path = fs.FileSystem.from_uri(url)
    except (OSError, ValueError) as error:  # pyarrow's own errors are of these
        raise InputError(
            f"cannot read {asked!r}: {one_line(error)}. Give a URL such as s3://bucket/folder/*.parquet."
        ) from None
    return filesystem, path.rstrip("/") or path


def _listed(filesystem: Any, base: str) -> list[Any]:
    from pyarrow import fs

    info = filesystem.get_file_info(base)
    if info.type is fs.FileType.Directory:
        every = filesystem.get_file_info(fs.FileSelector(base, recursive=True))
        return [one for one in every if one.type is fs.FileType.File]
    return [info] if info.type is fs.FileType.File else []


def _remote_place(filesystem: Any, info: Any, name: str) -> Place:
    source = RemoteSource(name, None, opener=lambda: filesystem.open_input_file(info.path), n_bytes=info.size)
    if source.size == 0:
        raise source.error("a table was expected, but it is empty (0 bytes)", "Check the program that wrote it")
    return Place(source, _partitions(info.path))


def _matches(parts: Sequence[str], patterns: Sequence[str]) -> bool:
    """Return whether folders and a name fit a pattern, part by part; `**` stands for any folders."""
    if not patterns:
        return not parts
    if patterns[0] == "**":
        return any(_matches(parts[i:], patterns[1:]) for i in range(len(parts) + 1))
    return bool(parts) and fnmatch.fnmatchcase(parts[0], patterns[0]) and _matches(parts[1:], patterns[1:])


def _is_data(parts: Sequence[str]) -> bool:
    return not any(part.startswith(_HIDDEN) for part in parts)


def _partitions(path: str) -> dict[str, str | None]:
    found = {}
    for part in PurePosixPath(path.replace(os.sep, "/")).parts[:-1]:
        name, equals, value = part.partition("=")
        if equals and name:
            found[unquote(name)] = None if value == _HIVE_NULL else unquote(value)
    return found


def _some(places: list[Place], name: str) -> list[Place]:
    if not places:
        raise InputError(
            f"cannot read {name!r}: it matches no file. Check the path; names that begin with _ or . are left out."
        )
    return places
