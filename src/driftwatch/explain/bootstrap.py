"""The bootstrap of rows: counts of how often each was drawn, and means by them (layer 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch._checks import check_count, is_amount
from driftwatch.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

__all__ = ["bootstrap_means", "check_bootstrap", "drawn_counts", "percentiles"]

BLOCK = 2_000_000  # counts in memory at a time


def check_bootstrap(level: Any, n_resamples: Any) -> None:
    """Raise `ConfigError` unless a level lies between 0 and 1, and there are resamples enough for a percentile."""
    if not is_amount(level) or not 0.0 < level < 1.0:
        raise ConfigError(f"`level` must be a number between 0 and 1, got {level!r}. 0.95 is usual.")
    check_count("n_resamples", n_resamples, "an integer of at least 10", least=10)


def drawn_counts(n: int, n_resamples: int, rng: np.random.Generator) -> Iterator[NDArray[np.float64]]:
    """Yield how often each of n rows is drawn in each resample, in blocks of shape `(b, n)`.

    The draws are those of `rng.integers(n, size=n)`, one resample after the other.
    """
    at_once = max(1, BLOCK // n)
    for first in range(0, n_resamples, at_once):
        b = min(at_once, n_resamples - first)
        drawn = rng.integers(n, size=(b, n)) + n * np.arange(b)[:, None]
        yield np.bincount(drawn.ravel(), minlength=b * n).reshape(b, n).astype(np.float64)


def bootstrap_means(values: NDArray[np.float64], n_resamples: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return the mean of each column in each resample of the rows, shape `(n_resamples, p)`.

    Parameters
    ----------
    values : array, shape (n, p)
    n_resamples : int
    rng : Generator

    Examples
    --------
    >>> import numpy as np
    >>> bootstrap_means(np.full((5, 2), 3.0), 4, np.random.default_rng(0)).tolist()
    [[3.0, 3.0], [3.0, 3.0], [3.0, 3.0], [3.0, 3.0]]
    """
    n = len(values)
    return np.concatenate([counts @ values / n for counts in drawn_counts(n, n_resamples, rng)])


def percentiles(resampled: NDArray[np.float64], level: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return both ends of the percentile interval of each column, shape `(p,)`."""
    low, high = np.quantile(resampled, [(1.0 - level) / 2.0, (1.0 + level) / 2.0], axis=0)
    return low, high
