"""Chi-squared detector for categorical features, safe for rare levels (layer 3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple

import numpy as np

from driftwatch.arrays.schema import FeatureKind
from driftwatch.detectors._binned import counts_on_host
from driftwatch.detectors.base import BaseDetector, Score
from driftwatch.kernels.contingency import fisher_exact_2x2, pool_rare_levels
from driftwatch.kernels.homogeneity import chi2_2samp
from driftwatch.kernels.noise_floor import chi2_noise
from driftwatch.profile.profile import DEFAULT_BINS
from driftwatch.profile.sample import CategoricalSample

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["ChiSquaredDetector"]


class _Safe(NamedTuple):
    """The p-value that a verdict can rely on, how it was computed, and how many levels were pooled."""

    pvalue: float
    method: str
    n_pooled: int


@dataclass(frozen=True)
class ChiSquaredDetector(BaseDetector[CategoricalSample]):
    """Two-sample chi-squared test of homogeneity over the union of the levels.

    `statistic`, `dof` and `pvalue_asymptotic` are the plain test's. `pvalue`, which the verdict uses, is the same where
    all expected counts reach `min_expected` ("asymptotic"). Else the rarest levels, by their total count, are pooled
    into groups that do ("pooled"); where a single group would be left, Fisher's exact test compares the most
    frequent level with the rest ("exact"). The choice depends on totals alone, so the level of the test holds.

    Parameters
    ----------
    min_expected : float
        Smallest expected count that the asymptotic distribution is trusted with; Cochran's rule says 5.

    References
    ----------
    Cochran, W. G. (1954), "Some methods for strengthening the common chi-squared tests", Biometrics 10.
    """

    min_expected: float = 5.0

    name: ClassVar[str] = "chi2"
    kinds: ClassVar[frozenset[FeatureKind]] = frozenset({FeatureKind.CATEGORICAL})
    needs: ClassVar[Literal["counts"]] = "counts"

    def score(self, sample: CategoricalSample) -> Score:
        reference, current = counts_on_host(sample, DEFAULT_BINS)
        plain = chi2_2samp(reference, current)
        safe = [
            _Safe(p, "asymptotic", 0) if not expected < self.min_expected else self._rare(r, c)
            for p, expected, r, c in zip(
                plain.pvalue.tolist(), plain.min_expected.tolist(), reference, current, strict=True
            )
        ]
        return Score(
            plain.statistic,
            pvalue=np.asarray([s.pvalue for s in safe]),
            details={
                "dof": [int(k) for k in plain.dof.tolist()],
                "pvalue_method": [s.method for s in safe],
                "pvalue_asymptotic": plain.pvalue.tolist(),
                "pooled_levels": [s.n_pooled for s in safe],
            },
            noise=chi2_noise(plain.statistic, plain.dof),
            flags=[("low_expected_counts",) if s.method != "asymptotic" else () for s in safe],
        )

    def _rare(self, reference: npt.NDArray[Any], current: npt.NDArray[Any]) -> _Safe:
        total = reference + current
        if np.count_nonzero(total) < 2:
            return _Safe(1.0, "asymptotic", 0)
        pooled_reference, pooled_current, n_pooled = pool_rare_levels(
            reference, current, min_expected=self.min_expected
        )
        if len(pooled_reference) >= 2:
            pvalue = chi2_2samp(pooled_reference[None, :], pooled_current[None, :]).pvalue
            return _Safe(float(pvalue[0]), "pooled", n_pooled)
        top = int(np.argmax(total))
        rest_reference, rest_current = reference.sum() - reference[top], current.sum() - current[top]
        pvalue = fisher_exact_2x2(reference[top], rest_reference, current[top], rest_current)
        return _Safe(float(np.asarray(pvalue).item()), "exact", int(np.count_nonzero(total)) - 1)
