"""The thread: started late, ended by whatever ends the process, alive whatever happens, and not the parent's after a fork."""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from asgi import App, Message, echo, model, post, rows_like
from driftwatch.errors import ConfigError
from driftwatch.middleware import DriftMiddleware
from driftwatch.middleware import worker as workers
from driftwatch.store import SQLiteStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

WATCHED = model()
FAST: dict[str, Any] = {"monitor": WATCHED, "features": "$.features", "predictions": "$.prediction", "window": 10}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SQLiteStore]:
    with SQLiteStore(tmp_path / "driftwatch.db") as opened:
        yield opened


@pytest.fixture
def made(store: SQLiteStore) -> Iterator[Callable[..., DriftMiddleware]]:
    all_of_them: list[DriftMiddleware] = []

    def make(app: App = echo, **options: Any) -> DriftMiddleware:
        all_of_them.append(DriftMiddleware(app, **{**FAST, "store": store, **options}))
        return all_of_them[-1]

    yield make
    for one in all_of_them:
        one.close()


def send(middleware: DriftMiddleware, n: int, seed: int = 1) -> None:
    async def many() -> None:
        for row in rows_like(n, seed=seed):
            await post(middleware, {"features": row})

    asyncio.run(many())


def eventually(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 20.0
    while not condition():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.005)


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("driftwatch-")]


def test_the_thread_starts_with_the_first_request_and_stores_by_itself(
    made: Callable[..., DriftMiddleware], store: SQLiteStore
) -> None:
    one = made(flush_every=0.05, lease_for=5.0)
    assert threads() == []
    send(one, 25)
    assert threads() == ["driftwatch-http"]
    eventually(lambda: len(store.runs("http")) == 2)
    one.close()
    assert threads() == []
    assert store.counters("http")["rows"] == 25


def test_flush_waits_until_everything_is_stored(made: Callable[..., DriftMiddleware], store: SQLiteStore) -> None:
    one = made()
    send(one, 25)
    one.flush()
    assert store.counters("http")["rows"] == 25
    assert one.last_report is not None
    assert one.status()["running"]


class Lifespan:
    """An app with a lifespan, which notes what it gets."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    async def __call__(self, scope: Message, receive: App, send: App) -> None:
        if scope["type"] != "lifespan":
            await echo(scope, receive, send)
            return
        while True:
            kind = (await receive())["type"]
            self.seen.append(kind)
            await send({"type": f"{kind}.complete"})
            if kind == "lifespan.shutdown":
                return


def test_the_end_of_the_service_stores_everything_before_the_server_ends_the_process(
    made: Callable[..., DriftMiddleware], store: SQLiteStore
) -> None:
    one = made(app := Lifespan())
    rows_at: dict[str, int] = {}

    async def serve() -> None:
        to_app: asyncio.Queue[Message] = asyncio.Queue()
        from_app: asyncio.Queue[Message] = asyncio.Queue()

        async def say(message: Message) -> None:
            rows_at[message["type"]] = store.counters("http").get("rows", 0)
            await from_app.put(message)

        task = asyncio.create_task(one({"type": "lifespan"}, to_app.get, say))
        await to_app.put({"type": "lifespan.startup"})
        assert await from_app.get() == {"type": "lifespan.startup.complete"}
        assert threads() == ["driftwatch-http"]  # so that "no data" is noticed without a request
        for row in rows_like(7):
            await post(one, {"features": row})
        await to_app.put({"type": "lifespan.shutdown"})
        assert await from_app.get() == {"type": "lifespan.shutdown.complete"}
        await task

    asyncio.run(serve())
    assert app.seen == ["lifespan.startup", "lifespan.shutdown"]
    assert rows_at == {"lifespan.startup.complete": 0, "lifespan.shutdown.complete": 7}
    assert threads() == []
    send(one, 3)  # another start of the same app
    one.flush()
    assert store.counters("http")["rows"] == 10


def test_an_app_without_a_lifespan_says_so_as_it_does_alone(made: Callable[..., DriftMiddleware]) -> None:
    async def app(*_: Any) -> None:
        raise NotImplementedError("no lifespan")

    with pytest.raises(NotImplementedError, match="no lifespan"):
        asyncio.run(made(app)({"type": "lifespan"}, *[None] * 2))  # type: ignore[arg-type]


@pytest.mark.parametrize("failure", [RuntimeError("no"), SystemExit(3), MemoryError(), KeyboardInterrupt()])
@pytest.mark.parametrize("place", ["drain", "flush", "_flush"])
def test_the_thread_survives_whatever_is_raised_in_it(
    made: Callable[..., DriftMiddleware],
    store: SQLiteStore,
    monkeypatch: pytest.MonkeyPatch,
    place: str,
    failure: BaseException,
) -> None:
    one = made(flush_every=0.05, lease_for=5.0)
    recorder = one._worker.recorder
    whole, n_raised = getattr(recorder, place), 0

    def breaking(**options: Any) -> Any:
        nonlocal n_raised
        if n_raised < 3:
            n_raised += 1
            raise failure
        return whole(**options)

    monkeypatch.setattr(recorder, place, breaking)
    send(one, 5)
    eventually(lambda: n_raised == 3)
    eventually(lambda: store.counters("http").get("rows", 0) == 5)
    eventually(lambda: one.status()["problem"] is None)


def test_hooks_that_raise_cost_nothing(made: Callable[..., DriftMiddleware], store: SQLiteStore) -> None:
    class Alerts:
        def __call__(self, *_: Any) -> None:
            raise RuntimeError("a bad rule")

        def start(self, _: Any) -> Any:
            raise RuntimeError("no network")

    def on_window(_: Any) -> None:
        raise RuntimeError("a bad hook")

    one = made(alerts=Alerts(), on_window=on_window, flush_every=0.05, lease_for=5.0)
    send(one, 10)
    eventually(lambda: len(store.runs("http")) == 1)
    eventually(lambda: "no network" in str(one.status()["problem"]))
    assert store.counters("http")["failed_alerts"] == 1


def test_a_middleware_that_nobody_has_any_more_stores_what_it_has_and_ends(store: SQLiteStore) -> None:
    one = DriftMiddleware(echo, **{**FAST, "store": store})
    send(one, 5)
    del one
    gc.collect()
    eventually(lambda: threads() == [])
    assert store.counters("http")["rows"] == 5


def test_a_store_that_is_away_is_tried_more_and_more_seldom(
    made: Callable[..., DriftMiddleware], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = made(flush_every=0.01, lease_for=5.0)
    tries: list[float] = []

    def away(**_: Any) -> None:
        tries.append(time.monotonic())
        raise OSError("away")

    monkeypatch.setattr(workers, "FLUSH_ROWS", 3)
    monkeypatch.setattr(one._worker.recorder, "_flush", away)
    send(one, 10)
    eventually(lambda: len(tries) >= 4)
    assert tries[3] - tries[2] >= 0.04  # doubled twice, however many rows wait


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks on this system")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # forking beside a thread is what is tested
def test_a_forked_child_counts_what_it_gets_and_nothing_of_the_parent(tmp_path: Path) -> None:
    script = tmp_path / "forks.py"
    script.write_text(FORKING)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, map(os.path.abspath, sys.path)))}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(script), str(tmp_path / "driftwatch.db")],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    with SQLiteStore(tmp_path / "driftwatch.db") as store:
        counters = store.counters("http")
    assert counters["rows"] == counters["requests"] == 3 + 2 * 4 + 1


FORKING = """
import asyncio, os, sys
from asgi import echo, model, post, rows_like
from driftwatch.errors import ConfigError
from driftwatch.middleware import DriftMiddleware

one = DriftMiddleware(
    echo, monitor=model(), features="$.features", predictions="$.prediction", window="1h", store=sys.argv[1]
)

async def send(n):
    for row in rows_like(n):
        await post(one, {"features": row})

asyncio.run(send(3))  # wait in the queue of the parent, whose thread runs
children = []
for _ in range(2):
    child = os.fork()
    if child == 0:
        assert one.status()["requests"] == 0 and not one.status()["running"]
        asyncio.run(send(4))
        one.close()
        os._exit(0)
    children.append(child)
for child in children:
    assert os.waitpid(child, 0)[1] == 0
asyncio.run(send(1))  # stored when the interpreter ends
"""


@pytest.mark.parametrize(("options", "kept"), [({}, 5), ({"keep": 2}, 2), ({"keep": None, "retain": "5m"}, 3)])
def test_old_checks_go(
    made: Callable[..., DriftMiddleware], store: SQLiteStore, options: dict[str, Any], kept: int
) -> None:
    now = [1_700_000_000.0]
    one = made(clock=lambda: now[0], **options)
    for seed in range(5):
        now[0] += 120.0  # beyond the minute between two looks
        send(one, 10, seed)
        one.flush()
    assert len(store.runs("http")) == kept
    assert one.status()["windows"] == 5


def test_a_length_of_time_that_is_none_is_refused(made: Callable[..., DriftMiddleware]) -> None:
    with pytest.raises(ConfigError, match="`retain`"):
        made(retain="often")
