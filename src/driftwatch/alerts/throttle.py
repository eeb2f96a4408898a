"""A token bucket (layer 4): how many messages a receiver gets, at most, in whatever time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

from driftwatch._checks import check_count, is_amount
from driftwatch.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Bucket", "Throttle"]


@dataclass(frozen=True, slots=True)
class Throttle:
    """At most `burst` messages at once, and one more each `every` seconds.

    So at most `burst + t / every` messages in any `t` seconds.

    Parameters
    ----------
    burst : int
    every : float
        Seconds; 0 does not throttle.
    """

    burst: int = 10
    every: float = 60.0

    def __post_init__(self) -> None:
        check_count("burst", self.burst, "a positive number of messages")
        if not is_amount(self.every):
            raise ConfigError(f"`every` must be a number of seconds, 0 or more, got {self.every!r}.")


@dataclass(frozen=True, slots=True)
class Bucket:
    """What is left of a throttle: the time at which the bucket is full again says it all.

    Attributes
    ----------
    full_at : int
        Microseconds after 1970.
    """

    full_at: int = 0

    def take(self, throttle: Throttle, now: int) -> Self | None:
        """Return the bucket after a message, or None where it has to wait.

        Examples
        --------
        >>> throttle = Throttle(burst=1, every=60)
        >>> after = Bucket().take(throttle, 0)
        >>> after.take(throttle, 59_999_999) is None, after.take(throttle, 60_000_000) is None
        (True, False)
        """
        step = int(throttle.every * 1e6)
        # after a clock that was ahead, a bucket owes at most what a full one could have given
        begins = min(max(self.full_at, now), now + throttle.burst * step)
        after = begins + step
        return None if after - now > throttle.burst * step else replace(self, full_at=after)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the bucket that `dataclasses.asdict` described."""
        return cls(int(data["full_at"]))
