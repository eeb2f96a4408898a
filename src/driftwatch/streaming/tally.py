"""Messages of one partition to counts of windows (layer 5); what cannot be counted becomes a dead letter."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from functools import reduce
from operator import add
from typing import TYPE_CHECKING

import numpy as np

from driftwatch.store.model import WindowKey
from driftwatch.streaming.reading import PoisonError
from driftwatch.streaming.source import DeadLetter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from driftwatch.scoring.scored import Row, Scorer, State
    from driftwatch.scoring.windows import Windows
    from driftwatch.store.model import Position
    from driftwatch.streaming.reading import Reader
    from driftwatch.streaming.source import Message

__all__ = ["Tally", "Uncounted", "tally"]


@dataclass(frozen=True, slots=True)
class _Read:
    message: Message
    rows: list[Row]
    times: list[int]


@dataclass
class Uncounted:
    """Messages of one partition that are read and not yet stored.

    Attributes
    ----------
    stored : Position
        What the store knows.
    arrived : float
        When the last message came, or the partition was taken on.
    """

    stored: Position
    arrived: float
    last: int = field(init=False)
    reads: list[_Read] = field(default_factory=list)
    letters: list[DeadLetter] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    n_rows: int = 0

    def __post_init__(self) -> None:
        self.last = self.stored.offset

    def add(self, message: Message, reader: Reader, *, timed: bool, latest: int) -> None:
        """Take a message; one that came before is counted as such and dropped."""
        if message.offset <= self.last:
            self.counts["duplicates"] += 1
            return
        self.last = message.offset
        self.counts["messages"] += 1
        try:
            rows, times = reader.read(message, timed=timed, latest=latest)
        except PoisonError as error:
            self.letters.append(DeadLetter(message, str(error)))
        else:
            self.reads.append(_Read(message, rows, times))
            self.n_rows += len(rows)


@dataclass(frozen=True, slots=True)
class Tally:
    """What the messages of a partition come to."""

    position: Position
    windows: dict[WindowKey, tuple[State, int]]
    letters: list[DeadLetter]
    counts: Counter[str]


def tally(partition: str, uncounted: Uncounted, scorer: Scorer, windows: Windows) -> Tally:
    """Return the counts of all windows, and where the partition then stands.

    All rows of a message are counted, or none. The scorer is asked once for each window; only where it refuses are the
    messages looked at in ever smaller groups.
    """
    stored, good, refused = uncounted.stored, uncounted.reads, list[DeadLetter]()
    try:
        counted = _count(partition, good, scorer, windows, stored.n_rows)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - whatever it is, it must not hold the stream up
        good, refused = _sift(good, scorer)
        counted = _count(partition, good, _OneByOne(scorer), windows, stored.n_rows)
    letters = uncounted.letters + refused
    n_rows = sum(len(read.rows) for read in good)
    times = [max(read.times) for read in good if read.times]
    counts = Counter(uncounted.counts)
    counts.update(rows=n_rows, dead_letters=len(letters))
    position = replace(
        stored,
        offset=uncounted.last,
        n_messages=stored.n_messages + uncounted.counts["messages"],
        n_rows=stored.n_rows + n_rows,
        event_time=max([*times, *([] if stored.event_time is None else [stored.event_time])], default=None),
    )
    return Tally(position, counted, letters, counts)


def _count(
    partition: str, reads: list[_Read], scorer: Scorer | _OneByOne, windows: Windows, first_row: int
) -> dict[WindowKey, tuple[State, int]]:
    rows = [row for read in reads for row in read.rows]
    if not rows:
        return {}
    timed = windows.by == "time"
    at = (
        np.asarray([moment for read in reads for moment in read.times], dtype=np.int64)
        if timed
        else np.arange(first_row, first_row + len(rows))
    )
    return {
        WindowKey(start, stop, "" if timed else partition): (
            scorer.count(rows if len(chosen) == len(rows) else [rows[i] for i in chosen.tolist()]),
            len(chosen),
        )
        for start, stop, chosen in windows.assign(at)
    }


def _sift(reads: list[_Read], scorer: Scorer) -> tuple[list[_Read], list[DeadLetter]]:
    """Return the messages that the scorer takes, and letters for the others."""
    try:
        scorer.count([row for read in reads for row in read.rows])
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - as above
        if len(reads) == 1:
            return [], [DeadLetter(reads[0].message, f"not countable: {type(error).__name__}: {error}")]
        middle = len(reads) // 2
        first, second = _sift(reads[:middle], scorer), _sift(reads[middle:], scorer)
        return first[0] + second[0], first[1] + second[1]
    return reads, []


@dataclass(frozen=True, slots=True)
class _OneByOne:
    """Counts rows together, and one by one where the scorer takes each of them and not all at once."""

    scorer: Scorer

    def count(self, rows: Sequence[Row]) -> State:
        try:
            return self.scorer.count(rows)
        except MemoryError:
            raise
        except Exception:  # noqa: BLE001 - as above
            states: list[State] = [self.scorer.count([row]) for row in rows]
            return reduce(add, states)
