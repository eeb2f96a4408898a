"""What alerting remembers between windows (layer 4): the alerts of each stream and what each receiver was told, as JSON."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar

from driftwatch.alerts.model import Alert
from driftwatch.alerts.silences import SILENCES, Silence, stored_silences
from driftwatch.alerts.throttle import Bucket

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = [
    "ACCEPTED",
    "BUCKETS",
    "FORGOTTEN",
    "GROUPS",
    "OUTBOX",
    "SPACES",
    "STREAMS",
    "Context",
    "Group",
    "State",
    "StreamState",
    "Told",
    "Tracked",
]

Value = TypeVar("Value")

# Spaces of notes.
STREAMS, GROUPS, BUCKETS, ACCEPTED = "alerts", "alert_groups", "alert_buckets", "accepted"
FORGOTTEN = "alerts_forgotten"  # streams whose alerts are to end, by name
OUTBOX = "alerts"  # under which counters stand that belong to no stream
SPACES = (STREAMS, GROUPS, BUCKETS)  # written here; silences and accepted baselines are written by others


@dataclass(frozen=True, slots=True)
class Context:
    """The window that a stream was last judged on: what messages say beside their alerts."""

    start: int = 0
    stop: int = 0
    scope: str = ""
    n_rows: int = 0
    run_id: int = 0
    reference: str = ""
    performance_dropped: bool | None = None


@dataclass(frozen=True, slots=True)
class Tracked:
    """An alert on its way: `pending` until it was seen `n_bad` times, then `firing` until `n_clean` windows are clean.

    Attributes
    ----------
    alert : Alert
        As it stands, with labels and annotations of the last window that showed it.
    rule : str
    firing : bool
    n_bad, n_clean : int
        Windows in a row.
    """

    alert: Alert
    rule: str
    firing: bool = False
    n_bad: int = 0
    n_clean: int = 0


@dataclass(frozen=True, slots=True)
class StreamState:
    """What is known about a stream, or about one partition of it where windows are by rows.

    Attributes
    ----------
    stream : str
    seen : int
        When its last window was judged.
    labels : mapping of str to str
        That all of its alerts have.
    context : Context
    accepted : str
        The acceptance of a baseline that was last taken note of.
    alerts : mapping of str to Tracked
        By fingerprint; what is inactive is not here.
    """

    stream: str
    seen: int
    labels: Mapping[str, str] = field(default_factory=dict)
    context: Context = Context()
    accepted: str = ""
    alerts: Mapping[str, Tracked] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Told:
    """What a receiver knows of an alert: `sent` is on its way, `told` has arrived, `dead` was given up."""

    severity: str
    state: str = "sent"


@dataclass(frozen=True, slots=True)
class Group:
    """What one receiver was told about one group.

    Attributes
    ----------
    receiver, group_key : str
    told : mapping of str to Told
        By fingerprint.
    owed : mapping of str to Alert
        Alerts that are over before anybody was told that they fired.
    over : mapping of str to Alert
        Alerts that are over and were told of: their end is still to be told.
    closing : tuple of str
        Fingerprints whose end is on its way.
    in_flight : mapping of str to int
        Letters that are neither delivered nor dead, to when they stop to matter.
    since : int
        When news came that waits for the first message.
    sent_at : int
        When the last message was written; 0 before the first.
    n_sent : int
        Messages so far.
    """

    receiver: str
    group_key: str
    told: Mapping[str, Told] = field(default_factory=dict)
    owed: Mapping[str, Alert] = field(default_factory=dict)
    over: Mapping[str, Alert] = field(default_factory=dict)
    closing: tuple[str, ...] = ()
    in_flight: Mapping[str, int] = field(default_factory=dict)
    since: int | None = None
    sent_at: int = 0
    n_sent: int = 0

    @property
    def name(self) -> str:
        """The name of its note."""
        return group_name(self.receiver, self.group_key)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left to remember."""
        return not (self.told or self.owed or self.over or self.closing or self.in_flight or self.since is not None)


@dataclass(frozen=True, slots=True)
class State:
    """All of it; a value, never changed in place."""

    streams: Mapping[str, StreamState] = field(default_factory=dict)
    groups: Mapping[str, Group] = field(default_factory=dict)
    buckets: Mapping[str, Bucket] = field(default_factory=dict)
    silences: tuple[Silence, ...] = ()
    accepted: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_notes(cls, notes: Mapping[str, Mapping[str, str]]) -> State:
        """Return the state that notes hold, by space and name.

        A note that cannot be read is left out: alerts then begin afresh, which beats none.
        """
        return cls(
            _read(notes.get(STREAMS, {}), _stream),
            _read(notes.get(GROUPS, {}), _group),
            _read(notes.get(BUCKETS, {}), Bucket.from_dict),
            tuple(stored_silences(notes.get(SILENCES, {}))),
            dict(notes.get(ACCEPTED, {})),
        )

    def to_notes(self) -> dict[str, dict[str, str]]:
        """Return the notes of the spaces in `SPACES`."""
        return {
            STREAMS: {name: json.dumps(_plain_stream(stream)) for name, stream in self.streams.items()},
            GROUPS: {name: json.dumps(_plain_group(group)) for name, group in self.groups.items()},
            BUCKETS: {name: json.dumps(asdict(bucket)) for name, bucket in self.buckets.items()},
        }

    def with_group(self, group: Group) -> State:
        """Return the state with one group in place of what it was."""
        return replace(self, groups={**self.groups, group.name: group})

    def with_stream(self, name: str, stream: StreamState) -> State:
        """Return the state with one stream in place of what it was."""
        return replace(self, streams={**self.streams, name: stream})

    def firing(self) -> dict[str, Alert]:
        """Return the alerts that fire, by fingerprint."""
        return {
            fingerprint: tracked.alert
            for stream in self.streams.values()
            for fingerprint, tracked in stream.alerts.items()
            if tracked.firing
        }

    def is_silenced(self, alert: Alert, now: int) -> bool:
        """Return whether a silence is in force for an alert."""
        return any(silence.mutes(alert.labels, now) for silence in self.silences)


def group_name(receiver: str, group_key: str) -> str:
    """Return the name of the note of a group."""
    return f"{receiver} {group_key}"


def _read(notes: Mapping[str, str], convert: Callable[[Any], Value]) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for name, text in notes.items():
        with suppress(ValueError, KeyError, TypeError, AttributeError):
            found[name] = convert(json.loads(text))
    return found


def _plain_stream(stream: StreamState) -> dict[str, Any]:
    return {
        "stream": stream.stream,
        "seen": stream.seen,
        "labels": dict(stream.labels),
        "accepted": stream.accepted,
        "context": asdict(stream.context),
        "alerts": [
            [tracked.rule, tracked.firing, tracked.n_bad, tracked.n_clean, tracked.alert.to_dict()]
            for tracked in stream.alerts.values()
        ],
    }


def _stream(data: Any) -> StreamState:
    tracked = [
        Tracked(Alert.from_dict(alert), str(rule), bool(firing), int(n_bad), int(n_clean))
        for rule, firing, n_bad, n_clean, alert in data["alerts"]
    ]
    return StreamState(
        str(data["stream"]),
        int(data["seen"]),
        dict(data["labels"]),
        Context(**data["context"]),
        str(data["accepted"]),
        {item.alert.fingerprint: item for item in tracked},
    )


def _plain_group(group: Group) -> dict[str, Any]:
    return {
        "receiver": group.receiver,
        "group_key": group.group_key,
        "told": {fingerprint: [told.severity, told.state] for fingerprint, told in group.told.items()},
        "owed": [alert.to_dict() for alert in group.owed.values()],
        "over": [alert.to_dict() for alert in group.over.values()],
        "closing": list(group.closing),
        "in_flight": dict(group.in_flight),
        "since": group.since,
        "sent_at": group.sent_at,
        "n_sent": group.n_sent,
    }


def _group(data: Any) -> Group:
    owed, over = ([Alert.from_dict(alert) for alert in data[name]] for name in ("owed", "over"))
    return Group(
        str(data["receiver"]),
        str(data["group_key"]),
        {fingerprint: Told(*told) for fingerprint, told in data["told"].items()},
        {alert.fingerprint: alert for alert in owed},
        {alert.fingerprint: alert for alert in over},
        tuple(data["closing"]),
        {str(letter): int(until) for letter, until in data["in_flight"].items()},
        None if data["since"] is None else int(data["since"]),
        int(data["sent_at"]),
        int(data["n_sent"]),
    )
