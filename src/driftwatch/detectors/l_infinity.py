"""L-infinity detector for numeric and categorical features (layer 3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from driftwatch.detectors._binned import counts_on_host, degenerate_reasons
from driftwatch.detectors.base import BOTH_KINDS, BaseDetector, Score
from driftwatch.kernels.noise_l_infinity import l_infinity_noise
from driftwatch.kernels.share_distances import l_infinity_from_counts
from driftwatch.profile.block import DEFAULT_BINS
from driftwatch.profile.sample import Sample

if TYPE_CHECKING:
    from driftwatch.arrays.schema import FeatureKind

__all__ = ["LInfinityDetector"]


@dataclass(frozen=True)
class LInfinityDetector(BaseDetector[Sample]):
    """Largest difference of the share of a bin or a category, in [0, 1]. A distance: it has no p-value.

    Parameters
    ----------
    n_bins : int
        Number of reference quantile bins.
    """

    n_bins: int = DEFAULT_BINS

    name: ClassVar[str] = "l_infinity"
    kinds: ClassVar[frozenset[FeatureKind]] = BOTH_KINDS
    needs: ClassVar[Literal["counts"]] = "counts"

    def score(self, sample: Sample) -> Score:
        reference, current = counts_on_host(sample, self.n_bins)
        statistic = l_infinity_from_counts(reference, current)
        noise = l_infinity_noise(statistic, reference, current)
        return Score(statistic, noise=noise, reasons=degenerate_reasons(sample, reference))
