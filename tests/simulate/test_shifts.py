"""What each shift does to the values, against a plain statement of it; what all of them promise."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from driftwatch.arrays.column import is_missing
from driftwatch.errors import ConfigError, InputError, UnknownNameError
from driftwatch.simulate import (
    SHIFTS,
    Shift,
    category_swap,
    correlation_rotation,
    feature_swap,
    mean_shift,
    missing_values,
    new_category,
    noise,
    outliers,
    prior_shift,
    quantile_shift,
    scale,
    stuck_sensor,
    truncation,
    unit_change,
)

N = 1_000


def columns(seed: int = 0) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    x = rng.gamma(2.0, size=N)
    return {
        "x": x,
        "y": 3.0 + 0.5 * x + rng.normal(size=N),
        "city": rng.choice(["Rome", "Oslo", "Bern"], N, p=[0.6, 0.3, 0.1]),
        "paid": rng.random(N) < 0.2,
    }


def of(name: str, **options: Any) -> Shift:
    return SHIFTS[name](**{**({"target": "city"} if name == "prior_shift" else {}), **options})


def same(a: dict[str, Any], b: dict[str, Any]) -> bool:
    return all(np.array_equal(a[name], b[name], equal_nan=a[name].dtype.kind == "f") for name in a)


ALL = pytest.mark.parametrize("name", SHIFTS)


@ALL
def test_same_seed_gives_the_same_drift_and_another_seed_another(name: str) -> None:
    shift, data = of(name, share=1.0 if name == "prior_shift" else 0.5), columns()
    assert same(shift.apply(data, seed=1), shift.apply(data, seed=1))
    assert not same(shift.apply(data, seed=1), shift.apply(data, seed=2))


@ALL
def test_input_is_left_as_it_was(name: str) -> None:
    data = columns()
    before = {key: values.copy() for key, values in data.items()}
    for values in data.values():
        values.flags.writeable = False
    of(name).apply(data, seed=0)
    assert same(data, before)


@ALL
def test_no_strength_and_no_rows_change_nothing(name: str) -> None:
    data = columns()
    assert same(of(name, strength=0.0).apply(data, seed=0), data)
    assert same(of(name, share=0.0).apply(data, seed=0), data)


@ALL
def test_whole_strength_changes_something(name: str) -> None:
    data = columns()
    assert not same(of(name).apply(data, seed=0), data)


@ALL
def test_share_is_the_share_of_rows_that_can_change(name: str) -> None:
    data = columns()
    options = {"strength": 1.0} if name in {"new_category", "missing_values", "stuck_sensor"} else {}
    if name == "truncation":
        options = {"strength": 0.9, "clip": True}
    out = of(name, share=0.3, **options).apply(data, seed=3)
    for key, values in data.items():
        changed = np.array([a is not b and a != b for a, b in zip(values.tolist(), out[key].tolist(), strict=True)])
        assert changed.sum() <= 300
    if name in {"mean_shift", "scale", "noise", "unit_change", "missing_values", "outliers"}:
        assert (out["x"] != data["x"]).sum() == 300


@pytest.mark.parametrize("share", [1.0, 0.3])
@pytest.mark.parametrize("strength", [0.5, -2.0])
def test_mean_moves_by_exactly_so_many_standard_deviations(strength: float, share: float) -> None:
    data = columns()
    out = mean_shift(strength, features=["x"], share=share).apply(data, seed=0)
    assert out["x"].mean() - data["x"].mean() == pytest.approx(strength * share * data["x"].std(), rel=1e-12)
    assert np.array_equal(out["y"], data["y"])


def test_standard_deviation_is_that_of_the_reference_where_one_is_given() -> None:
    data = columns()
    out = mean_shift(1.0, features=["x"]).apply(data, seed=0, reference={"x": [0.0, 20.0]})
    np.testing.assert_allclose(out["x"] - data["x"], 10.0)


@pytest.mark.parametrize("strength", [0.5, -0.5, -1.0])
def test_scale_multiplies_the_spread_around_the_same_mean(strength: float) -> None:
    data = columns()
    out = scale(strength, features=["x"]).apply(data, seed=0)
    assert out["x"].std() == pytest.approx((1.0 + strength) * data["x"].std(), abs=1e-12)
    assert out["x"].mean() == pytest.approx(data["x"].mean())


def test_noise_adds_its_own_variance_without_bias() -> None:
    data = {"x": np.random.default_rng(0).normal(5.0, 2.0, 50_000)}
    added = noise(0.5).apply(data, seed=0)["x"] - data["x"]
    assert added.mean() == pytest.approx(0.0, abs=0.02)  # four standard errors of 1 / sqrt(50,000)
    assert added.std() == pytest.approx(0.5 * data["x"].std(), rel=0.02)
    assert abs(np.corrcoef(added, data["x"])[0, 1]) < 0.02


@pytest.mark.parametrize(("low", "high"), [(0.9, 1.0), (0.0, 0.25), (0.4, 0.6)])
def test_quantile_shift_moves_the_values_between_two_quantiles_and_no_other(low: float, high: float) -> None:
    data = columns()
    x = data["x"]
    out = quantile_shift(2.0, low=low, high=high, features=["x"]).apply(data, seed=0)["x"]
    inside = (x >= np.quantile(x, low)) & (x <= np.quantile(x, high))
    np.testing.assert_allclose(out, np.where(inside, x + 2.0 * x.std(), x))
    assert inside.mean() == pytest.approx(high - low, abs=0.002)


@pytest.mark.parametrize(("tail", "low", "high"), [("upper", 0.0, 0.8), ("lower", 0.2, 1.0), ("both", 0.1, 0.9)])
@pytest.mark.parametrize("clip", [False, True])
def test_truncation_leaves_nothing_beyond_the_cut(tail: str, low: float, high: float, clip: bool) -> None:
    data = columns()
    x = data["x"]
    out = truncation(0.2, tail=tail, clip=clip, features=["x"]).apply(data, seed=0)["x"]
    bounds = np.quantile(x, [low, high])
    inside = (x >= bounds[0]) & (x <= bounds[1])
    assert np.array_equal(out[inside], x[inside])
    assert bounds[0] <= out.min()
    assert out.max() <= bounds[1]
    expected = np.clip(x, *bounds)
    assert np.array_equal(out, expected) == clip
    assert clip or set(out[~inside]) <= set(x[inside])


def test_unit_change_multiplies_and_adds() -> None:
    data = columns()
    out = unit_change(1.8, offset=32.0, features=["x"]).apply(data, seed=0)["x"]
    np.testing.assert_allclose(out, data["x"] * 1.8 + 32.0)
    half = unit_change(4.0, offset=2.0, strength=0.5, features=["x"]).apply(data, seed=0)["x"]
    np.testing.assert_allclose(half, data["x"] * 2.0 + 1.0)


def test_missing_values_are_exactly_so_many_in_each_feature_and_not_in_the_same_rows() -> None:
    data = columns()
    out = missing_values(0.25).apply(data, seed=0)
    missing = {key: np.array([is_missing(v) for v in x.tolist()]) for key, x in out.items()}
    assert {key: int(rows.sum()) for key, rows in missing.items()} == dict.fromkeys(data, 250)
    assert not np.array_equal(missing["x"], missing["city"])


def test_outliers_lie_at_their_distance_on_both_sides() -> None:
    data = columns()
    x = data["x"]
    out = outliers(8.0, features=["x"], share=0.05).apply(data, seed=0)["x"]
    away = out[out != x]
    np.testing.assert_allclose(np.abs(away - x.mean()), 8.0 * x.std())
    assert len(away) == 50
    assert 10 < (away > x.mean()).sum() < 40


def test_stuck_sensor_repeats_one_value_of_its_own_over_one_stretch() -> None:
    data = columns()
    x = data["x"]
    out = stuck_sensor(0.5, features=["x"], share=0.4).apply(data, seed=4)["x"]
    changed = np.flatnonzero(out != x)
    assert changed.size == 199  # of the 200 rows the first one keeps its value, which is the one that is repeated
    assert changed[-1] - changed[0] == 198
    assert set(out[changed]) == {x[changed[0] - 1]}


def test_category_swap_exchanges_the_levels_row_by_row() -> None:
    data = columns()
    out = category_swap(features=["city"]).apply(data, seed=0)["city"]
    other = {"Rome": "Bern", "Bern": "Rome", "Oslo": "Oslo"}  # the most and the least frequent
    assert out.tolist() == [other[city] for city in data["city"].tolist()]
    chosen = category_swap(0.5, levels=("Rome", "Oslo"), features=["city"]).apply(data, seed=0)["city"]
    assert (chosen != data["city"]).sum() == pytest.approx(450, abs=60)
    assert set(chosen[chosen != data["city"]]) == {"Rome", "Oslo"}


def test_category_swap_of_booleans_turns_them_around() -> None:
    data = columns()
    assert np.array_equal(category_swap(features=["paid"]).apply(data, seed=0)["paid"], ~data["paid"])


def test_new_category_takes_exactly_its_share_of_the_rows() -> None:
    data = columns()
    out = new_category(0.1, level="Nuuk", features=["city"]).apply(data, seed=0)["city"]
    assert (out == "Nuuk").sum() == 100
    assert np.array_equal(out[out != "Nuuk"], data["city"][out != "Nuuk"])


def test_new_category_of_a_number_is_one_beyond_the_largest() -> None:
    out = new_category(0.5, features=["k"]).apply({"k": np.array([1, 2, 3, 3])}, seed=0)["k"]
    assert sorted(out[out > 3].tolist()) == [4, 4]
    assert out.dtype.kind == "i"


@pytest.mark.parametrize(("strength", "expected"), [(0.5, 0.55), (1.0, 1.0), (-0.5, 0.05), (-1.0, 0.0)])
def test_prior_shift_changes_the_mix_and_copies_whole_rows(strength: float, expected: float) -> None:
    data = columns()
    data["city"] = np.array(["Bern"] * 100 + ["Rome"] * 900)
    data["row"] = np.arange(N)
    out = prior_shift(strength, target="city", level="Bern").apply(data, seed=0)
    assert (out["city"] == "Bern").mean() == pytest.approx(expected)
    assert np.array_equal(out["x"], data["x"][out["row"]])
    assert np.array_equal(out["city"], data["city"][out["row"]])


def test_prior_shift_draws_from_all_rows_of_the_class() -> None:
    data = {"y": np.array(["a"] * 50 + ["b"] * 950), "row": np.arange(N)}
    out = prior_shift(0.5, target="y", level="a").apply(data, seed=0)
    assert len(set(out["row"][out["y"] == "a"])) == 50  # 475 draws among 50 rows leave none out


def test_prior_shift_keeps_what_a_class_looks_like() -> None:
    data = columns()
    data["x"] = np.where(data["city"] == "Bern", 100.0, data["x"])
    out = prior_shift(0.5, target="city").apply(data, seed=0)  # Bern is the least frequent
    assert np.array_equal(out["x"] == 100.0, out["city"] == "Bern")


def ranks_correlation(a: Any, b: Any) -> float:
    from scipy.stats import spearmanr

    return float(spearmanr(a, b)[0])


@pytest.mark.parametrize(("strength", "expected"), [(1.0, 1.0), (-1.0, -1.0), (0.5, 0.69), (-0.5, -0.69)])
def test_rotation_of_independent_features_gives_the_correlation_of_the_angle(strength: float, expected: float) -> None:
    rng = np.random.default_rng(0)
    x = rng.lognormal(size=(4_000, 2))
    out = correlation_rotation(strength).apply(x, seed=0)
    # Spearman's correlation of two normal variables of correlation sin(angle): 6/pi * asin(r/2)
    oracle = 6.0 / np.pi * np.arcsin(np.sin(strength * np.pi / 2.0) / 2.0)
    assert oracle == pytest.approx(expected, abs=0.01)
    # the sample correlation before has a standard error of 1 / sqrt(4,000) = .016
    assert ranks_correlation(*out.T) == pytest.approx(oracle, abs=0.05)


def test_rotation_keeps_every_value_of_every_feature() -> None:
    data = columns()
    data["x"][::7] = np.nan
    for share in (1.0, 0.4):
        out = correlation_rotation(-0.8, features=["x", "y"], share=share).apply(data, seed=0)
        assert np.array_equal(out["x"], data["x"], equal_nan=True)
        assert np.array_equal(np.sort(out["y"]), np.sort(data["y"]))
        assert not np.array_equal(out["y"], data["y"])
        assert np.array_equal(out["y"][::7], data["y"][::7])  # a row with a missing value takes no part


def test_rotation_turns_equal_features_too() -> None:
    x = np.arange(500.0)
    out = correlation_rotation(-1.0).apply(np.stack([x, x], axis=1), seed=0)
    assert abs(ranks_correlation(*out.T)) < 0.15  # four standard errors of 1 / sqrt(500)


def test_feature_swap_keeps_the_values_of_each_row() -> None:
    data = columns()
    out = feature_swap(0.5, features=["x", "y"]).apply(data, seed=0)
    swapped = out["x"] != data["x"]
    assert swapped.sum() == 500
    assert np.array_equal(out["x"][swapped], data["y"][swapped])
    np.testing.assert_allclose(out["x"] + out["y"], data["x"] + data["y"])


def test_missing_values_stay_missing_and_do_not_spoil_the_reference() -> None:
    x = np.array([1.0, np.nan, 3.0])
    out = mean_shift(1.0).apply({"x": x})["x"]
    np.testing.assert_allclose(out, [2.0, np.nan, 4.0])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: mean_shift(features=[]), "`features` must be distinct names, one at least"),
        (lambda: mean_shift(float("nan")), "`strength` of mean_shift must be a finite number"),
        (lambda: missing_values(1.5), "`strength` of missing_values must be a finite number from 0 to 1"),
        (lambda: mean_shift(share=2.0), "`share` must be a number from 0 to 1"),
        (lambda: mean_shift(features="x"), "`features` must be a sequence of names"),
        (lambda: mean_shift(features=["x", "x"]), "`features` must be distinct"),
        (lambda: truncation(tail="left"), "`tail` must be one of"),
        (lambda: quantile_shift(low=0.5, high=0.5), "`low` and `high` must be quantiles"),
        (lambda: unit_change(0.0), "`factor` must be positive"),
        (lambda: category_swap(levels=("a", "b", "c")), "`levels` must be two levels"),  # type: ignore[arg-type]
        (lambda: feature_swap(features=["x"]), "`features` must be pairs"),
    ],
)
def test_wrong_settings_are_refused(make: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        make()


@pytest.mark.parametrize(
    ("shift", "message"),
    [
        (mean_shift(features=["city"]), "mean_shift needs numbers, but 'city' holds string"),
        (category_swap(levels=None, features=["one"]), "'one' has 1"),
        (new_category(level="Rome", features=["city"]), "needs a level that 'city' does not have, got 'Rome'"),
        (prior_shift(0.5, target="city", level="Nuuk"), "needs rows with 'city' equal to 'Nuuk'"),
        (feature_swap(features=["x", "city"]), "two features of one kind"),
        (correlation_rotation(), "a pair of features is needed, got 1"),
    ],
)
def test_data_that_a_shift_cannot_touch_are_refused(shift: Shift, message: str) -> None:
    data = columns() | {"one": np.array(["a"] * N)}
    if shift == correlation_rotation():
        del data["y"]
    with pytest.raises(InputError, match=message):
        shift.apply(data, seed=0)


def test_unknown_feature_is_named() -> None:
    with pytest.raises(UnknownNameError, match="unknown feature: 'cities' \\(did you mean 'city'"):
        category_swap(features=["cities"]).apply(columns())


def test_table_without_a_fitting_feature_is_refused() -> None:
    with pytest.raises(InputError, match="category_swap needs a feature that holds booleans or strings"):
        category_swap().apply(np.zeros((3, 2)))


def test_standard_deviation_of_one_row_is_refused() -> None:
    with pytest.raises(InputError, match="Pass `reference`"):
        mean_shift().apply({"x": [1.0]})
