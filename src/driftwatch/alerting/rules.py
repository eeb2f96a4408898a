"""What becomes an alert (layer 5): rules look at a closed window and say what is wrong with it, and how bad that is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from driftwatch._checks import check_count, is_amount
from driftwatch.alerts.model import SEVERITIES
from driftwatch.errors import ConfigError, UnknownNameError
from driftwatch.report.model import Status
from driftwatch.report.text import number, percent, printable, shorten

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from driftwatch.report.model import DriftReport, FeatureReport
    from driftwatch.scoring.judging import ClosedWindow

__all__ = [
    "BaseRule",
    "CheckFailed",
    "DatasetDrift",
    "FeatureDrift",
    "Finding",
    "NoData",
    "NoVerdict",
    "Observation",
    "PerformanceDrop",
    "SchemaChange",
    "default_rules",
]

NAMES_SHOWN = 10  # features in one line
NAME_WIDTH = 60


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong in a window.

    Attributes
    ----------
    severity : str
        `info`, `warning` or `critical`.
    summary, description : str
        For people: one line, and the rest.
    labels : mapping of str to str
        What tells it from other findings of its rule, such as `feature`.
    """

    severity: str
    summary: str
    description: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Observation:
    """What a rule sees in a window.

    Attributes
    ----------
    findings : tuple of Finding
    known : bool
        False where the window cannot tell: a check that failed neither fires nor resolves anything.
    unsure : collection of str
        Features that this window cannot tell about, such as those with too few values.
    """

    findings: tuple[Finding, ...] = ()
    known: bool = True
    unsure: Collection[str] = ()


UNKNOWN = Observation(known=False)


@dataclass(frozen=True, kw_only=True)
class BaseRule(ABC):
    """A rule. One of your own subclasses this and writes `observe`; its class is the label `alertname`.

    Parameters
    ----------
    for_ : int
        Windows in a row that must show it before it fires. `for` in a file.
    resolve_after : int
        Clean windows in a row that end it.
    severity : str, optional
        `info`, `warning` or `critical`, whatever the rule would say.
    labels : mapping of str to str
        Labels that its alerts get, such as a team.

    Examples
    --------
    >>> class Thin(BaseRule):
    ...     def observe(self, closed):
    ...         thin = closed.n_rows < 100
    ...         return Observation((Finding("info", f"only {closed.n_rows} rows"),) if thin else ())
    >>> Thin(for_=3).name
    'Thin'
    """

    for_: int = 1
    resolve_after: int = 1
    severity: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_count("for_", self.for_, "a positive number of windows")
        check_count("resolve_after", self.resolve_after, "a positive number of windows")
        if self.severity is not None and self.severity not in SEVERITIES:
            raise UnknownNameError.from_names("severity", [self.severity], SEVERITIES)

    @property
    def name(self) -> str:
        """The label `alertname`."""
        return type(self).__name__

    @abstractmethod
    def observe(self, closed: ClosedWindow) -> Observation:
        """Return what a window shows. What this raises is taken as a window that cannot tell."""


@dataclass(frozen=True, kw_only=True)
class _Graded(BaseRule):
    """A rule about drift, whose severity comes from `weight * effect`, by which the report ranks features.

    Parameters
    ----------
    warning, critical : float
        From which `weight * effect` on an alert is a warning, and critical; below it is `info`. Effects are in [0, 1].
    """

    warning: float = 0.1
    critical: float = 0.3

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("warning", "critical"):
            if not is_amount(getattr(self, name)):
                raise ConfigError(f"`{name}` must be a number of 0 or more, got {getattr(self, name)!r}.")

    def grade(self, rank: float) -> str:
        """Return the severity of `weight * effect`."""
        if self.severity is not None:
            return self.severity
        return "critical" if rank >= self.critical else "warning" if rank >= self.warning else "info"


@dataclass(frozen=True, kw_only=True)
class DatasetDrift(_Graded):
    """Many features drifted at once. It mutes their own alerts, by default.

    Parameters
    ----------
    min_share : float
        Share of the judged features.
    min_features : int
        And at least so many.
    """

    min_share: float = 0.3
    min_features: int = 2

    def __post_init__(self) -> None:
        super().__post_init__()
        if not is_amount(self.min_share) or self.min_share > 1:
            raise ConfigError(f"`min_share` must be a number from 0 to 1, got {self.min_share!r}.")
        check_count("min_features", self.min_features, "a positive number of features")

    def observe(self, closed: ClosedWindow) -> Observation:
        """Return the drift of the whole."""
        report = closed.scored.result
        if report is None:
            # another scorer may have no report to give, and only its verdict counts
            if closed.scored.verdict == "drift":
                return Observation((Finding(self.severity or "warning", closed.scored.summary),))
            return Observation(known=closed.scored.verdict == "no_drift")
        judged = sum(feature.has_verdict for feature in report.features.values())
        if not judged:
            return UNKNOWN
        drifted = report.drifted_features
        if len(drifted) < max(self.min_features, self.min_share * judged):
            return Observation()
        summary = f"{len(drifted)} of {judged} features drifted: {_names(drifted)}"
        worst = max(report.features[name].rank for name in drifted)
        return Observation((Finding(self.grade(worst), summary, _size(closed, report)),))


@dataclass(frozen=True, kw_only=True)
class FeatureDrift(_Graded):
    """A feature, a prediction or a target drifted: an alert for each."""

    def observe(self, closed: ClosedWindow) -> Observation:
        """Return the features that drifted, the worst first."""
        report = closed.scored.result
        if report is None:
            return UNKNOWN
        findings = tuple(
            self._finding(feature, closed, report) for feature in report.ranked() if feature.drift_detected
        )
        return Observation(findings, unsure={f.name for f in report.features.values() if not f.has_verdict})

    def _finding(self, feature: FeatureReport, closed: ClosedWindow, report: DriftReport) -> Finding:
        what = [feature.direction or "changed"]
        if feature.effect is not None:
            what.append(f"effect {number(feature.effect)}")
        what += [signal.replace("_", " ") for signal in feature.signals]
        rows = feature.n_current + feature.missing_current
        if feature.missing_current and rows:
            what.append(f"{percent(feature.missing_current / rows)} missing")
        labels = {"feature": feature.name} | ({} if feature.role == "feature" else {"role": feature.role})
        summary = f"{_name(feature.name)} drifted: {', '.join(what)}"
        return Finding(self.grade(feature.rank), summary, _size(closed, report), labels)


@dataclass(frozen=True, kw_only=True)
class PerformanceDrop(BaseRule):
    """The model got worse, beyond noise and by enough to matter."""

    def observe(self, closed: ClosedWindow) -> Observation:
        """Return the metrics that dropped."""
        report = closed.scored.result
        if report is None or report.performance is None or not report.performance.has_verdict:
            return UNKNOWN
        if not report.performance_dropped:
            return Observation()
        dropped = [metric for metric in report.performance.metrics.values() if metric.drop_detected]
        summary = "performance dropped: " + ", ".join(
            f"{metric.name} {_shown(metric.reference)} to {_shown(metric.current)}" for metric in dropped
        )
        return Observation((Finding(self.severity or "critical", summary, _size(closed, report)),))


@dataclass(frozen=True, kw_only=True)
class SchemaChange(BaseRule):
    """Columns are gone, or came with another type: what comes after cannot be trusted."""

    def observe(self, closed: ClosedWindow) -> Observation:
        """Return what does not fit the reference."""
        report = closed.scored.result
        if report is None:
            return UNKNOWN
        broken = [feature for feature in report.features.values() if _is_broken(feature)]
        parts = [f"missing: {_names(report.only_in_reference)}"] if report.only_in_reference else []
        parts += [f"not comparable: {_names(feature.name for feature in broken)}"] if broken else []
        if not parts:
            return Observation()
        reasons = "; ".join(
            f"{_name(feature.name)}: {printable(feature.reason or '')}" for feature in broken[:NAMES_SHOWN]
        )
        return Observation((Finding(self.severity or "critical", "columns " + "; ".join(parts), reasons),))


@dataclass(frozen=True, kw_only=True)
class CheckFailed(BaseRule):
    """The check itself failed, so nobody knows whether there is drift."""

    def observe(self, closed: ClosedWindow) -> Observation:
        """Return the failure."""
        if closed.scored.verdict != "error":
            return Observation()
        return Observation((Finding(self.severity or "warning", printable(closed.scored.summary)),))


@dataclass(frozen=True, kw_only=True)
class NoVerdict(BaseRule):
    """Not a single feature could be judged. Not among the default rules: a small window is no trouble for most."""

    def observe(self, closed: ClosedWindow) -> Observation:
        """Return that there was no verdict."""
        if closed.scored.verdict == "error":
            return UNKNOWN
        if closed.scored.verdict != "no_verdict":
            return Observation()
        return Observation((Finding(self.severity or "info", f"no verdict on {closed.n_rows:,} rows"),))


@dataclass(frozen=True, kw_only=True)
class NoData(BaseRule):
    """A stream with windows of time has had none for long: what is absent must not look healthy.

    Parameters
    ----------
    after : float, optional
        Seconds, by default three windows and at least five minutes. A stream with windows by rows is watched only where
        this is given.
    """

    after: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.after is not None and not (is_amount(self.after) and self.after > 0):
            raise ConfigError(f"`after` must be a positive number of seconds, got {self.after!r}.")

    def observe(self, closed: ClosedWindow) -> Observation:  # noqa: ARG002 - any window will do
        """Return that there is data."""
        return Observation()


def default_rules() -> tuple[BaseRule, ...]:
    """Return the rules that hold where none are given: all but `NoVerdict`."""
    return (DatasetDrift(), FeatureDrift(), PerformanceDrop(), SchemaChange(), CheckFailed(), NoData())


def _is_broken(feature: FeatureReport) -> bool:
    return "type_changed" in feature.signals or (
        feature.status is Status.ERROR and (feature.reason or "").startswith("current:")
    )


def _size(closed: ClosedWindow, report: DriftReport) -> str:
    return f"{closed.n_rows:,} rows against {report.n_reference:,} of the reference"


def _shown(interval: object) -> str:
    return number(getattr(interval, "value", None))


def _name(name: str) -> str:
    return shorten(printable(name), NAME_WIDTH)


def _names(names: Iterable[str]) -> str:
    names = list(names)
    more = f" and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else ""
    return ", ".join(_name(name) for name in names[:NAMES_SHOWN]) + more
