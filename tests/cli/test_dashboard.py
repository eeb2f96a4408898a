"""`driftwatch dashboard` before it serves: what is refused, in a line that says why."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from driftwatch.store import SQLiteStore

if TYPE_CHECKING:
    from pathlib import Path

    from cli_runs import Run

TOKEN = "DRIFTWATCH_DASHBOARD_TOKEN"


@pytest.fixture(autouse=True)
def _store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(TOKEN, raising=False)
    with SQLiteStore(tmp_path / "driftwatch.db"):
        pass


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org", ""])
def test_without_a_token_it_listens_on_this_machine_only(run: Run, host: str) -> None:
    found = run("dashboard", "--host", host)
    assert found.code == 2
    assert all(words in found.error for words in ("`--host`", "everybody who reaches it", TOKEN))


def test_streamlit_asks_for_no_token_and_so_stays_here(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN, "a-secret-of-many-letters")
    found = run("dashboard", "--streamlit", "--host", "0.0.0.0")
    assert found.code == 2
    assert "leave out --streamlit" in found.error


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--store", "no.db"], "no store 'no.db'"),
        (["--port", "x"], "`--port`"),
        (["--port", "65536"], "`--port`"),
        (["--root-path", "drift"], "`--root-path`"),
        (["--token-file", "no"], "`--token-file`"),
        (["--token-file", "empty"], "is empty"),
        (["--token-file", "short"], "16 characters"),
    ],
)
def test_what_cannot_be_used_is_refused(run: Run, tmp_path: Path, options: list[str], told: str) -> None:
    (tmp_path / "empty").write_text("\n", "utf-8")
    (tmp_path / "short").write_text("abc\n", "utf-8")
    found = run("dashboard", *options)
    assert found.code == 2
    assert told in found.error
    assert not (tmp_path / "no.db").exists()


def test_a_port_that_is_taken_is_said(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        found = run("dashboard", "--port", str(taken.getsockname()[1]))
    assert found.code == 2
    assert "cannot listen on 127.0.0.1" in found.error
