"""The one line in real frameworks: Starlette, FastAPI and Litestar, with what they do to bodies, errors and lifespans."""

from __future__ import annotations

import gzip
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from fastapi import FastAPI
from litestar import Litestar, asgi, post
from litestar.params import JSONBody
from litestar.types import Receive, Scope, Send
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import JSONResponse, StreamingResponse
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from asgi import model, rows_like
from driftwatch.middleware import DriftMiddleware, status_app
from driftwatch.store import SQLiteStore

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from starlette.requests import Request

WATCHED = model()
OPTIONS: dict[str, Any] = {
    "monitor": WATCHED,
    "features": "$.features",
    "predictions": "$.prediction",
    "window": 20,
    "paths": ["/predict"],
}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SQLiteStore]:
    with SQLiteStore(tmp_path / "driftwatch.db") as opened:
        yield opened


def starlette_app(store: SQLiteStore) -> Any:
    async def predict(request: Request) -> JSONResponse:
        features = (await request.json())["features"]
        return JSONResponse({"prediction": features["f0"]})

    async def stream(request: Request) -> StreamingResponse:
        received = [part async for part in request.stream()]

        async def parts() -> AsyncIterator[bytes]:
            for part in received:
                yield part

        return StreamingResponse(parts(), media_type="application/json")

    return Starlette(
        routes=[
            Route("/predict", predict, methods=["POST"]),
            Route("/echo", stream, methods=["POST"]),
            Mount("/driftwatch", status_app(token="secret")),
        ],
        middleware=[Middleware(DriftMiddleware, store=store, **OPTIONS)],
    )


def fastapi_app(store: SQLiteStore) -> Any:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield

    app = FastAPI(lifespan=lifespan)
    app.add_middleware(DriftMiddleware, store=store, **OPTIONS)
    app.mount("/driftwatch", status_app(token="secret"))

    def predict(order: dict[str, Any]) -> dict[str, Any]:
        return {"prediction": order["features"]["f0"]}

    app.post("/predict")(predict)

    return app


def litestar_app(store: SQLiteStore) -> Any:
    async def predict(data: dict[str, Any]) -> dict[str, Any]:
        return {"prediction": data["features"]["f0"]}

    pages = status_app(token="secret")

    async def mounted(scope: Any, receive: Any, send: Any) -> None:
        await pages(scope, receive, send)

    predict.__annotations__.update({"data": JSONBody[dict[str, Any]], "return": dict[str, Any]})
    mounted.__annotations__.update({"scope": Scope, "receive": Receive, "send": Send, "return": None})
    app = Litestar(
        [post("/predict", status_code=200)(predict), asgi("/driftwatch", is_mount=True, copy_scope=True)(mounted)]
    )
    return DriftMiddleware(app, store=store, **OPTIONS)  # its own middleware is made anew for each route


def client_of(app: Any) -> TestClient:
    return TestClient(app, raise_server_exceptions=False)


APPS = [starlette_app, fastapi_app, litestar_app]


@pytest.mark.parametrize("make", APPS)
def test_one_line_watches_a_service_and_its_end_stores_everything(
    make: Callable[[SQLiteStore], Any], store: SQLiteStore
) -> None:
    rows = rows_like(50)
    with client_of(make(store)) as client:
        for row in rows:
            answer = client.post("/predict", json={"features": row})
            assert (answer.status_code, answer.json()) == (200, {"prediction": row["f0"]})
    counters = store.counters("http")
    assert (counters["rows"], counters["predictions"], counters["windows"]) == (50, 50, 2)


@pytest.mark.parametrize("make", APPS)
def test_errors_and_odd_bodies_are_answered_as_without_it(
    make: Callable[[SQLiteStore], Any], store: SQLiteStore
) -> None:
    with client_of(make(store)) as client:
        assert client.post("/predict", content=b"{", headers={"content-type": "application/json"}).status_code >= 400
        assert client.post("/predict", json={"features": {}}).status_code == 500
        assert client.get("/predict").status_code == 405
        assert client.get("/nowhere").status_code == 404


@pytest.mark.parametrize("make", APPS)
def test_the_pages_are_mounted_behind_their_token(make: Callable[[SQLiteStore], Any], store: SQLiteStore) -> None:
    with client_of(make(store)) as client:
        client.post("/predict", json={"features": rows_like(1)[0]})
        assert client.get("/driftwatch/status").status_code == 401
        found = client.get("/driftwatch/status", headers={"authorization": "Bearer secret"})
        assert found.status_code == 200, found.text
        assert found.json()["process"]["requests"] == 1
        assert client.get("/driftwatch/healthz").json() == {"status": "ok"}


def test_a_streamed_echo_is_the_same_to_the_byte_and_compressed_outside_it_is_paired(store: SQLiteStore) -> None:
    app = starlette_app(store)
    app.user_middleware.insert(0, Middleware(GZipMiddleware, minimum_size=1))  # the outermost, as the docs say
    with client_of(app) as client:
        body = bytes(range(256)) * 4_000
        assert client.post("/echo", content=body).content == body
        row = rows_like(1)[0]
        packed = gzip.compress(json.dumps({"features": row}).encode())
        headers = {"content-type": "application/json", "accept-encoding": "gzip"}
        assert client.post("/predict", json={"features": row}, headers=headers).json() == {"prediction": row["f0"]}
        assert (
            client.post("/predict", content=packed, headers={**headers, "content-encoding": "gzip"}).status_code == 500
        )
    counters = store.counters("http")
    assert (counters["predictions"], counters["dropped_app_error"]) == (1, 1)
