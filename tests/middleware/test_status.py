"""The pages about the monitoring: they only read, hide nothing, and say little to who may not know."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import anyio
import pytest

from asgi import Message, call, echo, model, post, requests, rows_like
from driftwatch.errors import ConfigError, InputTypeError
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


@pytest.fixture
def watched(store: SQLiteStore) -> DriftMiddleware:
    one = DriftMiddleware(
        echo, monitor=WATCHED, features="$.features", predictions="$.prediction", window=10, store=store
    )

    async def many() -> None:
        for row in rows_like(25):
            await post(one, {"features": row})
        await call(one, requests([b'{"features": {"f0": 1, "f1": "x"}}']))

    asyncio.run(many())
    assert one._worker.recorder.flush()
    return one


def get(app: Any, path: str, *, method: str = "GET", token: str | None = None, query: str = "", **more: Any) -> Any:
    """Return the status, the headers and the body."""
    headers = [] if token is None else [(b"authorization", f"Bearer {token}".encode())]
    start, body = asyncio.run(
        call(app, method=method, path=path, headers=headers, **{"query_string": query.encode(), **more})
    )
    return start["status"], dict(start["headers"]), body["body"]


def page(app: Any, path: str, **options: Any) -> Any:
    status, headers, body = get(app, path, **options)
    assert (status, headers[b"content-type"]) == (200, b"application/json"), body
    return json.loads(body)


def test_the_status_says_what_is_counted_and_what_is_dropped(watched: DriftMiddleware) -> None:
    found = page(status_app(watched), "/status")
    assert found["process"]["rows"] == 25
    assert found["process"]["dropped"] == {"type": 1}
    stream = found["streams"]["http"]
    assert stream["counters"].items() >= {"requests": 26, "rows": 25, "dropped_type": 1, "windows": 2}.items()
    assert list(stream["workers"]) == [found["process"]["worker"]] == [found["leases"][0]["holder"]]
    assert stream["last_run"]["start"] == 10
    assert found["letters"] == {"waiting": 0, "dead": 0}


def test_reports_and_history_are_those_of_the_store(watched: DriftMiddleware, store: SQLiteStore) -> None:
    app = status_app(watched)
    newest, oldest = store.runs("http")
    assert page(app, "/report") == json.loads(store.report(newest.id))
    assert page(app, "/report", query=f"run={oldest.id}") == json.loads(store.report(oldest.id))
    assert [run["run"] for run in page(app, "/history")] == [newest.id, oldest.id]
    assert [run["run"] for run in page(app, "/history", query="limit=1")] == [newest.id]


def test_metrics_are_in_the_format_of_prometheus(watched: DriftMiddleware) -> None:
    status, headers, body = get(status_app(watched), "/metrics")
    assert (status, headers[b"content-type"]) == (200, b"text/plain; version=0.0.4; charset=utf-8")
    lines = body.decode().splitlines()
    assert 'driftwatch_rows_total{model="http"} 25' in lines
    assert 'driftwatch_rows_dropped_total{model="http",reason="type"} 1' in lines


@pytest.mark.parametrize("mounted", [{}, {"root_path": "/driftwatch"}])
def test_it_may_be_mounted_anywhere(watched: DriftMiddleware, mounted: dict[str, str]) -> None:
    path = f"{mounted.get('root_path', '')}/healthz"
    assert page(status_app(watched), path, **mounted) == {"status": "ok"}


def test_without_an_argument_it_is_about_the_middleware_around_it(watched: DriftMiddleware) -> None:
    watched.app = status_app()
    assert page(watched, "/status")["process"]["rows"] == 25
    status, _, body = get(status_app(), "/status")
    assert (status, b"no DriftMiddleware" in body) == (503, True)


def test_a_store_is_enough(watched: DriftMiddleware, store: SQLiteStore) -> None:
    for source in (store, store.path, str(store.path)):
        found = page(status_app(source), "/status")
        assert found["process"] is None
        assert found["streams"]["http"]["counters"]["rows"] == 25
    assert page(status_app(store, stream="other"), "/history") == []
    run = store.runs("http")[0].id
    assert get(status_app(store, stream="other"), "/report", query=f"run={run}")[0] == 404
    assert watched.stream == "http"


@pytest.mark.parametrize("token", [None, "", "wrong", "secre", "secret2", "Secret", "sécret"])
def test_who_has_not_the_token_learns_nothing(watched: DriftMiddleware, token: str | None) -> None:
    app = status_app(watched, token="secret")
    for name in ("status", "report", "history", "metrics"):
        status, headers, body = get(app, f"/{name}", token=token)
        assert (status, headers[b"www-authenticate"], json.loads(body)) == (
            401,
            b"Bearer",
            {"error": "a bearer token is needed"},
        )
    assert page(app, "/healthz") == {"status": "ok"}


def test_who_has_the_token_reads(watched: DriftMiddleware) -> None:
    assert page(status_app(watched, token="secret"), "/history", token="secret")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_it_only_reads(watched: DriftMiddleware, method: str) -> None:
    status, headers, _ = get(status_app(watched), "/status", method=method)
    assert (status, headers[b"allow"]) == (405, b"GET, HEAD")


def test_head_has_the_headers_and_no_body(watched: DriftMiddleware) -> None:
    status, headers, body = get(status_app(watched), "/history", method="HEAD")
    assert (status, body) == (200, b"")
    assert int(headers[b"content-length"]) > 2


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("/", "", 404),
        ("/reset", "", 404),
        ("/status/../check", "", 404),
        ("/history", "limit=x", 400),
        ("/history", "limit=-1", 400),
        ("/history", "limit=" + "9" * 40, 400),
        ("/report", "run=²", 400),
        ("/report", "run=77", 503),
    ],
)
def test_other_requests_are_refused(watched: DriftMiddleware, path: str, query: str, status: int) -> None:
    app = status_app(watched.store) if "77" in query else status_app(watched)
    found, headers, body = get(app, path, query=query)
    assert found == status
    assert list(json.loads(body)) == ["error"]
    assert headers[b"x-content-type-options"] == b"nosniff"
    assert headers[b"cache-control"] == b"no-store"


def test_a_store_that_cannot_be_read_is_said_without_its_place(tmp_path: Path) -> None:
    (tmp_path / "driftwatch.db").write_bytes(b"something else" * 100)
    status, _, body = get(status_app(tmp_path / "driftwatch.db"), "/status")
    assert (status, json.loads(body)) == (503, {"error": "the store cannot be read: StoreError"})


def test_before_the_first_window_there_is_nothing_to_report(tmp_path: Path) -> None:
    one = DriftMiddleware(echo, monitor=WATCHED, features="$.features", store=tmp_path / "driftwatch.db")
    app = status_app(one)
    assert page(app, "/status")["streams"] == {}
    assert get(app, "/report")[0] == 404
    assert one._worker.recorder.flush()
    assert get(app, "/report")[0] == 404
    assert page(app, "/history") == []


def test_a_process_that_has_stored_nothing_shows_what_others_have(watched: DriftMiddleware, store: SQLiteStore) -> None:
    other = DriftMiddleware(echo, monitor=WATCHED, features="$.features", store=store.path)
    assert other.store is None
    app = status_app(other)
    assert page(app, "/history") == page(status_app(watched), "/history") != []
    assert page(app, "/report", query=f"run={store.runs('http')[0].id}")["verdict"]
    assert page(app, "/status")["streams"]["http"]["counters"]["rows"] == store.counters("http")["rows"]


def test_a_store_that_was_never_readable_leaves_the_status_of_the_process(tmp_path: Path) -> None:
    (tmp_path / "driftwatch.db").write_bytes(b"something else" * 100)
    one = DriftMiddleware(echo, monitor=WATCHED, features="$.features", store=tmp_path / "driftwatch.db")
    assert page(status_app(one), "/status")["streams"] == {}
    assert get(status_app(one), "/report")[0] == 404


def test_a_problem_shows_in_the_health(watched: DriftMiddleware) -> None:
    watched._worker.recorder.problem = "the disk is full"
    assert page(status_app(watched), "/healthz") == {"status": "degraded"}


def test_it_runs_by_itself_too(watched: DriftMiddleware) -> None:
    sent: list[Message] = []
    waiting = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]

    async def receive() -> Message:
        return waiting.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    async def run() -> None:
        for kind in ("lifespan", "websocket"):
            await status_app(watched)({"type": kind}, receive, send)

    asyncio.run(run())
    assert [message["type"] for message in sent] == [
        "lifespan.startup.complete",
        "lifespan.shutdown.complete",
        "websocket.close",
    ]


def test_it_answers_under_trio(watched: DriftMiddleware) -> None:
    async def ask() -> list[Message]:
        return await call(status_app(watched), method="GET", path="/history")

    assert anyio.run(ask, backend="trio")[0]["status"] == 200


@pytest.mark.parametrize(
    ("arguments", "options", "error"), [((3,), {}, InputTypeError), ((), {"token": ""}, ConfigError)]
)
def test_arguments_that_are_of_no_use_are_refused(arguments: Any, options: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        status_app(*arguments, **options)
