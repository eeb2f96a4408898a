"""Which features let a classifier tell current rows from reference rows: joint drift (layer 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch._checks import check_count
from driftwatch.arrays.column import NUMBER_LIKE
from driftwatch.arrays.inference import infer_kind
from driftwatch.arrays.namespace import to_host
from driftwatch.arrays.schema import FeatureKind
from driftwatch.arrays.table import read_table
from driftwatch.detectors.classifier import SMALLEST_FOLD, cross_halves, fitted_classifier, mann_whitney, scores_of
from driftwatch.errors import InputError, NoCommonFeaturesError, UnknownNameError
from driftwatch.explain.bootstrap import check_bootstrap, drawn_counts, percentiles
from driftwatch.report.attribution import SeparatingFeature, Separation
from driftwatch.report.performance import Interval

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from driftwatch.arrays.table import Table

__all__ = ["separating_features"]

MAX_ROWS = 2000
KINDS = frozenset({FeatureKind.NUMERIC, FeatureKind.BOOLEAN, FeatureKind.CATEGORICAL})
FEWEST_ROWS = 2 * SMALLEST_FOLD


def separating_features(
    reference: Any,
    current: Any,
    /,
    *,
    features: Sequence[str] | None = None,
    estimator: Any = None,
    max_rows: int = MAX_ROWS,
    n_repeats: int = 3,
    n_resamples: int = 300,
    level: float = 0.95,
    seed: int = 0,
) -> Separation:
    """Train a classifier to tell current from reference rows, and return which features it needs for that.

    Each half of the rows is scored by a classifier that was trained on the other half, as by `ClassifierDetector`. A
    feature counts by how much the AUC falls on rows held out when its values are shuffled among them: 0 where the
    classifier does not need it. So a change of how features hang together, which no single one of them shows, is found.

    Parameters
    ----------
    reference, current : anything that a monitor takes
    features : sequence of str, optional
        Columns; by default all on both sides that hold numbers, booleans or categories, but no identifiers.
    estimator : scikit-learn classifier, optional
        Cloned for each half; gradient boosting by default. It is given floats, categories as ranks by falling frequency.
    max_rows : int
        Rows of each side; of more rows a seeded sample is drawn.
    n_repeats : int
        Shuffles of each feature.
    n_resamples : int
        Resamples of the rows held out, for the intervals; they do not train the classifier anew.
    level : float
    seed : int

    Raises
    ------
    MissingExtraError
        If scikit-learn is not installed.
    NoCommonFeaturesError, UnknownNameError
        If there is no such column on both sides.
    InputError
        If a side has fewer than four rows.
    ConfigError
        If a setting is out of range.

    Notes
    -----
    Of two features that say the same, shuffling one costs little, as the other still says it: low drops of both are no
    proof that they did not change.

    References
    ----------
    Lopez-Paz, D. and Oquab, M. (2017), "Revisiting classifier two-sample tests"; Breiman, L. (2001), "Random forests",
    for the importance by shuffling.
    """
    check_bootstrap(level, n_resamples)
    check_count("n_repeats", n_repeats)
    check_count("max_rows", max_rows, f"an integer of at least {FEWEST_ROWS}", least=FEWEST_ROWS)
    rng = np.random.default_rng(seed)
    tables = read_table(reference, role="reference"), read_table(current, role="current")
    names = _names(tables, features)
    sides = [table.take(np.sort(rng.permutation(table.n_rows)[:max_rows])) for table in tables]
    fewest = min(side.n_rows for side in sides)
    if fewest < FEWEST_ROWS:
        raise InputError(f"at least {FEWEST_ROWS} rows of each side are needed, got {fewest}. Pass more rows.")
    n, m = (side.n_rows for side in sides)
    rows = _matrix(sides, names)
    is_current = np.repeat([False, True], [n, m])

    area = np.zeros(n_resamples + 1)
    fallen = np.zeros((len(names), n_resamples + 1))
    pvalues = []
    halves = cross_halves(n, m, rng)
    for held_out in halves:
        model = fitted_classifier(
            estimator, rows[~held_out], is_current[~held_out], seed=seed, is_joint=True, feature="separating_features"
        )
        tested, labels = rows[held_out], is_current[held_out]
        scores = scores_of(model, tested)
        pvalues.append(mann_whitney(scores, labels)[1])
        counts = _counts(labels, n_resamples, rng)
        areas = _areas(scores, labels, counts)
        area += areas / len(halves)
        shuffles = [rng.permutation(len(tested)) for _ in range(n_repeats)]
        for j in range(len(names)):
            shuffled = np.tile(tested, (n_repeats, 1))
            shuffled[:, j] = tested[np.concatenate(shuffles), j]
            for found in scores_of(model, shuffled).reshape(n_repeats, -1):
                fallen[j] += (areas - _areas(found, labels, counts)) / (n_repeats * len(halves))

    # the first entry is that of the rows themselves
    ends = percentiles(np.column_stack([area, fallen.T])[1:], level)
    drops = [Interval(fallen[j, 0], ends[0][j + 1], ends[1][j + 1]) for j in range(len(names))]
    ordered = sorted(zip(names, drops, strict=True), key=lambda pair: -pair[1].value)
    return Separation(
        classifier=type(model).__name__,
        auc=Interval(area[0], ends[0][0], ends[1][0]),
        pvalue=min(1.0, 2.0 * float(np.mean(pvalues))),
        n_reference=n,
        n_current=m,
        level=float(level),
        n_resamples=int(n_resamples),
        n_repeats=int(n_repeats),
        features=tuple(SeparatingFeature(name, drop) for name, drop in ordered),
    )


def _names(tables: tuple[Table, Table], features: Sequence[str] | None) -> list[str]:
    known = [name for name in tables[0].names if name in set(tables[1].names)]
    if features is not None:
        unknown = [name for name in features if name not in set(known)]
        if unknown:
            raise UnknownNameError.from_names("feature", unknown, known)
        return list(features)
    names = [name for name in known if infer_kind(tables[0].column(name))[0] in KINDS]
    if not names:
        raise NoCommonFeaturesError.from_names(*(table.names for table in tables))
    return names


def _matrix(sides: Sequence[Table], names: Sequence[str]) -> NDArray[np.float64]:
    """Return the rows of both sides one after the other, shape `(n + m, d)`, missing values as NaN."""
    columns = []
    for name in names:
        if all(side.storage_of(name) in NUMBER_LIKE for side in sides):
            column = np.concatenate([to_host(side.block([name]))[0].astype(np.float64) for side in sides])
            columns.append(np.where(np.isfinite(column), column, np.nan))
        else:
            columns.append(_ranked_levels(sides, name))
    return np.column_stack(columns)


def _ranked_levels(sides: Sequence[Table], name: str) -> NDArray[np.float64]:
    """Return the level of each row as its rank by falling frequency over both sides."""
    known: dict[str, int] = {}
    codes = []
    for side in sides:
        found, labels = side.column(name).codes()
        own = np.asarray([known.setdefault(label, len(known)) for label in labels] + [-1], dtype=np.int64)
        codes.append(own[found])  # -1, for missing, is the last
    pooled = np.concatenate(codes)
    present = pooled >= 0
    ranks = np.empty(len(known), dtype=np.float64)
    ranks[np.argsort(-np.bincount(pooled[present], minlength=len(known)), kind="stable")] = np.arange(len(known))
    column = np.full(len(pooled), np.nan)
    column[present] = ranks[pooled[present]]
    return column


def _counts(is_current: NDArray[np.bool_], n_resamples: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return ones, and then how often each row is drawn, each side by itself, shape `(n_resamples + 1, n)`."""
    counts = np.ones((n_resamples + 1, len(is_current)))
    for side in (~is_current, is_current):
        counts[1:, side] = np.concatenate(list(drawn_counts(int(side.sum()), n_resamples, rng)))
    return counts


def _areas(
    scores: NDArray[np.float64], is_current: NDArray[np.bool_], counts: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the AUC of rows that count so often, ties counting half, shape `(n_resamples + 1,)`."""
    order = np.argsort(scores, kind="stable")
    ordered, current = scores[order], is_current[order]
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    drawn = counts[:, order]
    ours = np.add.reduceat(drawn * current, starts, axis=1)
    theirs = np.add.reduceat(drawn * ~current, starts, axis=1)
    below = np.cumsum(theirs, axis=1) - 0.5 * theirs
    return np.asarray((ours * below).sum(axis=1) / (ours.sum(axis=1) * theirs.sum(axis=1)))
