"""Chi-squared detector for categorical features, safe for rare levels (layer 3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from driftwatch.arrays.schema import FeatureKind
from driftwatch.detectors._binned import counts_on_host
from driftwatch.detectors._rare import RareLevels
from driftwatch.detectors.base import BaseDetector, Score
from driftwatch.kernels.homogeneity import chi2_2samp
from driftwatch.kernels.noise_floor import chi2_noise
from driftwatch.profile.block import DEFAULT_BINS
from driftwatch.profile.sample import CategoricalSample

if TYPE_CHECKING:
    from driftwatch.detectors._rare import Rare

__all__ = ["ChiSquaredDetector"]


@dataclass(frozen=True)
class ChiSquaredDetector(BaseDetector[CategoricalSample]):
    """Two-sample chi-squared test of homogeneity over the union of the levels.

    `statistic`, `dof` and `pvalue_asymptotic` are the plain test's. `pvalue`, which the verdict uses, is the same where
    all expected counts reach `min_expected` ("asymptotic"). Else it is conditional on the margins: by drawing tables
    ("permutation"), or by counting all of them where they are few ("exact"); which tables are further out than the one seen
    is decided by the sum of (observed - expected)^2 / expected^(2/3), as chi-squared itself would be the noise of the
    rarest levels. With `rare="pooled"` the rarest levels, by
    their total count, are pooled into groups that reach it; where a single group would be left, Fisher's exact test
    compares the most frequent level with the rest ("exact"). The choice depends on totals alone, so the level of the test
    holds.

    Parameters
    ----------
    min_expected : float
        Smallest expected count that the asymptotic distribution is trusted with; Cochran's rule says 5.
    rare : {"permutation", "pooled"}
        What to do below it.
    n_permutations : int
        Most tables that are drawn for a feature; some hundred are enough where nothing drifts. The p-value has no floor:
        where no drawn table is as far out, an exact test takes over. See `driftwatch.kernels.conditional`.
    seed : int
        Of the draws. A feature's draws depend on it and on the feature's name, and on no other feature.

    References
    ----------
    Cochran, W. G. (1954), "Some methods for strengthening the common chi-squared tests", Biometrics 10; Besag, J. and
    Clifford, P. (1991), "Sequential Monte Carlo p-values", Biometrika 78; Valiant, G. and Valiant, P. (2017), "An automatic
    inequality prover and instance optimal identity testing", SIAM Journal on Computing 46.
    """

    min_expected: float = 5.0
    rare: Rare = "permutation"
    n_permutations: int = 9_999
    seed: int = 0

    name: ClassVar[str] = "chi2"
    kinds: ClassVar[frozenset[FeatureKind]] = frozenset({FeatureKind.CATEGORICAL})
    needs: ClassVar[Literal["counts"]] = "counts"

    def __post_init__(self) -> None:
        self._levels()  # refuses settings that make no sense, before any data

    def _levels(self) -> RareLevels:
        return RareLevels(chi2_2samp, "sparse", self.min_expected, self.rare, self.n_permutations, self.seed)

    def score(self, sample: CategoricalSample) -> Score:
        reference, current = counts_on_host(sample, DEFAULT_BINS)
        plain = chi2_2samp(reference, current)
        safe = self._levels().pvalues(sample.names, reference, current, plain)
        return Score(
            plain.statistic,
            pvalue=np.asarray([s.pvalue for s in safe]),
            details={
                "dof": [None if np.isnan(k) else int(k) for k in plain.dof.tolist()],
                "pvalue_method": [s.method for s in safe],
                "pvalue_asymptotic": plain.pvalue.tolist(),
                "pooled_levels": [s.n_pooled for s in safe],
                "n_permutations": [s.n_drawn for s in safe],
            },
            noise=chi2_noise(plain.statistic, plain.dof),
            flags=[("low_expected_counts",) if s.method != "asymptotic" else () for s in safe],
        )
