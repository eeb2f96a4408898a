"""One file of arrays and a JSON header, for whatever is saved: it knows nothing of what is inside (layer 3)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from driftwatch.errors import ArchiveError, InputTypeError
from driftwatch.profile import _npz, _safetensors
from driftwatch.profile._header import read_header, require_intact, require_readable, write_header
from driftwatch.profile._replace import replace_file
from driftwatch.profile._stored import HEADER, MAX_BYTES, Damage, checked, too_large

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from driftwatch.profile._stored import HostArray

__all__ = ["Archive", "from_bytes", "load", "save", "to_bytes"]

SAFETENSORS = ".safetensors"


class Archive(NamedTuple):
    """What is saved.

    Parameters
    ----------
    kind : str
        What it is: "profile", "window", ...
    format : int
        Number of the layout of `header` and `arrays`, counted by the kind.
    header : dict
        What JSON holds: dict with str keys (sorted when they come back), list, str, int, finite float, bool, None.
    arrays : dict of str to numpy.ndarray
        Booleans, integers and floats of at most 64 bits. They come back C-contiguous, writable and in the byte order
        of the machine, with every bit of them.
    """

    kind: str
    format: int
    header: dict[str, Any]
    arrays: dict[str, HostArray]


def to_bytes(
    archive: Archive, *, compress: bool = True, min_reader: int | None = None, max_bytes: int = MAX_BYTES
) -> bytes:
    """Return an archive as the bytes of a `.npz`.

    Equal content gives equal bytes: nothing of the time, the machine or the order of keys is in them. Only the
    compressed bytes may differ between machines with different builds of zlib; with `compress=False` they do not.

    Parameters
    ----------
    archive : Archive
    compress : bool
        Deflate the arrays.
    min_reader : int, optional
        The lowest format whose readers understand this one, where it only adds what they may ignore; by default its
        own format.
    max_bytes : int
        Most bytes of the file, and of the arrays in it.

    Raises
    ------
    ArchiveError
        If something cannot be stored, or is too large.
    """
    arrays = checked(archive.arrays)
    header = np.frombuffer(write_header(archive, arrays, min_reader), dtype=np.uint8)
    return _npz.pack({HEADER: header, **arrays}, compress=compress, max_bytes=max_bytes)


def from_bytes(
    data: bytes | bytearray | memoryview, *, kind: str, formats: Collection[int], max_bytes: int = MAX_BYTES
) -> Archive:
    """Return the archive that `to_bytes` wrote. Nothing of it is run, and every size is checked before it is allocated.

    Parameters
    ----------
    data : bytes, bytearray or memoryview
    kind : str
        What it must be.
    formats : collection of int
        Formats that the caller reads. A newer file is accepted too if it says that one of them is enough; the
        `format` of the archive is the one of the file.
    max_bytes : int
        Most bytes of the file, and of the arrays in it.

    Raises
    ------
    ArchiveError
        If it is of another kind or a newer format, cut short, altered, too large or no archive at all.
    """
    return _read(
        _as_bytes(data), name="what was given", kind=kind, formats=formats, max_bytes=max_bytes, unpack=_npz.unpack
    )


def save(
    path: str | os.PathLike[str],
    archive: Archive,
    *,
    compress: bool = True,
    min_reader: int | None = None,
    max_bytes: int = MAX_BYTES,
) -> None:
    """Write an archive to a file, all of it or nothing: whatever happens, an older file stays until the new one is whole.

    Parameters
    ----------
    path : path
        With the suffix `.safetensors` the file is of that format (extra `safetensors`), which is never compressed;
        with any other it is a `.npz`.
    archive, compress, min_reader, max_bytes
        As for `to_bytes`.

    Raises
    ------
    ArchiveError
        If something cannot be stored, or the file cannot be written.
    MissingExtraError
        If safetensors is needed and not installed.
    """
    if _suffix(path) == SAFETENSORS:
        arrays = checked(archive.arrays)
        data = _safetensors.pack(write_header(archive, arrays, min_reader), arrays, max_bytes=max_bytes)
    else:
        data = to_bytes(archive, compress=compress, min_reader=min_reader, max_bytes=max_bytes)
    try:
        replace_file(path, data)
    except FileNotFoundError as error:
        raise _unusable("write", path, "its folder does not exist", "Create it, or check the path") from error
    except PermissionError as error:
        raise _unusable("write", path, "permission denied", "Save it where you may write") from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise _unusable("write", path, _reason(error), "Make room there, or save it elsewhere") from error


def load(path: str | os.PathLike[str], *, kind: str, formats: Collection[int], max_bytes: int = MAX_BYTES) -> Archive:
    """Return the archive that `save` wrote; as `from_bytes`, for a file.

    Raises
    ------
    ArchiveError
        If the file cannot be read, or is not what is wanted.
    MissingExtraError
        If safetensors is needed and not installed.
    """
    unpack = _safetensors.unpack if _suffix(path) == SAFETENSORS else _npz.unpack
    try:
        with Path(path).open("rb") as stream:
            data = stream.read(min(max_bytes, os.fstat(stream.fileno()).st_size) + 1)
    except FileNotFoundError as error:
        raise _unusable(
            "read", path, "no such file", f"Check the path; it was looked up from {str(Path.cwd())!r}"
        ) from error
    except (OSError, ValueError, MemoryError) as error:  # ValueError: a NUL in the path
        raise _unusable("read", path, _reason(error), "Check that it is a file that you may read") from error
    return _read(data, name=repr(os.fsdecode(path)), kind=kind, formats=formats, max_bytes=max_bytes, unpack=unpack)


def _as_bytes(data: bytes | bytearray | memoryview) -> bytes:
    try:
        return data if isinstance(data, bytes) else bytes(memoryview(data))  # bytes(5) would be five of them
    except TypeError:
        raise InputTypeError(
            f"`data` must be bytes, got {type(data).__name__}. Pass what `to_bytes` returned."
        ) from None


def _suffix(path: str | os.PathLike[str]) -> str:
    try:
        return Path(path).suffix.lower()
    except TypeError:
        raise InputTypeError(f"`path` must be a path, got {type(path).__name__}. Pass a str or a Path.") from None


def _unusable(verb: str, path: str | os.PathLike[str], problem: str, advice: str) -> ArchiveError:
    return ArchiveError(f"cannot {verb} {os.fsdecode(path)!r}: {problem}. {advice}.")


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else str(error)) or type(error).__name__


def _read(
    data: bytes,
    *,
    name: str,
    kind: str,
    formats: Collection[int],
    max_bytes: int,
    unpack: Callable[[bytes, int], Iterator[tuple[str, HostArray]]],
) -> Archive:
    try:
        if len(data) > max_bytes:
            raise too_large("more", max_bytes)
        entries = unpack(data, max_bytes)
        content = read_header(*next(entries))
        require_readable(content, kind, formats)
        arrays = dict(entries)
        require_intact(content, arrays)
        return Archive(kind, content["format"], content["header"], arrays)
    except Damage as damage:
        problem, advice = str(damage), damage.advice
    except MemoryError:
        problem, advice = "needs more memory than there is", "Read it on a larger machine"
    raise ArchiveError(f"a driftwatch file of kind {kind!r} is wanted, and {name} {problem}. {advice}.")
