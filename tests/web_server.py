"""Real ASGI servers for tests, on free ports of this machine, and a client for many requests at once."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

__all__ = ["LOST", "PATIENCE", "SERVERS", "Answer", "WebServer", "eventually", "exchange", "head_of", "send_all"]

PATIENCE = 60.0  # seconds for anything, on a busy machine
TESTS = Path(__file__).parent
PREDICT = "/predict"


def _uvicorn(port: int, workers: int) -> list[str]:
    return ["uvicorn", "web_app:app", "--port", str(port), "--workers", str(workers), "--no-access-log"]


def _gunicorn(port: int, workers: int) -> list[str]:
    options = ["--preload", "--worker-class", "uvicorn_worker.UvicornWorker"]
    return ["gunicorn", "web_app:app", *options, "--workers", str(workers), "--bind", f"127.0.0.1:{port}"]


def _hypercorn(port: int, workers: int) -> list[str]:
    return ["hypercorn", "web_app:app", "--bind", f"127.0.0.1:{port}", "--workers", str(workers)]


# name to the words after `python -m`, for a port and a number of workers
SERVERS: dict[str, Callable[[int, int], list[str]]] = {
    "uvicorn": _uvicorn,
    "uvicorn without lifespan": lambda port, workers: [*_uvicorn(port, workers), "--lifespan", "off"],
    "gunicorn preload": _gunicorn,
    "hypercorn": _hypercorn,
}


def eventually(condition: Callable[[], object], what: str, *, within: float = PATIENCE) -> None:
    end = time.monotonic() + within
    while not condition():
        assert time.monotonic() < end, f"waited {within} seconds for {what}"
        time.sleep(0.02)


@dataclass
class WebServer:
    """A server with the app of `web_app.py`.

    Parameters
    ----------
    folder : Path
        Where its log is.
    watched : sequence of dict
        Arguments of one `DriftMiddleware` each, as JSON has them. None of them for the app alone.
    """

    folder: Path
    watched: Sequence[dict[str, Any]]
    name: str = "uvicorn"
    workers: int = 1
    port: int = 0
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def __enter__(self) -> Self:
        if not self.port:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                self.port = probe.getsockname()[1]
        settings = {
            "WEB_APP": json.dumps({"watched": list(self.watched)}),
            "PYTHONPATH": f"{TESTS.parent / 'src'}:{TESTS}",
        }
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *SERVERS[self.name](self.port, self.workers)],
                env={**os.environ, **settings, "PYTHONUNBUFFERED": "1"},
                cwd=self.folder,
                stdout=log,
                stderr=log,
                start_new_session=True,  # so that all of its processes can be ended by one id
            )
        eventually(self._is_up, "the server to start")
        return self

    def __exit__(self, *_: object) -> None:
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(PATIENCE)

    def _is_up(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.log()
        try:
            return self.get("/driftwatch/healthz")[0] in {200, 503}
        except OSError:
            return False

    @property
    def log_file(self) -> Path:
        return self.folder / "server.log"

    def log(self) -> str:
        return self.log_file.read_text("utf-8", "replace")

    def stop(self) -> None:
        """End it as an operator does, and wait until all of it has ended."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(PATIENCE)

    def memory(self) -> int:
        """The most bytes that the process ever held, where it is one process."""
        assert self.process is not None
        lines = Path(f"/proc/{self.process.pid}/status").read_text("ascii").splitlines()
        (found,) = (line for line in lines if line.startswith("VmHWM:"))
        return int(found.split()[1]) * 1024

    def get(self, path: str) -> Answer:
        return asyncio.run(exchange(self.port, head_of(path, method="GET")))

    def page(self, name: str) -> Any:
        status, body, _ = self.get(f"/driftwatch/{name}")
        assert status == 200, body
        return json.loads(body)

    def post(self, body: bytes, path: str = PREDICT, **headers: str) -> Answer:
        return asyncio.run(exchange(self.port, head_of(path, length=len(body), **headers) + body))

    def send(self, rows: Iterable[Any], **options: Any) -> list[Answer]:
        """Post rows, each in a request of its own, many at a time."""
        bodies = [json.dumps({"features": row}).encode() for row in rows]
        return asyncio.run(send_all(self.port, bodies, **options))


class Answer(NamedTuple):
    """What came back: status 0 where the connection ended before."""

    status: int
    body: bytes
    headers: dict[str, str]


LOST = Answer(0, b"", {})


def head_of(path: str, *, method: str = "POST", length: int | None = None, **headers: str) -> bytes:
    """The head of a request."""
    own = {} if length is None else {"content-type": "application/json", "content-length": str(length)}
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"{name}: {value}" for name, value in {"host": "127.0.0.1", **own, **given}.items()]
    return "\r\n".join([f"{method} {path} HTTP/1.1", *lines, "", ""]).encode()


async def exchange(port: int, request: bytes) -> Answer:
    """Send one request on a connection of its own."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        return await asyncio.wait_for(read_answer(reader), PATIENCE)
    finally:
        writer.close()


async def read_answer(reader: asyncio.StreamReader) -> Answer:
    status_line, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    pairs = (line.split(":", 1) for line in lines if line)
    headers = {name.lower(): value.strip() for name, value in pairs}
    if headers.get("transfer-encoding") == "chunked":
        body = b""
        while size := int(await reader.readuntil(b"\r\n"), 16):
            body += (await reader.readexactly(size + 2))[:-2]
        await reader.readexactly(2)
    else:
        body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Answer(int(status_line.split()[1]), body, headers)


async def send_all(
    port: int,
    bodies: Sequence[bytes],
    *,
    connections: int = 64,
    per_connection: int = 50,
    pause: float = 0.0,
    note: Callable[[Answer], object] = lambda _: None,
) -> list[Answer]:
    """Post bodies over many connections, each of which is opened anew after some requests; return answers in their order.

    `note` is called with each answer when it comes.
    """
    waiting = iter(enumerate(bodies))
    answers = [LOST] * len(bodies)

    async def client() -> None:
        while mine := list(islice(waiting, per_connection)):
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                continue
            try:
                for place, body in mine:
                    writer.write(head_of(PREDICT, length=len(body)) + body)
                    answers[place] = await asyncio.wait_for(read_answer(reader), PATIENCE)
                    note(answers[place])
                    if pause:
                        await asyncio.sleep(pause)
            except (OSError, asyncio.IncompleteReadError):
                pass  # what came back until then is there, and the rest is lost
            finally:
                writer.close()

    await asyncio.gather(*(client() for _ in range(connections)))
    return answers
