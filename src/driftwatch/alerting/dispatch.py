"""From alerts to messages (layer 5): groups, intervals and throttles, one message of a group on its way at a time. Pure.

The logic is that of Alertmanager's notification log: a group is told when an alert fires that it was not told of, when one
that it was told of is over, or when it was last told long ago.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from driftwatch.alerting.muting import inhibitors, is_inhibited, muted
from driftwatch.alerts.model import FIRING, RESOLVED, SEVERITIES, Notification, notification_id
from driftwatch.alerts.state import Context, Group, Told, group_name
from driftwatch.alerts.throttle import Bucket

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from driftwatch.alerting.plan import Plan
    from driftwatch.alerting.routes import Target, Timing
    from driftwatch.alerts.model import Alert
    from driftwatch.alerts.state import State, StreamState

Item = TypeVar("Item")

IN_FLIGHT = 2.0  # times `give_up_after`: by then a letter is settled, or gone from the store
__all__ = ["note_ended", "note_settled", "write_letters"]


@dataclass(frozen=True, slots=True)
class _News:
    """What can be said about a group now."""

    firing: Mapping[str, Alert]
    timing: Timing
    over: Mapping[str, Alert]
    of_window: bool  # a receiver that wants each window is about to get one


def note_ended(plan: Plan, state: State, ended: Iterable[Alert], fired: Mapping[str, Alert], now: int) -> State:
    """Return the state in which groups know that alerts are over: whoever was told of them is to hear it.

    An alert that is over before anybody was told is still owed, unless it was muted; `fired` is what fired until now, as what
    muted it may be over as well.
    """
    found = inhibitors(plan, {**fired, **state.firing()})
    for alert in ended:
        key = alert.fingerprint
        concerned = {name for name, group in state.groups.items() if key in group.told}
        for name in concerned:
            group = state.groups[name]
            if group.told[key].state == "dead":
                state = state.with_group(replace(group, told=_without(group.told, {key})))
            else:
                state = state.with_group(replace(group, over={**group.over, key: alert}))
        if state.is_silenced(alert, now) or is_inhibited(found, alert):
            continue
        for target in plan.route.targets(alert.labels):
            name = group_name(target.receiver, target.group_key)
            if target.receiver in plan.receivers and name not in concerned:
                group = state.groups.get(name) or Group(target.receiver, target.group_key)
                state = state.with_group(replace(group, owed={**group.owed, key: replace(alert, status=FIRING)}))
    return state


def note_settled(state: State, sent: Notification, *, delivered: bool, now: int) -> State:
    """Return the state in which a message has arrived, or was given up."""
    group = state.groups.get(group_name(sent.receiver, sent.group_key)) or Group(sent.receiver, sent.group_key)
    told, over, owed = dict(group.told), dict(group.over), dict(group.owed)
    firing = state.firing()
    for alert in sent.firing:
        key = alert.fingerprint
        if delivered:
            told[key] = Told(alert.severity, "told")
            if key not in firing:
                over.setdefault(key, replace(alert, status=RESOLVED, ends_at=alert.ends_at or now))
        elif key in told and told[key].state == "sent":
            told[key] = replace(told[key], state="dead")
    for alert in sent.resolved:
        key = alert.fingerprint
        if key in group.closing:
            told.pop(key, None)
            if key in over:  # it has begun and ended again meanwhile
                owed[key] = replace(over.pop(key), status=FIRING)
    gone = {alert.fingerprint for alert in sent.resolved}
    return state.with_group(
        replace(
            group,
            told=told,
            over=over,
            owed=owed,
            closing=tuple(key for key in group.closing if key not in gone),
            in_flight=_without(group.in_flight, {sent.id}),
        )
    )


def write_letters(plan: Plan, state: State, now: int, judged: str | None = None) -> tuple[State, list[Notification]]:
    """Return the messages that are due, and the state in which they are on their way.

    Parameters
    ----------
    plan : Plan
    state : State
    now : int
    judged : str, optional
        Name of the stream that a window was judged of just now, as the state has it.
    """
    wanted = _wanted(plan, state, now)
    groups = {
        name: state.groups.get(name) or Group(target.receiver, target.group_key) for name, (target, _) in wanted.items()
    }
    groups |= {name: group for name, group in state.groups.items() if group.receiver in plan.receivers}
    letters: list[Notification] = []
    for name, known in sorted(groups.items(), key=lambda item: (item[1].since or now, item[0])):
        target, firing = wanted.get(name, (None, {}))
        timing = plan.route.timing if target is None else target.timing
        group, over = _tidy(plan, state, known, now)
        own = state.streams[judged].alerts if judged is not None else {}
        wants_each = plan.receivers[group.receiver].every_window and not own.keys().isdisjoint(firing)
        news = _News(firing, timing, over, wants_each)
        state, letter = _write(plan, state, group, news, now)
        if letter is not None:
            letters.append(letter)
    buckets = {name: bucket for name, bucket in state.buckets.items() if bucket.full_at > now}
    return replace(state, buckets=buckets), letters


def _wanted(plan: Plan, state: State, now: int) -> dict[str, tuple[Target, dict[str, Alert]]]:
    """Return where the alerts that fire and are not muted go, by name of the group."""
    firing = state.firing()
    quiet = muted(plan, state, firing, now)
    found: dict[str, tuple[Target, dict[str, Alert]]] = {}
    for key, alert in firing.items():
        if key not in quiet:
            for target in plan.route.targets(alert.labels):
                if target.receiver in plan.receivers:
                    found.setdefault(group_name(target.receiver, target.group_key), (target, {}))[1][key] = alert
    return found


def _tidy(plan: Plan, state: State, group: Group, now: int) -> tuple[Group, dict[str, Alert]]:
    """Return the group without what is no news any more, and the ends of alerts that can be told."""
    firing = state.firing()
    told = dict(group.told)
    lost = {letter for letter, until in group.in_flight.items() if until <= now}
    if lost and lost == group.in_flight.keys():
        # letters that somebody took out of the store: nobody will say what became of them
        told = {key: replace(item, state="dead") if item.state == "sent" else item for key, item in told.items()}
        told = _without(told, group.closing)
        group = replace(group, closing=())
    over = {key: alert for key, alert in group.over.items() if key not in firing and key in told}
    if not plan.receivers[group.receiver].send_resolved:
        told = _without(told, {key for key in over if told[key].state == "told"})
        over = {key: alert for key, alert in over.items() if key in told}
    # who was not told that it began is not told that it is over
    for key in [key for key in over if told[key].state == "dead"]:
        del over[key], told[key]
    owed = {key: alert for key, alert in group.owed.items() if key not in firing}
    group = replace(group, told=told, over=over, owed=owed, in_flight=_without(group.in_flight, lost))
    ready = {
        key: alert
        for key, alert in over.items()
        if told[key].state == "told" and key not in group.closing and not state.is_silenced(alert, now)
    }
    return group, ready


def _write(plan: Plan, state: State, group: Group, news: _News, now: int) -> tuple[State, Notification | None]:
    """Return the message of a group if there is reason and leave for one."""
    fresh = [alert for key, alert in news.firing.items() if _is_news(group.told.get(key), alert)]
    repeat = bool(news.firing) and now - group.sent_at >= news.timing.repeat_interval
    if not (fresh or news.over or group.owed or repeat or news.of_window):
        return _kept(state, replace(group, since=None), news.timing, now), None
    since = now if group.since is None else group.since
    group = replace(group, since=since)
    if not news.of_window:
        ready = group.sent_at + news.timing.group_interval if group.sent_at else since + news.timing.group_wait
        if group.in_flight or now < ready:
            return state.with_group(group), None
        left = state.buckets.get(group.receiver, Bucket()).take(plan.receivers[group.receiver].throttle, now)
        if left is None:
            return state.with_group(group), None
        state = replace(state, buckets={**state.buckets, group.receiver: left})
    letter = _letter(state, group, news, now)
    return state.with_group(_after(plan, group, news, letter, now)), letter


def _is_news(told: Told | None, alert: Alert) -> bool:
    """Return whether an alert was not told of, or has become worse since."""
    return told is None or _rank(alert.severity) > _rank(told.severity)


def _kept(state: State, group: Group, timing: Timing, now: int) -> State:
    """Return the state with the group, or without it where nothing is left: not before its interval is over."""
    if group.is_empty and now >= group.sent_at + timing.group_interval:
        return replace(state, groups=_without(state.groups, {group.name}))
    return state.with_group(group)


def _letter(state: State, group: Group, news: _News, now: int) -> Notification:
    firing = sorted(news.firing.values(), key=lambda alert: -_rank(alert.severity))
    alerts = (*firing, *group.owed.values(), *news.over.values())
    stream = _stream_of(state, alerts)
    context = stream.context if stream is not None else Context()
    models = {alert.labels.get("model", "") for alert in alerts}
    return Notification(
        id=notification_id(
            group.receiver, group.group_key, alerts, (context.start, context.stop), occasion=group.n_sent
        ),
        receiver=group.receiver,
        model=models.pop() if len(models) == 1 else "",
        group_key=group.group_key,
        alerts=alerts,
        created=now,
        stream=stream.stream if stream is not None else "",
        window_start=context.start,
        window_stop=context.stop,
        scope=context.scope,
        n_rows=context.n_rows,
        run_id=context.run_id,
        reference=context.reference,
        performance_dropped=context.performance_dropped,
    )


def _after(plan: Plan, group: Group, news: _News, letter: Notification, now: int) -> Group:
    """Return the group with a letter on its way."""
    told = dict(group.told)
    for key, alert in {**news.firing, **group.owed}.items():
        before = told.get(key)
        told[key] = Told(alert.severity, "told" if before is not None and before.state == "told" else "sent")
    ends = {key: replace(alert, status=RESOLVED) for key, alert in group.owed.items()}
    return replace(
        group,
        told=told,
        owed={},
        over={**_without(group.over, news.over), **ends},
        closing=(*group.closing, *news.over),
        in_flight={**group.in_flight, letter.id: now + int(IN_FLIGHT * plan.give_up_after * 1e6)},
        since=None,
        sent_at=now,
        n_sent=group.n_sent + 1,
    )


def _stream_of(state: State, alerts: Iterable[Alert]) -> StreamState | None:
    """Return the stream that was judged last among those of the alerts."""
    names = {(alert.labels.get("stream", ""), alert.labels.get("partition", "")) for alert in alerts}
    own = [stream for stream in state.streams.values() if (stream.stream, stream.labels.get("partition", "")) in names]
    return max(own, key=lambda stream: stream.seen, default=None)


def _rank(severity: str) -> int:
    return SEVERITIES.index(severity) if severity in SEVERITIES else -1


def _without(items: Mapping[str, Item], names: Collection[str]) -> dict[str, Item]:
    return {name: item for name, item in items.items() if name not in names}
