"""A store as a dashboard finds it: two streams, one with a name that attacks, a check that failed, alerts and letters."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch import Monitor
from driftwatch.alerts.model import Alert, Notification
from driftwatch.alerts.silences import Silence, add_silence
from driftwatch.alerts.state import STREAMS, State, StreamState, Tracked
from driftwatch.profile.profile import Profile
from driftwatch.store import Letter, Run, WindowKey, keep_baseline

if TYPE_CHECKING:
    from driftwatch.report.model import DriftReport
    from driftwatch.store import Store

__all__ = ["EVIL", "HOUR", "TOKEN", "add_run", "fill", "letter", "report"]

TOKEN = "correct horse battery staple"
EVIL = '</script><img src=x onerror="alert(1)">'
HOUR = 3_600 * 10**6
FAR = 4_000_000_000 * 10**6  # a time that does not come while tests run


@cache
def report(*, drifted: bool = False) -> DriftReport:
    rng = np.random.default_rng(0)
    reference: dict[str, Any] = {
        "price": rng.normal(size=400),
        EVIL: rng.normal(size=400),
        "city": rng.choice(["Rome", "Oslo"], 400).tolist(),
    }
    return Monitor(reference).check({**reference, "price": reference["price"] + (2.0 if drifted else 0.0)})


def add_run(store: Store, stream: str, n: int, *, drifted: bool = False, text: str | None = None) -> int:
    """Store the check of hour `n` of a stream."""
    found = report(drifted=drifted)
    verdict = str(found.verdict) if text is None else "error"
    run = Run(stream, WindowKey(n * HOUR, (n + 1) * HOUR), (n + 1) * HOUR, found.n_current, verdict)
    with store.transaction() as transaction:
        transaction.register(stream, "{}")
        return transaction.add_run(run, found.to_json() if text is None else text)


def letter(name: str, state: str = "waiting", body: str | None = None) -> Letter:
    sent = Notification("n", "ops", "trips", "trips", (_alert("info"),), created=0)
    return Letter(name, "ops", sent.to_json() if body is None else body, 5, 6, state=state)


def fill(store: Store) -> None:
    """Checks 1 to 6: four of `trips`, the last two of which drifted; one of the attacker's; one that failed."""
    for n in range(4):
        add_run(store, "trips", n, drifted=n > 1)
    add_run(store, EVIL, 0)
    add_run(store, "broken", 0, text=json.dumps({"error": "the model is away"}))
    state = State().with_stream(
        "trips",
        StreamState(
            "trips", 1, alerts={"a": Tracked(_alert("critical"), "r", firing=True), "b": Tracked(_alert("info"), "r")}
        ),
    )
    with store.transaction() as transaction:
        transaction.count("trips", {"rows": 1_600})
        for name, text in state.to_notes()[STREAMS].items():
            transaction.put_note(STREAMS, name, text)
        transaction.enqueue(letter("1"))
        transaction.enqueue(letter("2", body="{"))
        keep_baseline(transaction, "trips", Profile.fit({"price": [float(i) for i in range(50)]}), clock=lambda: 9.0)
    add_silence(store, Silence("s1", ['severity="critical"'], 0, FAR, "ann", "known"), now=0)


def _alert(severity: str) -> Alert:
    labels = {"alertname": "FeatureDrift", "model": "trips", "severity": severity, "feature": EVIL, "n": severity}
    return Alert(labels, {"summary": f"{EVIL} drifted"}, starts_at=HOUR)
