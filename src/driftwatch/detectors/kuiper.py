"""Kuiper detector for numeric features (layer 3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from driftwatch.arrays.namespace import to_host
from driftwatch.arrays.schema import FeatureKind
from driftwatch.detectors.base import BaseDetector, Score
from driftwatch.kernels.kuiper_distance import kuiper_pvalue
from driftwatch.kernels.noise_ranks import kuiper_noise
from driftwatch.profile.sample import NumericSample

__all__ = ["KuiperDetector"]


@dataclass(frozen=True)
class KuiperDetector(BaseDetector[NumericSample]):
    """Two-sample Kuiper test, V = D+ + D-: sees a change of spread, and data on a circle such as hours or angles.

    The effect is V corrected for the noise that it has without drift: D of `KSDetector` for a shift, up to twice that
    where the spread changed.
    """

    name: ClassVar[str] = "kuiper"
    kinds: ClassVar[frozenset[FeatureKind]] = frozenset({FeatureKind.NUMERIC})
    needs: ClassVar[Literal["distances"]] = "distances"

    @property
    def effect_kinds(self) -> frozenset[FeatureKind]:
        return self.kinds

    def score(self, sample: NumericSample) -> Score:
        distances = sample.distances
        statistic = to_host(distances.above).astype(np.float64) + to_host(distances.below).astype(np.float64)
        n, m = sample.n_reference.astype(np.float64), sample.n_current.astype(np.float64)
        noise = kuiper_noise(statistic, n, m)
        return Score(statistic, pvalue=kuiper_pvalue(statistic, n, m, xp=np), effect=noise.excess, noise=noise)
