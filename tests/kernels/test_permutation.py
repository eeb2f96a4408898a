"""Permutation p-values against scipy, against enumeration, and against their level."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scipy import stats

from driftwatch import permutation_test
from driftwatch.errors import ConfigError, InputError, UnknownNameError
from driftwatch.kernels.divergences import jensenshannon, psi
from driftwatch.kernels.share_distances import total_variation
from kernel_oracles import SAMPLE_ORACLES

if TYPE_CHECKING:
    from collections.abc import Callable

RNG = np.random.default_rng(0)


def chi2_of(x: np.ndarray, y: np.ndarray) -> float:
    levels = np.unique(np.concatenate([x, y]))
    table = [[(side == level).sum() for level in levels] for side in (x, y)]
    return float(stats.chi2_contingency(table, correction=False).statistic)


def kuiper_of(x: np.ndarray, y: np.ndarray) -> float:
    greater, less = (stats.ks_2samp(x, y, alternative=side).statistic for side in ("greater", "less"))
    return float(greater + less)


def _mean_ranks(x: np.ndarray, y: np.ndarray) -> list[float]:
    ranks = stats.rankdata(np.concatenate([x, y]))
    return [float(ranks[: len(x)].mean()), float(ranks[len(x) :].mean())]


# How to compute each statistic slowly, of two samples without ties; chi2 of few levels.
ORACLES: dict[str, Callable[[np.ndarray, np.ndarray], float]] = {
    "ks": lambda x, y: float(stats.ks_2samp(x, y).statistic),
    "kuiper": kuiper_of,
    "wasserstein": lambda x, y: float(stats.wasserstein_distance(x, y)),
    "cramervonmises": lambda x, y: float(stats.cramervonmises_2samp(x, y).statistic),
    "anderson_darling": lambda x, y: SAMPLE_ORACLES["anderson_darling_2samp"](x, y)["statistic"],
    "energy": lambda x, y: float(stats.energy_distance(x, y)),
    "mannwhitney": lambda x, y: float(abs(np.diff(_mean_ranks(x, y))[0])),
    "mean": lambda x, y: float(abs(y.mean() - x.mean())),
    "psi": lambda x, y: float(psi(x[:, None], y[:, None]).statistic[0]),
    "jensenshannon": lambda x, y: float(jensenshannon(x[:, None], y[:, None]).statistic[0]),
    "total_variation": lambda x, y: float(total_variation(x[:, None], y[:, None]).statistic[0]),
}


@pytest.mark.parametrize("name", ORACLES)
def test_the_statistic_is_the_known_one(name: str) -> None:
    x, y = RNG.normal(size=57), RNG.normal(0.3, size=43)
    found = permutation_test(x, y, statistic=name, n_permutations=1).statistic[0]
    assert found == pytest.approx(ORACLES[name](x, y), rel=1e-9)


@pytest.mark.parametrize("name", ORACLES)
def test_tiny_samples_are_enumerated_exactly(name: str) -> None:
    x, y = np.asarray([0.3, 1.7, 2.2, 5.0]), np.asarray([1.1, 4.0, 6.5, 7.7])
    pooled = np.concatenate([x, y])
    slow = ORACLES[name]
    values: list[float] = []
    for chosen in combinations(range(8), 4):
        mask = np.isin(np.arange(8), chosen)
        values.append(slow(pooled[mask], pooled[~mask]))
    observed = slow(x, y)
    result = permutation_test(x, y, statistic=name)
    assert result.exact
    assert result.n_permutations == 70
    assert result.pvalue[0] == pytest.approx(np.mean(np.asarray(values) >= observed * (1 - 1e-9)))


@pytest.mark.parametrize("name", ["ks", "wasserstein", "mean", "psi"])
def test_random_permutations_agree_with_scipy(name: str) -> None:
    x, y = RNG.normal(size=40), RNG.normal(0.45, size=30)
    # scipy 1.15 calls it `rng`, and takes the old name too
    options: dict[str, Any] = {"n_resamples": 1999, "alternative": "greater", "random_state": np.random.default_rng(1)}
    wanted = float(stats.permutation_test((x, y), ORACLES[name], **options).pvalue)
    found = permutation_test(x, y, statistic=name, n_permutations=1999, seed=3).pvalue[0]
    # two independent estimates of the same probability, five standard errors
    assert found == pytest.approx(wanted, abs=5 * np.sqrt(2 * max(wanted, 0.001) / 2000))


def test_categories_are_compared_as_codes() -> None:
    x, y = RNG.integers(0, 4, size=60).astype(float), RNG.integers(0, 5, size=50).astype(float)
    result = permutation_test(x, y, statistic="chi2", n_bins=None)
    assert result.statistic[0] == pytest.approx(chi2_of(x, y))
    wanted = stats.chi2.sf(result.statistic[0], 4)
    assert result.pvalue[0] == pytest.approx(wanted, abs=0.06)


@pytest.mark.parametrize(
    ("name", "ties"),
    [("ks", False), ("ks", True), ("cramervonmises", False), ("chi2", True), ("mean", False), ("mean", True)],
)
def test_the_pvalue_is_uniform_without_drift(name: str, ties: bool) -> None:
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=(60, 1500)), rng.normal(size=(40, 1500))
    if ties:
        x, y = np.floor(x), np.floor(y)
    pvalue = permutation_test(x, y, statistic=name, n_permutations=199, n_bins=None).pvalue
    for level in (0.01, 0.05, 0.1, 0.5):
        rejected, error = np.mean(pvalue <= level), np.sqrt(level * (1 - level) / 1500)
        assert rejected <= level + 4 * error
        if not ties and name in {"cramervonmises", "mean"}:
            assert rejected >= level - 4 * error


def autoregressive(rho: float, n: int, d: int, rng: np.random.Generator) -> np.ndarray:
    noise = rng.normal(size=(n + 100, d))
    x = np.zeros_like(noise)
    for i in range(1, len(x)):
        x[i] = rho * x[i - 1] + noise[i]
    return np.asarray(x[100:])


@pytest.mark.parametrize("name", ["ks", "mean"])
def test_blocks_hold_the_level_where_single_rows_do_not(name: str) -> None:
    rng = np.random.default_rng(6)
    x, y = autoregressive(0.6, 1000, 300, rng), autoregressive(0.6, 500, 300, rng)
    rows = permutation_test(x[:, :100], y[:, :100], statistic=name, n_permutations=99)
    blocks = permutation_test(x, y, statistic=name, n_permutations=99, block_length="auto")
    assert np.mean(rows.pvalue <= 0.05) > 0.2
    # at 5 %: binomial(300, 0.05) exceeds 0.09 once in 500 times
    assert np.mean(blocks.pvalue <= 0.05) <= 0.09
    assert blocks.block_length is not None
    assert blocks.block_length >= 10


def test_blocks_find_a_drift_that_is_there() -> None:
    rng = np.random.default_rng(7)
    x, y = autoregressive(0.6, 2000, 20, rng), autoregressive(0.6, 1000, 20, rng) + 0.8
    assert np.mean(permutation_test(x, y, n_permutations=99, block_length="auto").pvalue <= 0.05) > 0.9


@pytest.mark.parametrize("shared", [False, True])
def test_groups_hold_the_level_where_single_rows_do_not(shared: bool) -> None:
    # users with a level of their own, 10 rows each; shared: every user is on both sides
    rng = np.random.default_rng(8)
    users, rows, d = 40, 10, 400
    level = rng.normal(size=(users, d))
    other = level if shared else rng.normal(size=(users, d))
    x = np.repeat(level, rows, axis=0) + rng.normal(size=(users * rows, d))
    y = np.repeat(other, rows, axis=0) + rng.normal(size=(users * rows, d))
    ids = np.repeat(np.arange(users), rows)
    groups = (ids, ids if shared else ids + users)
    grouped = permutation_test(x, y, statistic="mean", n_permutations=99, groups=groups).pvalue
    plain = permutation_test(x, y, statistic="mean", n_permutations=99).pvalue
    assert np.mean(grouped <= 0.05) <= 0.05 + 4 * np.sqrt(0.05 * 0.95 / d)
    if shared:  # rows of one user on both sides make the plain test blind, the exchange does not
        assert np.mean(plain <= 0.05) < 0.02
        assert np.mean(grouped <= 0.05) >= 0.05 - 4 * np.sqrt(0.05 * 0.95 / d)
    else:
        assert np.mean(plain <= 0.05) > 0.3


def test_a_feature_beside_others_has_the_answer_that_it_has_alone() -> None:
    x, y = RNG.normal(size=(80, 3)), RNG.normal(0.2, size=(60, 3))
    x[::7, 1] = np.nan
    whole = permutation_test(x, y, n_permutations=199).pvalue
    alone = [permutation_test(x[:, i], y[:, i], n_permutations=199).pvalue[0] for i in range(3)]
    np.testing.assert_array_equal(whole, alone)


def test_missing_values_are_left_out_feature_by_feature() -> None:
    x, y = RNG.normal(size=(80, 1)), RNG.normal(size=(60, 1))
    x[:20] = np.nan
    result = permutation_test(x, y, n_permutations=9)
    assert result.statistic[0] == pytest.approx(stats.ks_2samp(x[20:, 0], y[:, 0]).statistic)


def test_what_cannot_be_computed_is_nan() -> None:
    x = np.stack([np.full(20, np.nan), np.ones(20)], axis=1)
    result = permutation_test(x, x, n_permutations=19)
    assert np.isnan(result.pvalue[0])
    assert result.pvalue[1] == 1.0


def test_the_seed_decides() -> None:
    x, y = RNG.normal(size=50), RNG.normal(0.3, size=50)
    first, again, other = (permutation_test(x, y, seed=seed).pvalue[0] for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_more_permutations_give_smaller_smallest_pvalues() -> None:
    x, y = RNG.normal(size=50), RNG.normal(5.0, size=50)
    assert permutation_test(x, y, n_permutations=99).pvalue[0] == pytest.approx(0.01)
    assert permutation_test(x, y, n_permutations=199).pvalue[0] == pytest.approx(0.005)


def test_the_number_of_bins_changes_the_statistic() -> None:
    x, y = RNG.normal(size=50), RNG.normal(size=50)
    found = [permutation_test(x, y, statistic="psi", n_bins=b, n_permutations=1).statistic[0] for b in (5, 10)]
    assert found[0] != found[1]


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"statistic": "kolmogorov"}, UnknownNameError, "statistic"),
        ({"n_permutations": 0}, ConfigError, "`n_permutations` must be a positive integer, got 0"),
        ({"block_length": "long"}, ConfigError, "`block_length` must be a positive integer or 'auto', got 'long'"),
        ({"block_length": 5, "groups": ([0] * 30, [1] * 20)}, ConfigError, "exclude each other"),
        ({"groups": ([0] * 30, [1] * 19)}, InputError, "one label for each row"),
        ({"statistic": "psi", "n_bins": 1}, ConfigError, "`n_bins` must be at least 2"),
    ],
)
def test_settings_that_make_no_sense_are_refused(options: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        permutation_test(np.arange(30.0), np.arange(20.0), **options)


def test_samples_that_do_not_fit_are_refused() -> None:
    with pytest.raises(InputError, match="the same features, got 2 and 3"):
        permutation_test(np.zeros((5, 2)), np.zeros((5, 3)))
    with pytest.raises(InputError, match="`current` must be"):
        permutation_test(np.zeros((5, 2)), np.zeros((0, 2)))
