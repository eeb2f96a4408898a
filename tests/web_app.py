"""A model behind HTTP for tests: what a server imports. Settings come from the environment, as in a service."""

from __future__ import annotations

import asyncio
import json
import os
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route

from driftwatch.middleware import DriftMiddleware, status_app

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

SETTINGS: dict[str, Any] = json.loads(os.environ["WEB_APP"])


async def predict(request: Request) -> Response:
    document = json.loads(await request.body())
    rows = document["instances"] if "instances" in document else [document["features"]]
    predictions = [row["f0"] for row in rows]
    answer = {"predictions": predictions} if "instances" in document else {"prediction": predictions[0]}
    return JSONResponse(answer, headers={"x-pid": str(os.getpid())})


async def upload(request: Request) -> Response:
    size = 0
    async for part in request.stream():
        size += len(part)
    return JSONResponse({"size": size})


async def short(request: Request) -> Response:
    """Answers fewer predictions than there were rows."""
    return JSONResponse({"prediction": [row["f0"] for row in (await request.json())["features"]][1:]})


async def raises(request: Request) -> Response:
    await request.body()
    raise RuntimeError("the model is broken")


async def endless(request: Request) -> Response:
    await request.body()

    async def parts() -> AsyncIterator[bytes]:
        yield b"["
        while True:
            yield b"1.5," * 1000
            await asyncio.sleep(0.001)

    return StreamingResponse(parts(), media_type="application/json")


async def breaks_off(request: Request) -> Response:
    await request.body()

    async def parts() -> AsyncIterator[bytes]:
        yield b'{"prediction": '
        raise RuntimeError("in the middle of an answer")

    return StreamingResponse(parts(), media_type="application/json")


def build() -> Any:
    routes = [
        Route("/predict", predict, methods=["POST"]),
        Route("/upload", upload, methods=["POST"]),
        Route("/short", short, methods=["POST"]),
        Route("/raises", raises, methods=["POST"]),
        Route("/endless", endless, methods=["POST"]),
        Route("/breaks_off", breaks_off, methods=["POST"]),
        Mount("/driftwatch", status_app()),
    ]
    app: Any = Starlette(routes=routes)
    for options in SETTINGS["watched"]:
        app.add_middleware(DriftMiddleware, **options)
    return app


app = build()
