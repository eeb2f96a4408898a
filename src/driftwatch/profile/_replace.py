"""A file that is replaced as a whole or not at all (layer 3, standard library only)."""

from __future__ import annotations

import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

__all__ = ["replace_file"]


def replace_file(path: str | os.PathLike[str], data: bytes) -> None:
    """Write bytes to a file: whatever happens, there is either the old file or the new one, and nothing beside it.

    Raises
    ------
    OSError, ValueError
        If it cannot be written.
    """
    target = Path(os.path.realpath(path))  # a link stays a link
    beside = target.with_name(f".driftwatch-{secrets.token_hex(8)}.tmp")
    try:
        with beside.open("xb") as stream:
            with suppress(FileNotFoundError):  # who may read the old file may read the new one, and nobody else
                beside.chmod(stat.S_IMODE(target.stat().st_mode))
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)
    with suppress(OSError):  # the file is there; some file systems cannot be asked to keep their folders as well
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
