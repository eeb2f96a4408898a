"""Alerts of many processes in one real PostgreSQL: they act as one."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from alerting_samples import Inbox, closed_window, feature_of, report_of
from driftwatch.alerting import AlertManager, Delivery, Receiver, Route
from driftwatch.store import PostgreSQLStore
from postgresql_server import PostgreSQLServer

if TYPE_CHECKING:
    from collections.abc import Iterator

N_STREAMS, N_HOSTS = 24, 3
DRIFTED = report_of(feature_of("age"), feature_of("income", drifted=False))
CALM = report_of(feature_of("age", drifted=False), feature_of("income", drifted=False))


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = PostgreSQLServer()
    server.start()
    yield f"{server.url}?schema=alerts"
    server.remove()


def test_many_hosts_tell_each_alert_once_and_each_end_once(address: str) -> None:
    inboxes = [Inbox() for _ in range(N_HOSTS)]
    route = Route("ops", group_interval=0.1, repeat_interval=3600)
    managers = [AlertManager([Receiver(inbox, every=0.0)], route=route) for inbox in inboxes]
    with PostgreSQLStore(address) as first, PostgreSQLStore(address) as second, PostgreSQLStore(address) as third:
        stores = [first, second, third]
        first.streams()  # the tables are made before all come at once

        def judge(item: tuple[int, int]) -> None:
            number, stream = item
            host = (number + stream) % N_HOSTS
            with stores[host].transaction() as transaction:
                report = DRIFTED if number == 0 else CALM
                managers[host](transaction, closed_window(report, number=number, stream=f"m{stream}"))

        handles = [Delivery(manager, store, poll=0.05).start() for manager, store in zip(managers, stores, strict=True)]
        with ThreadPoolExecutor(6) as pool:
            list(pool.map(judge, [(0, stream) for stream in range(N_STREAMS)]))
            _until(lambda: sum(len(inbox.got) for inbox in inboxes) == N_STREAMS)
            list(pool.map(judge, [(1, stream) for stream in range(N_STREAMS)]))
        _until(lambda: sum(len(inbox.got) for inbox in inboxes) == 2 * N_STREAMS)
        assert [handle.stop(10) for handle in handles] == [True] * N_HOSTS
        assert {letter.state for letter in first.letters()} == {"delivered"}

    told = sorted((sent.model, sent.status) for inbox in inboxes for sent in inbox.got)
    assert told == sorted((f"m{n}", status) for n in range(N_STREAMS) for status in ("firing", "resolved"))
    assert sum(len(inbox.got) > 0 for inbox in inboxes) > 1


def _until(holds: object, seconds: float = 40.0) -> None:
    end = time.monotonic() + seconds
    while not holds():  # type: ignore[operator]
        assert time.monotonic() < end
        time.sleep(0.02)
