"""Files counted on a profile, with a progress bar (layer 5)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from driftwatch.errors import ArchiveError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import pyarrow as pa

    from driftwatch.cli.progress import DelayedProgress
    from driftwatch.io.batches import Batches
    from driftwatch.profile.profile import Profile
    from driftwatch.profile.window import Window

__all__ = ["WINDOW_SUFFIX", "begin_rows", "counted", "read_window", "with_progress"]

WINDOW_SUFFIX = ".dww"


def counted(profile: Profile, sources: Sequence[str], progress: DelayedProgress) -> Window:
    """Return a window of all rows of files, folders, patterns and URLs, and of window files among them."""
    from driftwatch.profile.window import Window

    windows = [source for source in sources if source.lower().endswith(WINDOW_SUFFIX)]
    data = [source for source in sources if source not in windows]
    window = Window(profile)
    for source in windows:
        window += read_window(source, profile)
    if data:
        from driftwatch.io.batches import find_batches

        batches = find_batches(data)
        begin_rows(progress, "counting", batches)
        storages = {name: feature.storage for name, feature in profile.features.items()}
        for table in with_progress(batches.tables(columns=profile.features, storages=storages), progress):
            window.update(table)
    return window


def read_window(source: str, profile: Profile) -> Window:
    """Return the window in a file."""
    from driftwatch.profile.window import Window

    data = Path(source).read_bytes()
    try:
        return Window.from_bytes(data, profile)
    except ArchiveError as error:
        raise ArchiveError(f"{source!r} is not a window of this profile: {error}") from error


def begin_rows(progress: DelayedProgress, phase: str, batches: Batches) -> None:
    """Begin a phase over rows; they are counted ahead only where somebody looks."""
    progress.phase(phase, total=batches.n_rows() if progress.enabled else None, unit="rows")


def with_progress(tables: Iterable[pa.Table], progress: DelayedProgress) -> Iterator[pa.Table]:
    """Yield tables, and count their rows as done once the next one is asked for."""
    for table in tables:
        yield table
        progress.advance(table.num_rows)
