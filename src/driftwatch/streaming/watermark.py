"""Up to what time a stream is complete (layer 5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from driftwatch.scoring.windows import Windows
    from driftwatch.store.model import Position

__all__ = ["Completeness"]


@dataclass(frozen=True, slots=True)
class Completeness:
    """The rule of the watermark.

    A stream is complete to the earliest of the latest times of its partitions. One that is idle is not waited for. When
    all of them are, the clock goes on in their place, so that the last window of a quiet stream closes too; not where the
    times of the rows are long past, as in data that is played again.

    Parameters
    ----------
    windows : Windows
    idle_after : float
        Seconds.
    """

    windows: Windows
    idle_after: float

    def watermark(self, positions: Collection[Position], stored: int | None, now: float) -> int | None:
        """Return the time (microseconds) up to which the stream is complete; it never goes back.

        Parameters
        ----------
        positions : collection of Position
            Of every partition.
        stored : int, optional
            The watermark so far.
        now : float
            Seconds after 1970.
        """
        found = self._latest(positions, int(now * 1e6))
        return max((moment for moment in (found, stored) if moment is not None), default=None)

    def _latest(self, positions: Collection[Position], now: int) -> int | None:
        busy = [position.event_time for position in positions if not position.idle]
        if busy:
            known = [moment for moment in busy if moment is not None]
            return min(known) if len(known) == len(busy) else None
        newest = max((p.event_time for p in positions if p.event_time is not None), default=None)
        silence = int(self.idle_after * 1e6)
        if newest is None or now > newest + silence + self.windows.lateness + 2 * self.windows.size:
            return newest
        return max(newest, now - silence)
