"""Wasserstein detector for numeric features (layer 3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from driftwatch.arrays.namespace import to_host
from driftwatch.arrays.schema import FeatureKind
from driftwatch.detectors._scaled import unscaled_reasons
from driftwatch.detectors.base import BaseDetector, Score
from driftwatch.kernels.ecdf import normalize
from driftwatch.kernels.noise_floor import wasserstein_noise
from driftwatch.profile.sample import NumericSample

__all__ = ["WassersteinDetector"]


@dataclass(frozen=True)
class WassersteinDetector(BaseDetector[NumericSample]):
    """1-Wasserstein distance in the feature's unit, and relative to the reference's standard deviation.

    Thresholds: `wasserstein` cuts the distance in the feature's unit, `wasserstein_normalized` the scale-free one.
    """

    name: ClassVar[str] = "wasserstein"
    kinds: ClassVar[frozenset[FeatureKind]] = frozenset({FeatureKind.NUMERIC})
    needs: ClassVar[Literal["distances"]] = "distances"

    @property
    def measures(self) -> tuple[str, ...]:
        return ("wasserstein", "wasserstein_normalized")

    def score(self, sample: NumericSample) -> Score:
        w1 = sample.distances.w1
        std = to_host(sample.reference.std)
        normalized = to_host(normalize(w1, sample.reference.std, xp=sample.xp)).astype(np.float64)
        statistic = to_host(w1).astype(np.float64)
        noise = wasserstein_noise(statistic, sample.n_reference, sample.n_current, sample.reference.bridge)
        with np.errstate(divide="ignore", invalid="ignore"):
            excess = noise.excess / np.where(std > 0.0, std, np.nan)
        return Score(
            statistic,
            measures={"wasserstein": statistic, "wasserstein_normalized": normalized},
            details={"normalized": normalized.tolist()},
            reasons=unscaled_reasons(statistic, std),
            noise=noise,
            excess={"wasserstein": noise.excess, "wasserstein_normalized": excess},
        )
