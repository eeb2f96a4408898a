"""Which drift matters, as plain data of a report (layer 4). `driftwatch.explain` computes it."""

from __future__ import annotations

from dataclasses import dataclass

from driftwatch.report.performance import Interval  # noqa: TC001 - the codec reads the annotations

__all__ = [
    "ContributionDrift",
    "ContributionTest",
    "DriftDirection",
    "FeatureShift",
    "ImportanceRanking",
    "OutputShift",
    "RankedFeature",
    "RowExample",
    "ScoreShift",
    "SeparatingFeature",
    "Separation",
]


@dataclass(frozen=True, slots=True)
class RankedFeature:
    """One feature by how much it drifted and how much the model uses it.

    `importance` is a share: those of all features sum to 1. `product` is `effect * importance`; both are None where the
    feature has no effect size.
    """

    feature: str
    importance: float
    drift_detected: bool
    effect: float | None = None
    product: float | None = None


@dataclass(frozen=True, slots=True)
class ImportanceRanking:
    """Features by falling `effect * importance`.

    `source` says where the importance is from, as "weights", "feature_importances_" or "mean |contribution|". `unknown`
    are features that have an importance, and that the report does not hold; `without` are features of the report that no
    importance is known of: they take no part.
    """

    source: str
    features: tuple[RankedFeature, ...]
    unknown: tuple[str, ...] = ()
    without: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FeatureShift:
    """What one feature adds to the change of a mean score.

    `reference` and `current` are its mean contributions (mean SHAP values) on both sides, `shift` is their difference with its interval.
    """

    feature: str
    shift: Interval
    reference: float
    current: float


@dataclass(frozen=True, slots=True)
class OutputShift:
    """The change of the mean of one output of a model, feature by feature.

    `output` is the name of the class, or "score" where there is one output. `reference` and `current` are mean scores,
    `change` is their difference with its interval. The shifts of the features sum to `change.value` up to `gap`.
    `features` are ordered by falling size of their shift.
    """

    output: str
    reference: float
    current: float
    change: Interval
    gap: float
    features: tuple[FeatureShift, ...]


@dataclass(frozen=True, slots=True)
class ScoreShift:
    """Why the mean score changed.

    Parameters
    ----------
    method : str
        What computed the contributions, as "LightGBM pred_contrib".
    scale : str
        What a score is: "raw score", "log-odds", "probability", "prediction", ...
    n_reference, n_current : int
        Rows that were explained.
    level : float
        Confidence level of the intervals, which are percentiles of a bootstrap of rows.
    n_resamples : int
    tolerance : float
        Largest gap between a change and the sum of its parts that counts as rounding.
    outputs : tuple of OutputShift
    reason : str, optional
        Why the numbers are not to be trusted: the parts do not add up.
    n_evaluations : int, optional
        Predictions that a sampled method asked of the model, for both sides.
    """

    method: str
    scale: str
    n_reference: int
    n_current: int
    level: float
    n_resamples: int
    tolerance: float
    outputs: tuple[OutputShift, ...]
    reason: str | None = None
    n_evaluations: int | None = None


@dataclass(frozen=True, slots=True)
class SeparatingFeature:
    """How much a classifier that tells current from reference rows needs one feature.

    `drop` is by how much its AUC falls on rows held out when the values of the feature are shuffled, with its interval.
    """

    feature: str
    drop: Interval


@dataclass(frozen=True, slots=True)
class Separation:
    """How well a classifier tells current from reference rows, and by which features.

    `auc` is that on rows held out, with its interval: 0.5 is no difference at all. `pvalue` is one-sided. `features` are
    ordered by falling drop.
    """

    classifier: str
    auc: Interval
    pvalue: float
    n_reference: int
    n_current: int
    level: float
    n_resamples: int
    n_repeats: int
    features: tuple[SeparatingFeature, ...]
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class ContributionTest:
    """Whether the contributions of one feature to one output drifted, by the tests of a monitor.

    `share` is the part of the feature in the mean absolute contributions to the output, those of the side where it is
    larger: shares near 0 are drifts that change no score. `reason` says why there is no verdict.
    """

    feature: str
    output: str
    drift_detected: bool
    effect: float | None = None
    pvalue_adjusted: float | None = None
    direction: str | None = None
    reason: str | None = None
    share: float | None = None


@dataclass(frozen=True, slots=True)
class ContributionDrift:
    """Drift of what the model makes of the features: the tests of a monitor on the contributions (explanation shift).

    `tests` begin with those that drifted, each by falling `share * effect`. `separation` is a classifier on all contributions together, None
    where scikit-learn is missing, for the `reason`.
    """

    method: str
    scale: str
    drift_detected: bool
    n_drifted: int
    alpha: float | None
    correction: str
    min_effect: float
    n_reference: int
    n_current: int
    tests: tuple[ContributionTest, ...]
    global_pvalue: float | None = None
    separation: Separation | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class RowExample:
    """One row, by its place in the data, or by the label that the user gave it.

    `position` is where it lies along the direction of drift: 0 at the mean of the reference, 1 at that of the current rows.
    """

    row: int
    position: float
    label: str | None = None


@dataclass(frozen=True, slots=True)
class DriftDirection:
    """Real rows that show where vectors moved to, along the direction between the means of both sides.

    `gone` are reference rows that lie furthest away from the current side, `new` current rows that lie furthest away from
    the reference's. `typical_reference` and `typical_current` are the rows of each side nearest to its mean. `auc` is how
    well the direction tells both sides apart, on rows that did not define it; 0.5 is not at all. `distance` is that
    between the means, in the units of the vectors.
    """

    feature: str
    distance: float
    auc: float
    n_reference: int
    n_current: int
    gone: tuple[RowExample, ...]
    new: tuple[RowExample, ...]
    typical_reference: tuple[RowExample, ...]
    typical_current: tuple[RowExample, ...]
    reason: str | None = None
