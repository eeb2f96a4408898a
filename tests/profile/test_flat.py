"""Windows as vectors: their sum and maximum is the window of all rows."""

from __future__ import annotations

import numpy as np
import pytest

from driftwatch import Profile, Window
from driftwatch.errors import InputError
from driftwatch.profile.cells import MAX_HIGH
from driftwatch.profile.flat import FlatCounts, flatten, unflatten

RNG = np.random.default_rng(0)
ROWS = RNG.lognormal(3.0, 2.0, size=(900, 3))
ROWS[::7, 1] = np.nan
PROFILE = Profile.fit(ROWS, joint={"two": ["f0", "f1"], "all": ["f2", "f0", "f1"]})


def combined(windows: list[Window]) -> Window:
    """Return what collectives make of the windows."""
    flats = [flatten(window.counts) for window in windows]
    flat = FlatCounts(
        np.sum([flat.counts for flat in flats], axis=0), np.max(np.stack([flat.ends for flat in flats]), axis=0)
    )
    added = Window(PROFILE)
    for window in windows:
        added += window
    added.counts = unflatten(flat, added.counts, len(windows))
    return added


@pytest.mark.parametrize("n_windows", [1, 2, 7])
def test_vectors_add_to_the_bytes_of_one_window(n_windows: int) -> None:
    rows = ROWS * 3.0 - 50.0
    windows = [Window(PROFILE).update(part) for part in np.array_split(rows, n_windows)]
    windows.append(Window(PROFILE))
    whole = Window(PROFILE).update(rows)
    assert combined(windows).to_bytes() == whole.to_bytes()
    assert whole.counts.projected["two"].n_missing == 129  # what is not a count of a cell is in the vectors too


def test_the_smallest_value_may_be_zero() -> None:
    zeros = np.zeros((5, 3))
    assert combined([Window(PROFILE).update(zeros)]).to_bytes() == Window(PROFILE).update(zeros).to_bytes()


def test_a_window_without_numbers_has_vectors_too() -> None:
    window = Window(Profile.fit({"city": ["Rome", "Oslo"] * 20})).update({"city": ["Rome"]})
    flat = flatten(window.counts)
    assert flat.counts.tolist() == []
    assert unflatten(flat, window.counts, 3) == window.counts


def test_sums_that_may_leave_their_limbs_are_refused() -> None:
    counts = Window(PROFILE).counts
    counts.blocks[0].sum_high[1, 2] = -(MAX_HIGH // 4)
    flat = flatten(counts)
    unflatten(flat, counts, 4)
    with pytest.raises(InputError, match="sums of 5 windows must stay within 92 bits"):
        unflatten(flat, counts, 5)
