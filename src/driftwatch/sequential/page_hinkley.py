"""`PageHinkley`: a cumulative sum against the running mean (layer 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch.errors import ConfigError
from driftwatch.sequential.cusum import one_sided, require_side
from driftwatch.sequential.online import OnlineDetector, require_positive

if TYPE_CHECKING:
    from driftwatch.sequential.tie_keys import HostArray

__all__ = ["PageHinkley"]


class PageHinkley(OnlineDetector):
    """Raises an alarm when the sum of differences from the running mean has moved too far from its extreme.

    No mean has to be known. `threshold` and `delta` are in the unit of the values, so scale the stream or the settings.
    It begins anew after an alarm. With the same settings its alarms are those of river's `PageHinkley`.

    Parameters
    ----------
    delta : float
        Change of the mean that is tolerated.
    threshold : float
        Alarm when the sum has moved by more.
    decay : float
        Weight that the sum keeps from value to value, in (0, 1]; river's `alpha`.
    side : {"both", "up", "down"}
    min_samples : int
        No alarm before so many values; river's `min_instances`.
    n_streams : int

    Raises
    ------
    ConfigError
        If a setting is out of range.

    References
    ----------
    Page (1954), "Continuous inspection schemes", Biometrika 41. Hinkley (1971), "Inference about the change-point from
    cumulative sum tests", Biometrika 58. Gama et al. (2013), "On evaluating stream learning algorithms", Machine
    Learning 90.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.random.default_rng(0).normal(size=(400, 2))
    >>> x[200:, 1] += 2.0
    >>> alarms = PageHinkley(n_streams=2).update(x)
    >>> [np.flatnonzero(alarms[:, i])[:1].tolist() for i in range(2)]
    [[], [221]]
    """

    FORMAT = "driftwatch.sequential.page_hinkley"

    def __init__(
        self,
        *,
        delta: float = 0.005,
        threshold: float = 50.0,
        decay: float = 0.9999,
        side: str = "both",
        min_samples: int = 30,
        n_streams: int = 1,
    ) -> None:
        require_positive(threshold=threshold)
        if not 0.0 < decay <= 1.0:
            raise ConfigError(f"`decay` must be above 0 and at most 1, got {decay!r}. Take 0.9999.")
        require_side(side)
        self.delta, self.threshold, self.decay = delta, threshold, decay
        self.side, self.min_samples = side, min_samples
        super().__init__(n_streams)

    def _initial(self) -> dict[str, HostArray]:
        zero = np.zeros(self.n_streams)
        return {
            "n": np.zeros(self.n_streams, dtype=np.int64),
            "mean": zero,
            "up": zero.copy(),
            "down": zero.copy(),
            "lowest": np.full(self.n_streams, np.inf),
            "highest": np.full(self.n_streams, -np.inf),
        }

    def _step(self, x: HostArray, valid: HostArray) -> HostArray:
        old = self._state
        n = old["n"] + 1
        mean = old["mean"] + (x - old["mean"]) / n
        up = self.decay * old["up"] + (x - mean - self.delta)
        down = self.decay * old["down"] + (x - mean + self.delta)
        lowest, highest = np.minimum(old["lowest"], up), np.maximum(old["highest"], down)
        new = {"n": n, "mean": mean, "up": up, "down": down, "lowest": lowest, "highest": highest}
        self._state = {name: np.where(valid, new[name], old[name]) for name in old}
        rose, fell = up - lowest > self.threshold, highest - down > self.threshold
        return valid & (n >= self.min_samples) & one_sided(rose, fell, self.side)

    def _settings(self) -> dict[str, Any]:
        names = ("delta", "threshold", "decay", "side", "min_samples", "n_streams")
        return {name: getattr(self, name) for name in names}
