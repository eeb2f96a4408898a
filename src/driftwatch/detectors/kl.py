"""Kullback-Leibler detector for numeric and categorical features (layer 3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from driftwatch.detectors._binned import counts_on_host, degenerate_reasons, has_reference_bins
from driftwatch.detectors.base import BOTH_KINDS, BaseDetector, Score
from driftwatch.kernels.divergences import PSI_FLOOR, kl_from_counts
from driftwatch.kernels.noise_divergence import kullback_leibler
from driftwatch.kernels.noise_floor import divergence_noise
from driftwatch.profile.block import DEFAULT_BINS
from driftwatch.profile.sample import Sample

if TYPE_CHECKING:
    from driftwatch.arrays.schema import FeatureKind

__all__ = ["KLDetector"]


@dataclass(frozen=True)
class KLDetector(BaseDetector[Sample]):
    """KL(current || reference), natural log, on the reference's equal-mass bins, or by category. It has no p-value.

    Parameters
    ----------
    n_bins : int
        Number of reference quantile bins.
    floor : float
        Smallest share of a bin, on both sides, as for `PSIDetector`.
    """

    n_bins: int = DEFAULT_BINS
    floor: float = PSI_FLOOR

    name: ClassVar[str] = "kl"
    kinds: ClassVar[frozenset[FeatureKind]] = BOTH_KINDS
    needs: ClassVar[Literal["counts"]] = "counts"

    def score(self, sample: Sample) -> Score:
        reference, current = counts_on_host(sample, self.n_bins)
        statistic = kl_from_counts(reference, current, floor=self.floor)
        noise = divergence_noise(
            statistic, reference, current, kullback_leibler(self.floor), reference_bins=has_reference_bins(sample)
        )
        return Score(statistic, noise=noise, reasons=degenerate_reasons(sample, reference))
