"""Confidence intervals of effect sizes, for reports that were asked for them (layer 4)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from driftwatch.arrays.namespace import to_host
from driftwatch.kernels.count_intervals import psi_interval, total_variation_interval
from driftwatch.kernels.divergences import PSI_FLOOR
from driftwatch.kernels.effect_intervals import EFFECTS, intervals_of_ordered
from driftwatch.profile.block import DEFAULT_BINS
from driftwatch.profile.sample import CategoricalSample, NumericSample
from driftwatch.report.performance import Interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from driftwatch.kernels._prepare import Ordered
    from driftwatch.kernels.count_intervals import EffectInterval
    from driftwatch.profile.sample import Sample

__all__ = ["intervals_of"]


def intervals_of(sample: Sample, confidence: float) -> list[dict[str, Interval]]:
    """Return the intervals of each feature by name; none where they are not defined."""
    found: dict[str, EffectInterval] = {}
    if isinstance(sample, NumericSample):
        counts = _counts(sample)
        sides = (_values(sample.reference.ordered), _values(sample.ordered))
        with np.errstate(over="ignore", invalid="ignore"):  # what is not finite is left out
            found = intervals_of_ordered(sides[0], sides[1], counts, effects=EFFECTS, confidence=confidence)
    elif isinstance(sample, CategoricalSample):
        counts = _counts(sample)
        found = {
            "psi": psi_interval(*counts, confidence=confidence, floor=PSI_FLOOR),
            "total_variation": total_variation_interval(*counts, confidence=confidence),
        }
    return [
        {
            name: Interval(*(float(part[i]) for part in interval))
            for name, interval in found.items()
            if all(math.isfinite(part[i]) for part in interval)
        }
        for i in range(len(sample.names))
    ]


def _counts(sample: Sample) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    reference, current = sample.counts(DEFAULT_BINS)
    return to_host(reference), to_host(current)


def _values(ordered: Ordered) -> list[NDArray[np.float64]]:
    """Return the sorted values of each feature on the host, without missing ones."""
    values = to_host(ordered.values).astype(np.float64)
    n_valid = np.broadcast_to(to_host(ordered.n_valid), (len(values),))
    return [row[:n] for row, n in zip(values, n_valid.tolist(), strict=True)]
