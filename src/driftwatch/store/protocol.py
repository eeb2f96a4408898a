"""What every store can do (layer 4). Surfaces use these, so that another database is a new file and no new branch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, Self

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager

    from driftwatch.store.model import OpenWindow, Position, Run, WindowKey

__all__ = ["Store", "Transaction"]


class Transaction(Protocol):
    """Changes that are stored together or not at all; nobody else writes in between."""

    def register(self, stream: str, settings: str) -> str:
        """Enter the stream with `settings` if it is new, and return the settings that it was entered with."""
        ...

    def positions(self, stream: str) -> dict[str, Position]:
        """Return how far each partition has been counted."""
        ...

    def move(self, stream: str, partition: str, position: Position, *, expected: int | None) -> None:
        """Move a partition on from the offset `expected`, None if it is new.

        Raises
        ------
        StoreConflictError
            If it stands elsewhere: what this worker counted, another one has counted as well.
        """
        ...

    def watermark(self, stream: str) -> int | None:
        """Return the time up to which the stream is complete."""
        ...

    def set_watermark(self, stream: str, watermark: int) -> None:
        """Store the time up to which the stream is complete."""
        ...

    def open_windows(self, stream: str) -> list[OpenWindow]:
        """Return the windows that have counts, in their order."""
        ...

    def window_part(self, stream: str, key: WindowKey, part: str) -> bytes | None:
        """Return the counts of one part of a window, such as those of one partition."""
        ...

    def window_parts(self, stream: str, key: WindowKey) -> list[bytes]:
        """Return the counts of every part of a window, in the order of their names."""
        ...

    def put_window_part(self, stream: str, key: WindowKey, part: str, state: bytes, *, n_rows: int) -> None:
        """Store the counts of one part in the place of what it had; `n_rows` is how many rows came to them."""
        ...

    def remove_window(self, stream: str, key: WindowKey) -> bool:
        """Drop the counts of a window; return whether there were any."""
        ...

    def add_run(self, run: Run, report: str) -> int:
        """Store a check and its report (JSON), and return the id that it has from then on."""
        ...

    def count(self, stream: str, counts: Mapping[str, int]) -> None:
        """Add to the counters of a stream."""
        ...


class Store(Protocol):
    """Durable state. Safe to use from several threads and processes."""

    def transaction(self) -> AbstractContextManager[Transaction]:
        """Begin a transaction; it is stored at the end of the block, and dropped if the block raises."""
        ...

    def streams(self) -> list[str]:
        """Return the names of the streams."""
        ...

    def counters(self, stream: str) -> dict[str, int]:
        """Return the counters of a stream by name."""
        ...

    def runs(self, stream: str | None = None, *, limit: int | None = None) -> list[Run]:
        """Return the stored checks, newest first."""
        ...

    def report(self, run_id: int) -> str:
        """Return the report of a check (JSON)."""
        ...

    def prune(self, *, before: int | None = None, keep: int | None = None) -> int:
        """Drop old checks and return how many: those stored before a time, or all but the newest of each stream."""
        ...

    def forget(self, stream: str) -> None:
        """Drop the offsets, open windows, counters and settings of a stream; its checks stay."""
        ...

    def close(self) -> None:
        """Close what is open; a later call opens it again."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc: object) -> None: ...
