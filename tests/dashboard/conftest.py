"""Stores with a few checks, and clients of a dashboard over them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from starlette.testclient import TestClient

from dashboard_samples import TOKEN, fill
from driftwatch.dashboard import dashboard
from driftwatch.store import SQLiteStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SQLiteStore]:
    with SQLiteStore(tmp_path / "driftwatch.db", timeout=0.2) as opened:
        fill(opened)
        yield opened


@pytest.fixture
def client(store: SQLiteStore) -> Iterator[TestClient]:
    with TestClient(dashboard(store, fresh=0)) as opened:
        yield opened


@pytest.fixture
def locked(store: SQLiteStore) -> Iterator[TestClient]:
    with TestClient(dashboard(store, token=TOKEN, fresh=0), follow_redirects=False) as opened:
        yield opened
