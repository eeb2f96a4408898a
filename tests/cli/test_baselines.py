"""References in a store, from the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from driftwatch import Profile, Window
from driftwatch.store import SQLiteStore, load_baseline

if TYPE_CHECKING:
    from cli_runs import Run


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    profile = Profile.fit({"price": np.arange(1_000.0)})
    profile.save("ref.dwp")
    Path("cur.dww").write_bytes(Window(profile).update({"price": np.arange(500.0) + 300}).to_bytes())
    with SQLiteStore("a.db") as store, store.transaction() as transaction:
        transaction.register("orders", "{}")


def accept(run: Run, *more: object) -> str:
    found = run(
        *("profile", "accept", "cur.dww", "--profile", "ref.dwp", "--reason", "new prices", "--by", "Ada"),
        *("--store", "a.db", *more),
    )
    return found.err


def test_accept_keeps_both_versions_in_the_store_and_tells_alerts(run: Run) -> None:
    assert accept(run) == (
        "wrote ref.dwp: version 2, 500 rows; kept version 1 as ref.v1.dwp, and both for orders in the store\n"
    )
    with SQLiteStore("a.db") as store:
        assert load_baseline(store, "orders").hash == Profile.load("ref.dwp").hash
        assert load_baseline(store, "orders", 1).hash == Profile.load("ref.v1.dwp").hash
        assert json.loads(store.notes("accepted")["orders"])["reason"] == "new prices"


def test_rollback_takes_from_the_store_what_is_not_beside_the_file(run: Run) -> None:
    accept(run)
    Path("ref.v1.dwp").unlink()
    found = run("profile", "rollback", "ref.dwp", "--reason", "a mistake", "--store", "a.db", "--by", "Bob")
    assert found.code == 0, found.err
    assert Profile.load("ref.dwp").n_rows == 1_000
    with SQLiteStore("a.db") as store:
        assert [(kept.version, kept.who) for kept in store.baselines()] == [(3, "Bob"), (2, "Ada"), (1, None)]


def test_files_that_cannot_be_written_leave_the_store_as_it_was(run: Run) -> None:
    Path("ref.v1.dwp").mkdir()  # where the version before would be kept
    found = run("profile", "accept", "cur.dww", "--profile", "ref.dwp", "--reason", "x", "--store", "a.db")
    assert found.code == 2
    with SQLiteStore("a.db") as store:
        assert (store.baselines(), store.notes("accepted")) == ([], {})


def test_versions_are_listed_and_fetched(run: Run) -> None:
    assert run("profile", "versions", "--store", "a.db").out == "no references\n"
    accept(run)
    newest, oldest = run("profile", "versions", "--store", "a.db").out.splitlines()
    assert newest.startswith("orders  2  20")
    assert newest.endswith("Ada, 500 rows: new prices")
    assert oldest.endswith("as it was fitted, 1,000 rows")
    rows = json.loads(run("profile", "versions", "--store", "a.db", "--stream", "orders", "-f", "json").out)
    assert [(row["version"], row["who"]) for row in rows] == [(2, "Ada"), (1, None)]

    assert run("profile", "fetch", "--store", "a.db", "-o", "new.dwp").err == "wrote new.dwp: orders\n"
    assert Path("new.dwp").read_bytes() == Path("ref.dwp").read_bytes()
    run("profile", "fetch", "--store", "a.db", "-o", "old.dwp", "--version", 1, "--stream", "orders", "-q")
    assert Profile.load("old.dwp").hash == Profile.load("ref.v1.dwp").hash


def test_one_of_several_streams_is_named(run: Run) -> None:
    with SQLiteStore("a.db") as store, store.transaction() as transaction:
        transaction.register("returns", "{}")
    assert "'orders', 'returns'" in accept(run)
    assert Profile.load("ref.dwp").version == 1
    assert "for returns" in accept(run, "--stream", "returns")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["versions", "--store", "typo.db"], "no store"),
        (["versions", "--store", "a.db", "-f", "xml"], "'xml'"),
        (["fetch", "--store", "a.db", "-o", "x.dwp"], "`--stream`"),
        (["fetch", "--store", "a.db", "-o", "x.dwp", "--stream", "orders"], "no reference 'orders'"),
        (["fetch", "--store", "a.db", "-o", "x.dwp", "--version", "a"], "`--version`"),
        (["fetch", "--store", "a.db", "-o", "a.db"], "one of the inputs"),
        (["accept", "cur.dww", "--profile", "ref.dwp", "--reason", "x", "--store", "typo.db"], "no store"),
    ],
)
def test_mistakes_are_told(run: Run, arguments: list[str], said: str) -> None:
    found = run("profile", *arguments)
    assert found.code == 2
    assert said in found.error
