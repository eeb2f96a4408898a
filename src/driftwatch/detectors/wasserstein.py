"""Wasserstein detector for numeric features (layer 3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from driftwatch.arrays.namespace import to_host
from driftwatch.arrays.schema import FeatureKind
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
    needs: ClassVar[Literal["ordering"]] = "ordering"

    @property
    def measures(self) -> tuple[str, ...]:
        return ("wasserstein", "wasserstein_normalized")

    def score(self, sample: NumericSample) -> Score:
        w1 = sample.distances.w1
        std = to_host(sample.reference.std)
        normalized = to_host(normalize(w1, sample.reference.std, xp=sample.xp)).astype(np.float64)
        statistic = to_host(w1).astype(np.float64)
        reasons: list[str | None] = []
        for distance, spread in zip(statistic.tolist(), std.tolist(), strict=True):
            if not np.isfinite(distance):
                reasons.append("not finite: the data hold infinite or huge values")
            elif spread == 0.0:
                reasons.append("normalized is not defined: the reference is constant")
            else:
                reasons.append(None if np.isfinite(spread) else "normalized is not defined: infinite values")
        noise = wasserstein_noise(statistic, sample.n_reference, sample.n_current, sample.reference.bridge)
        with np.errstate(divide="ignore", invalid="ignore"):
            excess = noise.excess / np.where(std > 0.0, std, np.nan)
        return Score(
            statistic,
            measures={"wasserstein": statistic, "wasserstein_normalized": normalized},
            details={"normalized": normalized.tolist()},
            reasons=reasons,
            noise=noise,
            excess={"wasserstein": noise.excess, "wasserstein_normalized": excess},
        )
