"""Mann-Whitney detector for numeric features (layer 3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from driftwatch.arrays.namespace import to_host
from driftwatch.arrays.schema import FeatureKind
from driftwatch.detectors.base import BaseDetector, Score
from driftwatch.kernels.mann_whitney import mannwhitney_from_sums, superiority_variance
from driftwatch.kernels.noise import noise_corrected
from driftwatch.kernels.noise_ranks import mann_whitney_noise
from driftwatch.profile.sample import NumericSample

if TYPE_CHECKING:
    from driftwatch.kernels.mann_whitney import MannWhitneyMethod

__all__ = ["MannWhitneyDetector"]


@dataclass(frozen=True)
class MannWhitneyDetector(BaseDetector[NumericSample]):
    """Mann-Whitney U test: does one side tend to be larger? Blind to a change of spread around the same centre.

    `superiority` is P(current > reference) + P(equal) / 2. The effect is the size of the rank-biserial correlation,
    |2 superiority - 1|, corrected for its noise, which is known exactly, ties included. Thresholds: `mannwhitney` cuts
    |2 superiority - 1|, as U itself grows with the samples.

    Parameters
    ----------
    method : {"auto", "exact", "asymptotic"}
        How the p-value is computed, as in `driftwatch.kernels.mannwhitneyu`.
    """

    method: MannWhitneyMethod = "auto"

    name: ClassVar[str] = "mannwhitney"
    kinds: ClassVar[frozenset[FeatureKind]] = frozenset({FeatureKind.NUMERIC})
    needs: ClassVar[Literal["ordering"]] = "ordering"

    @property
    def effect_kinds(self) -> frozenset[FeatureKind]:
        return self.kinds

    def score(self, sample: NumericSample) -> Score:
        sums = sample.rank_sums
        result = mannwhitney_from_sums(sums, method=self.method, xp=sample.xp)
        superiority = to_host(result.superiority).astype(np.float64)
        rank_biserial = 2.0 * superiority - 1.0
        variance = to_host(superiority_variance(sums, xp=sample.xp)).astype(np.float64)
        effect = noise_corrected(rank_biserial, 4.0 * variance)
        statistic = to_host(result.statistic).astype(np.float64)
        return Score(
            statistic,
            pvalue=result.pvalue,
            effect=effect,
            noise=mann_whitney_noise(statistic, sample.n_reference, sample.n_current, variance),
            excess={"mannwhitney": effect},
            measures={"mannwhitney": np.abs(rank_biserial)},
            details={"superiority": superiority.tolist(), "rank_biserial": rank_biserial.tolist()},
        )
