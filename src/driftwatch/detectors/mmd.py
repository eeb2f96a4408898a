"""Maximum mean discrepancy detector: the default for embeddings and joint features (layer 3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from driftwatch.arrays.namespace import to_host
from driftwatch.detectors._rows import RowsDetector, noise_floor, permutations_for, scored
from driftwatch.kernels.aggregated import mmd_aggregated
from driftwatch.kernels.noise import noise_corrected

if TYPE_CHECKING:
    from driftwatch.detectors.base import Score
    from driftwatch.profile.embedding import EmbeddingSample

__all__ = ["MMDDetector"]


@dataclass(frozen=True)
class MMDDetector(RowsDetector):
    """Permutation test of maximum mean discrepancies and of single dimensions; the effect is how well they tell sides apart.

    Three views of the rows take part, as they are and whitened more and less, and two statistics of the dimensions one by
    one: their mean Anderson-Darling distance, and the largest D². The statistic is MMD² of the rows as they are, the
    p-value that of all five, fused. For the effect every row is scored by how much closer it is, in the kernel, to the
    other rows of current than to those of reference. `2 AUC - 1` of that score, or the D of the most different dimensions,
    whichever is larger beyond what relabeled rows give, is 0 where nothing tells the sides apart and 1 where all does.

    Parameters
    ----------
    n_permutations : int
        Relabelings. The smallest p-value is `1 / (n_permutations + 1)`.
    max_permutations : int
        Where none of them reaches the observed statistic and the report's correction needs a smaller p-value than they
        can give, because it has many features, as many more are drawn as it needs, up to so many in all.
    seed : int
        Seed of the relabelings.
    """

    n_permutations: int = 999
    max_permutations: int = 19_999
    seed: int = 0

    name: ClassVar[str] = "mmd"

    def compare(self, sample: EmbeddingSample) -> Score:
        result = mmd_aggregated(
            sample.reference_rows,
            sample.current_rows,
            n_permutations=self.n_permutations,
            max_permutations=permutations_for(sample, self.n_permutations, self.max_permutations),
            rng=self.seed,
        )
        effect = noise_corrected(to_host(result.separation), to_host(result.expected_squared_separation))
        noise = noise_floor(result.statistic, result.expected, result.q99, squared=True)
        return scored(sample, result.statistic, result.pvalue, effect, noise, n_permutations=result.n_permutations)
