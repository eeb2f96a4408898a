"""Missing-share detector: a feature that goes from 0 to 60 % missing has drifted, whatever its values do (layer 3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from driftwatch.detectors.base import BOTH_KINDS, BaseDetector, Score
from driftwatch.kernels.contingency import fisher_exact_2x2
from driftwatch.kernels.homogeneity import chi2_2samp
from driftwatch.kernels.noise_floor import chi2_noise, cohens_h_excess
from driftwatch.profile.sample import Sample

if TYPE_CHECKING:
    from driftwatch.arrays.schema import FeatureKind

__all__ = ["MATERIAL_COHENS_H", "MissingShareDetector"]

MATERIAL_COHENS_H = 0.2  # Cohen (1988): a small effect
MIN_EXPECTED = 5.0  # below, the 2x2 table is tested exactly


@dataclass(frozen=True)
class MissingShareDetector(BaseDetector[Sample]):
    """Test of equal missing shares, 2x2; the effect is their difference, and Cohen's h is what a threshold cuts.

    The p-value is NaN where nothing is missing on either side: such features stay out of the report's family.

    References
    ----------
    Cohen, J. (1988), "Statistical Power Analysis for the Behavioral Sciences", chapter 6.
    """

    name: ClassVar[str] = "missing"
    kinds: ClassVar[frozenset[FeatureKind]] = BOTH_KINDS
    needs: ClassVar[Literal["counts"]] = "counts"

    @property
    def effect_kinds(self) -> frozenset[FeatureKind]:
        return self.kinds

    def score(self, sample: Sample) -> Score:
        missing_reference, missing_current = sample.missing_reference, sample.missing_current
        reference = np.stack([missing_reference, sample.n_reference], axis=-1)
        current = np.stack([missing_current, sample.n_current], axis=-1)
        plain = chi2_2samp(reference, current)
        affected = missing_reference + missing_current > 0
        thin = affected & (plain.min_expected < MIN_EXPECTED)
        pvalue = np.where(affected, plain.pvalue, np.nan)
        if thin.any():
            pvalue[thin] = fisher_exact_2x2(
                missing_reference[thin], sample.n_reference[thin], missing_current[thin], sample.n_current[thin]
            )

        shares = [side[:, 0] / np.maximum(side.sum(axis=-1), 1) for side in (reference, current)]
        h = np.abs(2.0 * np.arcsin(np.sqrt(shares[1])) - 2.0 * np.arcsin(np.sqrt(shares[0])))
        return Score(
            plain.statistic,
            pvalue=pvalue,
            effect=np.abs(shares[1] - shares[0]),
            measures={"missing": h},
            noise=chi2_noise(plain.statistic, plain.dof),
            excess={"missing": cohens_h_excess(h, reference.sum(axis=-1), current.sum(axis=-1))},
            details={
                "share_reference": shares[0].tolist(),
                "share_current": shares[1].tolist(),
                "cohens_h": h.tolist(),
                "pvalue_method": ["exact" if flag else "asymptotic" for flag in thin.tolist()],
            },
        )
