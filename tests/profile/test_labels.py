"""Levels by label and by hash: exact counts, the same in any order, and no rare label in the clear."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftwatch.arrays.column import Levels
from driftwatch.profile.labels import POOLED, Codebook, LevelTally, is_hashed, merge_levels

REFERENCE = Levels({"Rome": 40, "Oslo": 12, "Ada Lovelace": 3}, 2)
BOOK = Codebook.fit("city", REFERENCE, b"salt")


def test_frequent_labels_stay_and_rare_and_unseen_ones_are_hashed() -> None:
    tally = BOOK.tally(Levels({"Rome": 5, "Ada Lovelace": 2, "Turin": 1}, 4))
    assert tally.counts["Rome"] == 5
    hashed = {label: count for label, count in tally.counts.items() if label != "Rome"}
    assert sorted(hashed.values()) == [1, 2]
    assert all(map(is_hashed, hashed))
    assert tally.missing == 4
    # the same rare label on both sides is the same level
    assert hashed.keys() & BOOK.tally(REFERENCE).counts.keys()


@pytest.mark.parametrize(("name", "salt"), [("town", b"salt"), ("city", b"pepper")])
def test_hashes_depend_on_the_feature_and_the_salt(name: str, salt: bytes) -> None:
    rare = Levels({"Ada Lovelace": 3}, 0)
    other = Codebook(name, frozenset(), salt)
    assert other.tally(rare).counts.keys().isdisjoint(BOOK.tally(rare).counts)


def test_min_count_and_redact_decide_what_is_printed() -> None:
    assert Codebook.fit("city", REFERENCE, b"s", min_count=13).printed == {"Rome"}
    assert Codebook.fit("city", REFERENCE, b"s", min_count=0).printed == set(REFERENCE.counts)
    assert Codebook.fit("city", REFERENCE, b"s", redact=True).printed == frozenset()


def test_a_label_that_looks_like_a_hash_or_the_pool_is_hashed() -> None:
    odd = Levels({"~0123456789abcdef": 50, POOLED: 50}, 0)
    book = Codebook.fit("x", odd, b"s")
    assert book.printed == frozenset()
    assert set(book.tally(odd).counts).isdisjoint(odd.counts)


def test_a_lone_surrogate_is_hashed() -> None:
    assert Codebook("x", frozenset(), b"s").tally(Levels({"\ud800": 1}, 0)).total == 1


batches = st.lists(st.dictionaries(st.integers(0, 40).map(str), st.integers(1, 5), max_size=25), min_size=1, max_size=6)


@given(batches, st.randoms(use_true_random=False), st.integers(1, 10))
@settings(deadline=None)
def test_any_order_of_merging_keeps_and_pools_the_same(parts: list[dict[str, int]], random: Any, limit: int) -> None:
    book = Codebook("x", frozenset({"0", "1"}), b"s", limit)
    total: dict[str, int] = {}
    for part in parts:
        for label, count in part.items():
            total[label] = total.get(label, 0) + count
    whole = book.tally(Levels(total, len(parts)))
    tallies = [book.tally(Levels(part, 1)) for part in parts]
    random.shuffle(tallies)
    while len(tallies) > 1:  # a random tree
        a, b = tallies.pop(random.randrange(len(tallies))), tallies.pop(random.randrange(len(tallies)))
        tallies.append(merge_levels(a, b, book))
    assert tallies[0] == whole
    assert whole.total == sum(total.values())
    # Oracle: a plain count of the labels that were kept
    exact = book.tally(Levels(total, 0)).counts
    unlimited = Codebook("x", frozenset({"0", "1"}), b"s").tally(Levels(total, 0)).counts
    assert all(unlimited[label] == count for label, count in exact.items())
    assert sum(map(is_hashed, whole.counts)) == min(limit, sum(map(is_hashed, unlimited)))


def test_what_is_pooled_is_one_level_for_detectors() -> None:
    assert LevelTally({"a": 3}, 2, 1).levels() == Levels({"a": 3, POOLED: 2}, 1)
    assert LevelTally({"a": 3}, 0, 1).levels() == Levels({"a": 3}, 1)
