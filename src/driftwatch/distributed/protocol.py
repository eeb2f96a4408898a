"""What every engine does: broadcast a profile, count partitions into windows, merge these in a tree (layer 5)."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from driftwatch._checks import check_count
from driftwatch.errors import InputTypeError
from driftwatch.monitor.monitor import Monitor
from driftwatch.profile.profile import Profile
from driftwatch.profile.window import Window

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

__all__ = [
    "FAN_IN",
    "as_monitor",
    "compared_columns",
    "count_partition",
    "merge_partitions",
    "merge_windows",
    "read_profile",
    "reduce",
]

FAN_IN = 16  # parts that one task merges: 10,000 partitions are four levels
CACHED_PROFILES = 4  # of one process

T = TypeVar("T")


def count_partition(profile: Profile | bytes, batches: Iterable[Any]) -> bytes:
    """Return the counts of one partition, as bytes.

    Parameters
    ----------
    profile : Profile or bytes
        What `Profile.to_bytes` returned. A process reads the same bytes once, however many partitions it counts.
    batches : iterable of tables
        Each as for `Window.update`; none is an empty partition.

    Raises
    ------
    ArchiveError
        If the bytes are no profile.
    InputError, InputTypeError
        If a batch cannot be read as a table.

    Notes
    -----
    A task that an engine runs again, as after the death of its worker, returns the same bytes.

    Examples
    --------
    >>> import numpy as np
    >>> from driftwatch import Profile
    >>> from driftwatch.distributed import count_partition, merge_windows
    >>> rng = np.random.default_rng(0)
    >>> profile = Profile.fit({"age": rng.normal(40, 9, 2000)})
    >>> sent = profile.to_bytes()
    >>> parts = [count_partition(sent, [{"age": rng.normal(40, 9, 300)}]) for _ in range(5)]
    >>> merge_windows(profile, parts).n_rows
    1500
    """
    window = Window(read_profile(profile))
    for batch in batches:
        window.update(batch)
    return window.to_bytes()


def merge_partitions(profile: Profile | bytes, parts: Iterable[bytes]) -> bytes:
    """Return the counts of several partitions as those of one: a node of the tree.

    Raises
    ------
    ArchiveError
        If a part is no window.
    InputError
        If a part was counted on another profile.
    """
    return merge_windows(read_profile(profile), parts).to_bytes()


def merge_windows(profile: Profile, parts: Iterable[bytes]) -> Window:
    """Return the window of all parts; of none, an empty one. Only one part at a time is held besides it.

    Parameters
    ----------
    profile : Profile
        The one whose bytes the parts were counted with, or the same loaded again.
    parts : iterable of bytes
        What `count_partition` or `merge_partitions` returned, in any order.

    Raises
    ------
    ArchiveError
        If a part is no window.
    InputError
        If a part was counted on another profile.
    """
    window = Window(profile)
    for part in parts:
        window += Window.from_bytes(part, profile)
    return window


def reduce(parts: Iterable[T], merge: Callable[[Sequence[T]], T], *, fan_in: int = FAN_IN) -> T:
    """Return all parts merged in a tree: `merge` is given at most `fan_in` parts of a level, until one is left.

    With a `merge` that runs elsewhere (a delayed function, a remote task) this builds the graph of the tree. No parts
    are one call with none, and a single one is left as it is.

    Examples
    --------
    >>> reduce(range(100), lambda group: f"({len(group)})", fan_in=40)
    '(3)'
    """
    check_count("fan_in", fan_in, "an integer of at least 2", least=2)
    level = list(parts)
    if not level:
        return merge(level)
    while len(level) > 1:
        groups = [level[start : start + fan_in] for start in range(0, len(level), fan_in)]
        level = [merge(group) if len(group) > 1 else group[0] for group in groups]
    return level[0]


def as_monitor(reference: Monitor | Profile) -> Monitor:
    """Return the monitor that judges; one with default settings for a profile."""
    if isinstance(reference, Profile):
        return Monitor.from_profile(reference)
    if isinstance(reference, Monitor):
        return reference
    raise InputTypeError(
        f"`reference` must be a Profile or a Monitor, got {type(reference).__name__}. "
        "Pass Profile.load(path), or Monitor.from_profile(profile, ...) for settings of your own."
    )


def compared_columns(profile: Profile, names: Sequence[str]) -> tuple[list[str], dict[str, list[Any]]]:
    """Return the columns that workers have to read, and the others as a batch of no rows, which tells a window of them."""
    wanted = [name for name in names if name in profile.features]
    return wanted or list(names), {name: [] for name in names if name not in profile.features}


def read_profile(profile: Profile | bytes) -> Profile:
    """Return the profile of bytes, which a process reads once."""
    return profile if isinstance(profile, Profile) else _read(bytes(profile))


@lru_cache(maxsize=CACHED_PROFILES)
def _read(data: bytes) -> Profile:
    return Profile.from_bytes(data)
