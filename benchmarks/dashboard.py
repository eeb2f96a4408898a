"""How fast the dashboard answers 50 clients over a store of 10,000 checks: `python benchmarks/dashboard.py`.

The server is `driftwatch dashboard` in a process of its own; the clients ask one view after the other over connections that
stay open. Meanwhile a check is stored each second, so that answers are made again, and not only kept ones are sent.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from driftwatch import Monitor
from driftwatch.store import Run, SQLiteStore, WindowKey

HOUR = 3_600 * 10**6
N_STREAMS = 20
VIEWS = (
    "/",
    "/api/streams",
    "/api/runs?limit=100",
    "/api/heatmap?stream=model-03",
    "/api/alerts",
    "/api/compare?left=101&right=9901",
    "/api/run?id=5001",
)


def main() -> None:
    """Print the quantiles of each view."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--features", type=int, default=20)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, SQLiteStore(Path(folder) / "driftwatch.db") as store:
        text = fill(store, asked.runs, asked.features)
        print(f"{asked.runs:,} checks of {asked.features} features in {store.path.stat().st_size / 1e6:.0f} MB")
        command = [sys.executable, "-m", "driftwatch", "dashboard", "--store", str(store.path), "--port", "0"]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
            try:
                assert server.stderr is not None
                line = server.stderr.readline()
                port = int(line.partition("127.0.0.1:")[2].partition("/")[0])
                asyncio.run(measure(port, asked.clients, asked.seconds, store=store, text=text))
            finally:
                server.terminate()


def fill(store: SQLiteStore, n_runs: int, n_features: int) -> str:
    """Store checks of several streams: a real report, and its verdict."""
    rng = np.random.default_rng(0)
    names = [f"feature_{i:02d}" for i in range(n_features)]
    monitor = Monitor({name: rng.normal(size=2_000) for name in names})
    reports = []
    for shift in (0.0, 0.0, 0.5):
        found = monitor.check({name: rng.normal(shift * (i % 3 == 0), 1, 500) for i, name in enumerate(names)})
        reports.append((found.to_json(), str(found.verdict)))
    with store.transaction() as transaction:
        for n in range(n_runs):
            text, verdict = reports[n % 3]
            key = WindowKey(n // N_STREAMS * HOUR, (n // N_STREAMS + 1) * HOUR)
            transaction.add_run(Run(f"model-{n % N_STREAMS:02d}", key, key.stop + n, 500, verdict), text)
    return reports[0][0]


async def measure(port: int, n_clients: int, seconds: float, *, store: SQLiteStore, text: str) -> None:
    """Ask from many clients at once, and print how long the answers took."""
    for view in VIEWS:  # what the first one of a day pays
        began = time.perf_counter()
        await one(port, [view], {}, until=0)
        print(f"first {view:40} {(time.perf_counter() - began) * 1e3:8.1f} ms")
    took: dict[str, list[float]] = {view: [] for view in VIEWS}
    until = time.perf_counter() + seconds
    clients = [one(port, VIEWS[i % len(VIEWS) :] + VIEWS[: i % len(VIEWS)], took, until) for i in range(n_clients)]
    await asyncio.gather(*clients, writer(store, text, until))
    every = sorted(value for values in took.values() for value in values)
    for view, values in took.items():
        report(view, values)
    report(f"all, {n_clients} clients", every)
    print(f"{len(every) / seconds:,.0f} answers a second")


def report(name: str, values: list[float]) -> None:
    """Print quantiles in milliseconds."""
    found = statistics.quantiles(values, n=100)
    print(f"{name:46} median {found[49] * 1e3:6.1f} ms   95 % {found[94] * 1e3:6.1f}   99 % {found[98] * 1e3:6.1f}")


async def writer(store: SQLiteStore, text: str, until: float) -> None:
    """Store a check each second."""
    number = 0
    while time.perf_counter() < until:
        await asyncio.sleep(1)
        number += 1

        def add(n: int = number) -> None:
            with store.transaction() as transaction:
                key = WindowKey(10**15 + n, 10**15 + n + 1)
                transaction.add_run(Run("model-03", key, 10**15 + n, 500, "no_drift"), text)

        await asyncio.to_thread(add)


async def one(port: int, views: tuple[str, ...] | list[str], took: dict[str, list[float]], until: float) -> None:
    """Ask for views, one after the other, at least each once, over one connection."""
    reader, to_server = await asyncio.open_connection("127.0.0.1", port)
    try:
        while True:
            for view in views:
                began = time.perf_counter()
                to_server.write(f"GET {view} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n".encode())
                head = await reader.readuntil(b"\r\n\r\n")
                if not head.startswith(b"HTTP/1.1 200"):
                    raise RuntimeError(f"{view}: {head[:200]!r}")
                length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
                await reader.readexactly(length)
                took.setdefault(view, []).append(time.perf_counter() - began)
            if time.perf_counter() >= until:
                return
    finally:
        to_server.close()


if __name__ == "__main__":
    main()
