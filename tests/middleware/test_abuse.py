"""Clients, apps and disks that misbehave: the answer is that of the app alone, memory stays flat, and each case is counted."""

from __future__ import annotations

import asyncio
import json
import random
import tracemalloc
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from asgi import JSON, App, Message, call, model, requests, rows_like
from driftwatch import DriftReport, Monitor, Profile
from driftwatch.middleware import DriftMiddleware, status_app
from driftwatch.middleware.worker import Worker
from driftwatch.store import SQLiteStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WATCHED = model()


@pytest.fixture(autouse=True)
def _no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Worker, "start", lambda _: None)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SQLiteStore]:
    with SQLiteStore(tmp_path / "driftwatch.db") as opened:
        yield opened


async def sink(_: Message, receive: App, send: App) -> None:
    """An app that reads everything and answers with one number."""
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": list(JSON)})
    await send({"type": "http.response.body", "body": b'{"prediction": 0.5}'})


def tapped(app: App, **options: Any) -> DriftMiddleware:
    defaults: dict[str, Any] = {"monitor": WATCHED, "features": "$.features", "predictions": "$.prediction"}
    return DriftMiddleware(app, **{**defaults, **options})


def test_a_gigabyte_streamed_in_and_out_is_not_kept() -> None:
    part, n = bytes(256 * 1024), 4_096
    n_out = 0

    async def receive() -> Message:
        nonlocal n
        n -= 1
        return {"type": "http.request", "body": bytes(bytearray(part)), "more_body": n > 0}

    async def send(message: Message) -> None:
        nonlocal n_out
        n_out += len(message.get("body", b""))

    async def app(_: Message, receive: App, send: App) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": list(JSON)})
        while (message := await receive()).get("more_body"):
            await send({"type": "http.response.body", "body": message["body"], "more_body": True})
        await send({"type": "http.response.body", "body": message["body"]})

    middleware = tapped(app)
    tracemalloc.start()
    asyncio.run(middleware({"type": "http", "method": "POST", "path": "/", "headers": list(JSON)}, receive, send))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert n_out == 4_096 * len(part)
    assert peak < 4_000_000
    assert middleware.status()["dropped"] == {"too_large": 1}


def test_predictions_stay_with_their_features_however_requests_overlap(store: SQLiteStore) -> None:
    rng = random.Random(0)

    async def app(_: Message, receive: App, send: App) -> None:
        body = b""
        while True:
            message = await receive()
            body += message["body"]
            await asyncio.sleep(rng.random() / 100)
            if not message["more_body"]:
                break
        answer = json.dumps({"prediction": json.loads(body)["features"]["f0"] / 2}).encode()
        await send({"type": "http.response.start", "status": 200, "headers": list(JSON)})
        for i, part in enumerate((answer[:7], answer[7:])):
            await asyncio.sleep(rng.random() / 100)
            await send({"type": "http.response.body", "body": part, "more_body": i == 0})

    middleware, rows = tapped(app, store=store), rows_like(300)

    async def many() -> None:
        bodies = [json.dumps({"features": row}).encode() for row in rows]
        await asyncio.gather(*(call(middleware, requests([body[:40], body[40:], b""])) for body in bodies))

    asyncio.run(many())
    while middleware._worker.recorder.drain():
        pass
    batches = middleware._worker.recorder._collector.take()
    pairs = [pair for batch in batches for pair in zip(batch.columns["f0"], batch.columns["score"], strict=True)]
    assert sorted(pairs) == sorted((row["f0"], row["f0"] / 2) for row in rows)


def test_categories_without_end_take_bounded_room_and_are_those_of_a_check(store: SQLiteStore) -> None:
    middleware = tapped(sink, predictions=None, features="$.rows", store=store, window=100_000, max_body=10**7)
    rng = np.random.default_rng(0)
    rows = [{"f0": f0, "f1": 0.0, "f2": 0.0, "city": f"user-{i}"} for i, f0 in enumerate(rng.random(100_000).tolist())]

    async def many() -> None:
        for at in range(0, len(rows), 2_000):
            await call(middleware, requests([json.dumps({"rows": rows[at : at + 2_000]}).encode()]))
            if at % 20_000 == 0:
                assert middleware._worker.recorder.flush()

    asyncio.run(many())
    with store.transaction() as transaction:
        (window,) = transaction.open_windows("http")
        sizes = [len(part) for part in transaction.window_parts("http", window.key)]
    assert sum(sizes) < 1_000_000
    assert middleware._worker.recorder.flush()
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    expected = WATCHED.check(columns)
    assert middleware.last_report is not None
    found = [json.loads(report.to_json())["features"] for report in (middleware.last_report, expected)]
    assert found[0] == found[1]


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", 'a"b\\c', "line\nbreak\x00\x1b[31m", "\u202eright", "\ud800"]
)
def test_names_of_features_stay_data_on_every_page(store: SQLiteStore, name: str) -> None:
    values = np.random.default_rng(0).normal(size=500)
    try:
        monitor = Monitor.from_profile(Profile.fit({name: values, "f0": values}))
    except UnicodeEncodeError:
        pytest.skip("a reference with such a name cannot be made")
    middleware = tapped(sink, monitor=monitor, predictions=None, window=50, store=store)

    async def many() -> None:
        for value in values[:50].tolist():
            await call(middleware, requests([json.dumps({"features": {name: value + 9, "f0": value}}).encode()]))

    asyncio.run(many())
    assert middleware._worker.recorder.flush(), middleware.status()["problem"]
    assert middleware.last_report is not None
    assert middleware.last_report.drifted_features == [name]
    pages = status_app(middleware)
    for page in ("status", "report", "history", "metrics"):
        start, body = asyncio.run(call(pages, method="GET", path=f"/{page}", headers=[]))
        headers = dict(start["headers"])
        assert start["status"] == 200
        assert headers[b"content-type"] in {b"application/json", b"text/plain; version=0.0.4; charset=utf-8"}
        assert headers[b"x-content-type-options"] == b"nosniff"
        if page == "report":
            assert DriftReport.from_json(body["body"].decode()).drifted_features == [name]


def test_a_full_disk_costs_nothing_but_time(store: SQLiteStore) -> None:
    middleware, rows = tapped(sink, store=store, window=10), rows_like(40)

    async def many(chosen: list[dict[str, Any]]) -> None:
        for row in chosen:
            answer = await call(middleware, requests([json.dumps({"features": row}).encode()]))
            assert answer[1]["body"] == b'{"prediction": 0.5}'

    asyncio.run(many(rows[:15]))
    assert middleware._worker.recorder.flush()
    connection = store._connections.get()
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages}")  # what a file system without space is to SQLite
    asyncio.run(many(rows[15:]))
    assert not middleware._worker.recorder.flush()
    assert "no space left" in middleware.status()["problem"]
    connection.execute("PRAGMA max_page_count = 1000000")
    assert middleware._worker.recorder.flush()
    assert store.counters("http")["rows"] == 40
    assert [run.n_rows for run in store.runs("http")] == [10] * 4
