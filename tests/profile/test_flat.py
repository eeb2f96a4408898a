"""Windows as vectors: their sum and maximum is the window of all rows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from driftwatch import Profile, Window
from driftwatch.errors import InputError
from driftwatch.profile.cells import MAX_HIGH
from driftwatch.profile.flat import FlatCounts, flatten, unflatten

RNG = np.random.default_rng(0)
ROWS = RNG.lognormal(3.0, 2.0, size=(900, 3))
ROWS[::7, 1] = np.nan
PROFILE = Profile.fit(ROWS)


def combined(windows: list[Window]) -> Window:
    """Return what collectives make of the windows."""
    flats = [flatten(window.counts.blocks) for window in windows]
    flat = FlatCounts(
        np.sum([flat.counts for flat in flats], axis=0), np.max(np.stack([flat.ends for flat in flats]), axis=0)
    )
    added = Window(PROFILE)
    for window in windows:
        added += window
    blocks = unflatten(flat, windows[0].counts.blocks, len(windows))
    added.counts = replace(added.counts, blocks=blocks)
    return added


@pytest.mark.parametrize("n_windows", [1, 2, 7])
def test_vectors_add_to_the_bytes_of_one_window(n_windows: int) -> None:
    windows = [Window(PROFILE).update(part) for part in np.array_split(ROWS * 3.0 - 50.0, n_windows)]
    windows.append(Window(PROFILE))
    assert combined(windows).to_bytes() == Window(PROFILE).update(ROWS * 3.0 - 50.0).to_bytes()


def test_the_smallest_value_may_be_zero() -> None:
    zeros = np.zeros((5, 3))
    assert combined([Window(PROFILE).update(zeros)]).to_bytes() == Window(PROFILE).update(zeros).to_bytes()


def test_a_window_without_numbers_has_vectors_too() -> None:
    flat = flatten(())
    assert flat.counts.tolist() == []
    assert unflatten(flat, (), 3) == ()


def test_sums_that_may_leave_their_limbs_are_refused() -> None:
    blocks = Window(PROFILE).counts.blocks
    blocks[0].sum_high[1, 2] = -(MAX_HIGH // 4)
    flat = flatten(blocks)
    unflatten(flat, blocks, 4)
    with pytest.raises(InputError, match="sums of 5 windows must stay within 92 bits"):
        unflatten(flat, blocks, 5)
