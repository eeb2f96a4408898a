"""A monitor as a whole: the same answer however the data are cut, kept, sent or held."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import array_api_strict as strict
import numpy as np
import pytest
from scipy import stats

from driftwatch import Monitor
from driftwatch.arrays.table import ColumnTable
from driftwatch.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

RNG = np.random.default_rng(0)


def columns(n: int, shift: float) -> dict[str, Any]:
    gaps = RNG.normal(shift, 1, n)
    gaps[::6] = np.nan
    return {
        "a": RNG.normal(shift, 1, n),
        "small": RNG.normal(shift, 1, n).astype("f4"),
        "b": RNG.integers(0, 9, n),
        "tiny": RNG.normal(0, 1e-8, n).astype("f4"),
        "gaps": gaps,
        "half": RNG.normal(size=n).astype("f2"),
        "level": RNG.choice(list("xyz"), n),
    }


REFERENCE, CURRENT = columns(200, 0.0), columns(150, 0.4)


def answer(report: Any) -> dict[str, Any]:
    found: dict[str, Any] = report.to_dict()
    found.pop("created_at")
    return found


def assert_same(found: Any, wanted: Any) -> None:
    """Assert that two answers agree, numbers to the rounding of other batches and of other array libraries."""
    if isinstance(wanted, dict):
        assert found.keys() == wanted.keys()
        for key, value in wanted.items():
            assert_same(found[key], value)
    elif isinstance(wanted, float):
        assert found == pytest.approx(wanted, rel=1e-12)
    else:
        assert found == wanted


@pytest.mark.parametrize("values", [1, 450, 1000])
def test_size_of_the_blocks_does_not_change_the_report(values: int) -> None:
    whole = answer(Monitor(REFERENCE).check(CURRENT))
    assert_same(answer(Monitor(REFERENCE, block_size=values).check(CURRENT)), whole)


def test_smaller_blocks_hold_fewer_values(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    original = ColumnTable.block

    def counting(self: ColumnTable, names: Sequence[str]) -> Any:
        values = original(self, names)
        sizes.append(values.size)
        return values

    monkeypatch.setattr(ColumnTable, "block", counting)
    reference = {f"x{i}": np.arange(100.0) for i in range(8)}
    for block_size, largest in ((None, 800), (250, 200), (1, 100)):
        sizes.clear()
        Monitor(reference, block_size=block_size).check(reference)
        assert max(sizes) == largest


@pytest.mark.parametrize("value", [0, -5, 2.5, "many", True])
def test_block_size_that_is_no_count_is_refused(value: Any) -> None:
    with pytest.raises(ConfigError, match="`block_size` must be a positive integer"):
        Monitor(REFERENCE, block_size=value)


@pytest.mark.parametrize("name", REFERENCE)
def test_feature_beside_others_is_the_feature_alone(name: str) -> None:
    settings: dict[str, Any] = {"correction": "none"}
    together = answer(Monitor(REFERENCE, **settings).check(CURRENT))["features"][name]
    alone = Monitor(REFERENCE, features=[name], **settings).check(CURRENT)
    fewer = Monitor(REFERENCE, **settings).check({name: CURRENT[name]})
    for report in (alone, fewer):
        assert_same(answer(report)["features"][name], together)


@pytest.mark.parametrize("name", ["a", "small", "tiny", "half"])
def test_float_type_does_not_blur_the_statistics(name: str) -> None:
    tests = Monitor(REFERENCE).check(CURRENT).features[name].tests
    x, y = REFERENCE[name].astype("f8"), CURRENT[name].astype("f8")
    np.testing.assert_allclose(tests["ks"].statistic or 0.0, stats.ks_2samp(x, y).statistic, rtol=1e-12)
    np.testing.assert_allclose(tests["wasserstein"].statistic or 0.0, stats.wasserstein_distance(x, y), rtol=1e-9)


def test_float_types_of_the_two_sides_may_differ() -> None:
    current = {**CURRENT, "small": CURRENT["small"].astype("f8"), "a": CURRENT["a"].astype("f4")}
    features = Monitor(REFERENCE).check(current).features
    for name in ("small", "a"):
        wanted = stats.ks_2samp(REFERENCE[name].astype("f8"), current[name].astype("f8")).statistic
        np.testing.assert_allclose(features[name].tests["ks"].statistic or 0.0, wanted, rtol=1e-12)


def test_array_library_does_not_change_the_answer() -> None:
    x, y = RNG.normal(size=(80, 4)), RNG.normal([0, 1, 0, 2], 1, size=(60, 4))
    whole = answer(Monitor(x).check(y))
    for reference, current in ((strict.asarray(x), strict.asarray(y)), (x, strict.asarray(y)), (strict.asarray(x), y)):
        assert_same(answer(Monitor(reference).check(current)), whole)


def test_array_and_its_named_columns_give_the_same_answer() -> None:
    x, y = RNG.normal(size=(80, 3)), RNG.normal(0.5, 1, size=(60, 3))
    named = [{f"f{i}": side[:, i] for i in range(3)} for side in (x, y)]
    assert answer(Monitor(x).check(y)) == answer(Monitor(named[0]).check(named[1]))


@pytest.mark.parametrize("dtype", ["int8", "int64", "uint16", "bool"])
def test_integer_and_boolean_arrays_are_numeric(dtype: str) -> None:
    x, y = ((RNG.random((80, 2)) * scale).astype(dtype) for scale in (2, 3))
    features = Monitor(x).check(y).features
    for i, found in enumerate(features.values()):
        wanted = stats.ks_2samp(x[:, i].astype("f8"), y[:, i].astype("f8"))
        assert found.kind == "numeric"
        np.testing.assert_allclose(found.tests["ks"].statistic or 0.0, wanted.statistic, rtol=1e-12)


def test_monitor_survives_pickling() -> None:
    monitor = Monitor(REFERENCE)
    assert answer(pickle.loads(pickle.dumps(monitor)).check(CURRENT)) == answer(monitor.check(CURRENT))


def test_monitor_does_not_follow_the_data_it_was_built_from() -> None:
    reference = {name: values.copy() for name, values in REFERENCE.items()}
    monitor = Monitor(reference)
    before = answer(monitor.check(CURRENT))
    for values in reference.values():
        values[:] = values[0]
    assert answer(monitor.check(CURRENT)) == before


def test_monitor_is_safe_in_threads() -> None:
    monitor = Monitor(REFERENCE)
    wanted = answer(monitor.check(CURRENT))
    with ThreadPoolExecutor(4) as pool:
        reports = list(pool.map(lambda _: answer(monitor.check(CURRENT)), range(8)))
    assert reports == [wanted] * 8


def test_read_only_data_are_fine() -> None:
    x = RNG.normal(size=(50, 2))
    x.flags.writeable = False
    assert not Monitor(x).check(x).drift_detected


def test_summaries_equal_numpy() -> None:
    found = Monitor(REFERENCE).check(CURRENT).features["gaps"]
    for side, values in ((found.reference, REFERENCE["gaps"]), (found.current, CURRENT["gaps"])):
        assert side is not None
        wanted = [function(values) for function in (np.nanmean, np.nanstd, np.nanmin, np.nanmedian, np.nanmax)]
        assert [side.mean, side.std, side.minimum, side.median, side.maximum] == pytest.approx(wanted, rel=1e-12)


def test_bins_hold_every_value_once() -> None:
    features = Monitor(REFERENCE).check(CURRENT).features
    for found in features.values():
        assert found.bins is not None
        assert (sum(found.bins.reference), sum(found.bins.current)) == (found.n_reference, found.n_current)


def test_bins_equal_a_histogram() -> None:
    found = Monitor(REFERENCE).check(CURRENT).features["a"].bins
    assert found is not None
    edges = np.array([-np.inf, *(edge for edge in found.edges if edge is not None), np.inf])
    for counts, values in ((found.reference, REFERENCE["a"]), (found.current, CURRENT["a"])):
        inside = (values[:, None] >= edges[:-1]) & (values[:, None] < edges[1:])
        assert list(counts) == inside.sum(axis=0).tolist()


def test_many_levels_are_summed_up() -> None:
    values = [f"level {i % 30}" for i in range(300)]
    bins = Monitor({"x": values}, schema={"x": "categorical"}).check({"x": values}).features["x"].bins
    assert bins is not None
    assert (len(bins.labels), bins.labels[-1], bins.reference[-1]) == (11, "(other)", 200)


@pytest.mark.parametrize("convert", [np.asarray, strict.asarray])
def test_column_of_an_array_can_be_categorical(convert: Any) -> None:
    x = RNG.integers(0, 3, (90, 2)).astype("f8")
    found = Monitor(convert(x), schema={"f1": "categorical"}).check(convert(x)).features["f1"]
    assert found.bins is not None
    assert (found.kind, sorted(found.bins.labels)) == ("categorical", ["0", "1", "2"])
