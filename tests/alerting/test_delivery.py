"""From the outbox to receivers: retries, giving up, hanging receivers, and several senders on one store."""

from __future__ import annotations

import random
import threading
import time
from typing import TYPE_CHECKING

import pytest

from alerting_samples import Inbox, closed_window, feature_of, report_of
from driftwatch.alerting import AlertManager, Notification, Receiver
from driftwatch.alerting.delivery import Delivery
from driftwatch.errors import DeliveryError, StoreLockedError
from driftwatch.store import Letter, SQLiteStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

DRIFTED = report_of(feature_of("age"))
CALM = report_of(feature_of("age", drifted=False))


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


class Hanging(Inbox):
    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.release = threading.Event()

    def send(self, notification: Notification) -> None:
        self.release.wait(30)
        super().send(notification)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SQLiteStore]:
    with SQLiteStore(tmp_path / "drift.db") as opened:
        yield opened


@pytest.fixture
def clock() -> Clock:
    return Clock()


def tell(manager: AlertManager, store: SQLiteStore, number: int = 0, *, drifted: bool = True) -> None:
    with store.transaction() as transaction:
        manager(transaction, closed_window(DRIFTED if drifted else CALM, number=number))


def until(holds: Callable[[], bool], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_a_letter_is_sent_and_settled(store: SQLiteStore, clock: Clock) -> None:
    inbox = Inbox()
    manager = AlertManager([inbox], clock=clock)
    tell(manager, store)
    delivery = Delivery(manager, store)
    assert delivery.deliver("ops")
    assert not delivery.deliver("ops")
    (letter,) = store.letters()
    assert (letter.state, letter.id) == ("delivered", inbox.got[0].id)
    assert store.counters("s")["notifications_delivered"] == 1


def test_a_failure_is_tried_again_with_the_same_id_after_a_wait_that_doubles(store: SQLiteStore, clock: Clock) -> None:
    inbox = Inbox()
    manager = AlertManager([inbox], clock=clock)
    tell(manager, store)
    delivery = Delivery(manager, store, backoff=2.0, backoff_max=20.0, rng=random.Random(1))
    inbox.failures = [DeliveryError("away") for _ in range(8)]
    waits, oracle = [], random.Random(1)
    for _ in range(8):
        assert delivery.deliver("ops")
        (letter,) = store.letters()
        waits.append(letter.due / 1e6 - clock.now)
        clock.now = letter.due / 1e6 - 1e-6
        assert not delivery.deliver("ops")
        clock.now += 2e-6
    assert waits == pytest.approx([oracle.uniform(0, min(20.0, 2.0 * 2**n)) for n in range(8)], abs=2e-6)
    assert delivery.deliver("ops")
    assert (len(inbox.got), inbox.n_tries) == (1, 9)
    assert store.counters("s")["notification_retries"] == 8


def test_what_the_receiver_asks_to_wait_is_waited(store: SQLiteStore, clock: Clock) -> None:
    inbox = Inbox()
    manager = AlertManager([inbox], clock=clock)
    tell(manager, store)
    inbox.failures = [DeliveryError("slow down", retry_after=500.0)]
    Delivery(manager, store).deliver("ops")
    (letter,) = store.letters()
    assert letter.due == int((clock.now + 500) * 1e6)
    assert letter.error == "DeliveryError: slow down"


def test_a_refusal_is_not_tried_again_and_its_alert_has_no_end(store: SQLiteStore, clock: Clock) -> None:
    inbox = Inbox()
    manager = AlertManager([inbox], clock=clock)
    tell(manager, store)
    inbox.failures = [DeliveryError("gone", permanent=True)]
    Delivery(manager, store).deliver("ops")
    assert [letter.state for letter in store.letters()] == ["dead"]
    assert store.counters("s")["notifications_dead"] == 1
    clock.now += 1e5
    tell(manager, store, 1, drifted=False)
    assert [letter.state for letter in store.letters()] == ["dead"]


def test_what_nobody_takes_is_given_up_after_a_last_try_when_its_time_is_over(store: SQLiteStore, clock: Clock) -> None:
    inbox = Inbox()
    manager = AlertManager([inbox], give_up_after=100.0, clock=clock)
    tell(manager, store)
    inbox.failures = [DeliveryError("away", retry_after=5_000.0), OSError("no route")]
    delivery = Delivery(manager, store)
    delivery.deliver("ops")
    clock.now += 100
    assert delivery.deliver("ops")
    (letter,) = store.letters()
    assert (letter.state, letter.error, inbox.n_tries) == ("dead", "OSError: no route", 2)


def test_a_letter_that_is_no_message_is_given_up(store: SQLiteStore, clock: Clock) -> None:
    now = int(clock.now * 1e6)
    with store.transaction() as transaction:
        transaction.enqueue(Letter("1", "ops", "{}", created=now, due=now))
    Delivery(AlertManager([Inbox()], clock=clock), store).deliver("ops")
    assert [letter.state for letter in store.letters()] == ["dead"]


def test_letters_of_receivers_that_nobody_here_knows_stay(store: SQLiteStore, clock: Clock) -> None:
    tell(AlertManager([Inbox("other")], clock=clock), store)
    assert not Delivery(AlertManager([Inbox()], clock=clock), store).deliver("ops")
    assert [letter.state for letter in store.letters()] == ["waiting"]


def test_a_claimed_letter_is_not_sent_by_another_until_the_lease_is_over(store: SQLiteStore, clock: Clock) -> None:
    inbox = Inbox()
    manager = AlertManager([inbox], clock=clock)
    tell(manager, store)
    with store.transaction() as transaction:  # as a sender that is killed at once
        now = int(clock.now * 1e6)
        transaction.claim(["ops"], now=now, until=now + 120 * 10**6, limit=1)
    delivery = Delivery(manager, store)
    clock.now += 119
    assert not delivery.deliver("ops")
    clock.now += 1
    assert delivery.deliver("ops")


def test_several_senders_deliver_every_letter_once(store: SQLiteStore) -> None:
    now = int(time.time() * 1e6)
    manager = AlertManager([Inbox()])
    sent = [Notification(f"{n}", "ops", "m", f"g{n}", (), created=now) for n in range(60)]
    with store.transaction() as transaction:
        for item in sent:
            transaction.enqueue(Letter(item.id, "ops", item.to_json(), created=now, due=now))
    inboxes = [Inbox() for _ in range(3)]
    handles = [Delivery(AlertManager([inbox]), store, poll=0.01).start() for inbox in inboxes]
    until(lambda: not store.letters("waiting"))
    assert all(handle.stop() for handle in handles)
    assert sorted(item.id for inbox in inboxes for item in inbox.got) == sorted(item.id for item in sent)
    assert manager.receivers.keys() == {"ops"}


def test_a_receiver_that_hangs_holds_up_no_other_and_no_stop(store: SQLiteStore) -> None:
    stuck, inbox = Hanging("stuck"), Inbox("ops")
    manager = AlertManager([stuck, inbox])
    tell(manager, store)
    handle = Delivery(manager, store, poll=0.01).start()
    until(lambda: len(inbox.got) == 1)
    until(lambda: "stuck" in handle.status()["sending_for"])
    began = time.monotonic()
    assert not handle.stop(timeout=0.2)
    assert time.monotonic() - began < 10
    stuck.release.set()
    until(lambda: len(stuck.got) == 1)


def test_the_end_of_an_alert_follows_its_begin(store: SQLiteStore) -> None:
    inbox = Inbox()
    manager = AlertManager([Receiver(inbox, every=0.0)])
    tell(manager, store)
    tell(manager, store, 1, drifted=False)
    clock = [time.time()]
    manager.clock = lambda: clock[0]
    handle = Delivery(manager, store, poll=0.01).start()
    until(lambda: len(inbox.got) == 1)
    clock[0] += 301
    until(lambda: len(inbox.got) == 2)
    assert handle.stop()
    assert [item.status for item in inbox.got] == ["firing", "resolved"]


def test_nothing_raises_out_of_the_threads_and_all_is_told(store: SQLiteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    inbox = Inbox()
    inbox.failures = [RuntimeError("\x1b[31mred")]
    manager = AlertManager([inbox])
    tell(manager, store)

    def locked(*_: object, **__: object) -> None:
        raise StoreLockedError("in use")

    with monkeypatch.context() as patched:
        patched.setattr(manager, "tick", locked)
        handle = Delivery(manager, store, poll=0.01, backoff=600.0, rng=random.Random(0)).start()
        until(lambda: handle.status()["problems"].keys() == {"", "ops"})
        assert handle.status()["problems"]["ops"] == r"RuntimeError: \x1b[31mred"
        patched.undo()
        patched.setattr(store, "letters", locked)
        until(lambda: handle.status()["problems"][""] == "StoreLockedError: in use")
    until(lambda: handle.status()["problems"].keys() == {"ops"})
    assert handle.stop()


def test_notifiers_get_the_store_and_are_closed(store: SQLiteStore) -> None:
    told: list[object] = []

    class Remembers(Inbox):
        def bind(self, store: object) -> None:
            told.append(store)

        def close(self) -> None:
            told.append("closed")
            raise OSError("already")

    handle = AlertManager([Remembers()]).start(store)
    assert handle.stop()
    assert told == [store, "closed"]
