"""Stores by address."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

import pytest

from driftwatch.errors import ConfigError, MissingExtraError
from driftwatch.store import SQLiteStore, open_store

if TYPE_CHECKING:
    from pathlib import Path


def test_a_path_is_a_file(tmp_path: Path) -> None:
    with open_store(tmp_path / "a.db", timeout=3.0) as store:
        assert isinstance(store, SQLiteStore)
        assert (store.path, store.timeout) == (tmp_path / "a.db", 3.0)


def test_an_address_that_no_store_has_is_refused_and_only_its_kind_is_shown() -> None:
    with pytest.raises(ConfigError, match="mysql://") as caught:
        open_store("mysql://user:secret@host/db")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("scheme", ["postgresql", "postgres"])
def test_a_server_wants_its_client_and_says_what_to_type(monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    module = importlib.import_module("driftwatch.store.postgresql")
    monkeypatch.setattr(module, "_MISSING", ImportError("no psycopg"))
    with pytest.raises(MissingExtraError, match=r"\[postgres\]"):
        open_store(f"{scheme}://host/db")
