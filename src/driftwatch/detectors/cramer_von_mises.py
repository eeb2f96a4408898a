"""Cramer-von Mises detector for numeric features (layer 3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from driftwatch.arrays.namespace import to_host
from driftwatch.arrays.schema import FeatureKind
from driftwatch.detectors.base import BaseDetector, Score
from driftwatch.kernels.cramer_von_mises import cramervonmises_from_sums
from driftwatch.kernels.noise import reciprocal_sum
from driftwatch.kernels.noise_ranks import cramervonmises_noise
from driftwatch.profile.sample import NumericSample

if TYPE_CHECKING:
    from driftwatch.kernels.cramer_von_mises import CramerVonMisesMethod

__all__ = ["CramerVonMisesDetector"]


@dataclass(frozen=True)
class CramerVonMisesDetector(BaseDetector[NumericSample]):
    """Two-sample Cramer-von Mises test: all differences of the distribution functions, where KS takes the largest.

    Equal values are taken as `ties="mean"` of the kernel does: as scipy's statistic without them, and conservative.

    The effect is their root mean square over both samples, corrected for the noise that it has without drift: on the
    scale of the effect of `KSDetector`, and hardly ever above it.

    Parameters
    ----------
    method : {"auto", "exact", "asymptotic"}
        How the p-value is computed, as in `driftwatch.kernels.cramervonmises_2samp`.
    """

    method: CramerVonMisesMethod = "auto"

    name: ClassVar[str] = "cramervonmises"
    kinds: ClassVar[frozenset[FeatureKind]] = frozenset({FeatureKind.NUMERIC})
    needs: ClassVar[Literal["ordering"]] = "ordering"

    @property
    def effect_kinds(self) -> frozenset[FeatureKind]:
        return self.kinds

    def score(self, sample: NumericSample) -> Score:
        result = cramervonmises_from_sums(sample.rank_sums, method=self.method, ties="mean", xp=sample.xp)
        statistic = to_host(result.statistic).astype(np.float64)
        noise = cramervonmises_noise(statistic, sample.n_reference, sample.n_current)
        # T is n m / (n + m) times the mean square difference.
        squares = noise.excess * reciprocal_sum(sample.n_reference, sample.n_current)
        return Score(statistic, pvalue=result.pvalue, effect=np.sqrt(np.clip(squares, 0.0, 1.0)), noise=noise)
