"""The protocol of clusters: whatever the partitions and the tree, the bytes are those of one process."""

from __future__ import annotations

from typing import Any
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster_samples import CURRENT, PROFILE, REFERENCE, alone, same_report
from driftwatch import Monitor, Profile, Window, distributed
from driftwatch.distributed import protocol
from driftwatch.errors import ArchiveError, ConfigError, InputError, InputTypeError

SENT = PROFILE.to_bytes()


@given(st.integers(0, 20), st.integers(2, 5), st.randoms(use_true_random=False))
@settings(max_examples=25)
def test_any_partitioning_and_any_tree_give_the_bytes_of_one_process(n_parts: int, fan_in: int, random: Any) -> None:
    rows = list(range(len(CURRENT)))
    random.shuffle(rows)
    cuts = sorted(random.randrange(len(rows) + 1) for _ in range(n_parts))  # equal ones make an empty partition
    parts = []
    for part in np.split(rows, cuts):
        batches = np.array_split(part, random.randrange(1, 4))
        parts.append(distributed.count_partition(SENT, (CURRENT.iloc[batch] for batch in batches)))
    random.shuffle(parts)
    result = distributed.reduce(parts, lambda group: distributed.merge_partitions(SENT, group), fan_in=fan_in)
    assert result == alone()


def test_the_report_is_that_of_one_process() -> None:
    parts = [distributed.count_partition(SENT, [CURRENT.iloc[i::3]]) for i in range(3)]
    window = distributed.merge_windows(PROFILE, parts)
    assert window.to_bytes() == alone()
    assert same_report(Monitor.from_profile(PROFILE).check(window))


def test_a_profile_is_passed_as_it_is_too() -> None:
    assert distributed.count_partition(PROFILE, [CURRENT]) == distributed.count_partition(SENT, [CURRENT]) == alone()


def test_no_batch_is_an_empty_window() -> None:
    empty = Window(PROFILE).to_bytes()
    assert distributed.count_partition(SENT, []) == empty
    assert distributed.merge_partitions(SENT, []) == empty
    assert distributed.merge_windows(PROFILE, []).to_bytes() == empty


def test_a_process_reads_equal_bytes_once() -> None:
    sent = Profile.fit(REFERENCE[["x"]]).to_bytes()
    with mock.patch.object(Profile, "from_bytes", side_effect=Profile.from_bytes) as read:
        for _ in range(3):
            distributed.count_partition(bytearray(sent), [CURRENT[["x"]]])  # type: ignore[arg-type]
    assert read.call_count == 1


def test_a_level_of_a_tree_has_so_many_parts_a_node() -> None:
    groups: list[int] = []

    def merge(group: Any) -> int:
        groups.append(len(group))
        return sum(group)

    assert distributed.reduce([1] * 33, merge, fan_in=16) == 33
    assert groups == [16, 16, 3]  # the 33rd goes up as it is


def test_a_tree_of_no_parts_is_a_merge_of_none() -> None:
    result = distributed.reduce([], lambda group: distributed.merge_partitions(SENT, group))
    assert result == Window(PROFILE).to_bytes()


@pytest.mark.parametrize("fan_in", [1, 0, 2.5, True])
def test_a_tree_needs_two_branches(fan_in: Any) -> None:
    with pytest.raises(ConfigError, match="`fan_in` must be an integer of at least 2"):
        distributed.reduce([1, 2], sum, fan_in=fan_in)


def test_parts_of_another_profile_are_refused() -> None:
    part = distributed.count_partition(Profile.fit(REFERENCE), [CURRENT])  # another salt
    with pytest.raises(InputError, match="counted on another"):
        distributed.merge_windows(PROFILE, [part])


def test_bytes_that_are_no_profile_are_one_clear_error() -> None:
    with pytest.raises(ArchiveError, match="profile"):
        distributed.count_partition(b"no profile", [CURRENT])


def test_a_reference_is_a_profile_or_a_monitor() -> None:
    monitor = Monitor(REFERENCE)
    assert protocol.as_monitor(monitor) is monitor
    assert protocol.as_monitor(PROFILE).profile is PROFILE
    with pytest.raises(InputTypeError, match="`reference` must be a Profile or a Monitor, got DataFrame"):
        protocol.as_monitor(REFERENCE)  # type: ignore[arg-type]


def test_columns_that_are_not_compared_need_not_be_read() -> None:
    assert protocol.compared_columns(PROFILE, ["x", "new", "city"]) == (["x", "city"], {"new": []})
    assert protocol.compared_columns(PROFILE, ["new"]) == (["new"], {"new": []})
