"""What passes through: byte for byte and in the order that it has without the middleware, whatever the app does."""

from __future__ import annotations

import asyncio
import json
import random
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asgi import JSON, App, Message, call, echo, model, post, requests, rows_like
from driftwatch.errors import ConfigError, InputTypeError, UnknownNameError
from driftwatch.middleware import DriftMiddleware
from driftwatch.middleware.worker import Worker

WATCHED = model()


@pytest.fixture(autouse=True)
def _no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Worker, "start", lambda _: None)


def tapped(app: App, **options: Any) -> DriftMiddleware:
    defaults: dict[str, Any] = {"monitor": WATCHED, "features": "$.features", "predictions": "$.prediction"}
    return DriftMiddleware(app, **{**defaults, **options})


def dropped(middleware: DriftMiddleware) -> dict[str, int]:
    """What was dropped after everything that waits has been read."""
    while middleware._worker.recorder.drain():
        pass
    found: dict[str, int] = middleware.status()["dropped"]
    return found


class Recorded:
    """A scripted app that notes what it receives; `wrapped` notes what the server side is asked and told."""

    def __init__(self, script: list[tuple[str, Any]]) -> None:
        self.script, self.seen = script, list[Any]()

    async def __call__(self, _: Message, receive: App, send: App) -> None:
        for what, value in self.script:
            if what == "receive":
                self.seen.append(await receive())
            elif what == "send":
                try:
                    await send(value)
                except ConnectionError as error:
                    self.seen.append(repr(error))
            elif what == "raise":
                raise RuntimeError(value)
            elif what == "pause":
                await anyio.lowlevel.checkpoint()


messages_in = st.one_of(
    st.builds(
        lambda body, more: {"type": "http.request", "body": body, "more_body": more},
        st.binary(max_size=40),
        st.booleans(),
    ),
    st.just({"type": "http.request"}),
    st.just({"type": "http.disconnect"}),
)
messages_out = st.one_of(
    st.builds(
        lambda status, headers: {"type": "http.response.start", "status": status, "headers": headers},
        st.sampled_from([200, 201, 404, 500]),
        st.lists(
            st.tuples(
                st.sampled_from([b"content-type", b"X-A"]), st.sampled_from([b"application/json", b"text/html", b""])
            )
        ),
    ),
    st.builds(
        lambda body, more: {"type": "http.response.body", "body": body, "more_body": more},
        st.binary(max_size=40),
        st.booleans(),
    ),
    st.builds(lambda body: {"type": "http.response.body", "body": bytearray(body)}, st.binary(max_size=5)),
    st.just({"type": "http.response.body", "body": None}),
    st.just({"type": "http.response.pathsend", "path": "/x"}),
    st.just({"type": "http.response.trailers", "headers": []}),
    st.just({"type": "http.response.start"}),
    st.just({"kind": "no message at all"}),
)
scripts = st.lists(
    st.one_of(
        st.just(("receive", None)),
        st.tuples(st.just("send"), messages_out),
        st.just(("pause", None)),
        st.just(("raise", "the app")),
    ),
    max_size=12,
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(scripts, st.lists(messages_in, max_size=6), st.integers(0, 12), st.sampled_from(["asyncio", "trio"]))
def test_an_app_and_a_server_see_what_they_see_without_it(
    script: list[tuple[str, Any]], given_messages: list[Message], breaks_at: int, backend: str
) -> None:
    plain, watched = Recorded(script), Recorded(script)
    middleware = tapped(watched, max_body=60)
    without, with_it = (
        anyio.run(_serve, app, given_messages, breaks_at, backend=backend) for app in (plain, middleware)
    )
    assert with_it == without
    assert watched.seen == plain.seen
    assert all(a is b for a, b in zip(watched.seen, plain.seen, strict=True) if isinstance(a, dict))
    status = middleware.status()
    assert status["requests"] == 1
    assert sum(dropped(middleware).values()) + middleware.status()["rows"] == 1
    assert "internal" not in status["dropped"] or any(
        "kind" in m or m == {"type": "http.response.start"} for _, m in script if isinstance(m, dict)
    )


async def _serve(app: App, given_messages: list[Message], breaks_at: int) -> list[Any]:
    """What a server sees: calls of `receive`, messages, and what the app raises."""
    waiting, seen = list(given_messages), list[Any]()

    async def receive() -> Message:
        await anyio.lowlevel.checkpoint()
        seen.append("receive")
        return waiting.pop(0) if waiting else GONE

    async def send(message: Message) -> None:
        await anyio.lowlevel.checkpoint()
        seen.append((id(message), dict(message)))
        if len(seen) == breaks_at:
            raise ConnectionError("the client has gone")

    try:
        await app({"type": "http", "method": "POST", "path": "/", "headers": list(JSON)}, receive, send)
    except RuntimeError as error:
        seen.append(repr(error))
    return seen


GONE: Message = {"type": "http.disconnect"}


def test_a_message_is_passed_on_before_it_is_looked_at() -> None:
    order: list[str] = []

    async def app(_: Message, receive: App, send: App) -> None:
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": list(JSON)})
        await send({"type": "http.response.body", "body": Watched(b"{}")})

    class Watched(bytes):
        def __len__(self) -> int:
            order.append("looked at")
            return super().__len__()

    async def send(message: Message) -> None:
        order.append(message["type"])

    async def receive() -> Message:
        return requests([b"{}"])[0]

    asyncio.run(tapped(app)({"type": "http", "method": "POST", "path": "/", "headers": []}, receive, send))
    assert order[:3] == ["http.response.start", "http.response.body", "looked at"]


def test_a_stream_that_never_ends_is_passed_on_part_by_part_and_not_kept() -> None:
    middleware = tapped(endless := Endless())
    asyncio.run(asyncio.wait_for(call(middleware, requests([b"{}"])), 10))
    assert endless.n_sent == 2_000
    assert dropped(middleware) == {"incomplete": 1}


class Endless:
    n_sent = 0

    async def __call__(self, _: Message, receive: App, send: App) -> None:
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": list(JSON)})
        for self.n_sent in range(1, 2_001):
            await send({"type": "http.response.body", "body": bytes(10_000), "more_body": True})


@pytest.mark.parametrize(
    ("options", "scope"),
    [
        ({"methods": ["PUT"]}, {}),
        ({"paths": ["/other", "/v*/predict"]}, {}),
        ({"sample": 0.0}, {}),
        ({}, {"driftwatch.tapped": ("http",)}),
        ({}, {"method": "GET"}),
    ],
)
def test_what_is_not_asked_for_passes_untouched(options: dict[str, Any], scope: dict[str, Any]) -> None:
    seen: list[Any] = []

    async def app(_: Message, receive: App, send: App) -> None:
        seen.extend([receive, send])

    async def receive() -> Message:
        raise AssertionError

    async def send(_: Message) -> None:
        raise AssertionError

    middleware = tapped(app, **options)
    full = {"type": "http", "method": "POST", "path": "/predict", "headers": [], **scope}
    asyncio.run(middleware(full, receive, send))
    assert seen == [receive, send]
    assert middleware.status()["requests"] == 0


@pytest.mark.parametrize("path", ["/predict", "/v1/models/fraud:predict", "/a.b"])
def test_paths_are_exact_or_have_stars(path: str) -> None:
    middleware = tapped(echo, paths=["/predict", "/v*:predict", "/a.b"])
    asyncio.run(post(middleware, {"features": rows_like(1)[0]}, path=path))
    assert middleware.status()["requests"] == 1
    asyncio.run(post(middleware, {"features": rows_like(1)[0]}, path=path.replace(".", "x") + "/more"))
    assert middleware.status()["requests"] == 1


def test_a_share_of_the_requests_is_sampled() -> None:
    middleware = tapped(echo, sample=0.25, rng=random.Random(3))

    async def many() -> None:
        for row in rows_like(400):
            await post(middleware, {"features": row})

    asyncio.run(many())
    oracle = random.Random(3)
    assert middleware.status()["requests"] == sum(oracle.random() < 0.25 for _ in range(400))


def test_two_of_them_with_one_name_count_once_and_with_two_names_each() -> None:
    inner = tapped(echo)
    twice, other = tapped(inner), tapped(inner, stream="shadow")
    asyncio.run(post(twice, {"features": rows_like(1)[0]}))
    assert (twice.status()["requests"], inner.status()["requests"]) == (1, 0)
    asyncio.run(post(other, {"features": rows_like(1)[0]}))
    assert (other.status()["requests"], inner.status()["requests"]) == (1, 1)


def test_websockets_pass_untouched() -> None:
    seen: list[Any] = []

    async def app(scope: Message, receive: App, send: App) -> None:
        seen.extend([scope, receive, send])

    scope, receive, send = {"type": "websocket"}, object(), object()
    asyncio.run(tapped(app)(scope, receive, send))  # type: ignore[arg-type]
    assert seen == [{"type": "websocket"}, receive, send]


@pytest.mark.parametrize(
    ("script", "messages", "reason"),
    [
        ([("receive", None), ("raise", "no")], requests([b"{}"]), "app_error"),
        ([("send", {"type": "http.response.start", "status": 422}), ("raise", "no")], [], "status"),
        ([("receive", None), ("receive", None)], requests([b"{", b"}"])[:1], "disconnected"),
        ([("receive", None)], requests([b"{}"]), "incomplete"),
        (
            [("send", {"type": "http.response.start", "status": 200}), ("send", {"type": "http.response.body"})],
            requests([b"{}"]),
            "unread",
        ),
    ],
)
def test_what_is_not_looked_at_is_counted_once_by_reason(
    script: list[tuple[str, Any]], messages: list[Message], reason: str
) -> None:
    middleware = tapped(Recorded(script))

    async def run() -> None:
        try:
            await call(middleware, messages)
        except RuntimeError:
            return

    asyncio.run(run())
    assert dropped(middleware) == {reason: 1}


def test_a_cancelled_request_is_counted_and_stays_cancelled() -> None:
    async def app(*_: Any) -> None:
        await asyncio.sleep(60)

    middleware = tapped(app)

    async def run() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(call(middleware), 0.01)

    asyncio.run(run())
    assert dropped(middleware) == {"cancelled": 1}


def test_a_body_beyond_the_limit_is_not_kept_and_counted() -> None:
    middleware = tapped(echo, max_body=1_000)
    long = {"features": {**rows_like(1)[0], "more": "x" * 1_000}}
    asyncio.run(post(middleware, long))
    assert dropped(middleware) == {"too_large": 1}
    assert middleware._intake._given == 0


def test_an_upload_that_is_no_json_is_not_kept_at_all() -> None:
    async def app(_: Message, receive: App, send: App) -> None:
        while (await receive()).get("more_body"):
            pass
        await send({"type": "http.response.start", "status": 200, "headers": list(JSON)})
        await send({"type": "http.response.body"})

    middleware = tapped(app)
    parts = requests([bytes(1000)] * 20)
    asyncio.run(call(middleware, parts, headers=[(b"content-type", b"application/octet-stream")]))
    assert middleware.status()["dropped"] == {"content_type": 1}  # already, without the worker
    assert middleware.status()["queued"] == 0


@pytest.mark.parametrize(("limits", "kept"), [({"queue_size": 3}, 3), ({"queue_bytes": 1}, 1)])
def test_a_full_queue_drops_the_newest_and_counts_them(limits: dict[str, int], kept: int) -> None:
    middleware = tapped(echo, **limits)

    async def many() -> None:
        for row in rows_like(10):
            await post(middleware, {"features": row})

    asyncio.run(many())
    assert middleware.status()["queued"] == kept
    assert dropped(middleware) == {"queue_full": 10 - kept}
    assert middleware.status()["rows"] == kept
    asyncio.run(many())  # what was taken has made room
    assert middleware.status()["queued"] == kept


def test_bodies_of_other_types_of_bytes_are_copied() -> None:
    body = bytearray(json.dumps({"prediction": 0.25}).encode())

    async def app(_: Message, receive: App, send: App) -> None:
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": list(JSON)})
        await send({"type": "http.response.body", "body": body})
        body[:] = bytes(len(body))

    middleware = tapped(app)
    asyncio.run(call(middleware, requests([json.dumps({"features": rows_like(1)[0]}).encode()])))
    assert dropped(middleware) == {}
    assert middleware.status()["predictions"] == 1


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"sample": 1.5}, ConfigError, "`sample`"),
        ({"sample": True}, ConfigError, "`sample`"),
        ({"paths": "/predict"}, ConfigError, "`paths`"),
        ({"features": None, "predictions": None}, ConfigError, "`features` or `predictions`"),
        ({"features": 3}, ConfigError, "`features` must be a path"),
        ({"features": "features"}, ConfigError, "a path begins with"),
        ({"window": 0}, ConfigError, "`window`"),
        ({"window": "1mo"}, ConfigError, "`every`"),
        ({"flush_every": 0}, ConfigError, "`flush_every`"),
        ({"flush_every": 20.0}, ConfigError, "`lease_for`"),
        ({"max_body": 0}, ConfigError, "`max_body`"),
        ({"queue_size": 0}, ConfigError, "`queue_size`"),
        ({"stream": ""}, ConfigError, "`stream`"),
        ({"monitor": 3}, InputTypeError, "`monitor`"),
        ({"roles": {"score": "prediction"}}, ConfigError, "`roles`"),
        ({"columns": ["f0", "f9"]}, UnknownNameError, "f9"),
    ],
)
def test_settings_that_cannot_be_right_are_refused(options: dict[str, Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        tapped(echo, **options)
