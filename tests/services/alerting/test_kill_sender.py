"""At least once: a sender that is killed at random points, and a receiver on loopback that fails 30 % of the time."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from alerting_samples import Inbox, closed_window, feature_of, report_of
from driftwatch.alerting import AlertManager, Receiver
from driftwatch.store import SQLiteStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

N_ALERTS, N_KILLS = 100, 12
FAILING = 0.3
PATIENCE = 90.0  # seconds


class Hook:
    """A receiver that fails at random, and kills the sender before, while or after it takes a message."""

    def __init__(self) -> None:
        self.rng = random.Random(7)
        self.got: list[tuple[str, str]] = []
        self.n_requests = self.n_failed = 0
        self.kills: Counter[str] = Counter()
        self.plan = ["before", "while", "after"] * (N_KILLS // 3)
        self.rng.shuffle(self.plan)
        self.next_kill = 5
        self.lock = threading.Lock()
        self.sender: subprocess.Popen[bytes] | None = None
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                self.send_response(hook.take(str(self.headers["webhook-id"]), body))
                self.send_header("Content-Length", "0")
                self.end_headers()
                hook.kill("after")

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that it has there
                """Say nothing."""

        class Server(ThreadingHTTPServer):
            def handle_error(self, request: object, client_address: object) -> None:
                """A sender that was killed hangs up."""

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()

    def take(self, webhook_id: str, body: str) -> int:
        """Return the status of the answer."""
        self.n_requests += 1
        self.kill("before")
        if self.rng.random() < FAILING:
            self.n_failed += 1
            return 503
        self.got.append((webhook_id, body))
        self.kill("while")
        return 204

    def kill(self, when: str) -> None:
        """Kill the sender if it is time to, and this is the point that chance has chosen."""
        with self.lock:
            due = self.n_requests >= self.next_kill and self.plan[:1] == [when]
            if due and self.sender is not None:
                self.plan.pop(0)
                self.sender.kill()
                self.sender.wait()
                self.sender = None
                self.kills[when] += 1
                self.next_kill = self.n_requests + self.rng.randrange(3, 9)


@pytest.fixture
def hook() -> Iterator[Hook]:
    hook = Hook()
    yield hook
    hook.server.shutdown()
    hook.server.server_close()
    hook.thread.join()


def started(path: Path, url: str) -> subprocess.Popen[bytes]:
    # the path of this process, so that the same driftwatch is found wherever it is installed
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, map(os.path.abspath, sys.path)))}
    command = [sys.executable, "-m", "kill_sender", str(path), url]
    return subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL)


def test_every_alert_arrives_though_the_sender_is_killed_again_and_again(hook: Hook, tmp_path: Path) -> None:
    path = tmp_path / "drift.db"
    with SQLiteStore(path, timeout=30) as store:
        manager = AlertManager([Receiver(Inbox("ops"), every=0.0)])
        for n in range(N_ALERTS):
            with store.transaction() as transaction:
                manager(transaction, closed_window(report_of(feature_of("age")), stream=f"model-{n}"))
        assert len(store.letters("waiting")) == N_ALERTS
        end = time.monotonic() + PATIENCE
        sender = None
        try:
            while store.letters("waiting", limit=1):
                assert time.monotonic() < end, f"{len(store.letters('waiting'))} letters after {hook.kills}"
                with hook.lock:
                    if hook.sender is None:
                        sender = hook.sender = started(path, hook.url)
                time.sleep(0.02)
        finally:
            if sender is not None and sender.poll() is None:
                sender.kill()
                sender.wait()
        letters = {letter.id: letter for letter in store.letters()}

    assert hook.kills == Counter({"before": 4, "while": 4, "after": 4})
    assert hook.n_failed > 10
    assert {letter.state for letter in letters.values()} == {"delivered"}
    # what the receiver got is what was written, each at least once, and a message that came twice is the same one
    assert {webhook_id for webhook_id, _ in hook.got} == letters.keys()
    assert len({webhook_id for webhook_id, _ in hook.got}) == N_ALERTS
    assert len(set(hook.got)) == N_ALERTS
    for webhook_id, body in hook.got:
        assert json.loads(body)["data"]["id"] == webhook_id
    assert len(hook.got) - N_ALERTS <= N_KILLS
