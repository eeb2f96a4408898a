"""Classifier two-sample test for embeddings and joint features; the one file that needs scikit-learn (layer 3)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from driftwatch.arrays.namespace import to_host
from driftwatch.detectors._rows import RowsDetector, scored
from driftwatch.errors import MissingExtraError
from driftwatch.kernels.noise import noise_corrected
from driftwatch.kernels.separation import area_under_curve

if TYPE_CHECKING:
    from driftwatch.detectors.base import Score
    from driftwatch.profile.embedding import EmbeddingSample

__all__ = ["SMALLEST_FOLD", "ClassifierDetector", "cross_halves", "fitted_classifier", "mann_whitney", "scores_of"]

N_FOLDS = 2
SMALLEST_FOLD = 2  # rows of a side on each half


@dataclass(frozen=True)
class ClassifierDetector(RowsDetector):
    """A classifier is trained to tell current rows from reference rows; the statistic is its AUC on rows held out.

    Each half of the rows is scored by a classifier that was trained on the other half. The AUC of a half is
    Mann-Whitney's statistic of scores that know nothing of its labels, so that its one-sided p-value holds; twice the
    mean of both p-values holds whatever their dependence. The effect is `2 AUC - 1`, less its noise.

    Rows are copied to the host, where scikit-learn works.

    Parameters
    ----------
    estimator : scikit-learn classifier, optional
        Cloned for each half. By default a logistic regression on standardised dimensions for embeddings, which are made
        to be told apart by planes, and gradient boosting for joint features, where a plane sees no correlation.
    seed : int
        Seed of the halves, and of the default estimators.

    References
    ----------
    Lopez-Paz, D. and Oquab, M. (2017), "Revisiting classifier two-sample tests"; Rueschendorf, L. (1982), "Random
    variables with maximum sums", for twice the mean of p-values.
    """

    estimator: Any = None
    seed: int = 0

    name: ClassVar[str] = "classifier"

    def compare(self, sample: EmbeddingSample) -> Score:
        reference, current = (to_host(x).astype(np.float64) for x in (sample.reference_rows, sample.current_rows))
        rows = np.concatenate([reference, current])
        is_current = np.repeat([False, True], [len(reference), len(current)])
        if min(len(reference), len(current)) < N_FOLDS * SMALLEST_FOLD:
            nan = float("nan")
            return scored(sample, nan, nan, nan)
        areas, pvalues = [], []
        for held_out in cross_halves(len(reference), len(current), np.random.default_rng(self.seed)):
            estimator = fitted_classifier(
                self.estimator,
                rows[~held_out],
                is_current[~held_out],
                seed=self.seed,
                is_joint=sample.is_joint,
                feature="ClassifierDetector",
            )
            area, pvalue = mann_whitney(scores_of(estimator, rows[held_out]), is_current[held_out])
            areas.append(area)
            pvalues.append(pvalue)
        area = float(np.mean(areas))
        effect = noise_corrected(max(0.0, 2.0 * area - 1.0), _expected_square(len(reference), len(current)))
        return scored(
            sample, area, min(1.0, 2.0 * float(np.mean(pvalues))), effect, pvalue_method="Mann-Whitney, twice the mean"
        )


def cross_halves(n: int, m: int, rng: np.random.Generator) -> tuple[Any, Any]:
    """Return which of n reference and then m current rows are held out, and which the other time.

    Both sides are halved, so that no half can lack one.
    """
    second = np.concatenate([rng.permutation(size) % N_FOLDS for size in (n, m)]).astype(bool)
    return second, ~second


def fitted_classifier(estimator: Any, rows: Any, labels: Any, *, seed: int, is_joint: bool, feature: str) -> Any:
    """Return a clone of a classifier, or the default one, trained on rows; `feature` is what needs scikit-learn."""
    try:
        from sklearn.base import clone
    except ImportError as error:
        raise MissingExtraError.for_feature(feature, package="scikit-learn", extra="sklearn") from error
    model = clone(estimator) if estimator is not None else _default(seed, is_joint=is_joint)
    return model.fit(rows, labels)


def scores_of(estimator: Any, rows: Any) -> Any:
    """Return what a classifier holds each row for, larger for current ones, shape `(n,)`."""
    if hasattr(estimator, "decision_function"):
        return np.asarray(estimator.decision_function(rows), dtype=np.float64).reshape(-1)
    return np.asarray(estimator.predict_proba(rows), dtype=np.float64)[:, 1]


def _default(seed: int, *, is_joint: bool) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    if is_joint:
        return HistGradientBoostingClassifier(max_iter=50, early_stopping=False, random_state=seed)
    return make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=200, class_weight="balanced"))


def mann_whitney(scores: Any, is_current: Any) -> tuple[float, float]:
    """Return AUC and its one-sided p-value, normal with correction for ties and continuity.

    References
    ----------
    Mann, H. B. and Whitney, D. R. (1947), "On a test of whether one of two random variables is stochastically larger
    than the other".
    """
    from scipy.special import ndtr

    area = float(area_under_curve(scores[:, None], is_current[:, None], xp=np)[0])
    m = int(np.count_nonzero(is_current))
    n = len(scores) - m
    ties = np.unique(scores, return_counts=True)[1].astype(np.float64)
    size = n + m
    variance = n * m / 12.0 * (size + 1.0 - float((ties**3 - ties).sum()) / (size * (size - 1.0)))
    if variance <= 0.0:
        return area, 1.0
    z = ((area - 0.5) * n * m - 0.5) / math.sqrt(variance)
    return area, float(ndtr(-z))


def _expected_square(n: int, m: int) -> float:
    """Return the mean of `max(0, 2 AUC - 1)²` without drift: half of four times the variance of the AUC."""
    return (n + m + 1.0) / (6.0 * n * m)
