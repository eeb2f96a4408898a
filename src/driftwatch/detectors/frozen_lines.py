"""Kolmogorov-Smirnov tests of embeddings and joint features on frozen lines, for windows (layer 3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from driftwatch.arrays.schema import FeatureKind
from driftwatch.detectors.base import BaseDetector, Score
from driftwatch.kernels.kolmogorov import ks_pvalue
from driftwatch.kernels.noise_floor import max_ks_noise
from driftwatch.profile.projections import ProjectedSample

__all__ = ["FrozenLinesDetector"]


@dataclass(frozen=True)
class FrozenLinesDetector(BaseDetector[ProjectedSample]):
    """The largest Kolmogorov-Smirnov statistic over lines that were frozen with the reference.

    What a `Window` knows of an embedding: its rows, as ranks among quantiles of the reference, on random lines and on the
    axes. The p-value is the smallest one times the number of lines (Bonferroni), which holds however the lines depend on each
    other. A test of the rows themselves, as MMD, sees more; this one needs none.
    """

    name: ClassVar[str] = "frozen_lines"
    kinds: ClassVar[frozenset[FeatureKind]] = frozenset({FeatureKind.EMBEDDING})
    needs: ClassVar[Literal["projections"]] = "projections"

    @property
    def effect_kinds(self) -> frozenset[FeatureKind]:
        return self.kinds

    def score(self, sample: ProjectedSample) -> Score:
        above, below, _ = sample.lines.distances
        statistic = np.maximum(above, below)
        n, m = sample.lines.n_reference, sample.lines.n_current
        pvalue = ks_pvalue(statistic, n, m, method="auto").pvalue
        n_lines = len(statistic)
        largest = int(np.argmax(np.nan_to_num(statistic)))
        noise = max_ks_noise(statistic[largest : largest + 1], n[:1], m[:1], n_lines)
        return Score(
            statistic[largest : largest + 1],
            pvalue=np.minimum(pvalue.min(keepdims=True) * n_lines, 1.0),
            effect=noise.excess,
            details={"n_lines": [n_lines], "line": [largest]},
            noise=noise,
        )
