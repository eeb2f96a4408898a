"""Sliced Wasserstein detector for embeddings and joint features (layer 3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from driftwatch.arrays.namespace import to_host
from driftwatch.detectors._rows import RowsDetector, noise_floor, permutations_for, scored
from driftwatch.kernels._row_pairs import relabeled_noise, row_pair
from driftwatch.kernels.noise import noise_corrected
from driftwatch.kernels.sliced import projected_distances, sliced_wasserstein

if TYPE_CHECKING:
    from driftwatch.detectors.base import Score
    from driftwatch.profile.embedding import EmbeddingSample

__all__ = ["SlicedWassersteinDetector"]


@dataclass(frozen=True)
class SlicedWassersteinDetector(RowsDetector):
    """Permutation test of the 1-Wasserstein distance averaged over random lines.

    The effect is the largest Kolmogorov-Smirnov statistic over the lines, less what relabeled rows give. Its cost grows
    with the number of rows, not with its square.

    Parameters
    ----------
    n_projections : int
        Random lines.
    n_permutations, max_permutations : int
        Relabelings, and how many there are where a report of many features needs a smaller p-value.
    seed : int
        Seed of the lines and the relabelings.
    """

    n_projections: int = 64
    n_permutations: int = 499
    max_permutations: int = 9_999
    seed: int = 0

    name: ClassVar[str] = "sliced_wasserstein"

    def compare(self, sample: EmbeddingSample) -> Score:
        xp = sample.xp
        pair = row_pair(sample.reference_rows, sample.current_rows, nan_policy="propagate", xp=xp)
        n_permutations = permutations_for(sample, self.n_permutations, self.max_permutations)
        lines = projected_distances(pair, self.n_projections, n_permutations, self.seed, xp=xp)
        result = sliced_wasserstein(lines, xp=xp)
        largest = xp.max(lines.ks, axis=1)
        effect = noise_corrected(to_host(largest[0]), to_host(xp.mean(largest[1:] * largest[1:])))
        noise = noise_floor(result.statistic, *relabeled_noise(xp.mean(lines.w1, axis=1), xp=xp))
        return scored(sample, result.statistic, result.pvalue, effect, noise, n_permutations=n_permutations)
