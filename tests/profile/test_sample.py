"""Current data aligned to the profile: numbers against NumPy, and reference work that happens once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import array_api_strict as strict
import numpy as np
import pytest
from scipy import stats

from driftwatch import Monitor, PSIDetector
from driftwatch.arrays.column import Levels
from driftwatch.arrays.table import read_table
from driftwatch.kernels import _prepare
from driftwatch.profile import block as block_module
from driftwatch.profile import sample as sample_module
from driftwatch.profile.block import DEFAULT_BINS
from driftwatch.profile.profile import Profile
from driftwatch.profile.sample import CategoricalSample, NumericSample, categorical_samples

if TYPE_CHECKING:
    from numpy.typing import NDArray

RNG = np.random.default_rng(1)
REFERENCE = RNG.normal(size=(300, 3))
CURRENT = RNG.normal(0.3, 2.0, size=(170, 3))
CURRENT[::4, 1] = np.nan


def numeric_sample(reference: NDArray[Any], current: NDArray[Any]) -> NumericSample:
    profile = Profile.fit(read_table(reference))
    (block,) = profile.blocks
    return NumericSample(block, np.ascontiguousarray(current.T), n_rows=profile.n_rows)


class TestNumericSample:
    def test_counts_of_values_and_gaps_equal_numpy(self) -> None:
        sample = numeric_sample(REFERENCE, CURRENT)
        assert sample.n_current.tolist() == (~np.isnan(CURRENT)).sum(axis=0).tolist()
        assert sample.missing_current.tolist() == np.isnan(CURRENT).sum(axis=0).tolist()
        assert sample.n_reference.tolist() == [300] * 3
        assert sample.missing_reference.tolist() == [0] * 3

    def test_moments_ends_and_median_equal_numpy(self) -> None:
        sample = numeric_sample(REFERENCE, CURRENT)
        found = [*sample.moments, *sample.ends, sample.median]
        wanted = [function(CURRENT, axis=0) for function in (np.nanmean, np.nanstd, np.nanmin, np.nanmax, np.nanmedian)]
        np.testing.assert_allclose(found, wanted, rtol=1e-12)

    def test_counts_equal_a_histogram_on_the_reference_s_edges(self) -> None:
        sample = numeric_sample(REFERENCE, CURRENT)
        edges = np.asarray(sample.reference.bins(DEFAULT_BINS)[0])
        _, counts = sample.counts(DEFAULT_BINS)
        for row, column in enumerate(CURRENT.T):
            bounds = [-1e9, *edges[row], 1e9]
            np.testing.assert_array_equal(counts[row], np.histogram(column[~np.isnan(column)], bounds)[0])

    def test_distances_equal_scipy(self) -> None:
        distances = numeric_sample(REFERENCE, CURRENT).distances
        for row, (x, y) in enumerate(zip(REFERENCE.T, CURRENT.T, strict=True)):
            y = y[~np.isnan(y)]  # noqa: PLW2901
            wanted = [stats.ks_2samp(x, y, alternative=side).statistic for side in ("greater", "less")]
            np.testing.assert_allclose([distances.above[row], distances.below[row]], wanted, rtol=1e-12)
            np.testing.assert_allclose(distances.w1[row], stats.wasserstein_distance(x, y), rtol=1e-12)

    def test_current_values_are_sorted_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        calls = count_calls(monkeypatch, sample_module, "order")
        sample = numeric_sample(REFERENCE, CURRENT)
        _ = sample.distances, sample.counts(5), sample.counts(DEFAULT_BINS), sample.moments, sample.median
        assert calls == ["order"]

    def test_current_values_are_left_as_they_were(self) -> None:
        current = CURRENT.copy()
        Monitor(REFERENCE).check(current)
        np.testing.assert_array_equal(current, CURRENT)


class TestCategoricalSample:
    def test_counts_are_aligned_over_the_union_of_the_levels(self) -> None:
        sides = {"a": 5, "b": 2}, {"b": 4, "new": 3}
        sample = CategoricalSample(["x"], {"x": Levels(sides[0], 1)}, {"x": Levels(sides[1], 7)})
        reference, current = sample.counts(DEFAULT_BINS)
        aligned = {label: (reference[0, i], current[0, i]) for i, label in enumerate(sample.labels[0])}
        assert aligned == {"a": (5, 0), "b": (2, 4), "new": (0, 3)}

    def test_missing_values_are_no_level(self) -> None:
        sample = CategoricalSample(["x"], {"x": Levels({"a": 5}, 1)}, {"x": Levels({"a": 2}, 7)})
        assert (sample.n_reference.tolist(), sample.n_current.tolist()) == ([5], [2])
        assert (sample.missing_reference.tolist(), sample.missing_current.tolist()) == ([1], [7])

    def test_order_of_the_levels_does_not_tell_the_sides_apart(self) -> None:
        # Rare levels are pooled in this order: one that follows the reference's counts turns noise into drift.
        a, b = {"x": Levels({"p": 3, "q": 1, "r": 2}, 0)}, {"x": Levels({"p": 1, "q": 3, "s": 2}, 0)}
        assert CategoricalSample(["x"], a, b).labels == CategoricalSample(["x"], b, a).labels == [["p", "q", "r", "s"]]

    def test_features_are_padded_with_levels_that_do_not_occur(self) -> None:
        sides = {"x": Levels({"a": 1, "b": 1, "c": 1}, 0), "y": Levels({"a": 1}, 0)}
        reference, _ = CategoricalSample(["x", "y"], sides, sides).counts(DEFAULT_BINS)
        assert reference.tolist() == [[1, 1, 1], [1, 0, 0]]

    def test_no_values_at_all_give_an_empty_row(self) -> None:
        empty = {"x": Levels({}, 4)}
        reference, current = CategoricalSample(["x"], empty, empty).counts(DEFAULT_BINS)
        assert reference.tolist() == current.tolist() == [[0]]

    def test_features_of_similar_width_share_a_table(self) -> None:
        widths = [1, 2, 3, 100, 120, 1000]
        sides = {f"w{k}": Levels({str(i): 1 for i in range(k)}, 0) for k in widths}
        tables = list(categorical_samples(list(sides), sides, sides))
        assert sorted(name for table in tables for name in table.names) == sorted(sides)
        assert [table.names for table in tables][-2:] == [("w100", "w120"), ("w1000",)]

    def test_tables_are_bounded(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sample_module, "MAX_TABLE_CELLS", 20)
        sides = {f"c{i}": Levels(dict.fromkeys("abcdefghij", 1), 0) for i in range(5)}
        tables = list(categorical_samples(list(sides), sides, sides))
        assert [len(table.names) for table in tables] == [2, 2, 1]


def count_calls(monkeypatch: pytest.MonkeyPatch, module: Any, *names: str) -> list[str]:
    """Replace functions of a module by ones that note that they were called."""
    calls: list[str] = []

    def counted(name: str) -> Any:
        original = getattr(module, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            calls.append(name)
            return original(*args, **kwargs)

        return call

    for name in names:
        monkeypatch.setattr(module, name, counted(name))
    return calls


REFERENCE_WORK = ("order_narrow", "quantile_edges", "ordered_bin_counts", "moments", "ends", "quantiles")


@pytest.mark.parametrize(
    ("current", "options"),
    [
        (CURRENT, {}),
        (CURRENT, {"detectors": [PSIDetector(n_bins=20)], "thresholds": {"psi": 0.2}}),
        ({"f2": CURRENT[:, 2], "f0": CURRENT[:, 0]}, {}),
        (strict.asarray(CURRENT), {}),
        (CURRENT.astype("f4"), {}),
    ],
    ids=["same columns", "bins of its own", "other columns", "other library", "other dtype"],
)
def test_second_check_does_no_work_on_the_reference(
    current: Any, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monitor = Monitor(REFERENCE, **options)
    first = monitor.check(current)
    calls = count_calls(monkeypatch, block_module, *REFERENCE_WORK)
    sorted_widths: list[int] = []
    sort = vars(_prepare)["sort_last"]

    def spy(x: Any, *, xp: Any) -> Any:
        sorted_widths.append(x.shape[-1])
        return sort(x, xp=xp)

    monkeypatch.setattr(_prepare, "sort_last", spy)
    second = monitor.check(current)
    assert calls == []
    assert set(sorted_widths) == {len(CURRENT)}
    assert second.features == first.features


def test_the_count_of_calls_sees_the_first_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = count_calls(monkeypatch, block_module, *REFERENCE_WORK)
    Monitor(REFERENCE)
    assert set(calls) == set(REFERENCE_WORK)
