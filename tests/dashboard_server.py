"""`driftwatch dashboard` as a process of its own, on a free port of this machine."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["DashboardServer"]

PATIENCE = 60.0  # seconds, on a busy machine
ROOT = Path(__file__).parents[1]


class DashboardServer:
    """Runs while the block does; `url` is what it says that it is at."""

    def __init__(self, store: Path, arguments: Sequence[str] = (), *, token: str | None = None) -> None:
        own = {"PYTHONPATH": f"{ROOT / 'src'}:{ROOT / 'tests'}", "PYTHONUNBUFFERED": "1"}
        environment = {name: value for name, value in os.environ.items() if not name.startswith("DRIFTWATCH_")} | own
        if token is not None:
            environment["DRIFTWATCH_DASHBOARD_TOKEN"] = token
        words = ["dashboard", "--store", str(store), "--port", "0", *arguments]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "driftwatch", *words], env=environment, stderr=subprocess.PIPE, text=True
        )
        self.url = ""

    def __enter__(self) -> Self:
        assert self.process.stderr is not None
        watchdog = threading.Timer(PATIENCE, self.process.kill)
        watchdog.start()
        line = self.process.stderr.readline()
        watchdog.cancel()
        if "http://" not in line:
            told = line + self.process.stderr.read()
            self.__exit__()
            raise AssertionError(told)
        self.url = line.partition("http://")[2].partition(";")[0]
        self.url = f"http://{self.url}".rstrip("/")
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait(PATIENCE)
        assert self.process.stderr is not None
        self.process.stderr.close()

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """End it as an operator does, and return its exit code."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)
