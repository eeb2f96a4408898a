"""The noise floor of every statistic in a report, and thresholds that act beyond it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from driftwatch import Monitor
from driftwatch.errors import ConfigError


def data(n: int, seed: int, shift: float = 0.0) -> dict[str, object]:
    rng = np.random.default_rng(seed)
    levels = rng.choice(["a", "b", "c", "d"], size=n, p=[0.4, 0.3, 0.2, 0.1])
    return {"x": rng.normal(shift, 1.0, size=n), "c": levels.tolist()}


def test_every_distance_comes_with_its_noise() -> None:
    report = Monitor(data(500, 0)).check(data(400, 1))
    for name, distances in (
        ("x", ("ks", "wasserstein", "psi", "jensenshannon", "total_variation")),
        ("c", ("chi2", "psi", "jensenshannon", "total_variation")),
    ):
        tests = report.features[name].tests
        for distance in distances:
            result = tests[distance]
            assert result.expected is not None
            assert result.null_q99 is not None
            assert result.excess is not None
            assert 0.0 < result.expected < result.null_q99
            assert result.statistic is not None
            assert result.excess < result.statistic


def test_no_drift_exceeds_the_99_percent_quantile_in_about_one_percent() -> None:
    # 200 features: 2 are expected for each statistic; 8 has a probability of 0.1 %.
    rng = np.random.default_rng(2)
    report = Monitor(rng.normal(size=(600, 200))).check(rng.normal(size=(300, 200)))
    for name in ("ks", "wasserstein", "psi", "jensenshannon", "total_variation"):
        results = [feature.tests[name] for feature in report.features.values()]
        above = sum((r.statistic or 0.0) > (r.null_q99 or 0.0) for r in results)
        assert above < 8, name


CHOSEN = ("cramervonmises", "anderson_darling", "kuiper", "mannwhitney", "energy", "l_infinity", "hellinger", "kl")


def test_every_statistic_that_can_be_chosen_comes_with_its_noise() -> None:
    rng = np.random.default_rng(8)
    monitor = Monitor(rng.normal(size=(500, 200)), detectors=["ks", *CHOSEN])
    report = monitor.check(rng.normal(size=(300, 200)))
    for name in CHOSEN:
        results = [feature.tests[name] for feature in report.features.values()]
        assert all(0.0 < (r.expected or 0.0) < (r.null_q99 or 0.0) for r in results), name
        assert all(r.excess is not None for r in results), name
        # 2 of 200 are expected above; 8 has a probability of 0.1 %
        above = sum((r.statistic or 0.0) > (r.null_q99 or 0.0) for r in results)
        assert above < 8, name
        mean = float(np.mean([r.statistic or 0.0 for r in results]))
        assert mean == pytest.approx(results[0].expected, rel=0.2), name


def test_levels_come_with_the_noise_of_the_largest_difference() -> None:
    tests = (
        Monitor(data(500, 0), detectors=["l_infinity", "ks", "total_variation"]).check(data(400, 1)).features["c"].tests
    )
    largest, half_sum = tests["l_infinity"], tests["total_variation"]
    assert 0.0 < (largest.expected or 0.0) < (half_sum.expected or 0.0)
    assert (largest.expected or 0.0) < (largest.null_q99 or 0.0) <= (half_sum.null_q99 or 0.0)


@pytest.mark.parametrize("name", ["energy", "energy_normalized", "l_infinity", "kuiper", "mannwhitney"])
def test_a_threshold_on_a_chosen_statistic_acts_beyond_its_noise_if_asked(name: str) -> None:
    detector = name.removesuffix("_normalized")
    options: dict[str, Any] = {"detectors": ["ks", detector], "alpha": None}
    reference, current = {"x": data(60, 3)["x"]}, {"x": data(60, 12)["x"]}
    found = Monitor(reference, **options, thresholds={"ks": 1.0}).check(current).features["x"].tests[detector]
    value = {
        "energy_normalized": found.details.get("normalized"),
        "mannwhitney": abs(float(found.details.get("rank_biserial") or 0.0)),
    }.get(name, found.statistic)
    assert isinstance(value, float)
    cut = {name: 0.98 * value}
    assert Monitor(reference, **options, thresholds=cut).check(current).features["x"].drift_detected
    assert not Monitor(reference, **options, thresholds=cut, excess=True).check(current).features["x"].drift_detected
    drifted = {"x": data(60, 4, shift=2.0)["x"]}
    assert Monitor(reference, **options, thresholds=cut, excess=True).check(drifted).features["x"].drift_detected


@pytest.mark.parametrize("name", ["psi", "jensenshannon", "total_variation", "ks", "wasserstein_normalized"])
def test_a_threshold_acts_on_the_raw_value_unless_excess_is_asked_for(name: str) -> None:
    cuts = {"psi": 0.1, "jensenshannon": 0.1, "total_variation": 0.12, "ks": 0.1, "wasserstein_normalized": 0.1}
    # no drift in 60 rows: noise alone reaches the cut
    options: dict[str, Any] = {"thresholds": {name: cuts[name]}, "alpha": None}
    reference, current = data(60, 3), data(60, 12)
    assert Monitor(reference, **options).check(current).features["x"].drift_detected
    report = Monitor(reference, **options, excess=True).check(current)
    assert not report.features["x"].drift_detected
    assert report.excess
    # a real drift reaches it both ways
    drifted = data(60, 4, shift=1.5)
    assert Monitor(reference, **options, excess=True).check(drifted).features["x"].drift_detected


def test_excess_holds_for_missing_shares_and_single_features() -> None:
    rng = np.random.default_rng(6)
    x = rng.normal(size=40)
    holes = np.where(np.arange(40) < 2, np.nan, x)
    options: dict[str, Any] = {"alpha": None, "per_feature": {"x": {"thresholds": {"missing": 0.3}}}}
    assert Monitor({"x": x}, **options).check({"x": holes}).drift_detected
    assert Monitor({"x": x}, **options, excess=False).check({"x": holes}).drift_detected
    worse: dict[str, Any] = {"alpha": None, "per_feature": {"x": {"thresholds": {"missing": 0.42}}}}
    assert Monitor({"x": x}, **worse).check({"x": holes}).drift_detected
    assert not Monitor({"x": x}, **worse, excess=True).check({"x": holes}).drift_detected


def test_excess_must_be_a_boolean() -> None:
    with pytest.raises(ConfigError, match="`excess` must be True or False, got 1"):
        Monitor({"x": [1.0, 2.0]}, excess=1)  # type: ignore[arg-type]


def test_the_noise_of_a_subset_of_features_is_that_of_the_same_features() -> None:
    rng = np.random.default_rng(7)
    reference, current = rng.normal(size=(300, 4)) * [1, 2, 3, 4], rng.normal(size=(200, 4))
    names = [f"f{i}" for i in range(4)]
    monitor = Monitor(dict(zip(names, reference.T, strict=True)))
    whole = monitor.check(dict(zip(names, current.T, strict=True)))
    part = monitor.check({name: current[:, i] for i, name in enumerate(names) if i in {1, 3}})
    for name in ("f1", "f3"):
        assert part.features[name].tests["wasserstein"] == whole.features[name].tests["wasserstein"]
