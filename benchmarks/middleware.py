"""What watching a service costs: in the process alone, and in CPU time of a server over HTTP.

    python benchmarks/middleware.py [--requests 10000] [--rounds 3] [--json FILE]

The same Starlette app without middleware, with `DriftMiddleware`, with a `BaseHTTPMiddleware` that does nothing, and with the
middleware of an earlier package of our name. CPU time is that of the server's process, threads included, from /proc. Variants take
turns, so that what else the machine does meets all of them.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from environments import CannotInstallError, Peer, python_of
from measure import Absent, Figure

if TYPE_CHECKING:
    from collections.abc import Iterator

SERVED = Path(__file__).parent / "peers" / "served.py"
EARLIER = Peer("driftwatch-0.4.0", ("driftwatch==0.4.0", "starlette>=1.0", "uvicorn>=0.30", "uvloop", "httptools"))
OURS = ("none", "tap", "tap, judging every 1,000", "BaseHTTPMiddleware, empty")
THEIRS = ("none", "driftwatch 0.4.0")
CONNECTIONS = 16
SETTLE = 6.0  # seconds after which what was counted is stored
IN_PROCESS, OVER_HTTP = 5.0, 10.0  # microseconds per request that we allow ourselves


def in_process(python: str, variants: tuple[str, ...]) -> dict[str, float]:
    """Return microseconds per request with a `receive` and a `send` that do nothing."""
    done = subprocess.run(
        [python, str(SERVED), *(name for name in variants if "judging" not in name)],
        check=True,
        capture_output=True,
        text=True,
        env=environment_of(python),
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


def over_http(python: str, variant: str, n_requests: int) -> float:
    """Return microseconds of CPU time per request of a uvicorn with one worker."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = ["--port", str(port), "--no-access-log", "--log-level", "error", "--app-dir", str(SERVED.parent)]
    environment = {**environment_of(python), "VARIANT": variant}
    server = subprocess.Popen([python, "-m", "uvicorn", "served:app", *options], env=environment)
    try:
        wait_for(port)
        asyncio.run(load(port, n_requests // 10))
        time.sleep(SETTLE)
        before = cpu_of(server.pid)
        asyncio.run(load(port, n_requests))
        time.sleep(SETTLE)
        return (cpu_of(server.pid) - before) / n_requests * 1e6
    finally:
        server.terminate()
        server.wait(30)


def environment_of(python: str) -> dict[str, str]:
    """Return the environment of a process: in that of a peer, a path to our package would hide its own."""
    return {name: value for name, value in os.environ.items() if python == sys.executable or name != "PYTHONPATH"}


def cpu_of(pid: int) -> float:
    """Return the seconds that a process has had, in and out of the kernel."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def wait_for(port: int) -> None:
    """Wait until somebody listens."""
    until = time.monotonic() + 60.0
    while time.monotonic() < until:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1.0):
            return
        time.sleep(0.05)
    raise RuntimeError("the server does not start")


async def load(port: int, n_requests: int) -> None:
    """Send requests over connections that stay open."""
    sys.path.insert(0, str(SERVED.parent))
    from served import body

    sent = body()
    request = (
        b"POST /predict HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
        b"content-length: %d\r\n\r\n%b" % (len(sent), sent)
    )

    async def one_connection(n: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(n):
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(head.decode())
            length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))
            await reader.readexactly(int(length.partition(b":")[2]))
        writer.close()

    await asyncio.gather(*(one_connection(n_requests // CONNECTIONS) for _ in range(CONNECTIONS)))


def run(n_requests: int = 10_000, rounds: int = 3) -> Iterator[Figure | Absent]:
    """Measure every variant beside the app alone in the same environment."""
    environments = [(sys.executable, OURS)]
    try:
        environments.append((python_of(EARLIER), THEIRS))
    except CannotInstallError as error:
        yield Absent("driftwatch 0.4.0", f"it cannot be installed: {error}", "middleware")
    for python, variants in environments:
        found = in_process(python, variants)
        for name, took in found.items():
            if name != "none":
                yield _figure(f"{name}, in process", took, found["none"], IN_PROCESS if name == "tap" else None)
    costs: dict[tuple[str, str], list[float]] = {}
    for _ in range(rounds):
        for python, variants in environments:
            for name in variants:
                costs.setdefault((python, name), []).append(over_http(python, name, n_requests))
    for (python, name), took_each in costs.items():
        if name != "none":
            # side by side: each with the app alone of its own round
            alone = costs[python, "none"]
            more = statistics.median(a - b for a, b in zip(took_each, alone, strict=True))
            base = statistics.median(alone)
            yield _figure(f"{name}, over HTTP", base + more, base, OVER_HTTP if name == "tap" else None)


def _figure(name: str, took: float, alone: float, bound: float | None) -> Figure:
    return Figure(
        name,
        took - alone,
        "us",
        bound=bound,
        detail=f"{took / alone:.2f} x the app alone",
        group="middleware",
        times={"alone": alone / 1e6, "watched": took / 1e6},
    )


def main() -> None:
    """Parse the arguments, run, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path, metavar="FILE")
    arguments = parser.parse_args()
    figures = []
    for figure in run(arguments.requests, arguments.rounds):
        print(figure.line(), flush=True)
        figures.append(figure.as_dict())
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
