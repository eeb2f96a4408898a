"""Events: who listens hears of new checks, from where it left off, and costs nothing when it is gone."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from driftwatch.dashboard import dashboard
from driftwatch.dashboard.events import KEPT, Events
from driftwatch.errors import StoreError
from driftwatch.store import Run, WindowKey

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.testclient import TestClient

    from driftwatch.store import SQLiteStore


def run(number: int) -> Run:
    return Run("s", WindowKey(0, 1), 1, 1, "drift", number)


class Listener:
    """A client, and what it has heard."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str | None, Any]] = []
        self.text = b""
        self.left = asyncio.Event()

    async def send(self, text: bytes) -> None:
        self.text += text
        for block in text.decode().split("\n\n"):
            fields = dict(
                line.split(": ", 1) for line in block.splitlines() if ": " in line and not line.startswith(":")
            )
            if "event" in fields:
                self.heard.append((fields["event"], fields.get("id"), json.loads(fields["data"])))

    def kinds(self) -> list[tuple[str, str | None]]:
        return [(event, number) for event, number, _ in self.heard]


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - what is waited for is set elsewhere
            await asyncio.sleep(0.005)


class Store:
    """What is looked at: the newest checks first."""

    def __init__(self, *numbers: int) -> None:
        self.runs = [run(number) for number in numbers]
        self.looks = 0
        self.fails = False

    async def look(self) -> list[Run]:
        self.looks += 1
        if self.fails:
            raise StoreError("away")
        return self.runs


def test_a_listener_hears_of_new_checks_only() -> None:
    async def listen() -> list[tuple[str, str | None]]:
        store, one = Store(2, 1), Listener()
        events = Events(store.look, every=0.01)
        task = asyncio.create_task(events.listen(None, one.send, one.left.wait))
        await until(lambda: one.heard)
        store.runs = [run(4), run(3), *store.runs]
        await until(lambda: len(one.heard) == 3)
        assert one.heard[1][2]["stream"] == "s"
        one.left.set()
        await asyncio.wait_for(task, 20)
        assert events.n_listeners == 0
        return one.kinds()

    assert asyncio.run(listen()) == [("hello", "2"), ("run", "3"), ("run", "4")]


def test_who_comes_back_hears_what_it_missed() -> None:
    async def listen(last: int, *numbers: int) -> list[tuple[str, str | None]]:
        store, one = Store(*numbers), Listener()
        events = Events(store.look, every=0.01)
        task = asyncio.create_task(events.listen(last, one.send, one.left.wait))
        await until(lambda: one.heard)
        await asyncio.sleep(0.03)
        one.left.set()
        await task
        return one.kinds()

    assert asyncio.run(listen(1, 3, 2, 1)) == [("hello", None), ("run", "2"), ("run", "3")]
    assert asyncio.run(listen(9, 3, 2, 1)) == [("hello", "3")]  # a store that began anew
    many = range(KEPT + 50, 50, -1)
    assert asyncio.run(listen(3, *many)) == [("hello", str(KEPT + 50))]  # more than is kept


def test_the_store_is_looked_at_once_for_all_and_not_at_all_for_none() -> None:
    async def listen() -> None:
        store, many = Store(1), [Listener() for _ in range(20)]
        events = Events(store.look, every=3_600, max_listeners=20)
        tasks = [asyncio.create_task(events.listen(None, one.send, one.left.wait)) for one in many]
        await until(lambda: all(one.heard for one in many))
        assert (events.n_listeners, events.is_full, store.looks) == (20, True, 1)
        for one in many:
            one.left.set()
        await asyncio.wait_for(asyncio.gather(*tasks), 20)
        assert events._watcher is None
        await asyncio.sleep(0)
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(listen())


def test_a_store_that_fails_and_comes_back_is_said_once_each() -> None:
    async def listen() -> list[str]:
        store, one = Store(1), Listener()
        events = Events(store.look, every=0.01)
        task = asyncio.create_task(events.listen(None, one.send, one.left.wait))
        await until(lambda: one.heard)
        store.fails = True
        await until(lambda: len(one.heard) == 2)
        store.fails = False
        await until(lambda: len(one.heard) == 3)
        one.left.set()
        await task
        return [event for event, _, _ in one.heard]

    assert asyncio.run(listen()) == ["hello", "problem", "recovered"]


def test_ids_that_begin_anew_are_said() -> None:
    async def listen() -> list[tuple[str, str | None]]:
        store, one = Store(9, 8), Listener()
        events = Events(store.look, every=0.01)
        task = asyncio.create_task(events.listen(None, one.send, one.left.wait))
        await until(lambda: one.heard)
        store.runs = [run(1)]
        await until(lambda: len(one.heard) == 2)
        store.runs = [run(2), run(1)]
        await until(lambda: len(one.heard) == 3)
        one.left.set()
        await task
        return one.kinds()

    assert asyncio.run(listen()) == [("hello", "9"), ("reset", "1"), ("run", "2")]


def test_a_silent_stream_has_a_pulse_and_an_end() -> None:
    async def listen() -> bytes:
        one = Listener()
        events = Events(Store(1).look, every=0.01, heartbeat=0.02, lifetime=0.1)
        await asyncio.wait_for(events.listen(None, one.send, one.left.wait), 20)
        return one.text

    text = asyncio.run(listen())
    assert text.startswith(b"retry: 2000\n\n")
    assert b": still here\n\n" in text


def test_closing_ends_all_streams() -> None:
    async def listen() -> None:
        one = Listener()
        events = Events(Store(1).look, every=0.01)
        task = asyncio.create_task(events.listen(None, one.send, one.left.wait))
        await until(lambda: one.heard)
        events.close()
        await asyncio.wait_for(task, 20)

    asyncio.run(listen())


def test_the_endpoint_streams_until_the_client_leaves_and_tells_when_it_is_full(store: SQLiteStore) -> None:
    from asgi import call

    async def listen() -> None:
        app: Any = dashboard(store, fresh=0)
        # after its messages the client of `call` is gone
        sent = await asyncio.wait_for(call(app, method="GET", path="/api/events", headers=[]), 20)
        assert dict(sent[0]["headers"])[b"content-type"] == b"text/event-stream; charset=utf-8"
        assert b"event: hello" in sent[1]["body"]
        app.events.n_listeners = 10_000
        full = await call(app, method="GET", path="/api/events", headers=[])
        assert full[0]["status"] == 503
        assert b"too_many_listeners" in full[1]["body"]
        app.answers.close()

    asyncio.run(listen())


def test_head_of_the_endpoint_ends(client: TestClient) -> None:
    assert client.head("/api/events").status_code == 200
