"""The contract of the classic online detectors: many streams at once, one value of each at a time (layer 4)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from driftwatch.arrays.namespace import to_host
from driftwatch.errors import ConfigError, InputError
from driftwatch.sequential.state import decoded, encoded, load_state, require_format, save_state

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from driftwatch.sequential.tie_keys import HostArray

__all__ = ["OnlineDetector", "per_stream", "require_positive"]

STATE_VERSION = 1


class OnlineDetector(ABC):
    """Watches `n_streams` streams side by side. Use `CUSUM`, `EWMA`, `PageHinkley`, `ADWIN` or `DDM`.

    Streams are independent of each other: each has its own alarms, and begins anew with the value after an alarm, where
    the method does. A value that is NaN leaves its stream as it was. Neither time nor memory of an update grows with
    the number of values seen, but for `ADWIN`, whose window takes a few numbers more each time that it doubles.

    Attributes
    ----------
    n_streams : int
    drift_detected : array of bool, shape (n_streams,)
        Whether the last update raised an alarm.
    n_detections : array of integers, shape (n_streams,)
        Alarms so far.
    """

    FORMAT: ClassVar[str]

    def __init__(self, n_streams: int) -> None:
        if n_streams < 1:
            raise ConfigError(f"`n_streams` must be at least 1, got {n_streams!r}.")
        self.n_streams = n_streams
        self.drift_detected = np.zeros(n_streams, dtype=bool)
        self.n_detections = np.zeros(n_streams, dtype=np.int64)
        self._ended = np.zeros(n_streams, dtype=bool)
        self._state = self._initial()

    @abstractmethod
    def _initial(self) -> dict[str, HostArray]:
        """Return the state of every stream before its first value: arrays whose first axis is the stream."""

    @abstractmethod
    def _step(self, x: HostArray, valid: HostArray) -> HostArray:
        """Take in one value of every stream that is valid, and return where there is an alarm, shape `(n_streams,)`."""

    @abstractmethod
    def _settings(self) -> dict[str, Any]:
        """Return the arguments of the constructor, as plain data."""

    def update(self, x: Any) -> HostArray:
        """Take in one value of every stream, or several in a row.

        Parameters
        ----------
        x : array, shape (n_streams,) or (n_values, n_streams)
            Of any array library, copied to the host; a number where there is one stream.

        Returns
        -------
        array of bool, shape of `x`
            Where there is an alarm.

        Raises
        ------
        InputError
            If the shape is another.
        """
        values = np.asarray(to_host(x), dtype=np.float64)
        if values.ndim == 0 and self.n_streams == 1:
            values = values[None]
        if values.ndim not in {1, 2} or values.shape[-1] != self.n_streams:
            raise InputError(
                f"`x` must have shape ({self.n_streams},) or (n_values, {self.n_streams}), got {values.shape}. "
                "The last axis is the stream: pass `x[:, None]` for many values of one."
            )
        rows: HostArray = values.reshape(-1, self.n_streams)
        alarms = np.zeros(rows.shape, dtype=bool)
        for i, row in enumerate(rows):
            valid = ~np.isnan(row)
            if (begin := self._ended & valid).any():
                self._after_alarm(begin)
            alarms[i] = self._step(np.where(valid, row, 0.0), valid)
            self._ended |= alarms[i]
            self.n_detections += alarms[i]
        self.drift_detected = np.asarray(alarms.any(axis=0))
        return alarms.reshape(values.shape)

    def reset(self, streams: Any | None = None) -> None:
        """Forget what was seen, of all streams or of those that `streams` (indices or a mask) selects."""
        chosen = np.zeros(self.n_streams, dtype=bool)
        chosen[slice(None) if streams is None else np.asarray(streams)] = True
        self._begin(chosen)
        self.drift_detected = self.drift_detected & ~chosen
        self.n_detections[chosen] = 0

    def _after_alarm(self, chosen: HostArray) -> None:
        """Prepare the streams that raised an alarm for their next value."""
        self._begin(chosen)

    def _begin(self, chosen: HostArray) -> None:
        for name, initial in self._initial().items():
            self._state[name][chosen] = _like(initial, self._state[name])[chosen]
        self._ended &= ~chosen

    def state_dict(self) -> dict[str, Any]:
        """Return all that is needed to go on later: plain data that `json.dumps` takes."""
        return {
            "format": self.FORMAT,
            "version": STATE_VERSION,
            "settings": self._settings(),
            "shapes": {name: list(array.shape) for name, array in self._state.items()},
            "arrays": encoded(self._state | self._common()),
        }

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the state to a file, all of it or nothing: `.npz`, or `.safetensors` with that extra.

        Raises
        ------
        ArchiveError
            If the file cannot be written; an older one is as it was.
        """
        save_state(path, self.state_dict())

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Return a detector that goes on where `save` was called; as `from_state`, for a file.

        Raises
        ------
        InputError
            If the file is damaged, or its state is of another detector or version.
        """
        return cls.from_state(load_state(path))

    def _common(self) -> dict[str, HostArray]:
        return {"drift_detected": self.drift_detected, "n_detections": self.n_detections, "_ended": self._ended}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """Return a detector that goes on where `state_dict` was called, with the same results to the last bit.

        Raises
        ------
        InputError
            If the state is damaged, of another detector or of another version.
        """
        state = require_format(state, cls.FORMAT, STATE_VERSION)
        try:
            detector = cls(**state["settings"])
            kinds = {name: array.dtype.kind for name, array in detector._initial().items()}
            wanted = {name: (kind, tuple(state["shapes"][name])) for name, kind in kinds.items()}
        except (KeyError, TypeError) as error:
            raise InputError(f"the state is damaged: {type(error).__name__}: {error}. Start anew.") from error
        common = {name: (array.dtype.kind, array.shape) for name, array in detector._common().items()}
        arrays = decoded(state.get("arrays"), wanted | common)
        for name in common:
            setattr(detector, name, arrays.pop(name))
        detector._state = arrays
        return detector


def _like(initial: HostArray, grown: HostArray) -> HostArray:
    """Return the initial state padded with zeros to the shape that the state has grown to."""
    return np.pad(initial, [(0, wide - narrow) for narrow, wide in zip(initial.shape, grown.shape, strict=True)])


def per_stream(n_streams: int | None, **values: Any) -> tuple[int, list[HostArray]]:
    """Return the number of streams, and settings as arrays `(n_streams,)`: given as numbers or for each stream.

    Raises
    ------
    ConfigError
        If they do not fit together.
    """
    arrays = [np.asarray(to_host(value), dtype=np.float64) for value in values.values()]
    try:
        shape = np.broadcast_shapes(*(array.shape for array in arrays), (1 if n_streams is None else n_streams,))
    except ValueError:
        shape = ()
    if len(shape) != 1 or (n_streams is not None and shape[0] != n_streams):
        shapes = {name: array.shape for name, array in zip(values, arrays, strict=True)}
        raise ConfigError(
            f"`n_streams` and the settings of each stream must fit together, got n_streams={n_streams!r} and shapes "
            f"{shapes}. Give one number, or one for each stream."
        )
    return shape[0], [np.broadcast_to(array, shape).copy() for array in arrays]


def require_positive(**settings: float | HostArray) -> None:
    """Raise `ConfigError` for the first setting that is not above zero."""
    for name, value in settings.items():
        if not np.all(np.asarray(value) > 0.0):
            raise ConfigError(f"`{name}` must be above 0, got {np.asarray(value).tolist()!r}.")
