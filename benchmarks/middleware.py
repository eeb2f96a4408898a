"""What watching a service costs: in the process alone, and in CPU time of a server over HTTP.

    pip install starlette uvicorn uvloop httptools orjson
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
BLOCK = 640  # requests that a server gets at a time
IDLE = 10.0  # seconds of nothing
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


class Server:
    """A uvicorn with one worker."""

    def __init__(self, python: str, variant: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        options = ["--port", str(self.port), "--no-access-log", "--log-level", "error", "--app-dir", str(SERVED.parent)]
        environment = {**environment_of(python), "VARIANT": variant}
        self.process = subprocess.Popen([python, "-m", "uvicorn", "served:app", *options], env=environment)

    def cpu(self) -> float:
        """Return the seconds that the process has had, in and out of the kernel."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text("ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def over_http(variants: list[tuple[str, str]], n_requests: int, rounds: int) -> dict[tuple[str, str], float]:
    """Return microseconds of CPU time per request of each variant.

    All servers stand side by side and get their requests in turns; what each takes while nothing comes is taken off.
    """
    servers = {variant: Server(*variant) for variant in variants}
    try:
        for server in servers.values():
            wait_for(server.port)
            asyncio.run(load(server.port, BLOCK))
        time.sleep(SETTLE)
        began, start = time.monotonic(), {variant: server.cpu() for variant, server in servers.items()}
        time.sleep(IDLE)
        idle = {v: (server.cpu() - start[v]) / (time.monotonic() - began) for v, server in servers.items()}
        began, start = time.monotonic(), {variant: server.cpu() for variant, server in servers.items()}
        for _ in range(rounds * n_requests // BLOCK):
            for server in servers.values():
                asyncio.run(load(server.port, BLOCK))
        time.sleep(SETTLE)
        took = time.monotonic() - began
        n = rounds * n_requests // BLOCK * BLOCK
        return {v: (server.cpu() - start[v] - idle[v] * took) / n * 1e6 for v, server in servers.items()}
    finally:
        for server in servers.values():
            server.process.terminate()
            server.process.wait(30)


def environment_of(python: str) -> dict[str, str]:
    """Return the environment of a process: in that of a peer, a path to our package would hide its own."""
    return {name: value for name, value in os.environ.items() if python == sys.executable or name != "PYTHONPATH"}


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
    costs = over_http([(python, name) for python, variants in environments for name in variants], n_requests, rounds)
    for (python, name), took in costs.items():
        if name != "none":
            yield _figure(f"{name}, over HTTP", took, costs[python, "none"], OVER_HTTP if name == "tap" else None)


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
