"""`CUSUM`: the cumulative sum chart (layer 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch.errors import ConfigError
from driftwatch.sequential.online import OnlineDetector, per_stream, require_positive

if TYPE_CHECKING:
    from driftwatch.sequential.tie_keys import HostArray

__all__ = ["CUSUM", "SIDES"]

SIDES = ("both", "up", "down")


class CUSUM(OnlineDetector):
    """Sums up how far values lie from their mean, beyond an allowance, and raises an alarm when a sum grows too large.

    With z the value in standard deviations from the mean, `upper = max(0, upper + z - k)` and
    `lower = max(0, lower - z - k)`; an alarm where one exceeds h. Both begin at 0, again after an alarm.

    Parameters
    ----------
    mean, std : float or array, shape (n_streams,)
        Of values without drift, known or from a reference of some thousand: an error in the mean is a drift.
    k : float
        Allowance in standard deviations: half the shift that is to be seen soonest.
    h : float
        Threshold in standard deviations. With k = 0.5 and normal independent values, 4 and 5 give an alarm without
        drift every 168 and 465 values on average.
    side : {"both", "up", "down"}
    n_streams : int, optional
        By default as many as `mean` and `std` are given for.

    Raises
    ------
    ConfigError
        If a setting is out of range.

    References
    ----------
    Page (1954), "Continuous inspection schemes", Biometrika 41. Montgomery, *Introduction to Statistical Quality
    Control*, 9.1.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.random.default_rng(0).normal(size=(200, 2))
    >>> x[100:, 1] += 2.0
    >>> alarms = CUSUM(mean=0.0, std=1.0, n_streams=2, h=8.0).update(x)
    >>> [np.flatnonzero(alarms[:, i])[:1].tolist() for i in range(2)]
    [[], [105]]
    """

    FORMAT = "driftwatch.sequential.cusum"

    def __init__(
        self,
        mean: Any,
        std: Any,
        *,
        k: float = 0.5,
        h: float = 5.0,
        side: str = "both",
        n_streams: int | None = None,
    ) -> None:
        n_streams, (self.mean, self.std) = per_stream(n_streams, mean=mean, std=std)
        require_positive(std=self.std, h=h)
        if k < 0.0:
            raise ConfigError(f"`k` must not be negative, got {k!r}.")
        require_side(side)
        self.k, self.h, self.side = k, h, side
        super().__init__(n_streams)

    @property
    def upper(self) -> HostArray:
        """Sum of the values above the mean, in standard deviations."""
        return self._state["upper"]

    @property
    def lower(self) -> HostArray:
        """Sum of the values below the mean, in standard deviations."""
        return self._state["lower"]

    def _initial(self) -> dict[str, HostArray]:
        return {"upper": np.zeros(self.n_streams), "lower": np.zeros(self.n_streams)}

    def _step(self, x: HostArray, valid: HostArray) -> HostArray:
        z = (x - self.mean) / self.std
        upper = np.maximum(self.upper + z - self.k, 0.0)
        lower = np.maximum(self.lower - z - self.k, 0.0)
        self._state["upper"] = np.where(valid, upper, self.upper)
        self._state["lower"] = np.where(valid, lower, self.lower)
        return valid & one_sided(upper > self.h, lower > self.h, self.side)

    def _settings(self) -> dict[str, Any]:
        return {
            "mean": self.mean.tolist(),
            "std": self.std.tolist(),
            "k": self.k,
            "h": self.h,
            "side": self.side,
            "n_streams": self.n_streams,
        }


def require_side(side: str) -> None:
    """Raise `ConfigError` unless the side is known."""
    if side not in SIDES:
        raise ConfigError(f"`side` must be one of {', '.join(SIDES)}, got {side!r}.")


def one_sided(up: HostArray, down: HostArray, side: str) -> HostArray:
    """Return the alarms of the sides that are watched."""
    return up | down if side == "both" else up if side == "up" else down
