"""How a reference came to be what it is: every window that took its place, by whom and why (layer 3)."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Self

from driftwatch.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Accepted", "accepted_now"]


@dataclass(frozen=True)
class Accepted:
    """One change of a reference.

    Parameters
    ----------
    version : int
        Of the reference from then on; the fitted one is version 1.
    when : str
        In UTC, as ISO 8601 has it.
    who : str or None
    reason : str
    n_rows : int
        Rows of the reference from then on.
    """

    version: int
    when: str
    who: str | None
    reason: str
    n_rows: int

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return what `to_dict` wrote."""
        who = data["who"]
        return cls(
            int(data["version"]),
            str(data["when"]),
            None if who is None else str(who),
            str(data["reason"]),
            int(data["n_rows"]),
        )


def accepted_now(version: int, *, reason: str, who: str | None, n_rows: int) -> Accepted:
    """Return the change that happens now.

    Raises
    ------
    ConfigError
        If no reason is given.
    """
    if not reason.strip():
        raise ConfigError(
            f"`reason` must say why the reference changes, got {reason!r}. Write it for those who come later."
        )
    now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    return Accepted(version, now, who, reason.strip(), n_rows)
