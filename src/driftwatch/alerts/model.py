"""Alerts, and the messages about them (layer 4): plain data that survives JSON. Times are microseconds after 1970 in UTC."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from driftwatch.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = [
    "FIRING",
    "RESOLVED",
    "SEVERITIES",
    "Alert",
    "Notification",
    "fingerprint_of",
    "iso_time",
    "notification_id",
]

FIRING, RESOLVED = "firing", "resolved"
SEVERITIES = ("info", "warning", "critical")  # ascending
NOT_IDENTITY = "severity"  # the one label that may change while an alert fires
VERSION = 1
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def iso_time(at: int) -> str:
    """Return a time as ISO 8601, as JSON and people read it.

    Examples
    --------
    >>> iso_time(1_700_000_000_500_000)
    '2023-11-14T22:13:20.500000Z'
    """
    return (_EPOCH + dt.timedelta(microseconds=at)).isoformat(timespec="microseconds").replace("+00:00", "Z")


def fingerprint_of(labels: Mapping[str, str]) -> str:
    """Return the identity of an alert: 16 hexadecimal digits of its labels without the severity, which may rise and fall.

    Examples
    --------
    >>> labels = {"alertname": "DatasetDrift", "model": "churn"}
    >>> fingerprint_of(labels) == fingerprint_of({**labels, "severity": "critical"})
    True
    """
    return _digest(sorted((name, value) for name, value in labels.items() if name != NOT_IDENTITY))[:16]


def notification_id(
    receiver: str, group_key: str, alerts: Iterable[Alert], window: tuple[int, int], *, occasion: int = 0
) -> str:
    """Return the id of a message: the same for the same receiver, group, alerts in the same states, and window.

    Parameters
    ----------
    receiver, group_key : str
    alerts : iterable of Alert
        In whatever order.
    window : tuple of int
        `start` and `stop` of the window that gave rise to the message.
    occasion : int
        Tells reminders apart that come without a new window.
    """
    states = sorted((alert.fingerprint, alert.status) for alert in alerts)
    return "dw_" + _digest([receiver, group_key, states, list(window), occasion])[:32]


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, separators=(",", ":")).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Alert:
    """One thing that is wrong, or was.

    Attributes
    ----------
    labels : mapping of str to str
        What it is: `alertname`, `model`, `stream`, `severity`, and `feature` where it is about one. All but the severity
        make its identity.
    annotations : mapping of str to str
        What to tell people: `summary`, one line, and `description`. Names in them are as they came: whoever renders them
        escapes them.
    status : str
        `firing` or `resolved`.
    starts_at : int
        When it began to fire.
    ends_at : int, optional
        When it was resolved.
    fingerprint : str
        Of the labels, by default `fingerprint_of(labels)`.
    """

    labels: Mapping[str, str]
    annotations: Mapping[str, str] = field(default_factory=dict)
    status: str = FIRING
    starts_at: int = 0
    ends_at: int | None = None
    fingerprint: str = ""

    def __post_init__(self) -> None:
        if self.status not in {FIRING, RESOLVED}:
            raise InputError(f"`status` must be 'firing' or 'resolved', got {self.status!r}.")
        object.__setattr__(self, "fingerprint", self.fingerprint or fingerprint_of(self.labels))

    @property
    def name(self) -> str:
        """The label `alertname`."""
        return self.labels.get("alertname", "")

    @property
    def severity(self) -> str:
        """The label `severity`."""
        return self.labels.get("severity", "")

    @property
    def feature(self) -> str | None:
        """The label `feature`."""
        return self.labels.get("feature")

    def to_dict(self) -> dict[str, Any]:
        """Return the alert as plain data for JSON."""
        return {
            "fingerprint": self.fingerprint,
            "status": self.status,
            "labels": dict(self.labels),
            "annotations": dict(self.annotations),
            "starts_at": iso_time(self.starts_at),
            "ends_at": None if self.ends_at is None else iso_time(self.ends_at),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the alert that `to_dict` described."""
        return cls(
            labels=_texts("labels", data["labels"]),
            annotations=_texts("annotations", data["annotations"]),
            status=str(data["status"]),
            starts_at=_micros(data["starts_at"]),
            ends_at=None if data["ends_at"] is None else _micros(data["ends_at"]),
            fingerprint=str(data["fingerprint"]),
        )


@dataclass(frozen=True, slots=True)
class Notification:
    """One message to one receiver about a group of alerts.

    Attributes
    ----------
    id : str
        The same however often the message is sent, so that whoever gets it twice can tell.
    receiver : str
        Name of the receiver.
    model : str
        Whose alerts they are; empty where the group has several.
    group_key : str
        Which group; later messages about it have the same.
    alerts : tuple of Alert
        The firing ones first, the worst first.
    created : int
    kind : str
        `alert`, or `test` for a message that only tries the way.
    stream : str
        What was checked.
    window_start, window_stop : int
        The window whose report gave rise to the message: times, or numbers of rows where there is a `scope`.
    scope : str
        The partition of a window by rows; empty for windows of time.
    n_rows : int
        Rows of that window.
    run_id : int
        Of its report in the store; 0 where there is none.
    reference : str
        Fingerprint of the reference that it was compared with; empty where there was no report.
    performance_dropped : bool, optional
        Whether the model got worse, or None where that is not known.

    Examples
    --------
    >>> alert = Alert({"alertname": "DatasetDrift", "model": "churn", "severity": "warning"})
    >>> sent = Notification("dw_1", "ops", "churn", "churn", (alert,), created=0)
    >>> sent.title
    '[FIRING:1] churn: DatasetDrift'
    >>> Notification.from_json(sent.to_json()) == sent
    True
    """

    id: str
    receiver: str
    model: str
    group_key: str
    alerts: tuple[Alert, ...]
    created: int
    kind: str = "alert"
    stream: str = ""
    window_start: int = 0
    window_stop: int = 0
    scope: str = ""
    n_rows: int = 0
    run_id: int = 0
    reference: str = ""
    performance_dropped: bool | None = None

    @property
    def status(self) -> str:
        """`firing` if any of the alerts fires, else `resolved`."""
        return FIRING if self.firing else RESOLVED

    @property
    def firing(self) -> tuple[Alert, ...]:
        """The alerts that fire."""
        return tuple(alert for alert in self.alerts if alert.status == FIRING)

    @property
    def resolved(self) -> tuple[Alert, ...]:
        """The alerts that are over."""
        return tuple(alert for alert in self.alerts if alert.status == RESOLVED)

    @property
    def severity(self) -> str:
        """The worst severity of the alerts that fire, or of all where none does; empty where none has a known one."""
        levels = [alert.severity for alert in self.firing or self.alerts]
        return max(levels, key=_rank, default="") if any(level in SEVERITIES for level in levels) else ""

    @property
    def title(self) -> str:
        """One line: the state, how many alerts are in it, and which."""
        shown = self.firing or self.alerts
        names = ", ".join(dict.fromkeys(alert.name for alert in shown))
        head = "[TEST]" if self.kind == "test" else f"[{self.status.upper()}:{len(shown)}]"
        return " ".join(part for part in (head, f"{self.model}:" if self.model else "", names) if part)

    def to_dict(self) -> dict[str, Any]:
        """Return the message as plain data for JSON; times are ISO 8601."""
        by_time = not self.scope  # as `WindowKey.is_time`
        return {
            "version": VERSION,
            "id": self.id,
            "kind": self.kind,
            "receiver": self.receiver,
            "status": self.status,
            "title": self.title,
            "model": self.model,
            "group_key": self.group_key,
            "created": iso_time(self.created),
            "stream": self.stream,
            "window": {
                "start": iso_time(self.window_start) if by_time else self.window_start,
                "stop": iso_time(self.window_stop) if by_time else self.window_stop,
                "scope": self.scope,
                "n_rows": self.n_rows,
            },
            "run_id": self.run_id,
            "reference": self.reference,
            "performance_dropped": self.performance_dropped,
            "alerts": [alert.to_dict() for alert in self.alerts],
        }

    def to_json(self) -> str:
        """Return the message as strict JSON, ASCII only."""
        return json.dumps(self.to_dict(), allow_nan=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Return the message that `to_json` wrote; unknown keys are ignored.

        Raises
        ------
        InputError
            If the text is no such message.
        """
        try:
            data = json.loads(text)
            if data["version"] != VERSION:
                raise InputError(
                    f"the message is of version {data['version']!r}, and this driftwatch reads {VERSION}. Update it."
                )
            window, dropped = data["window"], data["performance_dropped"]
            return cls(
                id=str(data["id"]),
                receiver=str(data["receiver"]),
                model=str(data["model"]),
                group_key=str(data["group_key"]),
                alerts=tuple(Alert.from_dict(alert) for alert in data["alerts"]),
                created=_micros(data["created"]),
                kind=str(data["kind"]),
                stream=str(data["stream"]),
                window_start=_micros(window["start"]),
                window_stop=_micros(window["stop"]),
                scope=str(window["scope"]),
                n_rows=int(window["n_rows"]),
                run_id=int(data["run_id"]),
                reference=str(data["reference"]),
                performance_dropped=None if dropped is None else bool(dropped),
            )
        except (KeyError, TypeError, ValueError, OverflowError, AttributeError) as error:
            if isinstance(error, InputError):
                raise
            raise InputError(f"a message in JSON was wanted, got {text[:80]!r}: {error!r}. Was it cut?") from error


def _rank(severity: str) -> int:
    return SEVERITIES.index(severity) if severity in SEVERITIES else -1


def _micros(value: str | int) -> int:
    """Return a time as the microseconds that `iso_time` wrote; a number of a row is one already."""
    if not isinstance(value, str):
        return int(value)
    return (dt.datetime.fromisoformat(value) - _EPOCH) // dt.timedelta(microseconds=1)


def _texts(name: str, value: Any) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        raise InputError(f"`{name}` of an alert must be texts by name, got {value!r:.80}.")
    return value
