"""What a source of messages is (layer 5). A broker more is a file more that has these methods."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

__all__ = ["DeadLetter", "Listener", "Message", "Source"]


@dataclass(frozen=True, slots=True)
class Message:
    """One message.

    Attributes
    ----------
    partition : str
        Messages of one partition have an order, and one reader at a time.
    offset : int
        Place in the partition; ascending, gaps are allowed.
    value : bytes, optional
        None for a message without content.
    time : int, optional
        When the broker took it, in microseconds after 1970.
    """

    partition: str
    offset: int
    value: bytes | None
    time: int | None = None


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that cannot be counted, and why."""

    message: Message
    reason: str


class Listener(Protocol):
    """What a source tells about its partitions; it may do so while it is polled."""

    def assigned(self, initial: Mapping[str, int]) -> Mapping[str, int]:
        """Take partitions on, and return the offset of each that is counted already.

        Parameters
        ----------
        initial : mapping of str to int
            The offset to begin after where a partition is new.
        """
        ...

    def revoked(self, partitions: Collection[str]) -> None:
        """Give partitions up: store what is counted of them, before somebody else reads them."""
        ...


class Source(Protocol):
    """Messages of a broker, which are read in order and can be read again.

    Attributes
    ----------
    name : str
        By which the store knows the stream, unless it is given another name.
    """

    name: str

    def start(self, listener: Listener) -> None:
        """Connect. Raises `SourceError` where that cannot be done."""
        ...

    def poll(self, max_messages: int, timeout: float) -> Sequence[Message]:
        """Return the next messages, waiting at most `timeout` seconds for the first.

        A broker that is away for a while is no error: nothing comes, and `problem` says why.
        """
        ...

    def seek(self, positions: Mapping[str, int]) -> None:
        """Go on after these offsets."""
        ...

    def commit(self, positions: Mapping[str, int]) -> None:
        """Tell the broker what is stored. Only its own tools need to know, so it may fail in silence."""
        ...

    def dead_letter(self, letters: Sequence[DeadLetter]) -> None:
        """Put messages that cannot be counted where somebody may look at them. May raise `SourceError`."""
        ...

    def lag(self) -> Mapping[str, int | None]:
        """Return how many messages of each partition wait; None where that is not known."""
        ...

    @property
    def problem(self) -> str | None:
        """Why nothing comes at the moment; None if all is well."""
        ...

    def close(self) -> None:
        """Disconnect."""
        ...
