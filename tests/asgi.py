"""Connections to ASGI apps without a server: what is sent and what is received, message by message."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from typing import Any

import numpy as np

from driftwatch import Monitor, Profile

__all__ = ["JSON", "App", "Message", "call", "echo", "model", "post", "reference", "requests", "rows_like"]

Message = MutableMapping[str, Any]
App = Callable[..., Any]
JSON = ((b"content-type", b"application/json"),)


def reference(n_features: int = 3, n: int = 2_000) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    columns: dict[str, Any] = {f"f{i}": rng.normal(size=n) for i in range(n_features)}
    return {**columns, "city": rng.choice(["Rome", "Oslo"], n).tolist(), "score": rng.random(n)}


def model() -> Monitor:
    """A monitor without rows, whose column `score` is the prediction."""
    profile = Profile.from_bytes(Profile.fit(reference(), salt=b"tests").to_bytes())
    return Monitor.from_profile(profile, roles={"score": "prediction"})


def rows_like(n: int, seed: int = 1, *, shift: float = 0.0) -> list[dict[str, Any]]:
    """Rows without predictions."""
    rng = np.random.default_rng(seed)
    numbers = rng.normal(shift, 1.0, size=(n, 3)).tolist()
    return [
        {**dict(zip(("f0", "f1", "f2"), row, strict=True)), "city": str(rng.choice(["Rome", "Oslo"]))}
        for row in numbers
    ]


async def echo(_: Message, receive: App, send: App) -> None:
    """An app that answers each row's `f0` as its prediction."""
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body", False):
            break
    document = json.loads(body)
    if "instances" in document:
        answer: dict[str, Any] = {"predictions": [row["f0"] for row in document["instances"]]}
    else:
        answer = {"prediction": document["features"]["f0"]}
    await send({"type": "http.response.start", "status": 200, "headers": list(JSON)})
    await send({"type": "http.response.body", "body": json.dumps(answer).encode()})


def requests(parts: Sequence[bytes]) -> list[Message]:
    """The messages of a request whose body comes in these parts."""
    return [
        {"type": "http.request", "body": part, "more_body": i < len(parts) - 1} for i, part in enumerate(parts or [b""])
    ]


async def call(
    app: App,
    messages: Sequence[Message] = (),
    *,
    method: str = "POST",
    path: str = "/predict",
    headers: Sequence[tuple[bytes, bytes]] = JSON,
    **more: Any,
) -> list[Message]:
    """Return what an app sends; after the messages the client is gone."""
    waiting, sent = list(messages), list[Message]()

    async def receive() -> Message:
        return waiting.pop(0) if waiting else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": method, "path": path, "headers": list(headers), "query_string": b"", **more}
    await app(scope, receive, send)
    return sent


async def post(app: App, document: Any, **options: Any) -> Mapping[str, Any]:
    """Return the answer to a JSON document."""
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    sent = await call(app, requests([body]), **options)
    found: Mapping[str, Any] = json.loads(b"".join(message.get("body", b"") for message in sent))
    return found
