"""Anderson-Darling detector for numeric features (layer 3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from driftwatch.arrays.namespace import to_host
from driftwatch.arrays.schema import FeatureKind
from driftwatch.detectors.base import BaseDetector, Score
from driftwatch.kernels.anderson_darling import anderson_darling_of_ordered
from driftwatch.kernels.noise import reciprocal_sum
from driftwatch.kernels.noise_ranks import anderson_darling_noise
from driftwatch.profile.sample import NumericSample

__all__ = ["AndersonDarlingDetector"]


@dataclass(frozen=True)
class AndersonDarlingDetector(BaseDetector[NumericSample]):
    """Two-sample Anderson-Darling test: as Cramer-von Mises, with more weight on the tails.

    Each squared difference of the distribution functions is taken over its variance without drift. Equal values are taken
    as `ties="mean"` of the kernel does: as scipy's statistic without them, and conservative.

    The effect is the root mean square of the differences, each over 2 sqrt(H (1 - H)) with H of both samples together,
    corrected for its noise: on the scale of the effect of `KSDetector`, between it and that of `CramerVonMisesDetector`
    for a small shift.
    """

    name: ClassVar[str] = "anderson_darling"
    kinds: ClassVar[frozenset[FeatureKind]] = frozenset({FeatureKind.NUMERIC})
    needs: ClassVar[Literal["ordering"]] = "ordering"

    @property
    def effect_kinds(self) -> frozenset[FeatureKind]:
        return self.kinds

    def score(self, sample: NumericSample) -> Score:
        result = anderson_darling_of_ordered(sample.reference.ordered, sample.ordered, ties="mean", xp=sample.xp)
        statistic = to_host(result.statistic).astype(np.float64)
        noise = anderson_darling_noise(statistic, sample.n_reference, sample.n_current)
        # A^2 is n m / (n + m) times the mean of the squares over H (1 - H), which is at most 1 / 4.
        squares = noise.excess * reciprocal_sum(sample.n_reference, sample.n_current) / 4.0
        return Score(statistic, pvalue=result.pvalue, effect=np.sqrt(np.clip(squares, 0.0, 1.0)), noise=noise)
