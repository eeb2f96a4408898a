"""The plain data of a drift report (layer 4). Renderers format it and compute nothing."""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar, Self, SupportsFloat

from driftwatch.errors import InputError

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping
    from typing import Any

    from driftwatch._typing import JSONScalar
    from driftwatch.report.explanation import Explanation
    from driftwatch.report.history import History
    from driftwatch.report.performance import Interval, PerformanceReport
    from driftwatch.report.pictures import Histogram, Projection

__all__ = [
    "SCHEMA_VERSION",
    "SKIPPED",
    "Bins",
    "DriftReport",
    "FeatureReport",
    "SideSummary",
    "Status",
    "TestResult",
    "Verdict",
]

SCHEMA_VERSION = 1
NOT_FINITE = "not finite"
SKIPPED = "skipped: "  # how the reason begins of a statistic that the data at hand cannot give


class Status(StrEnum):
    """Whether a feature has a verdict; anything but `ok` comes with a reason."""

    OK = "ok"
    SKIPPED = "skipped"
    INSUFFICIENT = "insufficient"
    ERROR = "error"


class Verdict(StrEnum):
    """The answer of the whole report."""

    DRIFT = "drift"
    NO_DRIFT = "no_drift"
    NO_VERDICT = "no_verdict"


@dataclass(frozen=True, slots=True)
class TestResult:
    """One statistic of one feature.

    `statistic` is None where the statistic is not defined, and `reason` says why. `pvalue` and `pvalue_adjusted` are
    None for distances, which have no p-value (`is_test` is False), and where no p-value could be computed.
    `expected` and `null_q99` are the mean and the 99 % quantile of the statistic without drift at these sizes, and
    `excess` is what is left of it: `sqrt(max(0, s^2 - E0[s^2]))` for a distance, `max(0, s - E0[s])` for the others. None
    where they are not known.
    `details` holds what belongs to one statistic only: `normalized` (wasserstein), `dof` and `pvalue_method` (chi2), ...

    A number that is not finite becomes None, with the reason "not finite" where none was given: JSON has no NaN.
    NumPy scalars become Python ones.

    Raises
    ------
    InputError
        If a p-value is given for a distance, or `details` uses one of the names above.

    Examples
    --------
    >>> result = TestResult(statistic=float("nan"))
    >>> result.statistic is None, result.reason
    (True, 'not finite')
    """

    __test__: ClassVar[bool] = False  # the name begins with "Test": pytest must not take it for one

    statistic: float | None
    is_test: bool = False
    pvalue: float | None = None
    pvalue_adjusted: float | None = None
    threshold: float | None = None
    reason: str | None = None
    details: Mapping[str, JSONScalar] = field(default_factory=dict)
    expected: float | None = None
    null_q99: float | None = None
    excess: float | None = None

    def __post_init__(self) -> None:
        # A report of a thousand features holds five thousand results: what is clean already is not written again.
        lost = False
        for name in _NUMBERS:
            value = getattr(self, name)
            if value is not None and (type(value) is not float or not math.isfinite(value)):
                clean = _finite(value)
                lost = lost or (clean is None and name not in _NOISE)
                object.__setattr__(self, name, clean)
        details = {name: _scalar(value) for name, value in self.details.items()}
        lost = lost or any(details[name] is None and self.details[name] is not None for name in details)
        _assign(self, is_test=bool(self.is_test), details=details)
        if lost and not self.reason:
            _assign(self, reason=NOT_FINITE)

        if not self.is_test and not (self.pvalue is None and self.pvalue_adjusted is None):
            raise InputError("a p-value belongs to a test, and this result is a distance. Pass is_test=True.")
        if taken := _RESULT_FIELDS.intersection(details):
            raise InputError(
                f"`details` has the names of fields: {sorted(taken)!r}. Set the fields, or rename the keys."
            )


_NOISE = ("expected", "null_q99", "excess")
_NUMBERS = ("statistic", "pvalue", "pvalue_adjusted", "threshold", *_NOISE)
_RESULT_FIELDS = frozenset(item.name for item in fields(TestResult))


@dataclass(frozen=True, slots=True)
class SideSummary:
    """Location and spread of one side of a numeric feature, in its own unit; None where not finite or not defined."""

    mean: float | None = None
    std: float | None = None
    minimum: float | None = None
    median: float | None = None
    maximum: float | None = None

    def __post_init__(self) -> None:
        _assign(self, **{item.name: _finite(getattr(self, item.name)) for item in fields(self)})


@dataclass(frozen=True, slots=True)
class Bins:
    """Counts of both sides on the same cells.

    Numeric features: `edges` are the inner edges, ascending, so there are `len(edges) + 1` bins `[a, b)` with open
    outer ends, and `labels` is empty. An edge at infinity is None. Categorical features: `labels` names the levels,
    most frequent first; the last may be `"(other)"`, and `edges` is empty. `psi` is what each of them adds to the
    population stability index, empty where a side is or where a report does not say.
    """

    reference: tuple[int, ...]
    current: tuple[int, ...]
    edges: tuple[float | None, ...] = ()
    labels: tuple[str, ...] = ()
    psi: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        _assign(
            self,
            reference=tuple(operator.index(count) for count in self.reference),
            current=tuple(operator.index(count) for count in self.current),
            edges=tuple(_finite(edge) for edge in self.edges),
            labels=tuple(self.labels),
            psi=tuple(float(term) for term in self.psi),
        )


@dataclass(frozen=True, slots=True)
class FeatureReport:
    """What is known about one feature.

    `significant` and `material` are the two legs of the verdict; None where a leg was switched off (`alpha=None`).
    `effect` is the noise-corrected effect size (in [0, 1], free of n). `direction` is a word for how the feature
    moved: "up", "down", "wider", "narrower", "changed", "more missing", "fewer missing", or None where it did not
    drift. `signals` name what stands out and `flags` what weakens the verdict; neither takes part in it.
    `signal_values` holds the share of the current values that a signal is about, `intervals` effect sizes with their
    confidence intervals, where they were asked for: "ks", "wasserstein_normalized", "psi", "total_variation", and
    "mean_shift" and "quantile_shift" (of the median) in the unit of the feature. `n_reference` and `n_current` count
    values, without the missing ones. `role` is what the column is to the model: "feature", "prediction" or "target".
    `histogram` (numeric features) and `projection` (embeddings) are for pictures; None where there is nothing to draw.
    """

    name: str
    kind: str
    status: Status
    reason: str | None
    drift_detected: bool
    significant: bool | None
    material: bool | None
    effect: float | None
    signals: tuple[str, ...]
    flags: tuple[str, ...]
    n_reference: int
    n_current: int
    missing_reference: int
    missing_current: int
    tests: Mapping[str, TestResult]
    weight: float = 1.0
    direction: str | None = None
    reference: SideSummary | None = None
    current: SideSummary | None = None
    bins: Bins | None = None
    histogram: Histogram | None = None
    projection: Projection | None = None
    signal_values: Mapping[str, float] = field(default_factory=dict)
    intervals: Mapping[str, Interval] = field(default_factory=dict)
    role: str = "feature"

    def __post_init__(self) -> None:
        effect = _finite(self.effect)
        lost = effect is None and self.effect is not None
        counts = ("n_reference", "n_current", "missing_reference", "missing_current")
        _assign(
            self,
            kind=str(self.kind),
            role=str(self.role),
            status=Status(self.status),
            reason=NOT_FINITE if lost and not self.reason else self.reason,
            drift_detected=bool(self.drift_detected),
            significant=_flag(self.significant),
            material=_flag(self.material),
            effect=effect,
            signals=tuple(self.signals),
            flags=tuple(self.flags),
            intervals=dict(self.intervals),
            signal_values={name: _setting(name, value) for name, value in self.signal_values.items()},
            weight=_setting("weight", self.weight),
            **{name: operator.index(getattr(self, name)) for name in counts},
        )

    @property
    def has_verdict(self) -> bool:
        """Whether the feature was judged: it could be tested, or it drifted all the same (all values went missing)."""
        return self.status is Status.OK or self.drift_detected

    @property
    def rank(self) -> float:
        """`weight * effect`, by which features are ranked; 0 where there is no effect size."""
        return self.weight * (self.effect or 0.0)


@dataclass(frozen=True, slots=True)
class DriftReport:
    """The answer of one check: one `FeatureReport` per feature and the verdict over all of them.

    `drift_detected` says that at least one feature drifted, by both legs. Without drift in any feature it is true with
    a probability of at most `alpha` under the corrections "bonferroni", "holm" and "fdr_by" whatever the dependence of
    the features, and under "fdr_bh" for independent and many positively dependent ones; the material leg makes it rarer.

    `global_pvalue` tests that no feature changed at all, over the `n_tests` p-values of the report, by `global_method`;
    it knows no material leg. None where there is no p-value. `excess` says that thresholds acted on statistics without
    their own noise. `confidence` is that of the intervals, None without them.
    `calibrated` says that the settings come from `Monitor.calibrate`.
    `performance` is None unless the monitor knows a prediction and a target. `explanation` is None unless an `Explainer`
    made the report.
    """

    driftwatch_version: str
    created_at: str
    reference_hash: str
    alpha: float | None
    correction: str
    min_effect: float
    n_reference: int
    n_current: int
    only_in_reference: tuple[str, ...]
    only_in_current: tuple[str, ...]
    features: Mapping[str, FeatureReport]
    calibrated: bool = False
    excess: bool = False
    n_tests: int = 0
    global_pvalue: float | None = None
    global_method: str = "bonferroni"
    confidence: float | None = None
    performance: PerformanceReport | None = None
    explanation: Explanation | None = None

    def __post_init__(self) -> None:
        _assign(
            self,
            calibrated=bool(self.calibrated),
            excess=bool(self.excess),
            n_tests=operator.index(self.n_tests),
            global_pvalue=_finite(self.global_pvalue),
            confidence=None if self.confidence is None else _setting("confidence", self.confidence),
            alpha=None if self.alpha is None else _setting("alpha", self.alpha),
            min_effect=_setting("min_effect", self.min_effect),
            n_reference=operator.index(self.n_reference),
            n_current=operator.index(self.n_current),
            only_in_reference=tuple(self.only_in_reference),
            only_in_current=tuple(self.only_in_current),
        )

    @property
    def drift_detected(self) -> bool:
        """Whether any feature drifted, or the performance dropped."""
        return any(feature.drift_detected for feature in self.features.values()) or self.performance_dropped

    @property
    def performance_dropped(self) -> bool:
        """Whether any metric of the performance dropped."""
        return self.performance is not None and self.performance.drop_detected

    @property
    def global_significant(self) -> bool | None:
        """Whether `global_pvalue` is at most `alpha`: something changed somewhere, not necessarily by much.

        Without any change this happens with a probability of at most `alpha`. None where there is no p-value or no
        `alpha`.
        """
        return None if self.alpha is None or self.global_pvalue is None else self.global_pvalue <= self.alpha

    @property
    def verdict(self) -> Verdict:
        """Drift, no drift, or no verdict where not a single feature could be judged."""
        if self.drift_detected:
            return Verdict.DRIFT
        judged = any(feature.has_verdict for feature in self.features.values())
        if judged or (self.performance is not None and self.performance.has_verdict):
            return Verdict.NO_DRIFT
        return Verdict.NO_VERDICT

    @property
    def n_features(self) -> int:
        """Number of features in the report, judged or not."""
        return len(self.features)

    @property
    def n_drifted(self) -> int:
        """Number of features that drifted."""
        return sum(feature.drift_detected for feature in self.features.values())

    @property
    def drifted_features(self) -> list[str]:
        """Names of the drifted features, the largest `weight * effect` first."""
        return [feature.name for feature in self.ranked() if feature.drift_detected]

    def ranked(self) -> list[FeatureReport]:
        """Return all features: the drifted, the fine, then those without a verdict; each by falling `weight * effect`.

        Ties keep the order of the reference.
        """
        return sorted(
            self.features.values(),
            key=lambda feature: (not feature.drift_detected, not feature.has_verdict, -feature.rank),
        )

    def summary(self) -> str:
        """Return the verdict and the drifted features as a few lines of plain text, at most 80 columns wide."""
        from driftwatch.report.render_text import render_text

        return render_text(self)

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain data for strict JSON, in the shape of `driftwatch.report.json_schema()`."""
        from driftwatch.report.serialize import report_to_dict

        return report_to_dict(self)

    def to_json(self, indent: int | None = None) -> str:
        """Return the report as strict JSON: no NaN or Infinity, ASCII only, keys in a fixed order."""
        from driftwatch.report.serialize import report_to_json

        return report_to_json(self, indent=indent)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the report that `to_dict` described; unknown keys are ignored.

        Raises
        ------
        InputError
            If the schema version is unknown, a key is missing or a value has the wrong type.
        """
        from driftwatch.report.serialize import report_from_dict

        return report_from_dict(cls, data)

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Return the report that `to_json` wrote; unknown keys are ignored.

        Raises
        ------
        InputError
            If the text is not strict JSON, or as for `from_dict`.
        """
        from driftwatch.report.serialize import report_from_json

        return report_from_json(cls, text)

    def to_markdown(self) -> str:
        """Return the report as GitHub-flavoured Markdown."""
        from driftwatch.report.render_markdown import render_markdown

        return render_markdown(self)

    def plot(self, feature: str | None = None, *, kind: str | None = None, ax: Any = None) -> Any:
        """Draw one feature, or the effects of all of them, from the numbers of this report; return matplotlib's figure.

        The figure shows itself in a notebook, and `savefig("x.pdf")` or `"x.svg"` makes it a vector graphic. Nothing is
        computed and no setting of matplotlib is changed.

        Parameters
        ----------
        feature : str, optional
            Without it the effects of the drifted features are drawn, the largest first, with their intervals where the
            report has them (`confidence`), then those of the others, as far as there is room.
        kind : {"distribution", "ecdf", "psi", "projection", "missing", "effects"}, optional
            One picture; by default those that suit the feature, side by side.
        ax : matplotlib Axes, optional
            To draw the one picture on, or the first of them. Its figure is returned.

        Raises
        ------
        UnknownNameError
            If the report has no such feature, or there is no such kind.
        ConfigError
            If there is nothing to draw: the feature was not tested, or is of another kind.
        MissingExtraError
            If matplotlib is not installed.
        """
        from driftwatch.report.render_plot import plot_report

        return plot_report(self, feature, kind=kind, ax=ax)

    def to_html(self, path: str | os.PathLike[str] | None = None, *, history: History | None = None) -> str:
        """Return the report as one self-contained HTML page, and write it to a file where one is named.

        The page loads nothing from anywhere and holds counts and statistics, never rows.

        Parameters
        ----------
        path : str or path, optional
            The file to write, in one step: readers see the old content or the new, never a part.
        history : History, optional
            Checks of the same features over time, such as `Monitor.over_time` returns, which the page draws too.

        Raises
        ------
        DriftwatchError
            If the file cannot be written; the old one is then untouched.
        """
        from driftwatch.report.page.document import document
        from driftwatch.report.writing import write_text

        text = document(self, history=history)
        if path is not None:
            write_text(path, text)
        return text

    def _repr_html_(self) -> str:
        from driftwatch.report.page.notebook import notebook

        return notebook(self)


def _assign(instance: object, **values: object) -> None:
    # the documented way to normalise a frozen dataclass in __post_init__
    for name, value in values.items():
        object.__setattr__(instance, name, value)


def _finite(value: SupportsFloat | None) -> float | None:
    """Return a Python float, or None where the value is missing or not finite."""
    if value is None:
        return None
    number = float(value)
    return number if math.isfinite(number) else None


def _scalar(value: Any) -> JSONScalar:
    """Return a Python scalar (NumPy's know `item`); a float that is not finite becomes None."""
    plain: JSONScalar = value.item() if hasattr(value, "item") else value
    return _finite(plain) if isinstance(plain, float) else plain


def _flag(value: object) -> bool | None:
    return None if value is None else bool(value)


def _setting(name: str, value: SupportsFloat) -> float:
    # a setting cannot become null, which would mean "switched off"
    number = _finite(value)
    if number is None:
        raise InputError(f"`{name}` must be a finite number, got {value!r}. Set a number.")
    return number
