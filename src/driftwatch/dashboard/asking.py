"""What a client asks for (layer 5): the parameters of a request, checked, and the refusal of one."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from driftwatch.errors import DriftwatchError
from driftwatch.scoring.windows import fixed_period
from driftwatch.store.over_time import microseconds

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

__all__ = ["MAX_TEXT", "Asked", "RefusedError"]

MAX_TEXT = 2_000  # characters of a parameter
MAX_ID = 2**63 - 1
TIMES = ("since", "until")


class RefusedError(DriftwatchError):
    """A request that gets no other answer than this.

    Attributes
    ----------
    status : int
        Of HTTP.
    code : str
        For programs; the text is for people.
    """

    def __init__(self, status: int, code: str, text: str) -> None:
        super().__init__(text)
        self.status, self.code = status, code


class Asked:
    """The parameters of a request.

    Parameters
    ----------
    given : iterable of pairs
        As they came.
    known : collection of str
        Those that have a meaning: a mistyped filter must not look like one that found nothing.
    now : callable
        Seconds after 1970, for times that are a while ago.

    Raises
    ------
    RefusedError
        If one is unknown, repeated or too long.
    """

    def __init__(self, given: Iterable[tuple[str, str]], known: Collection[str], *, now: Callable[[], float]) -> None:
        self._now = now
        self._given: dict[str, str] = {}
        for name, value in given:
            if name not in known:
                raise _wrong(f"there is no parameter {name[:80]!r} here: {', '.join(sorted(known)) or 'none'}")
            if name in self._given:
                raise _wrong(f"`{name}` is given twice")
            if len(value) > MAX_TEXT or "\0" in value:
                raise _wrong(f"`{name}` must be a text of at most {MAX_TEXT} characters")
            self._given[name] = value

    @property
    def key(self) -> tuple[tuple[str, str], ...]:
        """The same for the same request, in whatever order its parameters came."""
        return tuple(sorted(self._given.items()))

    @property
    def is_relative(self) -> bool:
        """Whether the answer depends on what time it is."""
        return any(name in self._given and _written_out(self._given[name]) is None for name in TIMES)

    def has(self, name: str) -> bool:
        """Return whether a parameter is given."""
        return name in self._given

    def text(self, name: str) -> str | None:
        """Return a text, None where it is not given or empty."""
        return self._given.get(name) or None

    def needed(self, name: str) -> str:
        """Return a text that has to be given; it may be empty, as names of streams may be."""
        if name not in self._given:
            raise _wrong(f"`{name}` is needed")
        return self._given[name]

    def one_of(self, name: str, known: Collection[str]) -> str | None:
        """Return one of some words, None where it is not given."""
        found = self.text(name)
        if found is not None and found not in known:
            raise _wrong(f"`{name}` must be one of {', '.join(sorted(known))}, got {found[:80]!r}")
        return found

    def number(self, name: str, default: int, *, most: int) -> int:
        """Return a number of 1 or more; more than `most` is refused, and not cut, as the rest would go unnoticed."""
        return self._number(name, most) if name in self._given else default

    def offset(self, name: str) -> int:
        """Return how many to pass over, 0 by default."""
        return self._number(name, MAX_ID, least=0) if name in self._given else 0

    def id(self, name: str) -> int | None:
        """Return the id of a check, None where it is not given."""
        return self._number(name, MAX_ID) if name in self._given else None

    def needed_id(self, name: str) -> int:
        """Return the id of a check that has to be given."""
        self.needed(name)
        return self._number(name, MAX_ID)

    def moment(self, name: str) -> int | None:
        """Return a time, written out or as a length of time before now, as a store has it."""
        text = self.text(name)
        if text is None:
            return None
        found = _written_out(text)
        if found is not None:
            return found
        try:
            return int(self._now() * 1e6) - fixed_period(name, text).size
        except (DriftwatchError, OverflowError):
            raise _wrong(
                f"`{name}` must be a time such as 2026-01-31T12:00Z, or how long ago, such as 12h or 7d, got {text[:80]!r}"
            ) from None

    def _number(self, name: str, most: int, *, least: int = 1) -> int:
        text = self._given[name]
        if not (text.isascii() and text.isdigit() and len(text) < 20 and least <= int(text) <= most):
            raise _wrong(f"`{name}` must be a whole number from {least} to {most}, got {text[:80]!r}")
        return int(text)


def _written_out(text: str) -> int | None:
    try:
        return microseconds(dt.datetime.fromisoformat(text.replace(" ", "+")))  # a + in a query is read as a space
    except (ValueError, OverflowError):
        return None


def _wrong(text: str) -> RefusedError:
    return RefusedError(400, "bad_request", text)
