"""What moves together keeps together, and every way to deal it is reached."""

from __future__ import annotations

from math import comb

import numpy as np
import pytest

from driftwatch.errors import ConfigError, InputError
from driftwatch.kernels.labelings import Units, units_of_blocks, units_of_groups, units_of_rows


def drawn(units: Units, count: int = 200, seed: int = 0, width: int = 64) -> np.ndarray:
    return np.concatenate(list(units.labelings(count, seed, width)), axis=1)


def test_rows_are_dealt_in_all_ways_where_there_are_few() -> None:
    labels = drawn(units_of_rows(2, 3), count=10)
    assert labels.shape == (5, comb(5, 2))
    assert len(np.unique(labels.T, axis=0)) == 10
    assert (labels.sum(axis=0) == 2).all()


def test_random_labelings_do_not_depend_on_the_chunks_and_change_with_the_seed() -> None:
    units = units_of_rows(30, 20)
    np.testing.assert_array_equal(drawn(units, width=7), drawn(units, width=200))
    assert (drawn(units, seed=1) != drawn(units, seed=2)).any()


def test_every_row_is_equally_often_on_each_side() -> None:
    share = drawn(units_of_rows(30, 20), count=4000).mean(axis=1)
    np.testing.assert_allclose(share, 0.6, atol=5 * np.sqrt(0.24 / 4000))


def test_blocks_stay_whole_and_in_their_side_at_the_seam() -> None:
    units = units_of_blocks(7, 5, 3)
    assert units.index.tolist() == [0, 0, 0, 1, 1, 1, 2, 3, 3, 3, 4, 4]
    labels = drawn(units)
    for unit in range(5):
        rows = labels[units.index == unit]
        assert (rows == rows[0]).all()


def test_groups_stay_whole_and_pairs_are_exchanged() -> None:
    reference, current = ["a", "a", "b", "c"], ["d", "c", "e", "c", "d"]
    units = units_of_groups(reference, current)
    assert (units.n_reference, units.n_single, units.n_pairs) == (2, 4, 1)
    assert units.n_labelings == comb(4, 2) * 2
    labels = drawn(units, count=12)
    assert len(np.unique(labels.T, axis=0)) == 12
    assert (labels[0] == labels[1]).all()
    assert (labels[4] == labels[8]).all()
    # group c: its reference row and its current rows are always on different sides
    assert (labels[3] != labels[5]).all()
    assert (labels[5] == labels[7]).all()
    assert set(labels[3].tolist()) == {0, 1}


def test_random_exchanges_are_fair() -> None:
    names = [f"u{i}" for i in range(40)]
    labels = drawn(units_of_groups(names, names), count=4000)
    np.testing.assert_allclose(labels[:40].mean(axis=1), 0.5, atol=5 * 0.5 / np.sqrt(4000))
    assert (labels[:40] + labels[40:] == 1).all()


@pytest.mark.parametrize("length", [0, -2, 1.5, True])
def test_a_block_length_that_makes_no_sense_is_refused(length: object) -> None:
    with pytest.raises(ConfigError, match="`block_length` must be a positive integer or 'auto'"):
        units_of_blocks(10, 10, length)  # type: ignore[arg-type]


def test_groups_of_two_types_and_shapes_are_refused() -> None:
    with pytest.raises(InputError, match="labels of one type"):
        units_of_groups([1, 2], ["1", "2"])
    with pytest.raises(InputError, match="one label for each row"):
        units_of_groups([[1], [2]], [1, 2])
