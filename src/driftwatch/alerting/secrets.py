"""Secrets by reference (layer 5): read when they are used, shown nowhere."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, Self

from driftwatch._checks import is_text
from driftwatch.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Secret"]

MAX_BYTES = 65_536  # of a file; a secret is a line, and a wrong path should not fill the memory
_VARIABLE = re.compile(r"\$\{(\w+)\}")


class Secret:
    """A secret that prints as `***`.

    Parameters
    ----------
    value : str
        The secret itself, for code that has it already. What comes from a settings file is a reference:
        `Secret.from_text`, `Secret.from_file`.

    Notes
    -----
    References are read on each use: a changed file is seen at once, so that rotation needs no restart.

    Examples
    --------
    >>> secret = Secret("xoxb-123")
    >>> print(secret, [secret])
    *** [Secret('***')]
    >>> secret.reveal()
    'xoxb-123'
    """

    __slots__ = ("_read",)

    def __init__(self, value: str) -> None:
        if not is_text(value):
            # the value is never part of a message, not even a wrong one
            raise ConfigError(f"a secret must be text that is not empty, got a {type(value).__name__}.")
        self._read: Callable[[], str] = lambda: value

    @classmethod
    def of(cls, value: str | Secret) -> Secret:
        """Return a `Secret` as it is, and text as one."""
        return value if isinstance(value, Secret) else cls(value)

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Return the secret that `text` refers to: `${NAME}` in it stands for the environment variable NAME.

        Raises
        ------
        ConfigError
            If the text refers to nothing, and so would be the secret itself.
        """
        if not _VARIABLE.search(text):
            raise ConfigError(
                "a secret does not belong into a file of settings. Write ${NAME} and set the environment variable "
                "NAME, or name a file that holds it, with `_file` at the end of the key."
            )
        secret = cls(text)
        secret._read = lambda: _VARIABLE.sub(_variable, text)
        return secret

    @classmethod
    def from_file(cls, path: str | Path) -> Self:
        """Return the secret that a file holds; space around it and the line's end do not count."""
        secret = cls(str(path))
        file = Path(path).expanduser()
        secret._read = lambda: _content(file)
        return secret

    def reveal(self) -> str:
        """Return the secret as it is now.

        Raises
        ------
        ConfigError
            If the environment variable is not set, or the file cannot be read or is empty.
        """
        return self._read()

    def __repr__(self) -> str:
        return f"{type(self).__name__}('***')"

    def __str__(self) -> str:
        return "***"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret is not pickled, as its value would be in the bytes. Send the reference instead.")


def _variable(found: re.Match[str]) -> str:
    value = os.environ.get(found[1], "")
    if not value:
        raise ConfigError(f"a secret refers to the environment variable {found[1]!r}, which is not set or empty.")
    return value


def _content(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            raw = opened.read(MAX_BYTES + 1)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ConfigError(f"the file {str(file)!r} with a secret cannot be read: {reason}.") from None
    try:
        text = raw.decode().strip()
    except UnicodeDecodeError:
        raise ConfigError(f"the file {str(file)!r} with a secret is not UTF-8 text.") from None
    if not text or len(raw) > MAX_BYTES:
        came = "nothing" if not text else f"more than {MAX_BYTES} bytes"
        raise ConfigError(f"the file {str(file)!r} should hold a secret, and holds {came}.")
    return text
