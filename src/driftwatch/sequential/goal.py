"""What an alarm promises, and the threshold and the capital that follow from it (layer 4)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from driftwatch.errors import ConfigError

if TYPE_CHECKING:
    from driftwatch.sequential.tie_keys import HostArray

__all__ = ["Goal"]


@dataclass(frozen=True, slots=True)
class Goal:
    """A probability `alpha` that there is ever a false alarm, or a mean run length `arl` between false alarms.

    Parameters
    ----------
    alpha : float
    arl : float, optional
        In place of `alpha`.
    horizon : int, optional
        Number of batches in which a drift may begin; None for no end.

    Raises
    ------
    ConfigError
        If one is out of range, or both `arl` and `horizon` are given.
    """

    alpha: float
    arl: float | None = None
    horizon: int | None = None

    def __post_init__(self) -> None:
        if not 0.0 < self.alpha < 1.0:
            raise ConfigError(f"`alpha` must be between 0 and 1, got {self.alpha!r}. Take 0.05.")
        if self.arl is not None and self.horizon is not None:
            raise ConfigError("`arl` and `horizon` are two different promises. Give one of them.")
        if self.arl is not None and not 1.0 < self.arl < math.inf:
            raise ConfigError(f"`arl` must be a number of batches above 1, got {self.arl!r}. Take 1000.")
        if self.horizon is not None and self.horizon < 1:
            raise ConfigError(f"`horizon` must be a number of batches, at least 1, got {self.horizon!r}. Take 1000.")

    def threshold(self, n_features: int) -> float:
        """Return the evidence of one feature at which there is an alarm."""
        if self.arl is None:
            return n_features / self.alpha
        # E[evidence after T batches] = T, so P(one feature alarms within T) <= T / threshold (Doob). By the union over
        # features this is T / 2 arl, whatever their dependence, and the mean run length at least arl. A single
        # feature's run length is at least its threshold by optional stopping.
        return self.arl if n_features == 1 else 2.0 * n_features * self.arl

    def log_start(self, batch: HostArray) -> HostArray:
        """Return the logarithm of the capital that starts to bet with each `batch` (1, 2, ...)."""
        if self.arl is not None:
            return np.zeros(batch.shape)
        with np.errstate(divide="ignore"):
            start: HostArray = np.log(self._waiting(batch - 1) - self._waiting(batch))
        return start

    def log_waiting(self, batch: HostArray) -> HostArray:
        """Return the logarithm of the capital that has not started to bet after `batch` batches."""
        if self.arl is not None:
            return np.full(batch.shape, -math.inf)
        with np.errstate(divide="ignore"):
            waiting: HostArray = np.log(self._waiting(batch))
        return waiting

    def _waiting(self, batch: HostArray) -> HostArray:
        if self.horizon is not None:
            left: HostArray = np.maximum(self.horizon - batch, 0) / self.horizon
            return left
        late: HostArray = 1.0 / (1.0 + np.log1p(batch))  # a prior on the batch of the change that never runs out
        return late
