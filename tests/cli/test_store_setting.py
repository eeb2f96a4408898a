"""Commands find the store where it is set, and the settings show it without its password."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from driftwatch.store import Run, SQLiteStore, WindowKey

if TYPE_CHECKING:
    from pathlib import Path

    from cli_runs import Run as RunCommand


@pytest.mark.parametrize("command", [("history", "list"), ("alert", "list"), ("metrics",)])
def test_commands_use_the_store_that_is_set(run: RunCommand, tmp_path: Path, command: tuple[str, ...]) -> None:
    with SQLiteStore(tmp_path / "set.db") as store, store.transaction() as transaction:
        transaction.register("orders", "{}")
        transaction.add_run(Run("orders", WindowKey(0, 5, "0"), 1_700_000_000_000_000, 5, "error"), '{"error": "no"}')
    missing = run(*command)
    assert missing.code == 2
    assert "driftwatch.db" in missing.error
    (tmp_path / "driftwatch.toml").write_text('store = "set.db"\n')
    assert run(*command).code == 0
    assert "other.db" in run(*command, "--store", "other.db").error


def test_a_password_in_the_address_is_not_shown(run: RunCommand, tmp_path: Path) -> None:
    (tmp_path / "driftwatch.toml").write_text('store = "postgresql://watch:s3cret@db:5432/driftwatch"\n')
    shown = run("config", "show", "--resolved").out
    assert 'store = "postgresql://watch:***@db:5432/driftwatch"' in shown
    assert "s3cret" not in shown
