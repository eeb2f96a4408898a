"""From what windows show to alerts that fire (layer 5): inactive, pending, firing, resolved. Pure functions."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from driftwatch.alerting.rules import Finding, NoData, Observation
from driftwatch.alerts.model import RESOLVED, Alert, fingerprint_of, iso_time
from driftwatch.alerts.state import Context, StreamState, Tracked

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from driftwatch.alerting.plan import Plan
    from driftwatch.alerting.rules import BaseRule
    from driftwatch.alerts.state import State

__all__ = ["Window", "close_accepted", "close_replaced", "forget", "look_for_data", "see_window"]

LEAST_SILENCE = 300 * 10**6  # microseconds: windows of a second may well be late for three
WINDOWS_OF_SILENCE = 3
TIME_TO_CATCH_UP = 60 * 10**6
BOTH_MAY_COME = 3_600 * 10**6  # microseconds


@dataclass(frozen=True, slots=True)
class Window:
    """A window that was judged, as the rules see it: an observation by name of rule."""

    stream: str
    context: Context
    observations: Mapping[str, Observation] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The name of the note of the stream; partitions with windows of their own have their own."""
        return f"{self.stream} {self.context.scope}" if self.context.scope else self.stream


def see_window(plan: Plan, state: State, window: Window, now: int) -> tuple[State, list[Alert]]:
    """Return the state after a window, and the alerts that it resolved."""
    before = state.streams.get(window.name) or StreamState(
        window.stream, now, accepted=state.accepted.get(window.stream, "")
    )
    labels = plan.labels_of(window.stream, window.context.scope)
    tracked: dict[str, Tracked] = {}
    ended: list[Alert] = []
    for rule in plan.rules:
        own = {key: item for key, item in before.alerts.items() if item.rule == rule.name}
        seen = window.observations.get(rule.name, Observation(known=False))
        found = {alert.fingerprint: alert for alert in _alerts(rule, labels, seen)}
        for key, alert in found.items():
            tracked[key] = _seen(rule, own.get(key), alert, now)
        for key, item in own.items():
            if key in found:
                continue
            if not seen.known or item.alert.feature in seen.unsure:
                tracked[key] = item
            elif item.firing and item.n_clean + 1 < rule.resolve_after:
                tracked[key] = replace(item, n_bad=0, n_clean=item.n_clean + 1)
            elif item.firing:
                ended.append(_over(item.alert, now))
    # what belongs to a rule that is no more ends with it
    ended += [_over(item.alert, now) for item in before.alerts.values() if item.firing and plan.rule(item.rule) is None]
    after = replace(before, seen=now, labels=labels, context=window.context, alerts=tracked)
    return state.with_stream(window.name, after), ended


def look_for_data(plan: Plan, state: State, now: int, *, looking_since: int) -> State:
    """Return the state with an alert for each stream that has had no window for too long."""
    rule = plan.no_data
    if rule is None or now - looking_since < TIME_TO_CATCH_UP:
        return state
    for name, stream in state.streams.items():
        patience = _patience(rule, stream.context)
        if patience is None or now - stream.seen < patience:
            continue
        silent = Finding(
            rule.severity or "warning",
            f"no window since {iso_time(stream.seen)[:19]}Z",
            f"expected one every {patience / 1e6:,.0f} seconds at least",
        )
        for alert in _alerts(rule, stream.labels, Observation((silent,))):
            if alert.fingerprint not in stream.alerts:
                fresh = Tracked(replace(alert, starts_at=now), rule.name, firing=True, n_bad=1)
                state = state.with_stream(name, replace(stream, alerts={**stream.alerts, alert.fingerprint: fresh}))
    return state


def close_accepted(state: State, now: int) -> tuple[State, list[Alert]]:
    """Return the state without the alerts of streams whose baseline was accepted since, and those alerts, resolved."""
    ended: list[Alert] = []
    for name, stream in state.streams.items():
        acceptance = state.accepted.get(stream.stream, "")
        if acceptance in {"", stream.accepted}:
            continue
        reason = f"a new baseline was accepted: {_reason(acceptance)}"
        ended += _closed(stream, reason, now)
        state = state.with_stream(name, replace(stream, accepted=acceptance, alerts={}))
    return state, ended


def forget(state: State, stream: str, now: int) -> tuple[State, list[Alert]]:
    """Return the state without a stream, and its alerts, resolved."""
    own = [known for known in state.streams.values() if known.stream == stream]
    ended = [alert for known in own for alert in _closed(known, "the stream was given up", now)]
    return replace(state, streams={name: known for name, known in state.streams.items() if known not in own}), ended


def close_replaced(state: State, now: int) -> tuple[State, list[Alert]]:
    """Return the state without the alerts on a reference that another one has replaced, and those alerts, resolved.

    Where windows of different references have scopes of their own, none of the old one would ever end its alerts. For an
    hour both may come: a service is replaced process by process.
    """
    newest: dict[str, StreamState] = {}
    for stream in state.streams.values():
        known = newest.get(stream.stream)
        if stream.context.reference and (known is None or known.seen < stream.seen):
            newest[stream.stream] = stream
    ended: list[Alert] = []
    for name, stream in state.streams.items():
        last = newest.get(stream.stream, stream)
        if stream.context.reference in {"", last.context.reference} or last.seen - stream.seen < BOTH_MAY_COME:
            continue
        ended += _closed(stream, "the reference was replaced", now)
        state = replace(state, streams={other: value for other, value in state.streams.items() if other != name})
    return state, ended


def _alerts(rule: BaseRule, labels: Mapping[str, str], seen: Observation) -> Iterator[Alert]:
    for finding in seen.findings:
        own = {"alertname": rule.name, "severity": finding.severity}
        named = {**labels, **rule.labels, **finding.labels, **own}
        texts = {"summary": finding.summary} | ({"description": finding.description} if finding.description else {})
        yield Alert(named, texts, fingerprint=fingerprint_of(named))


def _seen(rule: BaseRule, item: Tracked | None, alert: Alert, now: int) -> Tracked:
    if item is None:
        item = Tracked(alert, rule.name)
    n_bad = item.n_bad + 1
    starts_at = item.alert.starts_at if item.firing else now
    firing = item.firing or n_bad >= rule.for_
    return Tracked(replace(alert, starts_at=starts_at), rule.name, firing=firing, n_bad=n_bad)


def _closed(stream: StreamState, reason: str, now: int) -> list[Alert]:
    firing = [item.alert for item in stream.alerts.values() if item.firing]
    return [replace(_over(a, now), annotations={**a.annotations, "resolution": reason}) for a in firing]


def _over(alert: Alert, now: int) -> Alert:
    return replace(alert, status=RESOLVED, ends_at=now)


def _patience(rule: NoData, context: Context) -> int | None:
    if rule.after is not None:
        return int(rule.after * 1e6)
    if context.scope:  # windows by rows have no length in time
        return None
    return max(LEAST_SILENCE, WINDOWS_OF_SILENCE * (context.stop - context.start))


def _reason(acceptance: str) -> str:
    try:
        data = json.loads(acceptance)
        return f"version {data['version']} by {data['by']}, {data['reason']}"
    except (ValueError, KeyError, TypeError):
        return "no reason was given"
