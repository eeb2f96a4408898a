"""References in a store: the profiles that went in are the oracle."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from driftwatch import Profile, Window
from driftwatch.errors import StoreConflictError
from driftwatch.store import SQLiteStore, accept_baseline, keep_baseline, load_baseline

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = 1_800_000_000.5


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SQLiteStore]:
    with SQLiteStore(tmp_path / "a.db") as opened:
        yield opened


@pytest.fixture(scope="module")
def first() -> Profile:
    return Profile.fit({"price": np.arange(1_000.0)})


def accepted(profile: Profile, shift: float, reason: str = "new prices") -> Profile:
    window = Window(profile).update({"price": np.arange(500.0) + shift})
    return profile.accept(window, reason=reason, who="Ada")


def test_both_versions_are_kept_and_alerts_are_told(store: SQLiteStore, first: Profile) -> None:
    second = accepted(first, 300)
    with store.transaction() as transaction:
        accept_baseline(transaction, "orders", before=first, after=second, clock=lambda: NOW)

    newest, oldest = store.baselines("orders")
    assert (oldest.version, oldest.created, oldest.who, oldest.reason, oldest.n_rows) == (
        *(1, 1_800_000_000_500_000, None, ""),
        1_000,
    )
    assert (newest.version, newest.who, newest.reason, newest.n_rows) == (2, "Ada", "new prices", 500)
    assert load_baseline(store, "orders").to_bytes() == second.to_bytes()
    assert load_baseline(store, "orders", 1).to_bytes() == first.to_bytes()
    assert json.loads(store.notes("accepted")["orders"]) == {
        "version": 2,
        "by": "Ada",
        "reason": "new prices",
        "at": 1_800_000_000_500_000,
    }


def test_a_version_that_is_there_is_not_stored_again(store: SQLiteStore, first: Profile) -> None:
    second = accepted(first, 300)
    with store.transaction() as transaction:
        accept_baseline(transaction, "orders", before=first, after=second)
        accept_baseline(transaction, "orders", before=second, after=accepted(second, 600))
    assert [found.version for found in store.baselines("orders")] == [3, 2, 1]


def test_the_second_of_two_who_accept_at_once_is_told(store: SQLiteStore, first: Profile) -> None:
    def accept_another() -> None:
        with store.transaction() as transaction:
            accept_baseline(transaction, "orders", before=first, after=accepted(first, 900, "sale"))

    with store.transaction() as transaction:
        accept_baseline(transaction, "orders", before=first, after=accepted(first, 300))
    with pytest.raises(StoreConflictError, match="another version 2 of 'orders', of Ada: 'new prices'"):
        accept_another()
    assert json.loads(store.notes("accepted")["orders"])["reason"] == "new prices"


def test_a_reference_that_came_back_is_a_version_of_its_own(store: SQLiteStore, first: Profile) -> None:
    second = accepted(first, 300)
    third = second.roll_back(first, reason="a mistake", who="Bob")
    with store.transaction() as transaction:
        for before, after in ((first, second), (second, third)):
            accept_baseline(transaction, "orders", before=before, after=after)
    newest, _, oldest = store.baselines("orders")
    assert (newest.fingerprint, newest.who, newest.reason) == (oldest.fingerprint, "Bob", "version 1 again: a mistake")


def test_a_reference_can_be_kept_before_any_is_accepted(store: SQLiteStore, first: Profile) -> None:
    with store.transaction() as transaction:
        keep_baseline(transaction, "orders", first)
    assert load_baseline(store, "orders").hash == first.hash
    assert store.notes("accepted") == {}
