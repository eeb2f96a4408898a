"""`driftwatch watch` as it is run: a process, a real Redis server, SIGTERM."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

from driftwatch import Profile
from driftwatch.store import SQLiteStore
from redis_server import RedisServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STREAM = "redis:ages:driftwatch"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    started = RedisServer(tmp_path)
    started.start()
    yield started
    started.kill()


def test_windows_are_printed_while_it_runs_and_sigterm_stores_the_rest(server: RedisServer, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    Profile.fit({"age": rng.normal(40, 9, 1_000)}).save(tmp_path / "ref.dwp")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, map(os.path.abspath, sys.path)))}
    words = ["--source", f"{server.url}/0?stream=ages", "--profile", "ref.dwp", "--rows", "100", "--store", "a.db"]
    watching = subprocess.Popen(
        [sys.executable, "-m", "driftwatch", "watch", *words],
        cwd=tmp_path,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    overdue = threading.Timer(50, watching.kill)
    overdue.start()
    try:
        with server.client() as client:
            for i in range(250):
                client.xadd("ages", {"data": json.dumps({"age": float(rng.normal(40 if i < 100 else 70, 9))})})
        assert watching.stdout is not None
        lines = [watching.stdout.readline() for _ in range(2)]
        until = time.monotonic() + 20
        with SQLiteStore(tmp_path / "a.db") as store:
            while store.counters(STREAM)["rows"] < 250 and time.monotonic() < until:
                time.sleep(0.05)
        watching.send_signal(signal.SIGTERM)
        out, err = watching.communicate()
    finally:
        overdue.cancel()
        watching.kill()
    assert [line.split("  ")[2] for line in lines] == ["no_drift", "drift"]
    assert (watching.returncode, out) == (0, "")
    assert err.splitlines()[-1].startswith("stored: 250 messages, ")
    with SQLiteStore(tmp_path / "a.db") as store:
        assert [run.n_rows for run in store.runs()] == [100, 100]
        assert store.counters(STREAM)["rows"] == 250
