"""`ADWIN`: a window that grows while its mean stays, and drops its old end when it does not (layer 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch.errors import ConfigError
from driftwatch.sequential.online import OnlineDetector, require_positive

if TYPE_CHECKING:
    from driftwatch.sequential.tie_keys import HostArray

__all__ = ["ADWIN"]


class ADWIN(OnlineDetector):
    """Keeps a window of late values, and shortens it while two parts of it have means that differ significantly.

    An alarm is a shortening. The values are kept as an exponential histogram: up to
    `max_buckets` buckets each of 1, 2, 4, ... values, the oldest the largest.

    Parameters
    ----------
    delta : float
        Confidence of a cut, in (0, 1).
    clock : int
        Look for a cut after every so many values.
    max_buckets : int
        Buckets of one size.
    min_window : int
        Fewest values on each side of a cut; river's `min_window_length`.
    grace_period : int
        No cut in a window of so many values or fewer.
    restart : bool
        Begin with an empty window after an alarm, as river does: with the same settings its alarms are those of river.
        Otherwise go on with what is left of the window, as in the paper: one change then often raises several alarms.
    n_streams : int

    Raises
    ------
    ConfigError
        If a setting is out of range.

    Notes
    -----
    The bound is meant for values in [0, 1]; scale the stream so that most lie there. `delta` bounds one comparison: no
    rate of false alarms over time follows from it. Memory grows with the logarithm of the window, and is never given
    back.

    References
    ----------
    Bifet and Gavaldà (2007), "Learning from time-changing data with adaptive windowing", SDM, equation 3.1 and
    section 4.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.random.default_rng(0).random((2000, 2)) < np.where(np.arange(2000) < 1000, 0.3, 0.5)[:, None]
    >>> x[1000:, 0] = x[:1000, 0]
    >>> detector = ADWIN(n_streams=2)
    >>> alarms = detector.update(x)
    >>> [np.flatnonzero(alarms[:, i])[:1].tolist() for i in range(2)]
    [[], [1183]]
    >>> detector.mean.round(1)
    array([0.3, 0.5])
    """

    FORMAT = "driftwatch.sequential.adwin"

    def __init__(
        self,
        *,
        delta: float = 0.002,
        clock: int = 32,
        max_buckets: int = 5,
        min_window: int = 5,
        grace_period: int = 10,
        restart: bool = True,
        n_streams: int = 1,
    ) -> None:
        require_positive(delta=delta, clock=clock, min_window=min_window)
        if delta >= 1.0:
            raise ConfigError(f"`delta` must be below 1, got {delta!r}. Take 0.002.")
        if max_buckets < 2:
            raise ConfigError(f"`max_buckets` must be at least 2, got {max_buckets!r}. Take 5.")
        self.delta, self.clock, self.max_buckets = delta, clock, max_buckets
        self.min_window, self.grace_period, self.restart = min_window, grace_period, restart
        super().__init__(n_streams)

    @property
    def width(self) -> HostArray:
        """Number of values in the window, integers of shape `(n_streams,)`."""
        sizes = 1 << np.arange(self._state["n_buckets"].shape[-1])
        width: HostArray = (self._state["n_buckets"] * sizes).sum(axis=-1)
        return width

    @property
    def mean(self) -> HostArray:
        """Mean of the window, shape `(n_streams,)`; NaN where it is empty."""
        width = self.width
        total = self._state["total"].sum(axis=(-2, -1))
        return np.where(width > 0, total / np.maximum(width, 1), np.nan)

    def _initial(self) -> dict[str, HostArray]:
        # Axes: stream, size (1, 2, 4, ...), bucket from old to new. One place more than buckets: the one that overflows.
        shape = (self.n_streams, 1, self.max_buckets + 1)
        return {
            "n": np.zeros(self.n_streams, dtype=np.int64),
            "n_buckets": np.zeros(shape[:2], dtype=np.int64),
            "total": np.zeros(shape),
            "squares": np.zeros(shape),  # sum of squared differences from the mean of the bucket
        }

    def _step(self, x: HostArray, valid: HostArray) -> HostArray:
        streams = np.flatnonzero(valid)
        self._state["n"][streams] += 1
        self._append(streams, 0, x[streams], np.zeros(len(streams)))
        self._compress()
        alarm = np.zeros(self.n_streams, dtype=bool)
        due = streams[self._state["n"][streams] % self.clock == 0]
        due = due[self.width[due] > self.grace_period]
        while len(due) and len(due := due[self._has_cut(due)]):
            alarm[due] = True
            self._drop_oldest(due)
        return alarm

    def _after_alarm(self, chosen: HostArray) -> None:
        if self.restart:
            super()._after_alarm(chosen)

    def _append(self, streams: HostArray, level: int, total: HostArray, squares: HostArray) -> None:
        place = self._state["n_buckets"][streams, level]
        self._state["total"][streams, level, place] = total
        self._state["squares"][streams, level, place] = squares
        self._state["n_buckets"][streams, level] += 1

    def _compress(self) -> None:
        """Merge the two oldest buckets of every size of which there is one too many."""
        level, full = 0, np.flatnonzero(self._state["n_buckets"][:, 0] > self.max_buckets)
        while len(full):
            if level + 1 == self._state["n_buckets"].shape[-1]:
                self._grow()
            total, squares = self._state["total"], self._state["squares"]
            first, second = total[full, level, 0], total[full, level, 1]
            between = (first - second) ** 2 / (2 << level)  # (a - b)^2 / 2n for two buckets of n values
            both = squares[full, level, 0] + squares[full, level, 1] + between
            self._append(full, level + 1, first + second, both)
            for array in (total, squares):
                array[full, level, :-2] = array[full, level, 2:]
                array[full, level, -2:] = 0.0
            self._state["n_buckets"][full, level] -= 2
            level += 1
            full = full[self._state["n_buckets"][full, level] > self.max_buckets]

    def _grow(self) -> None:
        for name in ("n_buckets", "total", "squares"):
            array = self._state[name]
            self._state[name] = np.concatenate([array, np.zeros_like(array[:, :1])], axis=1)

    def _oldest_first(self, streams: HostArray) -> tuple[HostArray, HostArray, HostArray]:
        """Return sizes, totals and squares of the buckets, each `(len(streams), n_places)`; zeros where there is none."""
        n_buckets = self._state["n_buckets"][streams][:, ::-1, None]
        sizes = (1 << np.arange(n_buckets.shape[1]))[::-1, None]
        held = np.arange(self.max_buckets + 1) < n_buckets
        flat = (len(streams), -1)
        total, squares = (self._state[name][streams][:, ::-1] for name in ("total", "squares"))
        return np.where(held, sizes, 0).reshape(flat), total.reshape(flat), squares.reshape(flat)

    def _has_cut(self, streams: HostArray) -> HostArray:
        """Return whether some cut of the window parts two means by more than the bound."""
        size, total, squares = self._oldest_first(streams)
        n, mean = size.sum(axis=-1), total.sum(axis=-1) / np.maximum(size.sum(axis=-1), 1)
        own_mean = total / np.maximum(size, 1)
        variance = (squares.sum(axis=-1) + (size * (own_mean - mean[:, None]) ** 2).sum(axis=-1)) / np.maximum(n, 1)

        n_old, total_old = np.cumsum(size, axis=-1), np.cumsum(total, axis=-1)
        n_new, total_new = n[:, None] - n_old, total.sum(axis=-1, keepdims=True) - total_old
        allowed = (n_old >= self.min_window) & (n_new >= self.min_window) & (n > self.grace_period)[:, None]
        gap = np.abs(total_old / np.maximum(n_old, 1) - total_new / np.maximum(n_new, 1))
        inverse = 1.0 / np.maximum(n_old - self.min_window + 1, 1) + 1.0 / np.maximum(n_new - self.min_window + 1, 1)
        log_term = np.log(2.0 * np.log(np.maximum(n, 2)) / self.delta)[:, None]
        bound = np.sqrt(2.0 * inverse * variance[:, None] * log_term) + 2.0 / 3.0 * inverse * log_term
        found: HostArray = (allowed & (gap > bound)).any(axis=-1)
        return found

    def _drop_oldest(self, streams: HostArray) -> None:
        n_buckets = self._state["n_buckets"]
        level = n_buckets.shape[-1] - 1 - np.argmax(n_buckets[streams, ::-1] > 0, axis=-1)
        for name in ("total", "squares"):
            row = self._state[name][streams, level]
            self._state[name][streams, level] = np.concatenate([row[:, 1:], np.zeros_like(row[:, :1])], axis=-1)
        n_buckets[streams, level] -= 1

    def _settings(self) -> dict[str, Any]:
        names = ("delta", "clock", "max_buckets", "min_window", "grace_period", "restart", "n_streams")
        return {name: getattr(self, name) for name in names}
