"""Samples of any library as float64 rows on the host, for kernels that run there (layer 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from driftwatch.arrays.namespace import to_host
from driftwatch.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from driftwatch._typing import Array

__all__ = ["feature_rows"]


def feature_rows(reference: Array, current: Array) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return both samples, `(n_samples,)` or `(n_samples, n_features)`, as rows `(n_features, n_samples)`.

    Raises
    ------
    InputError
        If a sample is empty or of another shape, or they differ in their features.
    """
    sides = []
    for name, x in (("reference", reference), ("current", current)):
        values = np.asarray(to_host(x), dtype=np.float64)
        if values.ndim not in {1, 2} or values.size == 0:
            raise InputError(
                f"`{name}` must be (n_samples,) or (n_samples, n_features), not empty; got {values.shape}."
            )
        sides.append(values[None, :] if values.ndim == 1 else np.ascontiguousarray(values.T))
    if len(sides[0]) != len(sides[1]):
        raise InputError(
            f"`reference` and `current` must have the same features, got {len(sides[0])} and {len(sides[1])}."
        )
    return sides[0], sides[1]
