"""Alerts whose state and outbox are in PostgreSQL, with two hosts that send and a server that goes away."""

from __future__ import annotations

import json
import random
import threading
import time
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from alerting_samples import Inbox, closed_window, feature_of, report_of
from driftwatch import Profile, Window
from driftwatch.alerting import AlertManager, Receiver
from driftwatch.alerting.delivery import Delivery
from driftwatch.errors import DeliveryError, StoreUnavailableError
from driftwatch.store import PostgreSQLStore, Run, accept_baseline
from postgresql_server import PostgreSQLServer

if TYPE_CHECKING:
    from collections.abc import Iterator

N_STREAMS = 40


@pytest.fixture(scope="module")
def server() -> Iterator[PostgreSQLServer]:
    made = PostgreSQLServer()
    made.start()
    yield made
    made.remove()


def judged(
    store: PostgreSQLStore, manager: AlertManager, stream: str, *, number: int = 0, drifted: bool = True
) -> None:
    """Store the report of a window as a `Judge` does, with what the manager makes of it; again where the server is away."""
    closed = replace(closed_window(report_of(feature_of("age", drifted=drifted)), number=number), stream=stream)
    while True:
        try:
            with store.transaction() as transaction:
                if any(run.key == closed.key for run in store.runs(stream)):
                    return  # it was stored, and the server went away before it could say so
                run_id = transaction.add_run(Run(stream, closed.key, 0, 9, closed.scored.verdict), closed.scored.report)
                manager(transaction, replace(closed, run_id=run_id))
        except StoreUnavailableError:
            time.sleep(0.05)
        else:
            return


def test_every_alert_arrives_through_restarts_of_the_server_and_repeats_have_its_id(server: PostgreSQLServer) -> None:
    inboxes = [Inbox(), Inbox()]
    rng = random.Random(0)
    for inbox in inboxes:
        inbox.failures = [DeliveryError("away") for _ in range(10)]
    with PostgreSQLStore(f"{server.url}?schema=alerts", timeout=20.0) as store:
        managers = [AlertManager([Receiver(inbox, every=0)]) for inbox in inboxes]
        senders = [
            Delivery(manager, store, poll=0.05, lease=2.0, backoff=0.01, backoff_max=0.05, rng=random.Random(i)).start()
            for i, manager in enumerate(managers)
        ]
        done = threading.Event()

        def interrupt() -> None:
            for _ in range(3):
                done.wait(rng.uniform(0.2, 0.5))
                server.crash()
                server.start()

        interrupting = threading.Thread(target=interrupt)
        interrupting.start()
        for i in range(N_STREAMS):
            judged(store, managers[i % 2], f"stream {i}")
            done.wait(0.03)
        interrupting.join()
        end = time.monotonic() + 60
        while len([letter for letter in store.letters() if letter.state == "delivered"]) < N_STREAMS:
            assert time.monotonic() < end, Counter((letter.state, letter.error) for letter in store.letters())
            time.sleep(0.05)
        for sender in senders:
            sender.stop(10.0)
        got = [notification for inbox in inboxes for notification in inbox.got]
        assert {notification.stream for notification in got} == {f"stream {i}" for i in range(N_STREAMS)}
        assert len({notification.id for notification in got}) == N_STREAMS
        assert {letter.id for letter in store.letters()} == {notification.id for notification in got}


def test_an_accepted_baseline_ends_the_alerts_of_its_stream_with_its_reason(server: PostgreSQLServer) -> None:
    now = 1_800_000_000.0
    inbox = Inbox()
    manager = AlertManager([inbox], clock=lambda: now)
    first = Profile.fit({"age": np.arange(100.0)})
    window = Window(first).update({"age": np.arange(100.0) + 50})
    with PostgreSQLStore(f"{server.url}?schema=accepted") as store:
        delivery = Delivery(manager, store)
        judged(store, manager, "orders")
        assert delivery.deliver("ops")
        with store.transaction() as transaction:
            after = first.accept(window, reason="older customers", who="Ada")
            accept_baseline(transaction, "orders", before=first, after=after, clock=lambda: now)
        now += 3600
        judged(store, manager, "orders", number=1, drifted=False)
        assert delivery.deliver("ops")
        assert [notification.status for notification in inbox.got] == ["firing", "resolved"]
        assert "older customers" in json.dumps(inbox.got[1].to_json())
