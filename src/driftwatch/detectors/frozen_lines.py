"""Embeddings and joint features in windows: tests on frozen lines and of random Fourier features (layer 3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from driftwatch.arrays.schema import FeatureKind
from driftwatch.detectors.base import BaseDetector, Score
from driftwatch.kernels.kolmogorov import ks_pvalue
from driftwatch.kernels.noise_floor import max_ks_noise
from driftwatch.kernels.weighted_chi_squared import weighted_chi_squared_tail
from driftwatch.profile.moments import N_FOURIER, mean_and_covariance
from driftwatch.profile.projections import ProjectedSample

if TYPE_CHECKING:
    NDArray = np.ndarray[Any, Any]

__all__ = ["FrozenLinesDetector"]


@dataclass(frozen=True)
class FrozenLinesDetector(BaseDetector[ProjectedSample]):
    """The largest Kolmogorov-Smirnov statistic over lines that were frozen with the reference, beside a kernel's distance.

    What a `Window` knows of an embedding: its rows, as ranks among quantiles of the reference, on random lines and on the
    axes; and the mean and covariance of 128 random Fourier features. Two tests: of the lines the smallest p-value times their
    number; of the features the squared distance of their means, an estimate of MMD², against a sum of chi-squared variables
    weighted by the eigenvalues of their covariance. The p-value is twice the smaller of the two (Bonferroni), which
    holds however they depend on each other. A test of the rows themselves, as MMD, sees more; this one needs none.

    Details: `mmd2`, the distance of the features' means less what chance gives; `frechet`, the Fréchet distance between
    Gaussians of the mean and covariance of up to 64 coordinates, as ranks from -1 to 1.

    References
    ----------
    Rahimi & Recht (2007), Random features for large-scale kernel machines; Zhao & Meng (2015), FastMMD; Dowson & Landau
    (1982), The Fréchet distance between multivariate normal distributions.
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
        n_lines = len(statistic)
        on_lines = min(float(ks_pvalue(statistic, n, m, method="auto").pvalue.min()) * n_lines, 1.0)
        pvalue, details = on_lines, dict[str, list[float]]()
        if sample.moments[0].sums.size:
            of_features, mmd2, frechet = _moments(sample, int(n[0]), int(m[0]))
            details = {"mmd2": [mmd2], "frechet": [frechet]}
            if of_features == of_features:  # noqa: PLR0124 - NaN of constant features
                pvalue = min(2.0 * min(on_lines, of_features), 1.0)
        largest = int(np.argmax(np.nan_to_num(statistic)))
        noise = max_ks_noise(statistic[largest : largest + 1], n[:1], m[:1], n_lines)
        return Score(
            statistic[largest : largest + 1],
            pvalue=np.asarray([pvalue]),
            effect=noise.excess,
            details={"n_lines": [n_lines], "line": [largest], **details},
            noise=noise,
        )


def _moments(sample: ProjectedSample, n: int, m: int) -> tuple[float, float, float]:
    """Return the p-value of the random features, their MMD², and the Fréchet distance of the coordinates."""
    (mean, spread), (other, other_spread) = (
        mean_and_covariance(moments, size) for moments, size in zip(sample.moments, (n, m), strict=True)
    )
    if min(n, m) < 2:
        return np.nan, np.nan, np.nan
    fourier, axes = slice(N_FOURIER), slice(N_FOURIER, None)
    pooled = ((n - 1) * spread + (m - 1) * other_spread)[fourier, fourier] / (n + m - 2)
    distance = float(((mean - other)[fourier] ** 2).sum())
    weights = np.maximum(np.linalg.eigvalsh(pooled), 0.0)
    pvalue = weighted_chi_squared_tail(distance * n * m / (n + m), weights)
    by_chance = float(weights.sum()) * (1.0 / n + 1.0 / m)
    frechet = _frechet(mean[axes], spread[axes, axes], other[axes], other_spread[axes, axes])
    return pvalue, (distance - by_chance) / (N_FOURIER // 2), frechet


def _frechet(mean: NDArray, spread: NDArray, other: NDArray, other_spread: NDArray) -> float:
    values, vectors = np.linalg.eigh(spread)
    root = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    common = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ other_spread @ root), 0.0)).sum()
    squared = float(((mean - other) ** 2).sum() + np.trace(spread) + np.trace(other_spread) - 2.0 * common)
    return float(np.sqrt(max(squared, 0.0)))
