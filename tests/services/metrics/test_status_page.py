"""The page of a web service, under a real server and with a token, scraped by a real Prometheus."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import uvicorn

from driftwatch.middleware import status_app
from driftwatch.store import SQLiteStore
from metrics_samples import add_check, fill
from prometheus_server import PrometheusServer, program
from report_samples import feature, report

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def served(app: Any) -> Iterator[str]:
    """Run an app under uvicorn in a thread, and give its address."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", ws="none"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        until = time.monotonic() + 30
        while not server.started and time.monotonic() < until:
            time.sleep(0.02)
        yield f"127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(30)


def test_the_page_of_a_service_is_scraped_with_its_token_and_follows_the_store(tmp_path: Path) -> None:
    program("prometheus")
    path = tmp_path / "driftwatch.db"
    with SQLiteStore(path) as store:
        fill(store)
    with served(status_app(path, token="word")) as address:
        (tmp_path / "right").mkdir()
        prometheus = PrometheusServer(tmp_path / "right", [address], token="word")
        prometheus.start()
        try:
            assert prometheus.wait_for('driftwatch_dataset_drifted{model="shop"} == 1')
            with SQLiteStore(path) as store:
                add_check(store, "shop", report([feature("price")]))
            assert prometheus.wait_for('driftwatch_dataset_drifted{model="shop"} == 0')
            (target,) = prometheus.api("targets")["activeTargets"]
            assert (target["health"], target["lastError"]) == ("up", "")
        finally:
            prometheus.stop()


def test_without_the_token_nothing_is_told(tmp_path: Path) -> None:
    program("prometheus")
    with SQLiteStore(tmp_path / "driftwatch.db") as store:
        fill(store)
    with served(status_app(tmp_path / "driftwatch.db", token="word")) as address:
        (tmp_path / "wrong").mkdir()
        prometheus = PrometheusServer(tmp_path / "wrong", [address], token="guess")
        prometheus.start()
        try:
            assert prometheus.wait_for("up == 0")
            (target,) = prometheus.api("targets")["activeTargets"]
            assert "401" in target["lastError"]
            assert prometheus.query("driftwatch_build_info") == []
        finally:
            prometheus.stop()
