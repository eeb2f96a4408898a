"""Which alerts nobody is told about (layer 5): silenced, or inhibited by another one. Pure functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

    from driftwatch.alerting.plan import Plan
    from driftwatch.alerting.routes import InhibitRule
    from driftwatch.alerts.model import Alert
    from driftwatch.alerts.state import State

__all__ = ["Inhibitors", "inhibitors", "is_inhibited", "muted"]

Inhibitors: TypeAlias = "list[tuple[InhibitRule, list[Alert]]]"


def muted(plan: Plan, state: State, firing: Mapping[str, Alert], now: int) -> set[str]:
    """Return the fingerprints of the alerts that fire and that nobody is told about now."""
    found = inhibitors(plan, firing)
    return {
        fingerprint
        for fingerprint, alert in firing.items()
        if state.is_silenced(alert, now) or is_inhibited(found, alert)
    }


def inhibitors(plan: Plan, firing: Mapping[str, Alert]) -> Inhibitors:
    """Return the inhibitions in force, each with the alerts that it comes from."""
    found = [(rule, [alert for alert in firing.values() if rule.begins_at(alert.labels)]) for rule in plan.inhibitions]
    return [(rule, sources) for rule, sources in found if sources]


def is_inhibited(found: Inhibitors, alert: Alert) -> bool:
    """Return whether another alert that fires mutes this one."""
    return any(
        rule.mutes(source.labels, alert.labels)
        for rule, sources in found
        for source in sources
        if source.fingerprint != alert.fingerprint
    )
