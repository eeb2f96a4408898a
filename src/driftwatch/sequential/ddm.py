"""`DDM`: the drift detection method for error rates (layer 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch.errors import ConfigError
from driftwatch.sequential.online import OnlineDetector, require_positive

if TYPE_CHECKING:
    from driftwatch.sequential.tie_keys import HostArray

__all__ = ["DDM"]


class DDM(OnlineDetector):
    """Raises an alarm when the error rate of a model has risen significantly above its lowest.

    Each value is 1 for an error and 0 for none. With p the share of errors so far and s its standard error, the lowest
    p + s is kept; a warning where `p + s > p_min + warning_level s_min`, an alarm beyond `drift_level`. It begins anew
    after an alarm. With the same settings its alarms are those of river's `binary.DDM`.

    Parameters
    ----------
    warning_level, drift_level : float
        In standard errors of the lowest rate.
    min_samples : int
        No alarm, and no lowest rate, before so many values; river's `warm_start`.
    n_streams : int

    Attributes
    ----------
    warning_detected : array of bool, shape (n_streams,)
        Whether the last value of each stream is beyond the warning level and not an alarm.

    Raises
    ------
    ConfigError
        If a setting is out of range.

    Notes
    -----
    The levels are those of the paper, and no false-alarm rate belongs to them: the rate is compared with its own
    minimum after every value, so that false alarms come sooner or later.

    References
    ----------
    Gama, Medas, Castillo and Rodrigues (2004), "Learning with drift detection", SBIA.

    Examples
    --------
    >>> import numpy as np
    >>> errors = np.random.default_rng(0).random((1000, 2)) < np.where(np.arange(1000) < 600, 0.1, 0.3)[:, None]
    >>> errors[600:, 0] = errors[:400, 0]
    >>> alarms = DDM(n_streams=2).update(errors)
    >>> [np.flatnonzero(alarms[:, i])[:1].tolist() for i in range(2)]
    [[], [659]]
    """

    FORMAT = "driftwatch.sequential.ddm"

    def __init__(
        self,
        *,
        warning_level: float = 2.0,
        drift_level: float = 3.0,
        min_samples: int = 30,
        n_streams: int = 1,
    ) -> None:
        require_positive(warning_level=warning_level, drift_level=drift_level)
        if warning_level > drift_level:
            raise ConfigError(
                f"`warning_level` must not exceed `drift_level`, got {warning_level!r} and {drift_level!r}."
            )
        self.warning_level, self.drift_level, self.min_samples = warning_level, drift_level, min_samples
        super().__init__(n_streams)

    @property
    def warning_detected(self) -> HostArray:
        """Whether the last value of each stream left it in the warning zone."""
        return self._state["warning"]

    def _initial(self) -> dict[str, HostArray]:
        return {
            "n": np.zeros(self.n_streams, dtype=np.int64),
            "rate": np.zeros(self.n_streams),
            "lowest_rate": np.full(self.n_streams, np.inf),
            "lowest_error": np.full(self.n_streams, np.inf),
            "warning": np.zeros(self.n_streams, dtype=bool),
        }

    def _step(self, x: HostArray, valid: HostArray) -> HostArray:
        old = self._state
        n = old["n"] + 1
        rate = old["rate"] + (x - old["rate"]) / n
        error = np.sqrt(np.maximum(rate * (1.0 - rate), 0.0) / n)
        counted = valid & (n > self.min_samples)
        lower = counted & (rate + error <= old["lowest_rate"] + old["lowest_error"])
        lowest_rate = np.where(lower, rate, old["lowest_rate"])
        lowest_error = np.where(lower, error, old["lowest_error"])
        alarm: HostArray = counted & (rate + error > lowest_rate + self.drift_level * lowest_error)
        warning = counted & ~alarm & (rate + error > lowest_rate + self.warning_level * lowest_error)
        self._state = {
            "n": np.where(valid, n, old["n"]),
            "rate": np.where(valid, rate, old["rate"]),
            "lowest_rate": lowest_rate,
            "lowest_error": lowest_error,
            "warning": np.where(valid, warning, old["warning"]),
        }
        return alarm

    def _settings(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("warning_level", "drift_level", "min_samples", "n_streams")}
