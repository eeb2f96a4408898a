"""What the distances between two rows of counts share (layer 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch.arrays.namespace import to_host
from driftwatch.arrays.schema import FeatureKind

if TYPE_CHECKING:
    from driftwatch._typing import Array
    from driftwatch.profile.sample import Sample

__all__ = ["counts_on_host", "degenerate_reasons", "has_reference_bins", "thin_reasons"]

DEGENERATE = "0 by definition: the reference is constant, so there is a single bin"


def counts_on_host(sample: Sample, n_bins: int) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return reference and current counts `(d, k)` as NumPy arrays."""
    reference, current = sample.counts(n_bins)
    return to_host(reference), to_host(current)


def degenerate_reasons(sample: Sample, reference_counts: Array) -> list[str | None]:
    """Return, per feature, why a binned distance is 0 whatever the current data are; None where it is not.

    A category that is new shows in its own level, so only numeric bins can be degenerate.
    """
    occupied = np.count_nonzero(to_host(reference_counts), axis=-1)
    degenerate = (occupied <= 1) & (sample.kind is FeatureKind.NUMERIC)
    return [DEGENERATE if flag else None for flag in degenerate.tolist()]


def has_reference_bins(sample: Sample) -> bool:
    """Return whether the counts are those in quantile bins of the reference, which fix its side of them."""
    return sample.kind is FeatureKind.NUMERIC


def thin_reasons(degenerate: list[str | None], thin: np.ndarray[Any, Any], min_expected: float) -> list[str | None]:
    """Return the reasons given, and for the other features where an expected count is too small that this is so."""
    few = f"no p-value: an expected count is below {min_expected:g}"
    return [reason or (few if flag else None) for reason, flag in zip(degenerate, thin.tolist(), strict=True)]
