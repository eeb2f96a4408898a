"""Chi-squared detector on the quantile bins of numeric features (layer 3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from driftwatch.arrays.schema import FeatureKind
from driftwatch.detectors._binned import counts_on_host, degenerate_reasons, thin_reasons
from driftwatch.detectors.base import BaseDetector, Score
from driftwatch.kernels.homogeneity import chi2_2samp
from driftwatch.kernels.noise_floor import chi2_noise
from driftwatch.profile.block import DEFAULT_BINS
from driftwatch.profile.sample import Sample

__all__ = ["BinnedChiSquaredDetector"]


@dataclass(frozen=True)
class BinnedChiSquaredDetector(BaseDetector[Sample]):
    """Two-sample chi-squared test on the reference's equal-mass bins: sees a change of spread better than KS does.

    Where an expected count is below `min_expected` there is no p-value, with the reason.

    Parameters
    ----------
    n_bins : int
        Number of reference quantile bins.
    min_expected : float
        Smallest expected count that the asymptotic distribution is trusted with.
    """

    n_bins: int = DEFAULT_BINS
    min_expected: float = 5.0

    name: ClassVar[str] = "chi2_bins"
    kinds: ClassVar[frozenset[FeatureKind]] = frozenset({FeatureKind.NUMERIC})
    needs: ClassVar[Literal["counts"]] = "counts"

    def score(self, sample: Sample) -> Score:
        reference, current = counts_on_host(sample, self.n_bins)
        result = chi2_2samp(reference, current)
        thin = ~(result.min_expected >= self.min_expected)
        return Score(
            result.statistic,
            pvalue=np.where(thin, np.nan, result.pvalue),
            noise=chi2_noise(result.statistic, result.dof),
            details={"dof": [None if np.isnan(k) else int(k) for k in result.dof.tolist()]},
            reasons=thin_reasons(degenerate_reasons(sample, reference), thin, self.min_expected),
        )
