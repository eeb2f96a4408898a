"""`EWMA`: the control chart of the exponentially weighted moving average (layer 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch.errors import ConfigError
from driftwatch.sequential.cusum import one_sided, require_side
from driftwatch.sequential.online import OnlineDetector, per_stream, require_positive

if TYPE_CHECKING:
    from driftwatch.sequential.tie_keys import HostArray

__all__ = ["EWMA"]


class EWMA(OnlineDetector):
    """Raises an alarm when a moving average, late values weighing more, leaves its control limits.

    `average = (1 - weight) average + weight z`, with z the value in standard deviations from the mean; an alarm where
    it is farther from 0 than `limit` of its own standard deviations. It begins at 0, again after an alarm.

    Parameters
    ----------
    mean, std : float or array, shape (n_streams,)
        Of values without drift, known or from a reference of some thousand: an error in the mean is a drift.
    weight : float
        Of the newest value, in (0, 1]: a smaller one sees smaller shifts, later.
    limit : float
        Control limits in standard deviations of the average. 2.962 with a weight of 0.2 gives an alarm without drift
        every 500 normal independent values on average; so do 2.814 with 0.1 and 2.615 with 0.05.
    side : {"both", "up", "down"}
    steady : bool
        Use the standard deviation that the average has in the long run from the start on, as the published run
        lengths do; otherwise that of so few values, which sees drift from the start sooner.
    n_streams : int, optional
        By default as many as `mean` and `std` are given for.

    Raises
    ------
    ConfigError
        If a setting is out of range.

    References
    ----------
    Roberts (1959), "Control chart tests based on geometric moving averages", Technometrics 1. Lucas and Saccucci
    (1990), "Exponentially weighted moving average control schemes", Technometrics 32.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.random.default_rng(0).normal(size=(200, 2))
    >>> x[100:, 1] += 2.0
    >>> alarms = EWMA(mean=0.0, std=1.0, n_streams=2, limit=3.5).update(x)
    >>> [np.flatnonzero(alarms[:, i])[:1].tolist() for i in range(2)]
    [[], [104]]
    """

    FORMAT = "driftwatch.sequential.ewma"

    def __init__(
        self,
        mean: Any,
        std: Any,
        *,
        weight: float = 0.2,
        limit: float = 2.962,
        side: str = "both",
        steady: bool = False,
        n_streams: int | None = None,
    ) -> None:
        n_streams, (self.mean, self.std) = per_stream(n_streams, mean=mean, std=std)
        require_positive(std=self.std, limit=limit)
        if not 0.0 < weight <= 1.0:
            raise ConfigError(f"`weight` must be above 0 and at most 1, got {weight!r}. Take 0.2.")
        require_side(side)
        self.weight, self.limit, self.side, self.steady = weight, limit, side, steady
        super().__init__(n_streams)

    @property
    def average(self) -> HostArray:
        """The moving average, in standard deviations of a value from the mean."""
        return self._state["average"]

    def _initial(self) -> dict[str, HostArray]:
        # `left` is (1 - weight)^(2 n): what is missing from the variance of the long run after n values.
        return {"average": np.zeros(self.n_streams), "left": np.ones(self.n_streams)}

    def _step(self, x: HostArray, valid: HostArray) -> HostArray:
        z = (x - self.mean) / self.std
        average = np.where(valid, (1.0 - self.weight) * self.average + self.weight * z, self.average)
        left = np.where(valid, self._state["left"] * (1.0 - self.weight) ** 2, self._state["left"])
        self._state |= {"average": average, "left": left}
        variance = self.weight / (2.0 - self.weight) * (1.0 if self.steady else 1.0 - left)
        bound = self.limit * np.sqrt(variance)
        return valid & one_sided(average > bound, average < -bound, self.side)

    def _settings(self) -> dict[str, Any]:
        return {
            "mean": self.mean.tolist(),
            "std": self.std.tolist(),
            "weight": self.weight,
            "limit": self.limit,
            "side": self.side,
            "steady": self.steady,
            "n_streams": self.n_streams,
        }
