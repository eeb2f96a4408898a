"""A broker in memory (layer 5), for tests and examples: partitions are lists, and it can be cut off."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from driftwatch.streaming.source import DeadLetter, Listener

from driftwatch.streaming.source import Message

__all__ = ["MemoryBroker", "MemorySource"]


@dataclass
class MemoryBroker:
    """Partitions as lists of messages, which outlive the sources that read them.

    Examples
    --------
    >>> broker = MemoryBroker(n_partitions=1)
    >>> broker.send({"price": 2.5})
    >>> broker.partitions["0"][0].value
    b'{"price": 2.5}'
    """

    n_partitions: int = 1
    partitions: dict[str, list[Message]] = field(init=False)
    committed: dict[str, int] = field(default_factory=dict)
    dead: list[DeadLetter] = field(default_factory=list)
    away: bool = False

    def __post_init__(self) -> None:
        self.partitions = {str(i): [] for i in range(self.n_partitions)}

    def send(self, value: Any, *, partition: int | str = 0, time: int | None = None) -> None:
        """Append a message: bytes or None as they are, anything else as JSON."""
        messages = self.partitions[str(partition)]
        content = value if value is None or isinstance(value, bytes) else json.dumps(value).encode()
        messages.append(Message(str(partition), len(messages), content, time))


class MemorySource:
    """Messages of a `MemoryBroker`.

    Parameters
    ----------
    broker : MemoryBroker
    name : str
    partitions : collection of str, optional
        Those to read, all by default.
    """

    def __init__(
        self, broker: MemoryBroker, *, name: str = "memory", partitions: Collection[str] | None = None
    ) -> None:
        self.name = name
        self._broker = broker
        self._wanted = list(broker.partitions if partitions is None else partitions)
        self._after: dict[str, int] = {}
        self._listener: Listener | None = None
        self._arrival = threading.Event()

    @property
    def problem(self) -> str | None:
        """Why nothing comes; None if all is well."""
        return "the broker is away" if self._broker.away else None

    def start(self, listener: Listener) -> None:
        """Take on the wanted partitions."""
        self._listener = listener
        self.assign(self._wanted)

    def assign(self, partitions: Collection[str]) -> None:
        """Take on further partitions, as a group of consumers would tell."""
        assert self._listener is not None
        self._after |= self._listener.assigned(dict.fromkeys(partitions, -1))

    def revoke(self, partitions: Collection[str]) -> None:
        """Give partitions up, as a group of consumers would tell."""
        assert self._listener is not None
        self._listener.revoked(partitions)
        for partition in partitions:
            self._after.pop(partition, None)

    def poll(self, max_messages: int, timeout: float) -> Sequence[Message]:
        """Return the next messages, in turn from each partition."""
        found: list[Message] = []
        if not self._broker.away:
            share = max(1, max_messages // max(1, len(self._after)))
            for partition, after in self._after.items():
                waiting = self._broker.partitions[partition][after + 1 : after + 1 + share]
                self._after[partition] = after + len(waiting)
                found += waiting
        if not found:
            self._arrival.wait(timeout)
        return found

    def seek(self, positions: Mapping[str, int]) -> None:
        """Go on after these offsets."""
        self._after |= {partition: offset for partition, offset in positions.items() if partition in self._after}

    def commit(self, positions: Mapping[str, int]) -> None:
        """Note what is stored."""
        self._broker.committed |= positions

    def dead_letter(self, letters: Sequence[DeadLetter]) -> None:
        """Keep the messages."""
        self._broker.dead += letters

    def lag(self) -> Mapping[str, int | None]:
        """Return how many messages wait."""
        if self._broker.away:
            return dict.fromkeys(self._after)
        return {name: len(self._broker.partitions[name]) - 1 - after for name, after in self._after.items()}

    def close(self) -> None:
        """Wake a poll that waits."""
        self._arrival.set()
