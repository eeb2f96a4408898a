"""Energy distance detector for embeddings and joint features (layer 3)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from driftwatch.arrays.namespace import to_host
from driftwatch.detectors._rows import RowsDetector, as_number, noise_floor, permutations_for, scored
from driftwatch.kernels.multivariate_energy import energy_separated
from driftwatch.kernels.noise import noise_corrected

if TYPE_CHECKING:
    from driftwatch.detectors.base import Score
    from driftwatch.profile.embedding import EmbeddingSample

__all__ = ["MultivariateEnergyDetector"]


@dataclass(frozen=True)
class MultivariateEnergyDetector(RowsDetector):
    """Permutation test of the energy distance of whole rows, which has no bandwidth to choose.

    The statistic is `2 E|X - Y| - E|X - X'| - E|Y - Y'|`, in the unit of the rows, of a joint feature in that of its
    ranks. For the effect every row is scored by how much nearer it is to the other rows of current than to those of
    reference. `2 AUC - 1` of the score, less what relabeled rows give, is 0 where nothing tells them apart and 1 where
    all does. Thresholds: `multivariate_energy` cuts the statistic, `energy_coefficient` its share of
    `2 E|X - Y|`, which is in [0, 1].

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

    name: ClassVar[str] = "multivariate_energy"

    @property
    def measures(self) -> tuple[str, ...]:
        return (self.name, "energy_coefficient")

    def compare(self, sample: EmbeddingSample) -> Score:
        result = energy_separated(
            sample.reference_rows,
            sample.current_rows,
            n_permutations=self.n_permutations,
            max_permutations=permutations_for(sample, self.n_permutations, self.max_permutations),
            rng=self.seed,
        )
        effect = noise_corrected(to_host(result.separation), to_host(result.expected_squared_separation))
        noise = noise_floor(result.statistic, result.expected, result.q99, squared=True)
        coefficient = as_number(result.coefficient)
        score = scored(
            sample,
            result.statistic,
            result.pvalue,
            effect,
            noise,
            n_permutations=result.n_permutations,
            coefficient=coefficient,
        )
        unit = coefficient / score.statistic[0] if score.statistic[0] > 0.0 else 0.0
        own, scale_free = self.measures
        return replace(
            score,
            measures={own: score.statistic, scale_free: np.asarray([coefficient])},
            excess={own: np.asarray([noise.excess]), scale_free: np.asarray([noise.excess * unit])},
        )
