"""G-test detector for numeric and categorical features, safe for rare levels (layer 3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from driftwatch.arrays.schema import FeatureKind
from driftwatch.detectors._binned import counts_on_host, degenerate_reasons, thin_reasons
from driftwatch.detectors._rare import RareLevels
from driftwatch.detectors.base import BOTH_KINDS, BaseDetector, Score
from driftwatch.kernels.homogeneity import g_test_from_counts
from driftwatch.kernels.noise_floor import chi2_noise
from driftwatch.profile.block import DEFAULT_BINS
from driftwatch.profile.sample import Sample

if TYPE_CHECKING:
    from driftwatch.detectors._rare import Rare

__all__ = ["GTestDetector"]


@dataclass(frozen=True)
class GTestDetector(BaseDetector[Sample]):
    """G-test of homogeneity, by likelihood ratio, on the reference's equal-mass bins, or by category.

    Where an expected count is below `min_expected`, categories have the p-value of `ChiSquaredDetector` with G in place
    of chi-squared; bins have none, with the reason, as for `BinnedChiSquaredDetector`.

    Parameters
    ----------
    n_bins : int
        Number of reference quantile bins.
    min_expected, rare, n_permutations, seed
        As for `ChiSquaredDetector`.
    """

    n_bins: int = DEFAULT_BINS
    min_expected: float = 5.0
    rare: Rare = "permutation"
    n_permutations: int = 9_999
    seed: int = 0

    name: ClassVar[str] = "g_test"
    kinds: ClassVar[frozenset[FeatureKind]] = BOTH_KINDS
    needs: ClassVar[Literal["counts"]] = "counts"

    def __post_init__(self) -> None:
        self._levels()  # refuses settings that make no sense, before any data

    def _levels(self) -> RareLevels:
        return RareLevels(g_test_from_counts, "g", self.min_expected, self.rare, self.n_permutations, self.seed)

    def score(self, sample: Sample) -> Score:
        reference, current = counts_on_host(sample, self.n_bins)
        plain = g_test_from_counts(reference, current)
        noise = chi2_noise(plain.statistic, plain.dof)
        dof = [None if np.isnan(k) else int(k) for k in plain.dof.tolist()]
        if sample.kind is FeatureKind.NUMERIC:
            thin = ~(plain.min_expected >= self.min_expected)
            return Score(
                plain.statistic,
                pvalue=np.where(thin, np.nan, plain.pvalue),
                noise=noise,
                details={"dof": dof},
                reasons=thin_reasons(degenerate_reasons(sample, reference), thin, self.min_expected),
            )
        safe = self._levels().pvalues(sample.names, reference, current, plain)
        return Score(
            plain.statistic,
            pvalue=np.asarray([s.pvalue for s in safe]),
            noise=noise,
            details={
                "dof": dof,
                "pvalue_method": [s.method for s in safe],
                "pvalue_asymptotic": plain.pvalue.tolist(),
                "n_permutations": [s.n_drawn for s in safe],
            },
            flags=[("low_expected_counts",) if s.method != "asymptotic" else () for s in safe],
        )
