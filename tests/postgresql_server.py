"""A real PostgreSQL server for a test: on a free port of this machine, in a folder of its own, ended by its process id."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest

__all__ = ["PostgreSQLServer", "postgresql_folder"]

STARTS_WITHIN = 60.0  # seconds, on a busy machine
PASSWORD = "s3cret-word"  # must not be found in any message


def postgresql_folder() -> Path:
    """Return the folder of the server's programs; where none is installed, skip the test, and fail it in CI."""
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).parent
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: int(folder.parent.name))
    if not folders:
        reason = "PostgreSQL is not installed (Debian: apt-get install postgresql)"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return folders[-1]


def as_user() -> dict[str, Any]:
    """Return what makes `subprocess` run a program as the user that Debian made: the server refuses to run as root."""
    return {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}


@dataclass
class PostgreSQLServer:
    """A server that keeps its data over restarts, until `remove`."""

    port: int = 0
    folder: Path | None = None
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self) -> None:
        programs = postgresql_folder()
        if self.folder is None:
            self.folder = self._new_cluster(programs)
        if not self.port:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                self.port = probe.getsockname()[1]
        options = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": "",
            "max_connections": 40,
            "shared_buffers": "16MB",
            "fsync": "off",  # the machine does not lose power in a test
        }
        words = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [programs / "postgres", "-D", self.folder / "data", *words],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                **as_user(),
            )
        until = time.monotonic() + STARTS_WITHIN
        while True:
            try:
                psycopg.connect(self.url).close()
            except psycopg.OperationalError:
                if time.monotonic() > until or self._process.poll() is not None:
                    self.crash()
                    raise
                time.sleep(0.05)
            else:
                return

    def stop(self) -> None:
        """End the server in order, and every connection with it."""
        self._end(signal.SIGINT)

    def crash(self) -> None:
        """End the server at once; it recovers from its log at the next start."""
        self._end(signal.SIGQUIT)

    def remove(self) -> None:
        """End the server and drop its data."""
        self.crash()
        if self.folder is not None:
            shutil.rmtree(self.folder)
            self.folder = None

    @property
    def url(self) -> str:
        return f"postgresql://driftwatch:{PASSWORD}@127.0.0.1:{self.port}/postgres"

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(STARTS_WITHIN)
            self._process = None

    @staticmethod
    def _new_cluster(programs: Path) -> Path:
        # not below the folders of pytest: another user cannot enter those
        folder = Path(tempfile.mkdtemp(prefix="driftwatch-postgresql-"))
        (folder / "password").write_text(PASSWORD, "utf-8")
        if os.geteuid() == 0:
            for path in (folder, folder / "password"):
                shutil.chown(path, "postgres", "postgres")
        options = ["--username=driftwatch", "--auth=scram-sha-256", f"--pwfile={folder / 'password'}"]
        subprocess.run(
            [programs / "initdb", "-D", folder / "data", *options, "--no-sync", "--locale=C", "--encoding=UTF8"],
            check=True,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            cwd="/",
            **as_user(),
        )
        return folder
