"""A real Chromium for a test, driven by `tests/pages/driver.js`: offline, bounded, ended by its process id."""

from __future__ import annotations

import hashlib
import json
import os
import queue
import shutil
import subprocess
import tempfile
import threading
from pathlib import Path
from typing import Any, NoReturn

import pytest

__all__ = ["Browser"]

HERE = Path(__file__).parent / "pages"
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")
STARTS_WITHIN = 90.0  # seconds, on a busy machine
ANSWERS_WITHIN = 120.0
INSTALLS_WITHIN = 180.0


def _needed(*commands: str) -> str:
    """Return the path of the first command that is installed; else skip the test, and fail it in CI."""
    found = next(filter(None, map(shutil.which, commands)), None)
    return found or _without(f"{commands[0]} is not installed (Debian: apt-get install chromium nodejs npm)")


def _without(reason: str) -> NoReturn:
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def _packages() -> Path:
    """Return a folder with what `package-lock.json` names, installed once for each content of that file."""
    lock = (HERE / "package-lock.json").read_bytes()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "driftwatch-pages"
    folder = cache / hashlib.sha256(lock).hexdigest()[:16]
    if not (folder / "done").exists():
        npm = _needed("npm")
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as made:
            for name in ("package.json", "package-lock.json"):
                shutil.copy(HERE / name, made)
            command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
            try:
                subprocess.run(command, cwd=made, check=True, timeout=INSTALLS_WITHIN, stdin=subprocess.DEVNULL)
            except (subprocess.SubprocessError, OSError) as error:
                _without(f"npm could not install what tests/pages/package-lock.json names: {error}")
            folder.mkdir(exist_ok=True)
            shutil.copytree(Path(made) / "node_modules", folder / "node_modules", dirs_exist_ok=True)
        (folder / "done").touch()
    return folder / "node_modules"


class Browser:
    """One browser process; each call has a context of its own in it."""

    def __init__(self) -> None:
        chromium, node = _needed(*CHROMIUMS), _needed("node")
        environment = {**os.environ, "NODE_PATH": str(_packages()), "DRIFTWATCH_CHROMIUM": chromium}
        self._process = subprocess.Popen(
            [node, str(HERE / "driver.js")], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.version: str = self._answer(STARTS_WITHIN)["version"]

    def call(self, module: str, script: str, **arguments: object) -> Any:
        """Return what a script of a module in `tests/pages` returned; fail on anything that went wrong in a page."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"module": module, "script": script, "input": arguments}) + "\n")
        self._process.stdin.flush()
        answer = self._answer(ANSWERS_WITHIN)
        if "failed" in answer:
            pytest.fail(f"{answer['failed']}\n{answer['problems']}")
        assert answer["problems"] == []
        return answer["value"]

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join(5)

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                self._lines.put(line)
        self._lines.put(None)

    def _answer(self, within: float) -> Any:
        try:
            line = self._lines.get(timeout=within)
        except queue.Empty:
            line = None
        if line is None:
            self._process.kill()
            pytest.fail(f"the browser did not answer within {within:.0f} seconds, or ended")
        return json.loads(line)
