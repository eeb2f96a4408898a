"""Streams with sudden and slow changes, which the detectors and their oracles are run on."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["N_STREAMS", "SETTINGS", "errors", "numbers"]

N_STREAMS = 6
# By detector: settings under river's names.
SETTINGS: dict[str, list[dict[str, Any]]] = {
    "PageHinkley": [
        {},
        {"threshold": 15.0, "delta": 0.1, "alpha": 0.995, "min_instances": 10},
        {"threshold": 10.0, "mode": "up"},
        {"threshold": 10.0, "mode": "down"},
    ],
    "ADWIN": [
        {},
        {"delta": 0.2, "clock": 8},
        {"delta": 0.05, "clock": 1, "max_buckets": 3, "min_window_length": 20, "grace_period": 50},
    ],
    "DDM": [{}, {"warm_start": 100, "warning_threshold": 1.0, "drift_threshold": 2.0}],
}


def numbers(n: int = 3000) -> np.ndarray[Any, Any]:
    """Return streams of numbers, most between 0 and 1, shape `(n, N_STREAMS)`: the first does not change."""
    rng = np.random.default_rng(20)
    time = np.arange(n) / n
    level = np.stack(
        [
            np.zeros(n),
            0.3 * (time > 0.4),
            -0.2 * (time > 0.6),
            0.5 * time,
            0.25 * np.sin(12 * time),
            0.5 * ((time > 0.3) & (time < 0.7)),
        ],
        axis=-1,
    )
    return 0.5 + level + 0.15 * rng.standard_normal((n, N_STREAMS))


def errors(n: int = 3000) -> np.ndarray[Any, Any]:
    """Return streams of 0 and 1 of changing rates, shape `(n, N_STREAMS)`."""
    rng = np.random.default_rng(21)
    time = np.arange(n)[:, None] / n
    start, end = np.asarray([0.1, 0.1, 0.2, 0.05, 0.3, 0.4]), np.asarray([0.1, 0.3, 0.15, 0.5, 0.6, 0.2])
    return (rng.random((n, N_STREAMS)) < np.where(time < 0.5, start, end)).astype(np.float64)
