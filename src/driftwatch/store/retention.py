"""How long checks are kept (layer 4), so that a store does not grow for ever."""

from __future__ import annotations

import datetime as dt
import time
from typing import TYPE_CHECKING

from driftwatch._checks import check_count
from driftwatch.errors import ConfigError, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable

    from driftwatch.store.protocol import Store

__all__ = ["Retention"]

MICROSECOND = dt.timedelta(microseconds=1)


class Retention:
    """Drops old checks of a stream now and then.

    Parameters
    ----------
    keep : int, optional
        The newest so many are kept.
    max_age : timedelta, optional
        What was stored longer ago goes.
    every : float
        Seconds from one time to the next; calls in between do nothing.
    clock : callable
        Seconds after 1970.

    Attributes
    ----------
    problem : StoreError, optional
        Why the last time failed; it is tried again the next time. None where all is well.

    Raises
    ------
    ConfigError
        If one of them is out of range.

    Examples
    --------
    >>> Retention(max_age=dt.timedelta(days=30)).bounded
    True
    """

    def __init__(
        self,
        *,
        keep: int | None = None,
        max_age: dt.timedelta | None = None,
        every: float = 60.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if keep is not None:
            check_count("keep", keep)
        if max_age is not None and max_age <= dt.timedelta(0):
            raise ConfigError(f"`max_age` must be a positive length of time, got {max_age!r}.")
        self._keep, self._max_age, self._every, self._clock = keep, max_age, every, clock
        self._due = float("-inf")
        self.problem: StoreError | None = None

    @property
    def bounded(self) -> bool:
        """Whether there is a bound at all."""
        return self._keep is not None or self._max_age is not None

    def __call__(self, store: Store, stream: str) -> int:
        """Drop what is too old, if it is time to, and return how many checks that were.

        A store that cannot be written is no reason to fail: it is tried again later, and `problem` says why.
        """
        now = self._clock()
        if not self.bounded or now < self._due:
            return 0
        self._due = now + self._every
        removed = 0
        try:
            if self._max_age is not None:
                removed += store.prune(before=int(now * 1e6) - self._max_age // MICROSECOND, stream=stream)
            if self._keep is not None:
                removed += store.prune(keep=self._keep, stream=stream)
        except StoreError as error:
            self.problem = error
        else:
            self.problem = None
        return removed
