"""Kolmogorov-Smirnov detector for numeric features (layer 3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from driftwatch.arrays.namespace import to_host
from driftwatch.arrays.schema import FeatureKind
from driftwatch.detectors.base import BaseDetector, Score
from driftwatch.kernels.kolmogorov import ks_pvalue
from driftwatch.kernels.noise_floor import ks_noise
from driftwatch.profile.sample import NumericSample

if TYPE_CHECKING:
    from driftwatch.kernels.kolmogorov import KSMethod

__all__ = ["KSDetector"]


@dataclass(frozen=True)
class KSDetector(BaseDetector[NumericSample]):
    """Two-sample Kolmogorov-Smirnov test; the effect is D corrected for the noise that D has without drift.

    Parameters
    ----------
    method : {"auto", "exact", "asymp", "limit"}
        How the p-value is computed, as in `driftwatch.kernels.ks_2samp`.
    """

    method: KSMethod = "auto"

    name: ClassVar[str] = "ks"
    kinds: ClassVar[frozenset[FeatureKind]] = frozenset({FeatureKind.NUMERIC})
    needs: ClassVar[Literal["distances"]] = "distances"

    @property
    def effect_kinds(self) -> frozenset[FeatureKind]:
        return self.kinds

    def score(self, sample: NumericSample) -> Score:
        distances = sample.distances
        statistic = np.maximum(to_host(distances.above), to_host(distances.below)).astype(np.float64)
        n, m = sample.n_reference, sample.n_current
        result = ks_pvalue(statistic, n, m, method=self.method)
        noise = ks_noise(statistic, n, m)
        how = {True: "exact", False: "limit" if self.method == "limit" else "asymptotic"}
        return Score(
            statistic,
            pvalue=result.pvalue,
            effect=noise.excess,
            details={"pvalue_method": [how[exact] for exact in result.exact.tolist()]},
            noise=noise,
        )
