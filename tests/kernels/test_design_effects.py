"""Design effects: scipy's Kolmogorov distribution is the oracle, and samples whose dependence is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ks_2samp, kstest, kstwobign, norm

from driftwatch.kernels.design_effects import corrected, design_effects, squared_quantiles

P = np.array([1.0, 0.5, 0.05, 1e-4, 1e-30])


def test_squared_quantiles_are_those_of_the_kolmogorov_distribution() -> None:
    np.testing.assert_allclose(squared_quantiles(P), kstwobign.isf(P) ** 2, rtol=1e-6)


def test_uniform_p_values_have_a_design_effect_of_one() -> None:
    squares = squared_quantiles(np.random.default_rng(1).random((200_000, 1)))
    assert design_effects(squares)[0] == pytest.approx(1.0, abs=0.01)
    assert design_effects(2.5 * squares)[0] == pytest.approx(2.5, abs=0.03)
    assert design_effects(0.5 * squares)[0] == 1.0


def test_autocorrelated_rows_have_the_design_effect_of_their_tail() -> None:
    rng, w, phi = np.random.default_rng(0), 150, 0.6
    x = rng.normal(size=(2_000, w))
    for i in range(1, w):
        x[:, i] = phi * x[:, i - 1] + np.sqrt(1.0 - phi**2) * x[:, i]
    pvalues = kstest(x, norm.cdf, axis=1, method="asymp").pvalue
    (effect,) = design_effects(squared_quantiles(np.asarray(pvalues)[:, None]))
    assert effect == pytest.approx(2.3, abs=0.2)
    # in the far tail the distance is longer still: at .01 the level is known to be missed by up to a half
    for level, at_most in ((0.1, 0.12), (0.03, 0.045), (0.01, 0.02)):
        assert np.mean(pvalues <= level) > 3.0 * level
        assert 0.7 * level < np.mean(corrected(pvalues, effect) <= level) < at_most


def test_p_value_of_zero_stays_finite() -> None:
    assert np.isfinite(squared_quantiles([0.0])).all()
    assert 0.0 <= corrected([0.0], 2.0)[0] < 1e-100


@pytest.mark.parametrize("effect", [1.0, 1.7, 9.0])
def test_corrected_p_value_is_that_of_the_smaller_distance(effect: float) -> None:
    expected = kstwobign.sf(kstwobign.isf(P) / np.sqrt(effect))
    np.testing.assert_allclose(corrected(P, effect), expected, rtol=1e-5)
    assert effect != 1.0 or np.array_equal(corrected(P, effect), P)


def test_rows_that_come_twice_have_a_design_effect_of_two_and_p_values_that_hold_without_it() -> None:
    rng = np.random.default_rng(0)
    pvalues = [
        ks_2samp(np.repeat(rng.normal(size=100), 2), np.repeat(rng.normal(size=100), 2), method="asymp").pvalue
        for _ in range(400)
    ]
    effect = design_effects(squared_quantiles(pvalues)[:, None])
    assert effect[0] == pytest.approx(2.0, abs=0.25)
    assert np.mean(np.array(pvalues) <= 0.1) > 0.2
    # four standard errors of a share of .1
    assert np.mean(corrected(pvalues, effect[0]) <= 0.1) == pytest.approx(0.1, abs=0.06)


def test_one_test_has_its_own_mean_and_never_less_than_one() -> None:
    cubic = (99.0 / 3.0 / kstwobign.moment(6)) ** (1.0 / 3.0)
    assert design_effects(np.array([[2.0], [4.0], [3.0]])) == pytest.approx(cubic)
    assert design_effects(np.array([[0.2], [0.4], [0.3]])) == 1.0


def test_noise_of_many_tests_is_shrunk_to_their_common_mean() -> None:
    values = squared_quantiles(np.random.default_rng(0).random((20, 200)))
    assert design_effects(values).max() < 1.25
    assert max(design_effects(values[:, [i]])[0] for i in range(200)) > 1.4


def test_tests_that_really_differ_keep_their_own() -> None:
    rng = np.random.default_rng(0)
    values = squared_quantiles(rng.random((400, 4))) * np.array([1.0, 1.0, 9.0, 25.0])
    np.testing.assert_allclose(design_effects(values), [1.0, 1.0, 9.0, 25.0], rtol=0.15)


def test_tests_that_were_not_there_are_left_out() -> None:
    values = np.array([[2.0, np.nan, 5.0], [4.0, np.nan, np.nan], [3.0, np.nan, np.nan]])
    effects = design_effects(values)
    assert effects[1] == 1.0
    assert effects[2] == 1.0  # one window is no estimate
    assert effects[0] == design_effects(values[:, :1])[0] > 1.0
    assert design_effects(np.empty((0, 2))).tolist() == [1.0, 1.0]
