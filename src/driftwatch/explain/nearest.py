"""Real rows that show where vectors moved to (layer 4). Only places of rows and the user's own labels leave it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch._checks import check_count
from driftwatch.arrays.namespace import to_host
from driftwatch.arrays.table import read_table
from driftwatch.detectors.classifier import cross_halves
from driftwatch.errors import InputError
from driftwatch.kernels.separation import area_under_curve
from driftwatch.report.attribution import DriftDirection, RowExample

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["drift_direction"]

FEWEST_ROWS = 4  # two in each half


def drift_direction(
    reference: Any,
    current: Any,
    /,
    *,
    feature: str = "embedding",
    n_rows: int = 5,
    reference_labels: Sequence[Any] | None = None,
    current_labels: Sequence[Any] | None = None,
    seed: int = 0,
) -> DriftDirection:
    """Return the rows of each side that lie furthest along the direction between the two means, and typical ones.

    Parameters
    ----------
    reference, current : array, shape (n_samples, d), or table with a column of vectors named `feature`
    feature : str
        Name of the embedding.
    n_rows : int
        Rows of each of the four lists.
    reference_labels, current_labels : sequence, optional
        What a reader should see of each row: texts, ids, paths. Only these and the places of rows are in the result.
    seed : int
        Seed of the halves by which the AUC is measured.

    Raises
    ------
    InputError
        If a side has fewer than four complete rows, the sides differ in the length of a row, or labels in number.

    Notes
    -----
    In many dimensions the direction between two means tells the rows that define it apart even without drift. So `auc` is that
    of each half of the rows along the direction between the means of the other half.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> found = drift_direction(rng.normal(size=(50, 3)), rng.normal([0, 0, 4], size=(40, 3)), n_rows=1)
    >>> round(found.auc, 1), found.new[0].position > 1
    (1.0, True)
    """
    check_count("n_rows", n_rows)
    sides = _vectors(reference, feature, "reference"), _vectors(current, feature, "current")
    if sides[0].shape[1] != sides[1].shape[1]:
        raise InputError(
            f"vectors of one length are needed, `reference` has {sides[0].shape[1]} dimensions and `current` "
            f"{sides[1].shape[1]}. Embed both sides with one model."
        )
    labels = [
        _labels(given, len(side), role)
        for given, side, role in zip((reference_labels, current_labels), sides, ("reference", "current"), strict=True)
    ]
    complete = [np.flatnonzero(np.isfinite(side).all(axis=1)) for side in sides]
    fewest = min(len(kept) for kept in complete)
    if fewest < FEWEST_ROWS:
        raise InputError(f"at least {FEWEST_ROWS} complete rows of each side are needed, got {fewest}. Pass more rows.")
    rows = [side[kept] for side, kept in zip(sides, complete, strict=True)]
    means = [side.mean(axis=0) for side in rows]
    line = means[1] - means[0]
    distance = math.sqrt(float(line @ line))
    positions = [(side - means[0]) @ (line / (distance**2 or 1.0)) for side in rows]
    spreads = [np.square(side - mean).sum(axis=1) for side, mean in zip(rows, means, strict=True)]

    def examples(side: int, key: NDArray[np.float64]) -> tuple[RowExample, ...]:
        return tuple(
            RowExample(int(complete[side][place]), float(positions[side][place]), labels[side](complete[side][place]))
            for place in np.argsort(key, kind="stable")[:n_rows]
        )

    return DriftDirection(
        feature=feature,
        distance=distance,
        auc=_area(rows[0], rows[1], np.random.default_rng(seed)),
        n_reference=len(rows[0]),
        n_current=len(rows[1]),
        gone=examples(0, positions[0]),
        new=examples(1, -positions[1]),
        typical_reference=examples(0, spreads[0]),
        typical_current=examples(1, spreads[1]),
        reason=None if distance > 0.0 else "both sides have the same mean: there is no direction between them",
    )


def _vectors(data: Any, feature: str, role: str) -> NDArray[np.float64]:
    """Return the rows of an array, or of the column of vectors of a table."""
    if hasattr(data, "ndim") and not hasattr(data, "columns"):
        vectors = to_host(data)
    else:
        table = read_table(data, role=role)
        if feature not in set(table.names):
            raise InputError(f"`{role}` must have a column {feature!r} of vectors, got {table.names!r}. Name another.")
        vectors = to_host(table.rows(feature))
    if vectors.ndim != 2:
        raise InputError(f"`{role}` must be vectors (n_samples, d), got shape {vectors.shape}. Reshape it first.")
    return np.asarray(vectors, dtype=np.float64)


def _labels(given: Sequence[Any] | None, n: int, role: str) -> Any:
    """Return what gives the label of a row."""
    if given is None:
        return lambda _: None
    texts = [str(label) for label in given]
    if len(texts) != n:
        raise InputError(f"`{role}_labels` must have one label for each row, got {len(texts)} for {n} rows.")
    return texts.__getitem__


def _area(reference: NDArray[np.float64], current: NDArray[np.float64], rng: np.random.Generator) -> float:
    """Return the mean AUC of each half along the direction of the other half."""
    rows = np.concatenate([reference, current])
    is_current = np.repeat([False, True], [len(reference), len(current)])
    areas = []
    for held_out in cross_halves(len(reference), len(current), rng):
        line = rows[~held_out & is_current].mean(axis=0) - rows[~held_out & ~is_current].mean(axis=0)
        scores = rows[held_out] @ line
        areas.append(float(area_under_curve(scores[:, None], is_current[held_out][:, None], xp=np)[0]))
    return float(np.mean(areas))
