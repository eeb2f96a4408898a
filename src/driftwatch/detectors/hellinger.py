"""Hellinger detector for numeric and categorical features (layer 3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from driftwatch.detectors._binned import degenerate_reasons
from driftwatch.detectors.base import BOTH_KINDS, BaseDetector, Score
from driftwatch.kernels.share_distances import hellinger_from_counts
from driftwatch.profile.profile import DEFAULT_BINS
from driftwatch.profile.sample import Sample

if TYPE_CHECKING:
    from driftwatch.arrays.schema import FeatureKind

__all__ = ["HellingerDetector"]


@dataclass(frozen=True)
class HellingerDetector(BaseDetector[Sample]):
    """Hellinger distance, in [0, 1], on the reference's equal-mass bins, or by category. A distance: it has no p-value.

    Parameters
    ----------
    n_bins : int
        Number of reference quantile bins.
    """

    n_bins: int = DEFAULT_BINS

    name: ClassVar[str] = "hellinger"
    kinds: ClassVar[frozenset[FeatureKind]] = BOTH_KINDS
    needs: ClassVar[Literal["counts"]] = "counts"

    def score(self, sample: Sample) -> Score:
        reference, current = sample.counts(self.n_bins)
        return Score(hellinger_from_counts(reference, current), reasons=degenerate_reasons(sample, reference))
