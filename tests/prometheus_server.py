"""A real Prometheus for a test: on a free port of this machine, in a folder of its own, ended by its process id."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["PrometheusServer", "program"]

STARTS_WITHIN = 60.0  # seconds, on a busy machine
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def program(name: str) -> str:
    """Return the path of `prometheus` or `promtool`; where it is not installed, skip the test, and fail it in CI."""
    found = shutil.which(name)
    if found is None:
        reason = f"{name} is not installed (Debian: apt-get install prometheus)"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return found


@dataclass
class PrometheusServer:
    """A server that asks `targets` (host:port) for their page every second, and follows `rules` where there are some."""

    folder: Path
    targets: Sequence[str]
    rules: Path | None = None
    page: str = "/metrics"
    token: str | None = None
    port: int = 0
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self) -> None:
        binary = program("prometheus")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        every = {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"}
        job: dict[str, Any] = {"job_name": "driftwatch", "static_configs": [{"targets": list(self.targets)}]}
        job["metrics_path"] = self.page
        if self.token is not None:
            job["authorization"] = {"credentials": self.token}
        config = {
            "global": every,
            "rule_files": [] if self.rules is None else [str(self.rules)],
            "scrape_configs": [job],
        }
        file = self.folder / "prometheus.yml"
        file.write_text(json.dumps(config), "utf-8")  # JSON is YAML
        with (self.folder / "prometheus.log").open("wb") as log:
            self._process = subprocess.Popen(
                [
                    binary,
                    f"--config.file={file}",
                    f"--storage.tsdb.path={self.folder / 'data'}",
                    f"--web.listen-address=127.0.0.1:{self.port}",
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
            )
        until = time.monotonic() + STARTS_WITHIN
        while True:
            try:
                self._get("/-/ready")
            except OSError:
                if time.monotonic() > until or self._process.poll() is not None:
                    self.stop()
                    raise RuntimeError((self.folder / "prometheus.log").read_text("utf-8", "replace")) from None
                time.sleep(0.05)
            else:
                return

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def query(self, expression: str) -> list[dict[str, Any]]:
        """Return the series of an expression now: `metric` with the labels, `value` with the time and the number."""
        answer = json.loads(self._get("/api/v1/query?" + urllib.parse.urlencode({"query": expression})))
        assert answer["status"] == "success", answer
        found: list[dict[str, Any]] = answer["data"]["result"]
        return found

    def api(self, name: str) -> Any:
        """Return the data of another page of the API, such as `targets` or `rules`."""
        return json.loads(self._get(f"/api/v1/{name}"))["data"]

    def wait_for(self, expression: str, *, within: float = 30.0) -> list[dict[str, Any]]:
        """Return the series of an expression as soon as there are some."""
        until = time.monotonic() + within
        while not (found := self.query(expression)) and time.monotonic() < until:
            time.sleep(0.1)
        return found

    def _get(self, page: str) -> bytes:
        try:
            with _DIRECT.open(f"http://127.0.0.1:{self.port}{page}", timeout=10) as answer:
                body: bytes = answer.read()
                return body
        except urllib.error.HTTPError as error:
            if page == "/-/ready":
                raise
            raise AssertionError(error.read().decode(errors="replace")) from error
