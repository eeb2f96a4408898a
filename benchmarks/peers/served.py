"""A service of 30 features in and one number out, watched in one of several ways: for uvicorn, or timed without a server.

    VARIANT=none uvicorn served:app
    python served.py none tap          prints microseconds per request of each

Runs in environments that have Starlette, the peer's among them.
"""

import asyncio
import importlib.util
import json
import os
import random
import sys
import tempfile
import time
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.responses import JSONResponse
from starlette.routing import Route

N_FEATURES = 30
NAMES = [f"f{i}" for i in range(N_FEATURES)]
ROUNDS, REQUESTS = 15, 1000


async def predict(request):
    document = await request.json()
    return JSONResponse({"prediction": document["features"]["f0"]})


def body():
    generator = random.Random(0)
    return json.dumps({"features": {name: generator.gauss(0, 1) for name in NAMES}}).encode()


def reference(n=20_000):
    import numpy as np

    generator = np.random.default_rng(0)
    return {name: generator.normal(size=n) for name in [*NAMES, "prediction"]}


def tap(window, **options):
    from driftwatch import Monitor
    from driftwatch.middleware import DriftMiddleware

    monitor = Monitor(reference(), roles={"prediction": "prediction"})
    where = {"features": "$.features", "predictions": "$.prediction", "store": Path(tempfile.mkdtemp()) / "s.db"}
    return Middleware(DriftMiddleware, monitor=monitor, window=window, **where, **options)


def empty():
    async def dispatch(request, call_next):
        return await call_next(request)

    return Middleware(BaseHTTPMiddleware, dispatch=dispatch)


def peer():
    import pandas as pd
    from driftwatch.integrations.fastapi import DriftMiddleware

    from driftwatch import Monitor

    frame = pd.DataFrame({name: values for name, values in reference().items() if name != "prediction"})
    return Middleware(
        DriftMiddleware,
        monitor=Monitor(reference_data=frame),
        feature_extractor=lambda document: document["features"],
        check_interval=1000,
    )


def alone():
    """The app alone, with everything loaded that watching it loads: a service of a model has its libraries anyway."""
    (peer if importlib.util.find_spec("driftwatch.integrations.fastapi") else lambda: tap("1h"))()
    return []


VARIANTS = {
    "none": alone,
    "tap": lambda: [tap("1h")],
    "tap, judging every 1,000": lambda: [tap(1000)],
    "BaseHTTPMiddleware, empty": lambda: [empty()],
    "driftwatch 0.4.0": lambda: [peer()],
}


def build(variant):
    return Starlette(routes=[Route("/predict", predict, methods=["POST"])], middleware=VARIANTS[variant]())


def __getattr__(name):
    if name != "app":
        raise AttributeError(name)
    return build(os.environ["VARIANT"])


async def timed(service, sent):
    async def receive():
        return {"type": "http.request", "body": sent, "more_body": False}

    async def send(message):
        pass

    headers = [(b"host", b"localhost"), (b"content-type", b"application/json"), (b"content-length", b"700")]
    start = time.perf_counter()
    for _ in range(REQUESTS):
        scope = {"type": "http", "method": "POST", "path": "/predict", "root_path": "", "query_string": b""}
        await service({**scope, "headers": headers}, receive, send)
    return (time.perf_counter() - start) / REQUESTS * 1e6


def still(service):
    """Let the worker thread sleep: what it does is part of the other measurement."""
    found = service.middleware_stack
    while found is not None:
        worker = getattr(found, "_worker", None)
        if worker is not None:
            worker.start = lambda: None
            return found._intake.clear  # noqa: SLF001
        found = getattr(found, "app", None)
    return lambda: None


async def main(names):
    services = {name: build(name) for name in names}
    sent, best, clear = body(), {}, {}
    for name, service in services.items():
        service.middleware_stack = service.build_middleware_stack()
        clear[name] = still(service)
    for _ in range(ROUNDS):
        for name, service in services.items():
            took = await timed(service, sent)
            clear[name]()
            best[name] = min(took, best.get(name, took))
    print(json.dumps(best))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
