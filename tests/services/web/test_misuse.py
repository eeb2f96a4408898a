"""Clients, apps and disks that misbehave, on a real server: the same bytes as without the middleware, and all of it counted."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
import resource
import sqlite3
import zlib
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from asgi import model, rows_like
from driftwatch.store import SQLiteStore
from web_server import PATIENCE, WebServer, eventually, head_of, send_all

if TYPE_CHECKING:
    from collections.abc import Mapping

    from web_server import Answer

FLUSH = 0.2
ROW = rows_like(1)[0]
GOOD = json.dumps({"features": ROW}).encode()
MAX_BODY = 256 * 1024
MEBIBYTE = 2**20
GIGABYTE = 1024 * MEBIBYTE


@pytest.fixture
def options(tmp_path: Path) -> dict[str, Any]:
    model().profile.save(tmp_path / "profile.npz")
    return {
        "monitor": str(tmp_path / "profile.npz"),
        "roles": {"score": "prediction"},
        "features": "$.features",
        "predictions": "$.prediction",
        "store": str(tmp_path / "driftwatch.db"),
        "max_body": MAX_BODY,
        "flush_every": FLUSH,
        "lease_for": 10.0,
    }


class Case(NamedTuple):
    """A request, and what becomes of it in the status."""

    name: str
    kind: str  # a key of the status
    reason: str
    path: str
    body: bytes
    headers: Mapping[str, str] = MappingProxyType({})
    sent: int | None = None  # bytes of the body after which the client is gone
    read: int | None = None  # bytes of the answer after which the client is gone


def with_f2(text: str) -> bytes:
    return GOOD.replace(b'"f2": ', b'"f2": ' + text.encode() + b', "other": ')


CASES = [
    Case("a good one", "rows", "", "/predict", GOOD),
    Case("NaN", "rows", "", "/predict", with_f2("NaN")),
    Case("a number beyond all", "rows", "", "/predict", with_f2("-1e400")),
    Case("a whole number of 4000 digits", "dropped", "type", "/predict", with_f2("9" * 4000)),
    Case("a NaN that the app cannot answer", "dropped", "app_error", "/predict", b'{"features": {"f0": NaN}}'),
    Case("a text for a number", "dropped", "type", "/predict", with_f2('"many"')),
    Case("no JSON", "dropped", "malformed", "/upload", b"{nope"),
    Case("no JSON for an app that wants it", "dropped", "app_error", "/predict", b"{nope"),
    Case("nothing at all", "dropped", "malformed", "/upload", b""),
    Case("no text", "dropped", "malformed", "/upload", b"\xff\xfe\x00"),
    Case("lists in lists", "dropped", "malformed", "/upload", b"[" * 100_000),
    Case("objects in objects", "dropped", "malformed", "/upload", b'{"features":' * 20_000),
    Case("nothing at the path", "dropped", "not_found", "/upload", b'{"inputs": [1, 2]}'),
    Case("another body", "dropped", "content_type", "/upload", GOOD, {"content_type": "text/csv"}),
    Case("too much", "dropped", "too_large", "/upload", b'"' + b"x" * MAX_BODY + b'"'),
    Case("a bomb", "dropped", "too_large", "/upload", gzip.compress(bytes(2**24)), {"content_encoding": "gzip"}),
    Case("half a file", "dropped", "malformed", "/upload", zlib.compress(GOOD)[:-9], {"content_encoding": "deflate"}),
    Case("an encoding of its own", "dropped", "encoding", "/upload", b"\x1b\x00", {"content_encoding": "br"}),
    Case("fewer predictions", "unpaired", "mismatch", "/short", json.dumps({"features": [ROW, ROW]}).encode()),
    Case("an app that raises", "dropped", "app_error", "/raises", GOOD),
    Case("an app that raises in the middle", "dropped", "app_error", "/breaks_off", GOOD),
    Case("an answer without end", "dropped", "disconnected", "/endless", GOOD, read=2 * MAX_BODY),
    Case("an answer that nobody reads", "dropped", "disconnected", "/endless", GOOD, read=1_000),
    Case("a client that goes", "dropped", "app_error", "/upload", GOOD, sent=20),
]


async def talk(port: int, case: Case) -> bytes:
    """Return all that comes back, without what changes with the time and the process."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(head_of(case.path, length=len(case.body), connection="close", **case.headers) + case.body[: case.sent])
    await writer.drain()
    answer = b""
    if case.sent is None:
        while case.read is None or len(answer) < case.read:
            part = await asyncio.wait_for(reader.read(65_536), 30)
            if not part:
                break
            answer += part
    writer.close()
    return re.sub(rb"(date|x-pid): .*?\r\n", b"", answer)[: case.read]


def reasons(server: WebServer) -> dict[tuple[str, str], int]:
    status = server.page("status")["process"]
    found = {(kind, reason): n for kind in ("dropped", "unpaired") for reason, n in status[kind].items()}
    return {**found, ("rows", ""): status["rows"]}


def test_every_case_is_answered_as_without_it_and_counted(tmp_path: Path, options: dict[str, Any]) -> None:
    alone_at = tmp_path / "alone"
    alone_at.mkdir()
    expected = {("rows", ""): 0}
    with WebServer(alone_at, []) as alone, WebServer(tmp_path, [options]) as server:
        for case in CASES:
            assert asyncio.run(talk(server.port, case)) == asyncio.run(talk(alone.port, case)), case.name
            n_rows = {"rows": 1, "unpaired": 2}.get(case.kind, 0)
            expected["rows", ""] += n_rows
            if case.kind != "rows":
                expected[case.kind, case.reason] = expected.get((case.kind, case.reason), 0) + 1
            with suppress(AssertionError):  # the next line shows what differs
                eventually(lambda: reasons(server) == expected, "the count", within=5.0)
            assert reasons(server) == expected, case.name
        assert server.page("healthz") == {"status": "ok"}


async def upload(port: int, size: int) -> bytes:
    """Send so many bytes that begin as JSON does, as fast as they are taken."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(head_of("/upload", length=size, connection="close") + b"[")
    part = b"1," * (MEBIBYTE // 2)
    for _ in range(size // MEBIBYTE - 1):
        writer.write(part)
        await writer.drain()
    writer.write(part[1:])
    answer = await asyncio.wait_for(reader.read(), PATIENCE)
    writer.close()
    return answer


def test_a_gigabyte_is_passed_on_and_not_kept(tmp_path: Path, options: dict[str, Any]) -> None:
    with WebServer(tmp_path, [options]) as server:
        assert server.post(GOOD).status == 200
        before = server.memory()
        answer = asyncio.run(upload(server.port, GIGABYTE))
        assert json.loads(answer.partition(b"\r\n\r\n")[2]) == {"size": GIGABYTE}
        assert server.memory() < before + 32 * MEBIBYTE
        eventually(lambda: reasons(server).get(("dropped", "too_large")) == 1, "the count")


def test_a_slow_client_holds_up_nobody_and_is_counted(tmp_path: Path, options: dict[str, Any]) -> None:
    async def slowly(port: int) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for byte in head_of("/predict", length=len(GOOD), connection="close") + GOOD:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.005)
        answer = await asyncio.wait_for(reader.read(), PATIENCE)
        writer.close()
        return answer

    async def beside(port: int) -> tuple[bytes, list[Answer], bool]:
        slow = asyncio.create_task(slowly(port))
        await asyncio.sleep(0.1)
        others = await send_all(port, [GOOD] * 200, connections=4)
        return await slow, others, slow.done()

    with WebServer(tmp_path, [options]) as server:
        answer, others, _ = asyncio.run(beside(server.port))
        assert {other.status for other in others} == {200}
        assert answer.startswith(b"HTTP/1.1 200")
        eventually(lambda: reasons(server) == {("rows", ""): 201}, "all rows")


def test_while_the_disk_is_full_rows_wait_and_nothing_fails(tmp_path: Path, options: dict[str, Any]) -> None:
    rows = rows_like(600)
    with WebServer(tmp_path, [{**options, "window": 100}]) as server, SQLiteStore(options["store"]) as store:
        assert {answer.status for answer in server.send(rows[:200])} == {200}
        eventually(lambda: store.counters("http").get("windows") == 2, "two windows")
        assert server.process is not None
        # to a program, a limit on the size of files is a disk without space
        none = 4096
        before = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (none, resource.RLIM_INFINITY))
        assert {answer.status for answer in server.send(rows[200:])} == {200}
        eventually(lambda: server.page("healthz") == {"status": "degraded"}, "the problem to show")
        eventually(lambda: server.page("status")["process"]["rows"] == 600, "all rows to be read")
        status = server.page("status")["process"]
        assert status["unsaved_rows"] == 400
        assert status["failed_flushes"] > 0
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, before)
        eventually(lambda: server.page("healthz") == {"status": "ok"}, "the store to take rows again")
        eventually(lambda: store.counters("http")["windows"] == 6, "all windows")
        server.stop()
        assert store.counters("http")["rows"] == 600
        assert [run.n_rows for run in store.runs("http")] == [100] * 6


def test_while_the_store_is_locked_rows_wait_and_nothing_fails(tmp_path: Path, options: dict[str, Any]) -> None:
    with WebServer(tmp_path, [options]) as server, SQLiteStore(options["store"]) as store:
        assert server.post(GOOD).status == 200
        eventually(lambda: store.counters("http").get("rows") == 1, "the first row")
        other = sqlite3.connect(options["store"], isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        assert {answer.status for answer in server.send(rows_like(300))} == {200}
        eventually(lambda: server.page("healthz") == {"status": "degraded"}, "the problem to show")
        assert "lock" in server.page("status")["process"]["problem"]
        other.execute("ROLLBACK")
        other.close()
        eventually(lambda: store.counters("http")["rows"] == 301, "the rows that waited")


def test_a_damaged_store_is_a_problem_and_the_service_goes_on(tmp_path: Path, options: dict[str, Any]) -> None:
    Path(options["store"]).write_bytes(b"no database at all" * 1000)
    with WebServer(tmp_path, [options]) as server:
        assert {answer.status for answer in server.send(rows_like(100))} == {200}
        eventually(lambda: server.page("healthz") == {"status": "degraded"}, "the problem to show")
        status = server.page("status")["process"]
        assert (status["rows"], status["unsaved_rows"]) == (100, 100)
        server.stop()
        assert "Traceback" not in server.log()
    assert Path(options["store"]).read_bytes() == b"no database at all" * 1000
