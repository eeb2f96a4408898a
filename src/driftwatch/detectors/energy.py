"""Energy distance detector for numeric features (layer 3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from driftwatch.arrays.namespace import to_host
from driftwatch.arrays.schema import FeatureKind
from driftwatch.detectors._scaled import unscaled_reasons
from driftwatch.detectors.base import BaseDetector, Score
from driftwatch.kernels.ecdf import normalize
from driftwatch.kernels.noise_energy import energy_noise
from driftwatch.profile.sample import NumericSample

__all__ = ["EnergyDistanceDetector"]


@dataclass(frozen=True)
class EnergyDistanceDetector(BaseDetector[NumericSample]):
    """Energy distance in the square root of the feature's unit, and relative to the reference's standard deviation.

    A distance: it has no p-value. Thresholds: `energy` cuts the distance itself, `energy_normalized` the one without a
    unit, sqrt(E^2 / std).
    """

    name: ClassVar[str] = "energy"
    kinds: ClassVar[frozenset[FeatureKind]] = frozenset({FeatureKind.NUMERIC})
    needs: ClassVar[Literal["ordering"]] = "ordering"

    @property
    def measures(self) -> tuple[str, ...]:
        return ("energy", "energy_normalized")

    def score(self, sample: NumericSample) -> Score:
        squared = 2.0 * sample.squared_distance
        statistic = np.sqrt(to_host(squared).astype(np.float64))
        scaled = to_host(normalize(squared, sample.reference.std, xp=sample.xp)).astype(np.float64)
        normalized = np.sqrt(scaled)
        std = to_host(sample.reference.std).astype(np.float64)
        noise = energy_noise(statistic, sample.n_reference, sample.n_current, sample.reference.squared_bridge)
        with np.errstate(divide="ignore", invalid="ignore"):
            excess = noise.excess / np.sqrt(np.where(std > 0.0, std, np.nan))
        return Score(
            statistic,
            measures={"energy": statistic, "energy_normalized": normalized},
            details={"normalized": normalized.tolist()},
            reasons=unscaled_reasons(statistic, std),
            noise=noise,
            excess={"energy": noise.excess, "energy_normalized": excess},
        )
