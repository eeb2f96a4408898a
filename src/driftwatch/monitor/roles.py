"""What a check does for predictions and targets: labels that come late, and the performance (layer 4)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from driftwatch.arrays.schema import Role
from driftwatch.errors import ConfigError
from driftwatch.monitor.comparison import blank
from driftwatch.monitor.evidence import Finding
from driftwatch.monitor.signals import DROPPED_ROWS
from driftwatch.performance.comparison import PerformanceOptions, ReferencePerformance, settle
from driftwatch.performance.estimation import ReferenceCalibration
from driftwatch.profile.feature import in_words
from driftwatch.report.model import Status
from driftwatch.report.performance import PerformanceReport

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from driftwatch.arrays.table import Table
    from driftwatch.monitor.evidence import Evidence
    from driftwatch.monitor.plan import Plan
    from driftwatch.profile.profile import Profile
    from driftwatch.report.model import FeatureReport

__all__ = ["MeasuredPerformance", "PerformanceCheck", "late_labels", "unlabelled", "with_roles"]

NOT_LABELLED = "not labelled yet"


def late_labels(evidence: Sequence[Evidence], plan: Plan) -> None:
    """Take the missing shares of targets out of the evidence: that labels have not come yet is no drift."""
    for item in evidence:
        if plan.options(item.name).role is Role.TARGET:
            item.missing = None
            if item.missing_current:
                item.flags = ["partly_labelled", *(flag for flag in item.flags if flag != DROPPED_ROWS)]


def with_roles(features: Mapping[str, FeatureReport], plan: Plan) -> dict[str, FeatureReport]:
    """Return the features with their roles, and targets without enough labels with the reason that they are late."""
    named = {}
    for name, feature in features.items():
        role, reason = plan.options(name).role, feature.reason
        if role is Role.TARGET and feature.status is Status.INSUFFICIENT and feature.missing_current:
            reason = f"{NOT_LABELLED}: {reason}"
        named[name] = feature if role is Role.FEATURE else replace(feature, role=role, reason=reason)
    return named


def unlabelled(profile: Profile, name: str, n_rows: int) -> FeatureReport:
    """Return the report of a target that current data do not have."""
    reason = "current data have no such column"
    return blank(profile, profile.features[name], Status.INSUFFICIENT, reason, n_rows=n_rows, n_missing=n_rows)


@dataclass
class MeasuredPerformance:
    """The performance of one check before its p-values are corrected; `findings` are its part of the family."""

    draft: PerformanceReport | None = None
    findings: list[Finding] = field(default_factory=list)

    def report(self, alpha: float | None) -> PerformanceReport | None:
        """Return the performance with its verdict, once `findings` have their corrected p-values."""
        if self.draft is None:
            return None
        tested = [metric.name for metric in self.draft.metrics.values() if metric.pvalue is not None]
        adjusted = {name: finding.pvalue_adjusted for name, finding in zip(tested, self.findings, strict=True)}
        return settle(self.draft, adjusted, alpha)


@dataclass(frozen=True)
class PerformanceCheck:
    """The performance part of a monitor; does nothing without a prediction and a target."""

    prediction: str | None = None
    target: str | None = None
    reference: ReferencePerformance | None = None
    calibration: ReferenceCalibration | None = None
    problem: str | None = None
    n_rows: int = 0

    @classmethod
    def fit(cls, table: Table, plan: Plan, given: Mapping[str, Any] | None) -> PerformanceCheck:
        """Measure the reference, and calibrate its scores where it has some.

        Raises
        ------
        ConfigError, UnknownNameError
            If an option makes no sense, or there are options and nothing that they could be about.
        """
        options = PerformanceOptions.build(given)
        first = {role: next((n for n in table.names if n in plan.columns(role)), None) for role in Role}
        prediction, target = first[Role.PREDICTION], first[Role.TARGET]
        if prediction is None or target is None:
            if given is not None:
                raise ConfigError("`performance` needs a prediction and a target: pass roles={...} with both.")
            return cls()
        check = cls(prediction, target, n_rows=table.n_rows)
        return _fitted(
            check,
            lambda: ReferencePerformance.fit(
                table,
                prediction=prediction,
                target=target,
                weight=first[Role.WEIGHT],
                options=options,
                min_samples=plan.min_samples,
            ),
        )

    def refit(self, table: Table) -> PerformanceCheck:
        """Return the same for another reference with the same columns, read in the same way."""
        known = self.reference
        if known is None:
            return self
        return _fitted(
            replace(self, n_rows=table.n_rows),
            lambda: ReferencePerformance.measure(
                table, known.spec, options=known.options, min_samples=known.min_samples
            ),
        )

    def measure(self, table: Table) -> MeasuredPerformance:
        """Return the performance of current data: measured where enough labels have come, else estimated."""
        if self.prediction is None or self.target is None:
            return MeasuredPerformance()
        if self.reference is None:
            return MeasuredPerformance(self._without(table, self.problem))
        try:
            draft = self._measure(table, self.reference)
        except Exception as error:  # noqa: BLE001 - an unreadable column must not cost the report
            return MeasuredPerformance(self._without(table, f"current: {in_words(error)}"))
        pvalues = [metric.pvalue for metric in draft.metrics.values() if metric.pvalue is not None]
        return MeasuredPerformance(draft, [Finding(None, True, p, None, {}, {}, None) for p in pvalues])

    def _measure(self, table: Table, reference: ReferencePerformance) -> PerformanceReport:
        if reference.spec.prediction not in table.names:
            return self._without(table, f"current data have no column {reference.spec.prediction!r}")
        labelled = reference.spec.target in table.names
        draft = reference.check(table) if labelled else self._without(table, NOT_LABELLED)
        if draft.n_labelled >= reference.min_samples or self.calibration is None:
            return draft
        return self.calibration.estimate(table, reason=draft.reason, n_labelled=draft.n_labelled)

    def _without(self, table: Table, reason: str | None) -> PerformanceReport:
        assert self.prediction is not None
        assert self.target is not None
        known = self.reference
        return PerformanceReport(
            prediction=self.prediction,
            target=self.target,
            weight=None if known is None else known.spec.weight,
            task="unknown" if known is None else known.spec.task,
            n_reference=self.n_rows,
            n_labelled_reference=0 if known is None else known.n_labelled,
            n_current=table.n_rows,
            n_labelled=0,
            metrics={},
            reason=reason,
        )


def _fitted(check: PerformanceCheck, fit: Callable[[], ReferencePerformance]) -> PerformanceCheck:
    try:
        reference = fit()
        return replace(check, reference=reference, calibration=ReferenceCalibration.fit(reference), problem=None)
    except ConfigError:
        raise
    except Exception as error:  # noqa: BLE001 - an unreadable column must not cost the report
        return replace(check, reference=None, calibration=None, problem=f"reference: {in_words(error)}")
