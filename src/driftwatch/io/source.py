"""Where the bytes come from: a file, a pipe or standard input, opened as often as a reader likes (layer 4).

Standard library only. Nothing here knows a file format, except that gzip is undone for the text ones.
"""

from __future__ import annotations

import gzip
import io
import os
import stat
import sys
import zlib
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath, PurePosixPath
from typing import IO, TYPE_CHECKING, Any, cast

from driftwatch.errors import InputError, InputTypeError, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = ["STDIN", "RemoteSource", "Source", "check_names", "open_source"]

STDIN = "-"


@dataclass(frozen=True)
class Source:
    """Bytes that can be read more than once, and the name they go by in messages.

    Attributes
    ----------
    name : str
        The path as the user wrote it, or "standard input".
    path : Path or None
        A regular file; None when the bytes came through a pipe and are held in `data`.
    data : bytes
        The bytes of a pipe; empty for a regular file.
    gzipped : bool
        Whether `open` undoes gzip.
    known : dict
        What a pass over the bytes found, for the next one.
    """

    name: str
    path: Path | None
    data: bytes = field(default=b"", repr=False)
    gzipped: bool = False
    known: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def suffixes(self) -> tuple[str, ...]:
        """The suffixes of the file name in lower case, last one last; empty for a pipe."""
        return _suffixes(self.path) if self.path else ()

    @property
    def size(self) -> int:
        """Number of bytes, as stored."""
        return self.path.stat().st_size if self.path else len(self.data)

    def uncompressed(self) -> Source:
        """Return the same source with gzip undone on reading."""
        return replace(self, gzipped=True)

    def raw(self) -> IO[bytes]:
        """Open the bytes as they are stored."""
        return self.path.open("rb") if self.path else io.BytesIO(self.data)

    @contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        """Open the bytes for one pass; damage in a gzip stream becomes an `InputError`."""
        with self.raw() as raw:
            if not self.gzipped:
                yield raw
                return
            try:
                with gzip.GzipFile(fileobj=raw, mode="rb") as stream:
                    yield cast("IO[bytes]", stream)
            except EOFError:
                raise self.error(
                    "the gzip stream ends before its end mark, so the file was cut short", "Copy it again"
                ) from None
            except (gzip.BadGzipFile, zlib.error) as error:
                raise self.error(f"the gzip stream is damaged ({one_line(error)})", "Copy it again") from None

    def head(self, n_bytes: int) -> bytes:
        """Return the first bytes."""
        with self.open() as stream:
            return stream.read(n_bytes)

    def error(self, problem: str, advice: str) -> InputError:
        """Return the one-line error: the name, what was wanted and came, what to do."""
        return InputError(f"cannot read {self.name!r}: {problem}. {advice}.")


@dataclass(frozen=True)
class RemoteSource(Source):
    """A file in some storage, opened by what knows the storage.

    Attributes
    ----------
    opener : callable
        Returns the file, which can be sought in.
    n_bytes : int
        As stored.
    """

    opener: Callable[[], IO[bytes]] = field(kw_only=True, repr=False)
    n_bytes: int = field(kw_only=True)

    @property
    def suffixes(self) -> tuple[str, ...]:
        """The suffixes of the file name in lower case, last one last."""
        return _suffixes(PurePosixPath(self.name))

    @property
    def size(self) -> int:
        """Number of bytes, as stored."""
        return self.n_bytes

    def raw(self) -> IO[bytes]:
        """Open the bytes as they are stored; what the storage refuses is an `InputError`."""
        try:
            return self.opener()
        except OSError as error:
            raise self.error(f"it cannot be opened ({one_line(error)})", "Check the address and the access") from None


def _suffixes(path: PurePath) -> tuple[str, ...]:
    return tuple(suffix.lower() for suffix in path.suffixes)


def open_source(source: str | os.PathLike[str], stdin: IO[str] | IO[bytes] | None) -> Source:
    """Return the source behind a path or "-"; what cannot be opened or is empty is an `InputError`."""
    opened = Source("standard input", None, _stdin_bytes(stdin)) if source == STDIN else _open_path(source)
    if opened.size == 0:
        raise opened.error("a table was expected, but it is empty (0 bytes)", "Check the program that wrote it")
    return opened


def one_line(error: BaseException) -> str:
    """Return the message of a foreign exception on one line, cut to a readable length."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 200 else text[:197] + "..."


def check_names(source: Source, names: Sequence[str]) -> None:
    """Raise `InputError` where columns have one name."""
    repeated = [name for name, n in Counter(names).items() if n > 1]
    if repeated:
        raise source.error(
            f"column names must differ, but these stand there more than once: {shown(repeated)}", "Rename them"
        )


def _stdin_bytes(stdin: IO[str] | IO[bytes] | None) -> bytes:
    stream = stdin if stdin is not None else sys.stdin
    if stream is None:  # a process can be started without one
        raise InputError("cannot read 'standard input': this process has none. Pass a file path.")
    return cast("IO[bytes]", getattr(stream, "buffer", stream)).read()


def _open_path(source: str | os.PathLike[str]) -> Source:
    try:
        name = os.fsdecode(source)
    except TypeError:
        raise InputTypeError(
            f"`source` is a path or '-', got {type(source).__name__}. Pass tables and arrays to Monitor directly."
        ) from None

    path = Path(name)
    unopened = Source(name, path)
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise unopened.error("a file was expected, but it is a folder", "Name one file in it")
        with path.open("rb") as stream:
            # A pipe (`<(zcat ...)`, /dev/stdin) can be read once only, and the readers need several passes.
            return unopened if stat.S_ISREG(mode) else Source(name, None, stream.read())
    except InputError:
        raise
    except FileNotFoundError:
        if "://" in name:
            raise unopened.error("a local file was expected, but it is a URL", "Download it first") from None
        raise unopened.error("no such file", f"Check the path; it was looked up from {str(Path.cwd())!r}") from None
    except PermissionError:
        raise unopened.error("permission denied", "Ask for read access, or copy it to where you have it") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise unopened.error(f"it cannot be opened ({one_line(error)})", "Check the path") from None
