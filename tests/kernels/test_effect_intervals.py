"""Effect sizes and their intervals: known values, and how often they cover the truth in simulated samples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scipy import stats

from driftwatch import effect_intervals
from driftwatch.errors import ConfigError, InputError, UnknownNameError
from driftwatch.kernels.count_intervals import psi_interval, total_variation_interval
from driftwatch.kernels.effect_intervals import EFFECTS

if TYPE_CHECKING:
    from driftwatch.kernels.count_intervals import EffectInterval

GRID = np.linspace(-12.0, 14.0, 40_001)
RUNS = 400
# Of 400 intervals at 95 % fewer than 364 cover once in 1,000 times; the normal approximation is allowed one percent more.
LEAST = 360 / RUNS


def covers(interval: EffectInterval, truth: float) -> float:
    return float(np.mean((interval.low <= truth) & (truth <= interval.high)))


def truths(current: Any) -> dict[str, float]:
    """The effects in the population of a standard normal reference."""
    f, g = stats.norm.cdf(GRID), current.cdf(GRID)
    edges = np.concatenate([[-np.inf], stats.norm.ppf(np.arange(1, 10) / 10), [np.inf]])
    c, r = np.diff(current.cdf(edges)), np.full(10, 0.1)
    return {
        "ks": float(np.abs(f - g).max()),
        "wasserstein_normalized": float(np.abs(f - g).sum() * (GRID[1] - GRID[0])),
        "psi": float(((c - r) * np.log(c / r)).sum()),
        "total_variation": float(0.5 * np.abs(c - r).sum()),
        "mean_shift": float(current.mean()),
        "quantile_shift": float(current.median()),
    }


@pytest.mark.parametrize(
    "current", [stats.norm(0, 1), stats.norm(0.3, 1), stats.norm(0, 1.5)], ids=["none", "shift", "scale"]
)
@pytest.mark.parametrize(("n", "m"), [(150, 150), (1000, 300)])
def test_intervals_cover_the_truth(current: Any, n: int, m: int) -> None:
    rng = np.random.default_rng(1)
    found = effect_intervals(rng.normal(size=(n, RUNS)), current.rvs(size=(m, RUNS), random_state=rng))
    for name, truth in truths(current).items():
        assert covers(found[name], truth) >= LEAST, name


@pytest.mark.parametrize("shift", [0.0, 0.1])
@pytest.mark.parametrize(("n", "m"), [(150, 150), (1000, 300)])
def test_intervals_of_categories_cover_the_truth(shift: float, n: int, m: int) -> None:
    rng = np.random.default_rng(2)
    p = np.asarray([0.4, 0.3, 0.2, 0.1])
    q = p + shift * np.asarray([-1.0, 0.0, 0.5, 0.5])
    r, c = rng.multinomial(n, p, RUNS), rng.multinomial(m, q, RUNS)
    psi = psi_interval(r, c, confidence=0.95, floor=1e-4)
    assert covers(psi, float(((q - p) * np.log(q / p)).sum())) >= LEAST
    assert covers(total_variation_interval(r, c, confidence=0.95), float(0.5 * np.abs(q - p).sum())) >= LEAST


def test_intervals_get_shorter_with_more_rows() -> None:
    rng = np.random.default_rng(3)
    few, many = (effect_intervals(rng.normal(size=(n, 50)), rng.normal(0.5, 1.0, size=(n, 50))) for n in (200, 20_000))
    for name in EFFECTS:
        ratio = np.median(few[name].high - few[name].low) / np.median(many[name].high - many[name].low)
        assert 7.0 < ratio < 20.0, name  # a tenth, and what is left of the bias


def test_mean_shift_is_welch() -> None:
    rng = np.random.default_rng(4)
    x, y = rng.normal(size=60), rng.normal(0.5, 2.0, size=25)
    found = effect_intervals(x, y, effects=["mean_shift"], confidence=0.9)["mean_shift"]
    wanted = stats.ttest_ind(y, x, equal_var=False).confidence_interval(0.9)
    np.testing.assert_allclose([found.low[0], found.high[0]], [wanted.low, wanted.high])
    assert found.estimate[0] == pytest.approx(y.mean() - x.mean())


def test_the_quantile_and_its_error_are_those_of_many_bootstrap_draws() -> None:
    rng = np.random.default_rng(5)
    x, y = rng.exponential(size=101), rng.exponential(size=81) + 1.0
    found = effect_intervals(x, y, effects=["quantile_shift"], quantile=0.75)["quantile_shift"]
    draws = [np.sort(rng.choice(side, size=(20_000, side.size)), axis=1) for side in (x, y)]
    # the rank of the exact weights, (n + 1) q
    at = [drawn[:, round(0.75 * (drawn.shape[1] + 1)) - 1] for drawn in draws]
    assert found.estimate[0] == pytest.approx(at[1].mean() - at[0].mean(), rel=0.05)
    error = np.sqrt(at[0].var() + at[1].var())
    assert found.high[0] - found.estimate[0] == pytest.approx(1.96 * error, rel=0.06)


def test_estimates_of_distances_are_without_noise_and_inside_their_interval() -> None:
    rng = np.random.default_rng(6)
    found = effect_intervals(rng.normal(size=(100, 200)), rng.normal(size=(100, 200)))
    for name in ("ks", "wasserstein_normalized", "psi", "total_variation"):
        interval = found[name]
        assert (interval.low <= interval.estimate).all()
        assert (interval.estimate <= interval.high).all()
        assert np.mean(interval.low == 0.0) >= 0.9
        assert np.mean(interval.estimate == 0.0) >= 0.4


@pytest.mark.parametrize(
    "option", [{"confidence": 0.8}, {"quantile": 0.9}, {"n_bins": 4}, {"effects": ["mean_shift"]}], ids=str
)
def test_every_option_changes_the_result(option: dict[str, Any]) -> None:
    rng = np.random.default_rng(7)
    x, y = rng.normal(size=300), rng.normal(0.4, 1.3, size=300)
    plain, other = effect_intervals(x, y), effect_intervals(x, y, **option)
    assert plain.keys() != other.keys() or any(plain[name] != other[name] for name in plain)


def test_missing_values_are_left_out_and_empty_features_have_no_answer() -> None:
    rng = np.random.default_rng(8)
    x, y = rng.normal(size=(100, 2)), rng.normal(size=(80, 2))
    x[50:, 0], y[:, 1] = np.nan, np.nan
    found = effect_intervals(x, y)
    alone = effect_intervals(x[:50, 0], y[:, 0])
    for name in EFFECTS:
        np.testing.assert_array_equal([part[0] for part in found[name]], [part[0] for part in alone[name]])
        assert np.isnan(found[name].estimate[1])


def test_a_constant_reference_has_no_scale() -> None:
    found = effect_intervals(np.ones(50), np.arange(50.0))
    assert np.isnan(found["wasserstein_normalized"].estimate[0])
    assert found["ks"].estimate[0] > 0.9


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"confidence": 1.0}, ConfigError, "`confidence` must be a number between 0 and 1, got 1.0"),
        ({"quantile": 0.0}, ConfigError, "`quantile` must be"),
        ({"n_bins": 1}, ConfigError, "`n_bins` must be at least 2"),
        ({"effects": ["median"]}, UnknownNameError, "median"),
    ],
)
def test_settings_that_make_no_sense_are_refused(options: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        effect_intervals(np.arange(9.0), np.arange(9.0), **options)


def test_samples_that_do_not_fit_are_refused() -> None:
    with pytest.raises(InputError, match="the same features"):
        effect_intervals(np.zeros((5, 2)), np.zeros((5, 3)))
