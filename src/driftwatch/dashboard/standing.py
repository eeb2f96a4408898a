"""How alerts stand (layer 5): what fires or is about to, what nobody is told about, and what is on its way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from driftwatch.alerts.silences import SILENCES
from driftwatch.alerts.state import STREAMS, State
from driftwatch.dashboard.stored import outbox_dict
from driftwatch.store.over_time import written

if TYPE_CHECKING:
    from driftwatch.alerts.silences import Silence
    from driftwatch.alerts.state import Tracked
    from driftwatch.store.protocol import Store

__all__ = ["standing"]

_WORST_FIRST = ("critical", "warning", "info")


def standing(store: Store, now: int) -> dict[str, Any]:
    """Return alerts, silences and the numbers of letters of a store.

    Parameters
    ----------
    store : Store
    now : int
        Microseconds after 1970.
    """
    state = State.from_notes({space: store.notes(space) for space in (STREAMS, SILENCES)})
    alerts = [
        _alert(item, stream.stream, silenced=state.is_silenced(item.alert, now))
        for stream in state.streams.values()
        for item in stream.alerts.values()
    ]
    silences = sorted(state.silences, key=lambda silence: (silence.state(now) == "expired", silence.ends_at))
    return {
        "alerts": sorted(alerts, key=_urgency),
        "silences": [_silence(item, now) for item in silences],
        "outbox": [outbox_dict(count) for count in store.outbox()],
    }


def _urgency(alert: dict[str, Any]) -> tuple[bool, int, str]:
    severity = alert["severity"]
    rank = _WORST_FIRST.index(severity) if severity in _WORST_FIRST else len(_WORST_FIRST)
    return alert["state"] != "firing", rank, alert["since"]


def _alert(item: Tracked, stream: str, *, silenced: bool) -> dict[str, Any]:
    alert = item.alert
    return {
        "fingerprint": alert.fingerprint,
        "state": "firing" if item.firing else "pending",
        "silenced": silenced,
        "severity": alert.severity,
        "name": alert.name,
        "rule": item.rule,
        "stream": stream,
        "model": alert.labels.get("model", ""),
        "feature": alert.feature,
        "since": written(alert.starts_at),
        "n_bad": item.n_bad,
        "n_clean": item.n_clean,
        "summary": alert.annotations.get("summary", ""),
        "description": alert.annotations.get("description", ""),
        "labels": dict(alert.labels),
    }


def _silence(item: Silence, now: int) -> dict[str, Any]:
    return {
        "id": item.id,
        "state": item.state(now),
        "starts_at": written(item.starts_at),
        "ends_at": written(item.ends_at),
        "author": item.author,
        "comment": item.comment,
        "matchers": [str(matcher) for matcher in item.conditions],
    }
