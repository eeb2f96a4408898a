"""Current data as counts on a frozen reference: counted anywhere, added in any order (layer 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from driftwatch.arrays.table import read_table
from driftwatch.errors import InputError
from driftwatch.profile import archive
from driftwatch.profile.counted import count, merge, nothing
from driftwatch.profile.window_file import FORMATS, counts_of, window_archive

if TYPE_CHECKING:
    from driftwatch.profile.counted import WindowCounts
    from driftwatch.profile.profile import Profile

__all__ = ["Window"]


class Window:
    """Counts of current data on the frozen points and levels of a profile. No row is kept.

    Windows of one profile add: `a + b` is the window of the rows of both, to the last byte, in whatever order and however
    the rows were split.

    Parameters
    ----------
    profile : Profile
        Fitted or loaded. A window can be added to, and checked against, windows and monitors of the same profile, or of a
        later reference on the same points.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> from driftwatch import Profile
    >>> profile = Profile.fit({"age": rng.normal(40, 9, 2000)})
    >>> first, second = Window(profile), Window(profile)
    >>> _ = first.update({"age": rng.normal(40, 9, 300)})
    >>> _ = second.update({"age": rng.normal(40, 9, 200)})
    >>> (first + second).n_rows
    500
    """

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self.counts = nothing(profile)

    @property
    def n_rows(self) -> int:
        """Rows that were counted."""
        return self.counts.n_rows

    def update(self, batch: Any) -> Self:
        """Count the rows of a batch, and return the window.

        Parameters
        ----------
        batch : anything that a reference can be
            Shape `(n_samples, n_features)`; columns are matched by name. Arrays on a device are sorted there, and only
            counts come to the host. A column that is absent, or cannot be read, costs its own feature only.

        Raises
        ------
        InputError, InputTypeError
            If the batch cannot be read as a table. The window is then what it was.

        Notes
        -----
        O(n log n + k log n) per feature with k points: batches of thousands of rows cost least per row.
        """
        self.counts = merge(self.counts, count(self.profile, read_table(batch, role="batch", min_rows=0)), self.profile)
        return self

    def counts_on(self, profile: Profile) -> WindowCounts:
        """Return what was counted, if it was counted on the points and levels of this profile.

        Raises
        ------
        InputError
            If it was not.
        """
        if profile is not self.profile:
            _check_frame(profile, self.profile.summary.frame)
        return self.counts

    def reset(self) -> None:
        """Forget everything that was counted."""
        self.counts = nothing(self.profile)

    def __add__(self, other: Window) -> Window:
        if not isinstance(other, Window):
            return NotImplemented
        both = Window(self.profile)
        both.counts = merge(self.counts, other.counts_on(self.profile), self.profile)
        return both

    def __repr__(self) -> str:
        return f"Window({self.n_rows:,} rows, {len(self.profile.features)} features)"

    def to_bytes(self) -> bytes:
        """Return the window as bytes: the same for the same rows, however they came in."""
        return archive.to_bytes(window_archive(self.counts, self.profile.summary.frame))

    @classmethod
    def from_bytes(cls, data: bytes, profile: Profile) -> Self:
        """Return the window that `to_bytes` wrote.

        Raises
        ------
        ArchiveError
            If the bytes are no window, or were altered.
        InputError
            If the window was counted on another profile.
        """
        read = archive.from_bytes(data, kind="window", formats=FORMATS)
        _check_frame(profile, read.header.get("frame"))
        window = cls(profile)
        window.counts = counts_of(read, window.counts)
        return window


def _check_frame(profile: Profile, frame: object) -> None:
    if frame != profile.summary.frame:
        raise InputError(
            "a window adds to windows of the same profile, and this one was counted on another. Count it again with the "
            "profile at hand, or load the profile that it was counted with."
        )
