"""Fisher's exact detector for features of two levels (layer 3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from driftwatch.arrays.schema import FeatureKind
from driftwatch.detectors._binned import counts_on_host
from driftwatch.detectors.base import BaseDetector, Score
from driftwatch.kernels.association import fisher_exact
from driftwatch.profile.block import DEFAULT_BINS
from driftwatch.profile.sample import CategoricalSample

__all__ = ["FisherExactDetector"]

MANY_LEVELS = "Fisher's exact test needs two levels, and more occur"
ONE_LEVEL = "the odds ratio is not defined: a single level"
INFINITE = "the odds ratio is infinite: a level occurs on one side only"


@dataclass(frozen=True)
class FisherExactDetector(BaseDetector[CategoricalSample]):
    """Fisher's exact test for booleans and categories of two levels, whatever the counts.

    The statistic is the odds ratio of the first level, the more frequent one, in the reference over current. Features of
    more levels have neither, with the reason.
    """

    name: ClassVar[str] = "fisher_exact"
    kinds: ClassVar[frozenset[FeatureKind]] = frozenset({FeatureKind.CATEGORICAL})
    needs: ClassVar[Literal["counts"]] = "counts"

    def score(self, sample: CategoricalSample) -> Score:
        reference, current = counts_on_host(sample, DEFAULT_BINS)
        result = fisher_exact(reference, current)
        n_levels = np.count_nonzero(reference + current, axis=-1)
        reasons: list[str | None] = []
        for levels, odds in zip(n_levels.tolist(), result.statistic.tolist(), strict=True):
            if levels > 2:
                reasons.append(MANY_LEVELS)
            elif levels < 2:
                reasons.append(ONE_LEVEL)
            else:
                reasons.append(INFINITE if np.isinf(odds) else None)
        return Score(result.statistic, pvalue=result.pvalue, reasons=reasons)
