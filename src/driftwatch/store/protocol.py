"""What every store can do (layer 4). Surfaces use these, so that another database is a new file and no new branch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol, Self

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from contextlib import AbstractContextManager

    from driftwatch.store.model import (
        Baseline,
        Lease,
        Letter,
        OpenWindow,
        OutboxCount,
        Position,
        Progress,
        Run,
        RunCount,
        WindowKey,
    )

__all__ = ["Settled", "Store", "Transaction"]

Settled = Literal["delivered", "dead"]


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

    def lease(self, name: str, holder: str, *, now: int, until: int) -> bool:
        """Take a lease, or renew an own one; return whether it is the holder's, False while another's is not over."""
        ...

    def release(self, name: str, holder: str) -> None:
        """Give a lease back; nothing happens where it is another holder's."""
        ...

    def note(self, space: str, name: str) -> str | None:
        """Return a small document by its name, None where there is none."""
        ...

    def notes(self, space: str) -> dict[str, str]:
        """Return the small documents of a space by name, in the order of the names."""
        ...

    def put_note(self, space: str, name: str, text: str | None) -> None:
        """Store a small document, such as the state of an alert, in the place of what was there; None removes it."""
        ...

    def enqueue(self, letter: Letter) -> bool:
        """Put a letter into the outbox; return False, and change nothing, where its id is known already."""
        ...

    def claim(self, receivers: Collection[str], *, now: int, until: int, limit: int) -> list[Letter]:
        """Return waiting letters that are due, the longest due first, and make them due again at `until`.

        Who claims has until then to send them. If it is killed, they are claimed again. The letters come as they are
        stored from now on: `attempts` counts this one, and `due` is `until`.
        """
        ...

    def settle(self, letter_id: str, *, state: Settled, now: int, error: str = "") -> None:
        """End a letter: `delivered`, or `dead` with the last error. A delivered one stays delivered."""
        ...

    def requeue(self, letter_id: str, *, now: int) -> bool:
        """Send a dead letter again, as if it was written now; return False where it is not dead."""
        ...

    def postpone(self, letter_id: str, *, due: int, error: str) -> None:
        """Send a letter that waits again at `due`."""
        ...

    def put_baseline(self, baseline: Baseline, data: bytes) -> bool:
        """Store a version of a reference; return False, and change nothing, where it is known already.

        Raises
        ------
        StoreConflictError
            If another reference has that name and version.
        """
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

    def runs(
        self,
        stream: str | None = None,
        *,
        limit: int | None = None,
        since: int | None = None,
        until: int | None = None,
        below: int | None = None,
    ) -> list[Run]:
        """Return the stored checks, newest first: those stored at or after `since` and before `until`, with an id `below`."""
        ...

    def run_counts(self) -> list[RunCount]:
        """Return the newest check of each stream that has one and how many it has, in the order of their names."""
        ...

    def report(self, run_id: int) -> str:
        """Return the report of a check (JSON)."""
        ...

    def notes(self, space: str) -> dict[str, str]:
        """Return the small documents of a space by name, in the order of the names."""
        ...

    def letters(self, state: str | None = None, *, limit: int | None = None) -> list[Letter]:
        """Return letters of the outbox, of any state or of one, newest first."""
        ...

    def outbox(self) -> list[OutboxCount]:
        """Return how many letters each receiver has in each state, without reading them."""
        ...

    def progress(self, stream: str) -> Progress:
        """Return how far a stream is; it waits for no writer, so what it says may be a moment old."""
        ...

    def leases(self) -> list[Lease]:
        """Return the leases that were taken and not given back, by name, those that are over among them."""
        ...

    def baselines(self, name: str | None = None) -> list[Baseline]:
        """Return what is said of the versions of references, of all or of one, the newest of each first."""
        ...

    def baseline(self, name: str, version: int | None = None) -> bytes:
        """Return a version of a reference as it was stored, by default the newest."""
        ...

    def prune(self, *, before: int | None = None, keep: int | None = None, stream: str | None = None) -> int:
        """Drop old checks and return how many: those stored before a time, or all but the newest of each stream.

        Of all streams, or of one.

        Letters that are delivered or dead go with them: those that ended before that time, or before the oldest check
        that is left.
        """
        ...

    def forget(self, stream: str) -> None:
        """Drop the offsets, open windows, counters and settings of a stream; its checks stay."""
        ...

    def close(self) -> None:
        """Close what is open; a later call opens it again."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc: object) -> None: ...
