"""Windows, plans and receivers for the tests of alerting."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from driftwatch.alerting.deciding import Window
from driftwatch.alerting.notifier import BaseNotifier
from driftwatch.alerting.plan import Plan, Terms
from driftwatch.alerting.routes import Route
from driftwatch.alerting.rules import BaseRule, Finding, Observation
from driftwatch.alerts.state import Context
from driftwatch.alerts.throttle import Throttle
from driftwatch.report.model import DriftReport, FeatureReport, Status
from driftwatch.scoring.judging import ClosedWindow
from driftwatch.scoring.scored import Scored
from driftwatch.store.model import WindowKey

if TYPE_CHECKING:
    from collections.abc import Iterable

    from driftwatch.alerts.model import Notification

__all__ = ["SECOND", "Inbox", "Other", "Seen", "closed_window", "feature_of", "plan_of", "report_of", "window_of"]

SECOND = 10**6  # microseconds


class Seen(BaseRule):
    """A rule whose findings the test writes itself."""

    def observe(self, closed: ClosedWindow) -> Observation:
        """Return nothing: the test gives observations, and no windows."""
        raise NotImplementedError


class Other(Seen):
    """Another one, which mutes the first where the plan says so."""


class Inbox(BaseNotifier):
    """A receiver that keeps what it gets, and fails as long as it is told to."""

    def __init__(self, name: str = "ops") -> None:
        super().__init__(name)
        self.got: list[Notification] = []
        self.failures: list[Exception] = []
        self.n_tries = 0

    def send(self, notification: Notification) -> None:
        """Fail, or keep the message."""
        self.n_tries += 1
        if self.failures:
            raise self.failures.pop(0)
        self.got.append(notification)


def plan_of(*rules: BaseRule, route: Route | None = None, terms: Terms | None = None, **options: Any) -> Plan:
    """Return a plan with one receiver, `ops`, which is not throttled and waits for no interval to speak of."""
    if route is None:
        route = Route("ops", group_interval=1e-6, repeat_interval=3600.0)
    if terms is None:
        terms = Terms(Throttle(1, 0.0))
    return Plan({"ops": terms}, route, rules or (Seen(),), **options)


def window_of(
    number: int, names: Iterable[str] | None = (), *, rule: str = "Seen", severity: str = "warning", stream: str = "s"
) -> Window:
    """Return the window of an hour in which a rule finds a fault of each name; None for one that cannot tell."""
    findings = tuple(Finding(severity, f"{name} is wrong", labels={"feature": name}) for name in names or ())
    context = Context(number * 3600 * SECOND, (number + 1) * 3600 * SECOND, n_rows=100)
    return Window(stream, context, {rule: Observation(findings, known=names is not None)})


def feature_of(name: str, *, drifted: bool = True, effect: float | None = 0.2, **options: Any) -> FeatureReport:
    """Return what a report says about a feature."""
    given: dict[str, Any] = {
        "kind": "numeric",
        "status": Status.OK,
        "reason": None,
        "significant": drifted,
        "material": drifted,
        "signals": (),
        "flags": (),
        "n_reference": 1_000,
        "n_current": 100,
        "missing_reference": 0,
        "missing_current": 0,
        "tests": {},
    }
    return FeatureReport(name=name, drift_detected=drifted, effect=effect, **{**given, **options})


def report_of(*features: FeatureReport, **options: Any) -> DriftReport:
    """Return a report about some features."""
    given: dict[str, Any] = {
        "driftwatch_version": "1",
        "created_at": "2026-01-01T00:00:00Z",
        "reference_hash": "abc",
        "alpha": 0.05,
        "correction": "fdr_bh",
        "min_effect": 0.05,
        "n_reference": 1_000,
        "n_current": 100,
        "only_in_reference": (),
        "only_in_current": (),
    }
    return DriftReport(features={feature.name: feature for feature in features}, **{**given, **options})


def closed_window(
    report: DriftReport | None = None,
    *,
    number: int = 0,
    verdict: str | None = None,
    summary: str = "",
    stream: str = "s",
    scope: str = "",
) -> ClosedWindow:
    """Return a window of an hour that was judged; without a report its check failed."""
    verdict = verdict or ("error" if report is None else report.verdict.value)
    text = json.dumps({"error": summary}) if report is None else report.to_json()
    scored = Scored(verdict, text, summary, report)
    key = WindowKey(number * 3600 * SECOND, (number + 1) * 3600 * SECOND, scope)
    return ClosedWindow(stream, key, 100, scored, run_id=number + 1)
