"""What the detectors of embeddings share (layer 3)."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import Any, ClassVar, Literal

import numpy as np

from driftwatch.arrays.namespace import to_host
from driftwatch.arrays.schema import FeatureKind
from driftwatch.detectors.base import BaseDetector, Score
from driftwatch.kernels.noise import noise_corrected
from driftwatch.kernels.noise_floor import NoiseFloor
from driftwatch.profile.embedding import EmbeddingSample

__all__ = ["RowsDetector", "as_number", "noise_floor", "permutations_for", "scored"]

MIN_ROWS = 2  # a distance within a side needs a pair


class RowsDetector(BaseDetector[EmbeddingSample]):
    """A detector of embeddings and joint features: it sees one of them at a time."""

    kinds: ClassVar[frozenset[FeatureKind]] = frozenset({FeatureKind.EMBEDDING})
    needs: ClassVar[Literal["rows"]] = "rows"

    @property
    def effect_kinds(self) -> frozenset[FeatureKind]:
        return self.kinds

    def score(self, sample: EmbeddingSample) -> Score:
        if min(sample.reference_rows.shape[0], sample.current_rows.shape[0]) < MIN_ROWS:
            nan = np.full(1, np.nan)
            return Score(nan, pvalue=nan, effect=nan, reasons=["fewer than two complete rows on a side"])
        return self.compare(sample)

    @abstractmethod
    def compare(self, sample: EmbeddingSample) -> Score:
        """Return the score of one feature with at least two complete rows on each side."""


def permutations_for(sample: EmbeddingSample, least: int, most: int) -> int:
    """Return how many permutations can give a p-value that counts after the correction of the whole report."""
    if sample.finest_level is None:
        return least
    return max(least, min(most, math.ceil(2.0 / sample.finest_level)))


def noise_floor(statistic: Any, expected: Any, q99: Any, *, squared: bool = False) -> NoiseFloor:
    """Return what relabeled rows gave, and what is left of the statistic: of a distance, or `squared` of a square."""
    found, mean, quantile = (as_number(value) for value in (statistic, expected, q99))
    excess = max(0.0, found - mean) if squared else float(noise_corrected(found, mean**2))
    return NoiseFloor(*(np.asarray(value) for value in (mean, quantile, excess)))


def scored(
    sample: EmbeddingSample,
    statistic: Any,
    pvalue: Any,
    effect: Any,
    noise: NoiseFloor | None = None,
    *,
    n_permutations: int | None = None,
    **details: Any,
) -> Score:
    """Return numbers of one feature as a `Score`, with how many rows of each side were compared."""
    parts = {
        "n_compared_reference": int(sample.reference_rows.shape[0]),
        "n_compared_current": int(sample.current_rows.shape[0]),
        **({} if n_permutations is None else {"pvalue_method": "permutation", "n_permutations": n_permutations}),
        **details,
    }
    flags: tuple[str, ...] = ()
    if n_permutations is not None and sample.finest_level is not None:
        smallest = 1.0 / (n_permutations + 1)
        if smallest > sample.finest_level and as_number(pvalue) < 1.5 * smallest:
            flags = ("few_permutations",)
    return Score(
        np.asarray([as_number(statistic)]),
        pvalue=np.asarray([as_number(pvalue)]),
        effect=np.asarray([as_number(effect)]),
        details={key: [value] for key, value in parts.items()},
        flags=[flags],
        noise=None if noise is None else NoiseFloor(*(np.reshape(values, (1,)) for values in noise)),
    )


def as_number(value: Any) -> float:
    """Return an array of shape `()` of any library as a Python number."""
    return float(np.asarray(to_host(value), dtype=np.float64).reshape(()))
