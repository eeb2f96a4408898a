"""Hellinger detector for numeric and categorical features (layer 3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from driftwatch.detectors._binned import counts_on_host, degenerate_reasons, has_reference_bins
from driftwatch.detectors.base import BOTH_KINDS, BaseDetector, Score
from driftwatch.kernels.noise_divergence import HELLINGER
from driftwatch.kernels.noise_floor import root_divergence_noise
from driftwatch.kernels.share_distances import hellinger_from_counts
from driftwatch.profile.block import DEFAULT_BINS
from driftwatch.profile.sample import Sample

if TYPE_CHECKING:
    from driftwatch.arrays.schema import FeatureKind

__all__ = ["HellingerDetector"]


@dataclass(frozen=True)
class HellingerDetector(BaseDetector[Sample]):
    """Hellinger distance, in [0, 1], on the reference's equal-mass bins, or by category. A distance: it has no p-value.

    Its noise-corrected value is the effect: at most sqrt(TV), and about 0.7 TV where every share moves by the same part.

    Parameters
    ----------
    n_bins : int
        Number of reference quantile bins.
    """

    n_bins: int = DEFAULT_BINS

    name: ClassVar[str] = "hellinger"
    kinds: ClassVar[frozenset[FeatureKind]] = BOTH_KINDS
    needs: ClassVar[Literal["counts"]] = "counts"

    @property
    def effect_kinds(self) -> frozenset[FeatureKind]:
        return self.kinds

    def score(self, sample: Sample) -> Score:
        reference, current = counts_on_host(sample, self.n_bins)
        statistic = hellinger_from_counts(reference, current)
        noise = root_divergence_noise(
            statistic, reference, current, HELLINGER, reference_bins=has_reference_bins(sample)
        )
        return Score(statistic, effect=noise.excess, noise=noise, reasons=degenerate_reasons(sample, reference))
