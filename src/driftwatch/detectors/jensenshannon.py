"""Jensen-Shannon detector for numeric and categorical features (layer 3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from driftwatch.arrays.namespace import to_host
from driftwatch.detectors._binned import degenerate_reasons, has_reference_bins
from driftwatch.detectors.base import BOTH_KINDS, BaseDetector, Score
from driftwatch.kernels.divergences import jensenshannon_from_counts
from driftwatch.kernels.noise_divergence import JENSEN_SHANNON
from driftwatch.kernels.noise_floor import root_divergence_noise
from driftwatch.profile.block import DEFAULT_BINS
from driftwatch.profile.sample import Sample

if TYPE_CHECKING:
    from driftwatch.arrays.schema import FeatureKind

__all__ = ["JensenShannonDetector"]


@dataclass(frozen=True)
class JensenShannonDetector(BaseDetector[Sample]):
    """Jensen-Shannon distance, base 2, in [0, 1], on the reference's equal-mass bins, or by category.

    Parameters
    ----------
    n_bins : int
        Number of reference quantile bins.
    """

    n_bins: int = DEFAULT_BINS

    name: ClassVar[str] = "jensenshannon"
    kinds: ClassVar[frozenset[FeatureKind]] = BOTH_KINDS
    needs: ClassVar[Literal["counts"]] = "counts"

    def score(self, sample: Sample) -> Score:
        reference, current = sample.counts(self.n_bins)
        statistic = jensenshannon_from_counts(reference, current)
        noise = root_divergence_noise(
            to_host(statistic),
            to_host(reference),
            to_host(current),
            JENSEN_SHANNON,
            reference_bins=has_reference_bins(sample),
        )
        return Score(statistic, noise=noise, reasons=degenerate_reasons(sample, reference))
