"""Cramer's V detector for numeric and categorical features (layer 3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from driftwatch.detectors._binned import degenerate_reasons
from driftwatch.detectors.base import BOTH_KINDS, BaseDetector, Score
from driftwatch.kernels.association import cramers_v_from_counts
from driftwatch.profile.block import DEFAULT_BINS
from driftwatch.profile.sample import Sample

if TYPE_CHECKING:
    from driftwatch.arrays.schema import FeatureKind

__all__ = ["CramersVDetector"]


@dataclass(frozen=True)
class CramersVDetector(BaseDetector[Sample]):
    """Cramer's V between the side and the bin or category, in [0, 1]: an effect size, without a p-value.

    With the bias correction, which takes out the noise, it is the effect as well.

    Parameters
    ----------
    n_bins : int
        Number of reference quantile bins.
    bias_correction : bool
        Bergsma's correction; without it there is no effect.
    """

    n_bins: int = DEFAULT_BINS
    bias_correction: bool = True

    name: ClassVar[str] = "cramers_v"
    kinds: ClassVar[frozenset[FeatureKind]] = BOTH_KINDS
    needs: ClassVar[Literal["counts"]] = "counts"

    @property
    def effect_kinds(self) -> frozenset[FeatureKind]:
        return self.kinds if self.bias_correction else frozenset()

    def score(self, sample: Sample) -> Score:
        reference, current = sample.counts(self.n_bins)
        v = cramers_v_from_counts(reference, current, bias_correction=self.bias_correction)
        return Score(v, effect=v if self.bias_correction else None, reasons=degenerate_reasons(sample, reference))
