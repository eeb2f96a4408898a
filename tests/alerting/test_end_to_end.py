"""From windows that were judged to what receivers on loopback get, by the alert manager, the outbox and real notifiers."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from alerting_samples import closed_window, feature_of, report_of
from driftwatch.alerting import AlertManager, SlackNotifier, WebhookNotifier
from driftwatch.alerting.delivery import Delivery
from driftwatch.alerting.retraining import CloudEventsTarget, Guards, RetrainTrigger
from driftwatch.store import SQLiteStore
from driftwatch.store.model import Run
from http_receiver import running_receiver
from notification_samples import EVIL

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOUR = 3600.0


class Clock:
    def __init__(self) -> None:
        self.now = 1_763_900_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SQLiteStore]:
    with SQLiteStore(tmp_path / "drift.db") as opened:
        yield opened


def judged(store: SQLiteStore, manager: AlertManager, number: int, *names: str, drifted: bool = True) -> None:
    """Store the report of a window as a `Judge` does, with what the manager makes of it."""
    closed = closed_window(report_of(*(feature_of(name, drifted=drifted) for name in names)), number=number)
    with store.transaction() as transaction:
        run = Run(closed.stream, closed.key, 0, 5000, closed.scored.verdict)
        run_id = transaction.add_run(run, closed.scored.report)
        manager(transaction, replace(closed, run_id=run_id, n_rows=5000))


def delivered(manager: AlertManager, store: SQLiteStore, clock: Clock) -> None:
    """Send until nothing waits, however often it takes."""
    delivery = Delivery(manager, store, rng=random.Random(0))
    for _ in range(100):
        for name in manager.receivers:
            while delivery.deliver(name):
                pass
        if not store.letters("waiting", limit=1):
            return
        clock.now += 60
    raise AssertionError(store.letters("waiting"))


def test_a_receiver_that_fails_now_and_then_gets_every_message_with_its_id(store: SQLiteStore) -> None:
    clock = Clock()
    refusals: list[Any] = [(503, {}, b""), (429, {"Retry-After": "30"}, b""), (500, {}, b"")]
    with running_receiver(*refusals, (200, {}, b"")) as receiver:
        manager = AlertManager([WebhookNotifier(url=receiver.url, clock=clock)], clock=clock)
        judged(store, manager, 0, "age")
        delivered(manager, store, clock)
        for number in range(1, 4):
            clock.now += HOUR
            judged(store, manager, number, "age", drifted=False)
        delivered(manager, store, clock)
        bodies = [json.loads(got.body) for got in receiver.received]
        ids = [got.headers["webhook-id"] for got in receiver.received]
    assert [body["type"] for body in bodies] == ["drift.firing"] * 4 + ["drift.resolved"]
    assert len(set(ids[:4])) == 1
    assert ids[4] != ids[0]
    assert [letter.state for letter in store.letters()] == ["delivered"] * 2


def test_what_is_gone_for_good_is_not_asked_again(store: SQLiteStore) -> None:
    clock = Clock()
    with running_receiver((410, {}, b"")) as receiver:
        manager = AlertManager([WebhookNotifier(url=receiver.url)], clock=clock)
        judged(store, manager, 0, "age")
        delivered(manager, store, clock)
        assert len(receiver.received) == 1
    (letter,) = store.letters()
    assert letter.state == "dead"
    assert "410" in letter.error


def test_a_secret_is_not_stored_with_what_went_wrong(store: SQLiteStore) -> None:
    clock = Clock()
    with running_receiver((404, {}, b"no /services/T0/B0/secretsecret here")) as receiver:
        manager = AlertManager([SlackNotifier(url=receiver.url + "/services/T0/B0/secretsecret")], clock=clock)
        judged(store, manager, 0, "age")
        delivered(manager, store, clock)
    (letter,) = store.letters()
    assert "404" in letter.error
    assert "secretsecret" not in f"{letter}"


@pytest.mark.parametrize("kind", EVIL)
def test_a_name_from_data_reaches_slack_as_text(store: SQLiteStore, kind: str) -> None:
    clock = Clock()
    with running_receiver() as receiver:
        manager = AlertManager([SlackNotifier(url=receiver.url + "/x")], clock=clock)
        judged(store, manager, 0, *(f"{EVIL[kind]}{i}" for i in range(3)))
        delivered(manager, store, clock)
        (got,) = receiver.received
    content = json.loads(got.body)
    texts = [block["text"]["text"] for block in content["blocks"] if block["type"] == "section"]
    assert texts
    assert not any(mark in text for text in (content["text"], *texts) for mark in "<>\r\x1b")


def test_a_trigger_hears_of_every_window_and_starts_once(store: SQLiteStore) -> None:
    clock = Clock()
    with running_receiver((503, {}, b""), (202, {}, b"")) as receiver:
        trigger = RetrainTrigger(
            CloudEventsTarget(receiver.url, clock=clock),
            guards=Guards(consecutive=3, on_drift_alone=True, cooldown=100 * HOUR),
            dry_run=False,
            clock=clock,
        )
        manager = AlertManager([trigger], clock=clock)
        Delivery(manager, store).start().stop()  # which gives the trigger the store
        started = []
        for number in range(6):
            clock.now += HOUR
            judged(store, manager, number, "age", "income")
            delivered(manager, store, clock)
            started.append(len({got.headers["webhook-id"] for got in receiver.received}))
        events = [json.loads(got.body) for got in receiver.received]
    assert started == [0, 0, 1, 1, 1, 1]
    assert len(events) == 2  # the first answer was a refusal
    assert {event["data"]["run_id"] for event in events} == {3}
    assert events[0]["data"]["features"] == ["age", "income"]  # though alerts about single ones are muted
