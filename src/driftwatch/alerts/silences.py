"""Silences (layer 4): alerts that nobody is told about for a time, by whom and why. Kept as notes in the store."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self

from driftwatch._checks import is_text
from driftwatch.alerts.matchers import matches, parse_matchers
from driftwatch.errors import ConfigError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from driftwatch.alerts.matchers import Matchers
    from driftwatch.store.protocol import Store

__all__ = ["SILENCES", "Silence", "add_silence", "expire_silence", "stored_silences"]

SILENCES = "silences"  # the space of notes
KEPT = 5 * 86_400 * 10**6  # microseconds for which a silence that is over can still be looked at


@dataclass(frozen=True, slots=True)
class Silence:
    """Mutes the alerts that all matchers hold for, from `starts_at` up to, not including, `ends_at`.

    Parameters
    ----------
    id : str
    matchers : list of str, or mapping of str to str
        At least one.
    starts_at, ends_at : int
        Microseconds after 1970. Each silence has an end.
    author, comment : str
        Who, and why: the next reader was not there.

    Raises
    ------
    ConfigError
        If it matches everything or ends before it starts, or nobody signed it.
    """

    id: str
    matchers: Sequence[str] | Mapping[str, str] = field(compare=False)  # however they were written
    starts_at: int
    ends_at: int
    author: str
    comment: str
    conditions: Matchers = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "conditions", parse_matchers(self.matchers))
        if matches(self.conditions, {}):
            raise ConfigError(
                "a silence must have a matcher that not every alert fulfils, such as 'model=\"churn\"'. To be told "
                "nothing at all, remove the receivers."
            )
        if self.ends_at <= self.starts_at:
            raise ConfigError(f"a silence must end after it starts, {self.starts_at}; got the end {self.ends_at}.")
        for name in ("id", "author", "comment"):
            if not is_text(getattr(self, name)):
                raise ConfigError(f"`{name}` of a silence must be text that is not empty, got {getattr(self, name)!r}.")

    def mutes(self, labels: Mapping[str, str], now: int) -> bool:
        """Return whether an alert with these labels is muted."""
        return self.state(now) == "active" and matches(self.conditions, labels)

    def state(self, now: int) -> str:
        """Return `pending`, `active` or `expired`."""
        if now < self.starts_at:
            return "pending"
        return "active" if now < self.ends_at else "expired"

    def expired(self, now: int) -> Self:
        """Return the silence as it is when it is ended now; one that was still to come never begins."""
        return replace(self, starts_at=min(self.starts_at, now - 1), ends_at=min(self.ends_at, now))

    def to_json(self) -> str:
        """Return the silence as JSON, for the store."""
        return json.dumps(
            {
                "id": self.id,
                "matchers": [str(matcher) for matcher in self.conditions],
                "starts_at": self.starts_at,
                "ends_at": self.ends_at,
                "author": self.author,
                "comment": self.comment,
            }
        )

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the silence whose JSON `to_json` wrote."""
        return cls(
            str(data["id"]),
            data["matchers"],
            int(data["starts_at"]),
            int(data["ends_at"]),
            str(data["author"]),
            str(data["comment"]),
        )


def add_silence(store: Store, silence: Silence, *, now: int) -> None:
    """Store a silence; those that are over for long go.

    Parameters
    ----------
    store : Store
    silence : Silence
    now : int
        Microseconds after 1970.
    """
    with store.transaction() as transaction:
        for known in stored_silences(transaction.notes(SILENCES)):
            if known.ends_at < now - KEPT:
                transaction.put_note(SILENCES, known.id, None)
        transaction.put_note(SILENCES, silence.id, silence.to_json())


def expire_silence(store: Store, silence_id: str, *, now: int) -> Silence:
    """End a silence now, and return it as it is then.

    Raises
    ------
    UnknownNameError
        If there is none of that id, or it is over.
    """
    with store.transaction() as transaction:
        known = {silence.id: silence for silence in stored_silences(transaction.notes(SILENCES))}
        running = [name for name, silence in known.items() if silence.state(now) != "expired"]
        if silence_id not in running:
            raise UnknownNameError.from_names("silence", [silence_id], running)
        ended = known[silence_id].expired(now)
        transaction.put_note(SILENCES, silence_id, ended.to_json())
    return ended


def stored_silences(notes: Mapping[str, str]) -> list[Silence]:
    """Return the silences that notes hold; one that cannot be read is left out."""
    found = []
    for text in notes.values():
        with suppress(ValueError, KeyError, TypeError):
            found.append(Silence.from_dict(json.loads(text)))
    return found
