"""Slow loops over pairs of rows and lines, in float64: what the kernels of rows are held to."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import stats

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

__all__ = ["ROW_CASES", "ROW_ORACLES", "dimension_answers", "row_answers"]

N_PERMUTATIONS = 199  # the default of the kernels
Rows = "NDArray[np.float64]"


def relabelings(n: int, m: int, rng: np.random.Generator) -> list[list[int]]:
    """Return the rows that are current: as they are, then as the documented draws say."""
    draws = [sorted(rng.permutation(n + m)[:m].tolist()) for _ in range(N_PERMUTATIONS)]
    return [list(range(n, n + m)), *draws]


def share_at_least(values: list[float]) -> float:
    """Return the permutation p-value; equal up to rounding counts."""
    slack = 1e-12 * max(map(abs, values), default=0.0)
    return (1 + sum(value >= values[0] - slack for value in values[1:])) / len(values)


def median_squared_distance(rows: NDArray[np.float64]) -> float:
    squares = [float(((a - b) ** 2).sum()) for a, b in itertools.combinations(rows, 2)]
    return float(np.median(squares)) or float(np.mean(squares)) or 2.0


def pair_means(table: NDArray[np.float64], current: list[int]) -> tuple[float, float, float]:
    """Return the means within reference, within current and across, over pairs of distinct rows."""
    is_current = np.isin(np.arange(len(table)), current)
    n, m = int((~is_current).sum()), int(is_current.sum())
    within = [table[np.ix_(side, side)] for side in (~is_current, is_current)]
    means = [(block.sum() - np.trace(block)) / (k * (k - 1)) for block, k in zip(within, (n, m), strict=True)]
    return means[0], means[1], float(table[np.ix_(~is_current, is_current)].mean())


def mmd(
    reference: NDArray[np.float64],
    current: NDArray[np.float64],
    *,
    bandwidth: float | None = None,
    median_of: str = "pooled",
    scales: tuple[float, ...] = (1.0,),
    rng: int = 0,
    memory_budget: int = 0,  # noqa: ARG001 - has no bearing on the answer
) -> dict[str, float]:
    pooled = np.concatenate([reference, current])
    of = pooled if median_of == "pooled" else reference
    sigma = bandwidth or math.sqrt(median_squared_distance(of) / 2)
    table = np.array([
        [np.mean([math.exp(-((a - b) ** 2).sum() / (2 * (s * sigma) ** 2)) for s in scales]) for b in pooled]
        for a in pooled
    ])  # fmt: skip
    found = []
    for chosen in relabelings(len(reference), len(current), np.random.default_rng(rng)):
        within_reference, within_current, across = pair_means(table, chosen)
        found.append(within_reference + within_current - 2 * across)
    return {"statistic": found[0], "pvalue": share_at_least(found), "bandwidth": sigma}


def mmd_random_features(
    reference: NDArray[np.float64],
    current: NDArray[np.float64],
    *,
    n_frequencies: int = 512,
    bandwidth: float | None = None,
    rng: int = 0,
) -> dict[str, float]:
    pooled = np.concatenate([reference, current])
    sigma = bandwidth or math.sqrt(median_squared_distance(pooled) / 2)
    generator = np.random.default_rng(rng)
    labelings = relabelings(len(reference), len(current), generator)
    frequencies = generator.standard_normal((pooled.shape[1], n_frequencies)) / sigma
    # the kernel that the features stand for: the mean cosine of a difference
    table = np.array([[np.cos((a - b) @ frequencies).mean() for b in pooled] for a in pooled])
    found = [r + c - 2 * x for r, c, x in (pair_means(table, chosen) for chosen in labelings)]
    return {"statistic": found[0], "pvalue": share_at_least(found), "bandwidth": sigma}


def energy(
    reference: NDArray[np.float64], current: NDArray[np.float64], *, rng: int = 0, memory_budget: int = 0
) -> dict[str, float]:
    del memory_budget
    pooled = np.concatenate([reference, current])
    table = np.array([[math.dist(a, b) for b in pooled] for a in pooled])
    n, m = len(reference), len(current)
    found = []
    for chosen in relabelings(n, m, np.random.default_rng(rng)):
        r, c, x = pair_means(table, chosen)
        found.append(2 * x - r * (n - 1) / n - c * (m - 1) / m)
    return {"statistic": found[0], "pvalue": share_at_least(found)}


def sliced(
    summary: Callable[[Any, Any, Any], float],
    reference: NDArray[np.float64],
    current: NDArray[np.float64],
    *,
    n_projections: int = 64,
    rng: int = 0,
    memory_budget: int = 0,
) -> dict[str, float]:
    del memory_budget
    generator = np.random.default_rng(rng)
    lines = generator.standard_normal((reference.shape[1], n_projections))
    lines /= np.linalg.norm(lines, axis=0)
    pooled = np.concatenate([reference, current]) @ lines
    found = []
    for chosen in relabelings(len(reference), len(current), generator):
        is_current = np.isin(np.arange(len(pooled)), chosen)
        found.append(summary(pooled[~is_current], pooled[is_current], lines))
    return {"statistic": found[0], "pvalue": share_at_least(found)}


def sliced_ks(reference: NDArray[np.float64], current: NDArray[np.float64], **options: Any) -> dict[str, float]:
    def largest(r: Any, c: Any, _: Any) -> float:
        return max(ecdf_gap(x, y) for x, y in zip(r.T, c.T, strict=True))

    return sliced(largest, reference, current, **options)


def ecdf_gap(x: Any, y: Any) -> float:
    """Return D by its definition; scipy's `ks_2samp` computes a p-value too, 12,000 times here."""
    both = np.concatenate([x, y])
    return float(np.abs((x[:, None] <= both).mean(axis=0) - (y[:, None] <= both).mean(axis=0)).max())


def sliced_wasserstein(
    reference: NDArray[np.float64], current: NDArray[np.float64], **options: Any
) -> dict[str, float]:
    def mean(r: Any, c: Any, _: Any) -> float:
        return float(np.mean([stats.wasserstein_distance(x, y) for x, y in zip(r.T, c.T, strict=True)]))

    return sliced(mean, reference, current, **options)


def dimension_answers(
    pooled: NDArray[np.float64], labelings: list[list[int]]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the additive kernel of all pairs of rows, and the mean of the largest D² for every labeling.

    Both look at the values in places k (n + m) / 16 of every dimension, in order, where not all rows are at or below them.
    """
    size, d = pooled.shape
    places = {max(0, size * k // 16 - 1) for k in range(1, 16)}
    table = np.zeros((size, size))
    gaps = np.zeros((len(labelings), d))
    for j, column in enumerate(pooled.T):
        for level in np.sort(column)[sorted(places)]:
            below = column <= level
            h = below.mean()
            if h == 1.0:
                continue
            table += np.outer(below - h, below - h) / (h * (1 - h))
            for i, current in enumerate(labelings):
                is_current = np.isin(np.arange(size), current)
                gaps[i, j] = max(gaps[i, j], abs(below[is_current].mean() - below[~is_current].mean()))
    largest = np.sort(gaps**2, axis=1)[:, d - max(1, d // 100) :].mean(axis=1)
    return table / (d * len(places)), largest


ROW_ORACLES: dict[str, Callable[..., dict[str, float]]] = {
    "energy_2samp": energy,
    "mmd_2samp": mmd,
    "mmd_random_features": mmd_random_features,
    "sliced_ks_2samp": sliced_ks,
    "sliced_wasserstein_2samp": sliced_wasserstein,
}


def row_answers(
    name: str, options: dict[str, Any], reference: NDArray[Any], current: NDArray[Any]
) -> dict[str, NDArray[np.float64]]:
    """Return the oracle's answers for two samples of rows, rows with a missing value left out."""
    sides = [x.reshape(len(x), -1).astype(np.float64) for x in (reference, current)]
    sides = [x[np.isfinite(x).all(axis=1)] for x in sides]
    return {key: np.asarray(value) for key, value in ROW_ORACLES[name](*sides, **options).items()}


def _cases() -> dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]:
    rng = np.random.default_rng(20250211)
    normal = rng.normal(size=(19, 3)), rng.normal(0.7, 1.2, size=(13, 3))
    missing = normal[0].copy(), normal[1].copy()
    missing[0][[2, 11], [0, 2]], missing[1][4, 1] = np.nan, np.inf
    return {
        "continuous": normal,
        "missing": missing,
        "one_dimension": (normal[0][:, :1], normal[1][:, :1]),
        "far_from_zero": (normal[0] + 100.0, normal[1] + 100.0),
        "repeated": (np.round(normal[0]), np.round(normal[1])),
        "identical": (np.ones((6, 2)), np.ones((5, 2))),
        "images": (normal[0].reshape(19, 3, 1), normal[1].reshape(13, 3, 1)),
        "two_rows": (normal[0][:2], normal[1][:2]),
    }


ROW_CASES = _cases()
