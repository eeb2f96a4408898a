"""A store that cannot be read: an answer that says so and no more, a count, and no traceback."""

from __future__ import annotations

import logging
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest
from starlette.testclient import TestClient

from dashboard_samples import add_run, fill
from driftwatch.dashboard import dashboard
from driftwatch.errors import ConfigError, InputTypeError
from driftwatch.store import SQLiteStore

if TYPE_CHECKING:
    from pathlib import Path


def test_a_store_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    path = tmp_path / "no.db"
    with TestClient(dashboard(path, fresh=0)) as client:
        answer = client.get("/api/streams")
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "store_unavailable")
        assert str(tmp_path) not in answer.text
        assert client.get("/runs/1").status_code == 503
        assert not path.exists()
        status = client.get("/api/status").json()
        assert (status["status"], status["store_failures"], status["last_failure"]) == ("degraded", 2, "StoreError")
        assert client.get("/healthz").json() == {"status": "degraded"}
        with SQLiteStore(path) as made:
            fill(made)
        assert client.get("/api/streams").json()["n_streams"] == 3  # without a restart
        assert client.get("/healthz").json() == {"status": "ok"}


def test_a_store_that_was_put_in_the_place_of_another_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with SQLiteStore(path) as made:
        fill(made)
    with SQLiteStore(tmp_path / "b.db") as made:
        add_run(made, "other", 1)
    with TestClient(dashboard(path, fresh=0)) as client:
        assert client.get("/api/streams").json()["n_streams"] == 3
        for end in ("", "-wal", "-shm"):
            (tmp_path / f"a.db{end}").unlink(missing_ok=True)
        (tmp_path / "b.db").rename(path)
        assert [stream["name"] for stream in client.get("/api/streams").json()["streams"]] == ["other"]


def test_a_damaged_store_is_said_and_counted_once_in_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "a.db"
    path.write_bytes(b"no store " * 1_000)
    with caplog.at_level(logging.WARNING), TestClient(dashboard(path, fresh=0)) as client:
        for _ in range(3):
            answer = client.get("/model", headers={"Accept": "text/html"})
            assert answer.status_code == 200  # the page, which asks for its data
            assert client.get("/api/streams").status_code == 503
        assert client.get("/api/status").json()["store_failures"] == 3
    assert len(caplog.records) == 1
    assert "Traceback" not in caplog.text


def test_a_locked_store_is_said(store: SQLiteStore, client: TestClient) -> None:
    other = sqlite3.connect(store.path, isolation_level=None)
    try:
        store.close()
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        other.execute("DELETE FROM counter")
        answer = client.get("/api/streams")
    finally:
        other.execute("ROLLBACK")
        other.close()
    # a reader waits for no writer of the log; one that holds the whole file is a failure, and no traceback
    assert (answer.status_code, answer.json().get("error", {}).get("code")) == (503, "store_unavailable")
    assert client.get("/api/streams").status_code == 200


def test_a_damaged_report_is_said(store: SQLiteStore, client: TestClient) -> None:
    with store._writing() as connection:
        connection.execute("UPDATE run SET report = ? WHERE id = 2", (b"no zlib",))
    answer = client.get("/api/report?id=2")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "store_unavailable")
    assert client.get("/api/report?id=3").status_code == 200


@pytest.mark.parametrize(
    "text", ["[]", "{}", "null", '{"schema_version": 99}', '{"features": []}', "{", '{"error": 3}']
)
def test_what_is_no_report_costs_its_own_check_only(store: SQLiteStore, client: TestClient, text: str) -> None:
    run_id = add_run(store, "trips", 8, text=text)
    found = client.get("/api/heatmap?stream=trips").json()
    assert found["windows"][-1]["id"] == run_id
    assert found["windows"][-1]["reason"]
    assert len(found["features"]) == 3
    assert client.get(f"/runs/{run_id}").status_code == 409
    assert client.get(f"/api/compare?left=1&right={run_id}").status_code == 409


def test_an_unforeseen_error_is_no_traceback_for_the_client(
    store: SQLiteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    app: Any = dashboard(store, fresh=0)

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr(app.views, "streams", broken)
    with TestClient(app, raise_server_exceptions=False) as client:
        answer = client.get("/api/streams")
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "internal_error")
    assert "secret" not in answer.text


def test_misuse_raises_at_once() -> None:
    with pytest.raises(InputTypeError, match="`store`"):
        dashboard(3)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="`fresh`"):
        dashboard("a.db", fresh=-1)
