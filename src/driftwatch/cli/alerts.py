"""`driftwatch alert list`, `silence` and `unsilence` (layer 5): what fires, and what nobody is told about."""

from __future__ import annotations

import getpass
import json
import secrets
import time
from typing import TYPE_CHECKING, Any

from driftwatch.cli.columns import FORMATS, columns, moment
from driftwatch.cli.stores import existing_store, period_of
from driftwatch.cli.streams import note, write_data
from driftwatch.errors import UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from driftwatch.alerts.silences import Silence
    from driftwatch.alerts.state import Tracked

__all__ = ["run_forget", "run_list", "run_silence", "run_unsilence"]

_ALERTS = ("state", "severity", "alert", "model", "feature", "since", "summary")
_SILENCES = ("silence", "state", "until", "author", "matchers", "comment")


def run_list(store: str, *, format_name: str) -> int:
    """Print the alerts and the silences of a store, and return the exit code."""
    from driftwatch.alerts.silences import SILENCES
    from driftwatch.alerts.state import STREAMS, State

    if format_name not in FORMATS:
        raise UnknownNameError.from_names("value of `--format`", [format_name], FORMATS)
    now = _now()
    with existing_store(store) as opened:
        state = State.from_notes({space: opened.notes(space) for space in (STREAMS, SILENCES)})
    alerts = [
        _alert(item, silenced=state.is_silenced(item.alert, now))
        for stream in state.streams.values()
        for item in stream.alerts.values()
    ]
    silences = [_silence(item, now) for item in state.silences if item.state(now) != "expired"]
    if format_name == "ndjson":
        write_data("".join(json.dumps(row) + "\n" for row in (*alerts, *silences)))
        return 0
    parts = [columns(_ALERTS, alerts, whole={"since", "alert"}) if alerts else "no alerts"]
    parts += [columns(_SILENCES, silences, whole={"silence", "until"})] if silences else []
    write_data("\n\n".join(parts))
    return 0


def run_silence(store: str, matchers: Sequence[str], *, lasts: str, comment: str, author: str | None) -> int:
    """Store a silence, print its id and return the exit code."""
    from driftwatch.alerts.silences import Silence, add_silence

    now = _now()
    silence = Silence(
        secrets.token_hex(4), list(matchers), now, now + period_of("--for", lasts), author or _user(), comment
    )
    with existing_store(store) as opened:
        add_silence(opened, silence, now=now)
    write_data(silence.id)
    return 0


def run_unsilence(store: str, silence_id: str, *, quiet: bool) -> int:
    """End a silence and return the exit code."""
    from driftwatch.alerts.silences import expire_silence

    with existing_store(store) as opened:
        ended = expire_silence(opened, silence_id, now=_now())
    if not quiet:
        note(f"ended silence {ended.id} of {ended.author}: {', '.join(map(str, ended.conditions))}")
    return 0


def run_forget(store: str, stream: str, *, quiet: bool) -> int:
    """Have the alerts of a stream ended and return the exit code."""
    from driftwatch.alerts.state import FORGOTTEN, STREAMS, State

    with existing_store(store) as opened:
        known = {item.stream for item in State.from_notes({STREAMS: opened.notes(STREAMS)}).streams.values()}
        if stream not in known:
            raise UnknownNameError.from_names("stream", [stream], sorted(known))
        with opened.transaction() as transaction:
            transaction.put_note(FORGOTTEN, stream, "")
    if not quiet:
        note(f"the next process that sends alerts ends those of {stream!r}")
    return 0


def _alert(item: Tracked, *, silenced: bool) -> dict[str, Any]:
    state = "silenced" if silenced and item.firing else "firing" if item.firing else f"pending {item.n_bad}"
    labels = item.alert.labels
    return {
        "state": state,
        "severity": item.alert.severity,
        "alert": item.alert.name,
        "model": labels.get("model", ""),
        "feature": labels.get("feature", ""),
        "since": moment(item.alert.starts_at),
        "summary": item.alert.annotations.get("summary", ""),
        "labels": dict(labels),
    }


def _silence(item: Silence, now: int) -> dict[str, Any]:
    return {
        "silence": item.id,
        "state": item.state(now),
        "until": moment(item.ends_at),
        "author": item.author,
        "matchers": ", ".join(map(str, item.conditions)),
        "comment": item.comment,
    }


def _now() -> int:
    return int(time.time() * 1e6)


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container may have no name for its user
        return "unknown"
