"""Kolmogorov-Smirnov tests of every dimension of an embedding, with a correction (layer 3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from driftwatch.arrays.namespace import to_host
from driftwatch.detectors._rows import RowsDetector, scored
from driftwatch.kernels.ecdf import ks_2samp
from driftwatch.kernels.multiplicity import adjust
from driftwatch.kernels.noise_floor import max_ks_noise

if TYPE_CHECKING:
    from driftwatch.detectors.base import Score
    from driftwatch.profile.embedding import EmbeddingSample

__all__ = ["DimensionKSDetector"]


@dataclass(frozen=True)
class DimensionKSDetector(RowsDetector):
    """Largest Kolmogorov-Smirnov statistic over the dimensions; the p-value is the smallest after a correction.

    It finds what moves single dimensions and is blind to a change in how they hang together. It needs no permutations,
    so that its p-value can be as small as the data say. The effect is the largest D, less what so many dimensions
    would give by chance if they were independent.

    Parameters
    ----------
    correction : {"bonferroni", "holm", "fdr_bh", "fdr_by", "none"}
        Correction over the dimensions. The smallest p-value after "bonferroni", "holm" or "fdr_by" is valid whatever
        the dependence between them; after "fdr_bh" it is for positive dependence.
    """

    correction: str = "bonferroni"

    name: ClassVar[str] = "dimension_ks"

    def compare(self, sample: EmbeddingSample) -> Score:
        result = ks_2samp(sample.reference_rows, sample.current_rows)
        statistics, pvalues = to_host(result.statistic), to_host(result.pvalue).astype(np.float64)
        n, m = int(sample.reference_rows.shape[0]), int(sample.current_rows.shape[0])
        largest = int(np.argmax(statistics))
        noise = max_ks_noise(statistics[largest], n, m, len(statistics))
        pvalue = adjust(pvalues, self.correction).min()
        return scored(
            sample,
            statistics[largest],
            pvalue,
            noise.excess,
            noise,
            dimension=largest,
            pvalue_method=f"{self.correction} over dimensions",
        )
