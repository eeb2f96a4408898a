"""Parts of a reference against the rest of it."""

from __future__ import annotations

import numpy as np
import pytest

from driftwatch import Monitor
from driftwatch.arrays.table import read_table
from driftwatch.errors import InputError
from driftwatch.monitor.left_out import folds, n_folds, refit, spread, starts

DATA = {"x": np.random.default_rng(0).permutation(1_003).astype(float), "c": np.array(["a", "b", "c"] * 334 + ["a"])}
MONITOR = Monitor(DATA, schema={"x": "numeric"})
TABLE = read_table(DATA)


@pytest.mark.parametrize(("window", "expected"), [(50, 10), (100, 10), (150, 6), (200, 5)])
def test_folds_cover_every_row_once_and_hold_a_window_each(window: int, expected: int) -> None:
    parts = list(folds(MONITOR, TABLE, window=window))
    assert len(parts) == n_folds(1_003, window) == expected
    assert [part.start for part in parts] == [0, *(part.stop for part in parts[:-1])]
    assert parts[-1].stop == 1_003
    assert min(part.stop - part.start for part in parts) >= window


def test_the_reference_of_a_fold_is_all_other_rows() -> None:
    for part in folds(MONITOR, TABLE, window=100):
        rest = np.delete(DATA["x"], slice(part.start, part.stop))
        (block,) = part.monitor.profile.blocks
        assert np.array_equal(np.asarray(block.ordered.values)[0], np.sort(rest))
        counts = part.monitor.profile.levels["c"].counts
        assert sum(counts.values()) == len(rest) == part.monitor.profile.n_rows


def test_the_monitor_itself_stays_as_it_was() -> None:
    before = MONITOR.profile
    next(folds(MONITOR, TABLE, window=100))
    assert MONITOR.profile is before


def test_settings_and_kinds_are_kept() -> None:
    monitor = Monitor({"k": np.arange(200.0) % 7, "t": ["2024-01-01"] * 200}, alpha=0.01, features=["k"])
    other = refit(monitor, read_table({"k": np.arange(60), "t": ["2024-01-01"] * 60}))
    assert other.plan is monitor.plan
    assert other.feature_names == ["k"]
    assert other.profile.features["k"].kind == "numeric"  # 60 integers in order would be an identifier
    assert not other.profile.features["k"].given


def test_starts_are_spread_over_the_fold() -> None:
    fold = next(folds(MONITOR, TABLE, window=50))
    assert starts(fold, window=50, count=3) == [0, 25, 50]
    assert starts(fold, window=50, count=1) == [25]
    assert starts(fold, window=50, count=0) == []


@pytest.mark.parametrize(("count", "parts"), [(10, 3), (2, 5), (0, 2), (7, 7)])
def test_windows_are_spread_evenly_over_the_folds(count: int, parts: int) -> None:
    quotas = spread(count, parts)
    assert (sum(quotas), len(quotas)) == (count, parts)
    assert max(quotas) - min(quotas) <= 1


def test_too_few_rows_are_refused() -> None:
    with pytest.raises(InputError, match="at least 5 windows is needed, 1,500 rows for a window of 300, got 1,003"):
        next(folds(MONITOR, TABLE, window=300))
