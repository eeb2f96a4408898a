"""A real MLflow server for a test: on a free port of this machine, in a folder of its own, ended by its process group."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["MlflowServer"]

STARTS_WITHIN = 120.0  # seconds, on a busy machine: it makes the tables of its database first
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass
class MlflowServer:
    """A server that keeps runs in SQLite and artifacts in a folder, both below `folder`."""

    folder: Path
    port: int = 0
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def uri(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def database(self) -> str:
        return f"sqlite:///{self.folder / 'mlflow.db'}"

    def start(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        with (self.folder / "server.log").open("wb") as log:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(self.port)),
                    *("--backend-store-uri", self.database, "--workers", "1"),
                    *("--artifacts-destination", str(self.folder / "artifacts")),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env={**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"},
                start_new_session=True,  # its workers are children of its own
            )
        until = time.monotonic() + STARTS_WITHIN
        while True:
            try:
                with _DIRECT.open(f"{self.uri}/health", timeout=5):
                    return
            except OSError:
                if time.monotonic() > until or self._process.poll() is not None:
                    self.stop()
                    raise RuntimeError((self.folder / "server.log").read_text("utf-8", "replace")) from None
                time.sleep(0.1)

    def stop(self) -> None:
        """End the server and its workers at once."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None
