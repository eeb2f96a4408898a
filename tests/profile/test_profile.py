"""The frozen reference holds what NumPy says of the raw data, whatever block a feature lies in."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from driftwatch.arrays.schema import FeatureKind
from driftwatch.arrays.table import read_table
from driftwatch.profile import block as block_module
from driftwatch.profile.block import DEFAULT_BINS, NumericBlock
from driftwatch.profile.profile import Profile
from frames import CONSTRUCTORS, mixed_columns

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

RNG = np.random.default_rng(0)
N = 240


def raw_columns() -> dict[str, NDArray[Any]]:
    gaps = RNG.normal(size=N)
    gaps[::5] = np.nan
    return {
        "normal": RNG.normal(3, 2, N),
        "small": RNG.normal(size=N).astype("f4"),
        "skewed": RNG.lognormal(0, 2, N),
        "tied": RNG.integers(0, 6, N).astype("f8"),
        "gaps": gaps,
        "constant": np.full(N, 0.1),
        "huge": RNG.normal(1e12, 1.0, N),
    }


RAW = raw_columns()


def profile_of(data: Any, **options: Any) -> Profile:
    return Profile.fit(read_table(data), **options)


def row_of(profile: Profile, name: str) -> tuple[NumericBlock, int]:
    return next((block, block.names.index(name)) for block in profile.blocks if name in block.names)


@pytest.mark.parametrize("name", RAW)
def test_moments_and_ends_equal_numpy(name: str) -> None:
    block, row = row_of(profile_of(RAW), name)
    values = RAW[name][~np.isnan(RAW[name])].astype("f8")
    found = [float(x[row]) for x in (block.mean, block.std, block.low, block.high, block.median)]
    wanted = [values.mean(), values.std(), values.min(), values.max(), np.median(values)]
    if name == "constant":
        wanted[:2] = 0.1, 0.0  # NumPy's sums leave a rounding error, and a standard deviation that is not 0
    # float32 quantiles stay in float32
    np.testing.assert_allclose(found, wanted, rtol=1e-6 if name == "small" else 1e-12)


@pytest.mark.parametrize("name", RAW)
def test_values_are_kept_in_order_with_the_missing_ones_behind(name: str) -> None:
    block, row = row_of(profile_of(RAW), name)
    valid = np.sort(RAW[name][~np.isnan(RAW[name])])
    assert block.n_valid[row] == valid.size
    np.testing.assert_array_equal(np.asarray(block.ordered.values)[row, : valid.size], valid)
    assert np.isposinf(np.asarray(block.ordered.values)[row, valid.size :]).all()


@pytest.mark.parametrize("name", ["normal", "small", "skewed", "gaps", "huge"])
def test_edges_are_the_deciles_of_numpy(name: str) -> None:
    block, row = row_of(profile_of(RAW), name)
    edges = np.asarray(block.bins(DEFAULT_BINS)[0])[row]
    wanted = np.nanquantile(RAW[name].astype("f8"), np.arange(1, 10) / 10)
    np.testing.assert_allclose(edges, wanted, rtol=1e-6 if name == "small" else 1e-12)


@pytest.mark.parametrize("name", ["normal", "skewed", "gaps", "huge", "tied"])
@pytest.mark.parametrize("n_bins", [2, 7, DEFAULT_BINS])
def test_counts_equal_a_slow_loop_over_the_edges(name: str, n_bins: int) -> None:
    block, row = row_of(profile_of(RAW), name)
    edges, counts = (np.asarray(x)[row] for x in block.bins(n_bins))
    bounds = [-np.inf, *edges.tolist(), np.inf]
    wanted = [int(((RAW[name] >= a) & (RAW[name] < b)).sum()) for a, b in itertools.pairwise(bounds)]
    assert counts.tolist() == wanted
    assert counts.sum() == block.n_valid[row]


def test_constant_feature_has_one_occupied_bin() -> None:
    block, row = row_of(profile_of(RAW), "constant")
    assert np.count_nonzero(np.asarray(block.bins(DEFAULT_BINS)[1])[row]) == 1


def test_missing_values_are_counted_for_every_kind() -> None:
    data = {
        "number": [1.5, None, float("nan"), 2.5],
        "level": ["a", None, "a", "b"],
        "flag": [True, None, None, False],
        "date": ["2024-01-01", None, "2024-01-02", None],
        "list": [[1], None, [2], [3]],
    }
    assert profile_of(data).missing == {"number": 2, "level": 1, "flag": 2, "date": 2, "list": 1}


def test_levels_are_counted_for_categories_and_booleans_only() -> None:
    data = {"number": [1.5, 2.5], "level": ["a", "a"], "flag": [True, False], "date": ["2024-01-01", "2024-01-02"]}
    levels = profile_of(data).levels
    assert {name: table.counts for name, table in levels.items()} == {
        "level": {"a": 2},
        "flag": {"True": 1, "False": 1},
    }


def test_names_choose_the_features() -> None:
    profile = profile_of(RAW, names=["tied", "normal"])
    assert list(profile.features) == ["tied", "normal"]
    assert [name for block in profile.blocks for name in block.names] == ["tied", "normal"]


def test_kinds_that_are_given_are_marked() -> None:
    features = profile_of(RAW, kinds={"tied": FeatureKind.CATEGORICAL}).features
    assert [name for name, feature in features.items() if feature.given] == ["tied"]


def test_float32_columns_lie_in_a_block_of_their_own() -> None:
    blocks = {block.names: block.ordered.values.dtype for block in profile_of(RAW).blocks}
    assert blocks[("small",)] == np.float32
    assert {dtype for names, dtype in blocks.items() if "small" not in names} == {np.dtype(np.float64)}


@pytest.mark.parametrize("values", [1, N, 3 * N])
def test_blocks_are_bounded(values: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(block_module, "MAX_BLOCK_VALUES", values)
    assert max(len(block.names) for block in profile_of(RAW).blocks) == max(1, values // N)


def test_selected_rows_keep_their_numbers() -> None:
    whole = next(block for block in profile_of(RAW).blocks if "normal" in block.names)
    rows = [4, 0, 2]
    part = whole.select(rows)
    assert part.names == tuple(whole.names[i] for i in rows)
    np.testing.assert_array_equal(part.mean, np.asarray(whole.mean)[rows])
    np.testing.assert_array_equal(part.n_valid, whole.n_valid[rows])
    for found, wanted in zip(part.bins(4), whole.bins(4), strict=True):
        np.testing.assert_array_equal(found, np.asarray(wanted)[rows])


def test_selecting_everything_is_the_block_itself() -> None:
    block = profile_of(RAW).blocks[0]
    assert block.select(list(range(len(block.names)))) is block


class TestHash:
    def test_is_the_same_for_every_library(self) -> None:
        columns = mixed_columns(200, seed=0)
        build: Mapping[str, Callable[[Any], Any]] = CONSTRUCTORS
        assert len({profile_of(make(columns)).hash for make in build.values()}) == 1

    def test_is_the_same_for_an_array_and_its_columns(self) -> None:
        x = RNG.normal(size=(50, 3))
        tables = (x, np.asfortranarray(x), {f"f{i}": x[:, i] for i in range(3)})
        assert len({profile_of(table).hash for table in tables}) == 1

    def test_does_not_depend_on_the_blocks(self, monkeypatch: pytest.MonkeyPatch) -> None:
        whole = profile_of(RAW).hash
        monkeypatch.setattr(block_module, "MAX_BLOCK_VALUES", 1)
        assert profile_of(RAW).hash == whole

    def test_is_the_same_in_every_run(self) -> None:
        # A saved report names its reference by this. It may change with the definition of the hash, not by accident.
        profile = profile_of({"x": [1.0, 2.0, 4.0, None], "level": ["a", "b", "a", "a"]})
        assert profile.hash == "010baff94b000868d781988a64564b779ad02da037d8bccf236c1dd54b5328ba"

    @pytest.mark.parametrize(
        "other",
        [
            {"x": [1.0, 2.0, 5.0], "level": ["a", "b", "a"]},
            {"x": [1.0, 2.0, None], "level": ["a", "b", "a"]},
            {"x": [1.0, 2.0, 4.0], "level": ["a", "b", "b"]},
            {"x": [1.0, 2.0, 4.0], "level": ["a", "b", None]},
            {"x": [1.0, 2.0, 4.0, 4.0], "level": ["a", "b", "a", "a"]},
            {"y": [1.0, 2.0, 4.0], "level": ["a", "b", "a"]},
            {"x": [1.0, 2.0, 4.0]},
        ],
        ids=["value", "missing value", "level", "missing level", "rows", "name", "column"],
    )
    def test_differs_when_the_data_differ(self, other: dict[str, Any]) -> None:
        assert profile_of({"x": [1.0, 2.0, 4.0], "level": ["a", "b", "a"]}).hash != profile_of(other).hash

    def test_differs_when_the_kind_differs(self) -> None:
        data = {"x": [0, 1, 1]}
        assert profile_of(data).hash != profile_of(data, kinds={"x": FeatureKind.CATEGORICAL}).hash
