"""Standard output, standard error and files to write (layer 5): data on the first, everything else on the second."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from driftwatch.errors import ConfigError, DriftwatchError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "STDIO",
    "check_destination",
    "is_interactive",
    "note",
    "one_line",
    "settle_stdout",
    "wants_color",
    "write_data",
    "write_file",
]

STDIO = "-"


def wants_color(stream: TextIO | None) -> bool:
    """Return whether colours belong on `stream`: a terminal, without `NO_COLOR` (no-color.org) and outside CI."""
    return is_interactive(stream) and not os.environ.get("NO_COLOR")


def is_interactive(stream: TextIO | None) -> bool:
    """Return whether a person looks at `stream`: a terminal that can move its cursor, outside CI."""
    ci = os.environ.get("CI", "").lower() not in {"", "0", "false"}
    return stream is not None and stream.isatty() and not ci and os.environ.get("TERM") != "dumb"


def one_line(text: str) -> str:
    r"""Return `text` as one printable line.

    Examples
    --------
    >>> one_line("a path with a\nbreak and a bell\a")
    'a path with a break and a bell\\x07'
    """
    joined = " ".join(text.splitlines())
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in joined)


def note(text: str) -> None:
    """Write one line to standard error; a closed standard error is no reason to fail."""
    with suppress(OSError, ValueError):
        print(one_line(text), file=sys.stderr, flush=True)  # noqa: T201 - this is the one place that prints


def write_data(text: str) -> None:
    """Write `text` to standard output and wait until it is out.

    Raises
    ------
    BrokenPipeError
        When nobody reads: a pipe whose reader has gone, or a standard output that was closed by the caller.
    DriftwatchError
        When the data cannot be written for another reason, such as a full disk.
    """
    if sys.stdout is None:  # python's way to say that descriptor 1 was closed
        raise BrokenPipeError(errno.EPIPE, "standard output is closed")
    try:
        _write_all(sys.stdout, _line_ended(text))
    except BrokenPipeError:
        raise
    except OSError as error:
        raise DriftwatchError(
            f"cannot write the report to standard output: {error.strerror}. Free some space or use --output FILE."
        ) from error


def _write_all(stream: TextIO, text: str) -> None:
    binary = getattr(stream, "buffer", None)
    if binary is None:  # a StringIO in the place of standard output
        stream.write(text)
        return
    stream.flush()
    # backslashes: a column name or a box character that the encoding lacks must not cost the report
    rest = memoryview(text.encode(stream.encoding or "utf-8", errors="backslashreplace"))
    while rest:
        # under PYTHONUNBUFFERED, usual in containers, this is one system call: it may take a part, and the text layer
        # above it would drop the rest without a word
        written = binary.write(rest)
        if written is None:
            raise BlockingIOError(errno.EAGAIN, "standard output is not ready")
        rest = rest[written:]
    binary.flush()


def settle_stdout() -> None:
    """Flush standard output; where that fails, drop what is left, so that the interpreter does not try once more."""
    if sys.stdout is None:
        return
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _line_ended(text: str) -> str:
    return text if text.endswith("\n") else text + "\n"


def check_destination(output: str | None, inputs: Iterable[str], format_name: str | None = None) -> None:
    """Refuse, before any work is done, an `output` that cannot be written or that is one of the `inputs`.

    Raises
    ------
    ConfigError
        When the folder is missing or read-only, or `output` is a folder or an input; and when a page would go to a
        terminal, which shows nothing of it.
    """
    if output is None or output == STDIO:
        if format_name == "html" and sys.stdout is not None and sys.stdout.isatty():
            raise ConfigError(
                "`--format html` is a page for a browser, and standard output is a terminal. Add -o FILE."
            )
        return
    target = Path(output)
    folder = target.resolve().parent
    if target.exists() and not target.is_file() and not target.is_dir():
        return  # a device or a named pipe is written to, not replaced
    if target.is_dir():
        raise ConfigError(f"`--output` {output!r} is a folder. Name a file in it.")
    if not folder.is_dir():
        raise ConfigError(f"`--output` {output!r}: there is no folder {str(folder)!r}. Create it first.")
    if not os.access(folder, os.W_OK):
        raise ConfigError(f"`--output` {output!r}: the folder {str(folder)!r} is read-only. Name another one.")
    for name in inputs:
        if name != STDIO and target.exists() and Path(name).exists() and target.samefile(name):
            raise ConfigError(f"`--output` {output!r} is one of the inputs. Name another file.")


def write_file(output: str, content: str | bytes) -> None:
    """Replace the file `output` with `content` in one step: readers see the old content or the new, never a part.

    Raises
    ------
    DriftwatchError
        When the file cannot be written; the old one is then untouched.
    """
    target = Path(output).resolve()  # a link stays a link: what it points to is replaced
    data = content if isinstance(content, bytes) else _line_ended(content).encode(errors="backslashreplace")
    temporary = target.with_name(f".driftwatch-{os.getpid()}-{secrets.token_hex(4)}.tmp")
    try:
        if target.exists() and not target.is_file():
            target.write_bytes(data)  # a device or a named pipe: a rename would put a plain file in its place
            return
        try:
            with temporary.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            if target.exists():
                shutil.copymode(target, temporary)
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise DriftwatchError(f"cannot write {output!r}: {error.strerror}. Name another file with --output.") from error
