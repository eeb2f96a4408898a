"""A report as a file (layer 4): replaced as a whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from driftwatch.errors import DriftwatchError
from driftwatch.profile._replace import replace_file

__all__ = ["write_text"]


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write text to a file in UTF-8: readers see the old content or the new, never a part.

    Raises
    ------
    DriftwatchError
        If it cannot be written; the old file is then untouched.
    """
    target = Path(path)
    try:
        if target.exists() and not target.is_file():
            target.write_bytes(text.encode())  # a device or a named pipe: a rename would put a plain file in its place
        else:
            replace_file(target, text.encode())
    except OSError as error:
        raise DriftwatchError(f"cannot write {os.fspath(path)!r}: {error.strerror}. Name another file.") from error
