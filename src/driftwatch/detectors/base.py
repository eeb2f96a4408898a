"""What a detector is, and what it returns (layer 3)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Generic, Literal, TypeAlias, TypeVar

from driftwatch.arrays.schema import FeatureKind
from driftwatch.profile.sample import Sample

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from driftwatch._typing import Array, JSONScalar
    from driftwatch.kernels.noise_floor import NoiseFloor

__all__ = ["BOTH_KINDS", "BaseDetector", "Need", "Score"]

S_contra = TypeVar("S_contra", bound=Sample, contravariant=True)

Need: TypeAlias = Literal["counts", "distances", "ordering", "rows", "projections"]

BOTH_KINDS = frozenset({FeatureKind.NUMERIC, FeatureKind.CATEGORICAL})


@dataclass(frozen=True)
class Score:
    """The statistics of one detector for the d features of a sample.

    Parameters
    ----------
    statistic : array, shape (d,)
        NaN where it is not defined.
    pvalue : array, shape (d,), optional
        Joins the report's one family of p-values. None for a distance.
    effect : array, shape (d,), optional
        Effect size in [0, 1] that does not depend on n: compared with `min_effect`.
    measures : mapping of str to array, optional
        What `thresholds` may cut, by name; `{detector.name: statistic}` by default.
    details : mapping of str to sequence, optional
        Further values for the report, d each.
    reasons : sequence of str or None, optional
        Why a statistic is not defined or degenerate, d entries.
    flags : sequence of tuple of str, optional
        What weakens the result, d entries, as `"low_expected_counts"`.
    noise : NoiseFloor, optional
        Mean and 99 % quantile of `statistic` without drift at these sizes, and what is left of it.
    excess : mapping of str to array, optional
        The noise-corrected `measures`, which `thresholds` cut under `excess=True`; `{detector.name: noise.excess}` by
        default. A measure that is not in it is cut as it is.
    """

    statistic: Array
    pvalue: Array | None = None
    effect: Array | None = None
    measures: Mapping[str, Array] | None = None
    details: Mapping[str, Sequence[JSONScalar]] = field(default_factory=dict)
    reasons: Sequence[str | None] | None = None
    flags: Sequence[tuple[str, ...]] | None = None
    noise: NoiseFloor | None = None
    excess: Mapping[str, Array] | None = None


class BaseDetector(ABC, Generic[S_contra]):
    """A drift statistic over the features of a `Sample`. Subclass it, and pass an instance to `Monitor(detectors=...)`.

    `BaseDetector[NumericSample]` and `BaseDetector[CategoricalSample]` tell a type checker which kind `score` is given.

    Attributes
    ----------
    name : str
        Key of the result in the report.
    kinds : frozenset of FeatureKind
        `NUMERIC`, `CATEGORICAL` or both; booleans are compared as categories.
    needs : {"counts", "distances", "ordering", "rows", "projections"}
        What the detector reads of the current data; decides where it can run. A `Window` has counts and, of numeric
        features, distances between the distribution functions, of embeddings projections on frozen lines; it has no
        ordering and no rows.
    measures : tuple of str
        The names under which `thresholds` may cut it.

    Examples
    --------
    >>> import numpy as np
    >>> from driftwatch import Monitor
    >>> class MeanShiftDetector(BaseDetector):
    ...     name = "mean_shift"
    ...     kinds = frozenset({FeatureKind.NUMERIC})
    ...     needs = "ordering"
    ...     def score(self, sample):
    ...         return Score(abs(sample.moments[0] - sample.reference.mean) / sample.reference.std)
    >>> monitor = Monitor(np.arange(100.0)[:, None], detectors=[MeanShiftDetector()], thresholds={"mean_shift": 0.5})
    >>> monitor.check(np.arange(100.0)[:, None] + 20.0).drifted_features
    ['f0']
    """

    name: ClassVar[str]
    kinds: ClassVar[frozenset[FeatureKind]]
    needs: ClassVar[Need]

    @property
    def measures(self) -> tuple[str, ...]:
        """Names that `thresholds` may use for this detector."""
        return (self.name,)

    @property
    def effect_kinds(self) -> frozenset[FeatureKind]:
        """Kinds for which `score` returns an effect size, so that the detector can stand without a threshold."""
        return frozenset()

    @abstractmethod
    def score(self, sample: S_contra) -> Score:
        """Return the statistics of every feature of the sample, arrays of shape `(d,)`."""
