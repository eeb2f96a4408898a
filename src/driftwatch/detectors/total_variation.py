"""Total variation detector: the effect size of categorical features (layer 3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from driftwatch.arrays.namespace import to_host
from driftwatch.arrays.schema import FeatureKind
from driftwatch.detectors._binned import counts_on_host, degenerate_reasons
from driftwatch.detectors.base import BOTH_KINDS, BaseDetector, Score
from driftwatch.kernels.noise_floor import total_variation_noise
from driftwatch.kernels.share_distances import total_variation_from_counts
from driftwatch.profile.block import DEFAULT_BINS
from driftwatch.profile.sample import Sample

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = ["TotalVariationDetector"]


@dataclass(frozen=True)
class TotalVariationDetector(BaseDetector[Sample]):
    """Total variation distance; for categories its noise-corrected value is the effect size.

    Numeric features are binned, and their effect is the one of `KSDetector`, which needs no bins.

    Parameters
    ----------
    n_bins : int
        Number of reference quantile bins.
    """

    n_bins: int = DEFAULT_BINS

    name: ClassVar[str] = "total_variation"
    kinds: ClassVar[frozenset[FeatureKind]] = BOTH_KINDS
    needs: ClassVar[Literal["counts"]] = "counts"

    @property
    def effect_kinds(self) -> frozenset[FeatureKind]:
        return frozenset({FeatureKind.CATEGORICAL})

    def score(self, sample: Sample) -> Score:
        reference, current = counts_on_host(sample, self.n_bins)
        statistic: npt.NDArray[np.float64] = to_host(total_variation_from_counts(reference, current))
        noise = total_variation_noise(statistic, reference, current)
        effect = noise.excess if sample.kind in self.effect_kinds else None
        return Score(statistic, effect=effect, noise=noise, reasons=degenerate_reasons(sample, reference))
