from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats

from driftwatch.kernels.log_probability import (
    deviance,
    log_binomial_pmf,
    log_factorial_remainder,
    log_table_probability,
)


def test_log_factorial_remainder_restores_the_factorial() -> None:
    # Oracle: math.lgamma, whose own error is 1e-16 of the logarithm.
    for x in (0, 1, 2, 14, 15, 16, 100, 1000):
        x_log_x = x * math.log(x) if x else 0.0
        assert float(log_factorial_remainder(x)) + x_log_x - x == pytest.approx(
            math.lgamma(x + 1), rel=1e-14, abs=1e-14
        )


def test_log_factorial_remainder_is_continuous_where_the_series_takes_over() -> None:
    below, above = log_factorial_remainder([15.0 - 1e-9, 15.0 + 1e-9])
    slope = special.digamma(16.0) - math.log(15.0)
    assert above - below == pytest.approx(2e-9 * slope, abs=2e-14)


def test_deviance_keeps_its_digits_near_the_expectation() -> None:
    # Oracle: the Taylor series, d^2 / (2 e) (1 - d / (3 e)) for x = e + d.
    assert float(deviance(1e6 + 1.0, 1e6)) == pytest.approx(5e-7 * (1.0 - 1e-6 / 3.0), rel=1e-9)


def test_deviance_of_nothing_seen_is_the_expectation() -> None:
    np.testing.assert_array_equal(deviance([0.0, 0.0], [2.5, 0.0]), [2.5, 0.0])


@given(st.integers(1, 2000), st.integers(-2, 2002), st.floats(0.001, 0.999))
def test_log_binomial_pmf_equals_scipy(n: int, x: int, p: float) -> None:
    expected = stats.binom.logpmf(x, n, p)
    # scipy's logpmf is a difference of gammaln, good to 1e-12 of its largest term.
    np.testing.assert_allclose(log_binomial_pmf(x, n, p), expected, rtol=1e-10, atol=1e-10)


def test_log_binomial_pmf_holds_all_the_mass_at_a_billion_trials() -> None:
    # A difference of gammaln would be off by 1e-5 here.
    n = 10**9
    x = np.arange(n // 4 - 200_000, n // 4 + 200_000)
    assert np.exp(log_binomial_pmf(x, n, 0.25)).sum() == pytest.approx(1.0, rel=1e-9)


@given(st.lists(st.integers(0, 40), min_size=4, max_size=4))
def test_log_table_probability_equals_binomial_coefficients(cells: list[int]) -> None:
    a, b, c, d = cells
    exact = math.comb(a + b, a) * math.comb(c + d, c) / math.comb(a + b + c + d, a + c)
    assert float(np.exp(log_table_probability(a, b, c, d))) == pytest.approx(exact, rel=1e-12)


def test_log_table_probability_of_an_impossible_table_is_minus_infinity() -> None:
    assert log_table_probability(-1, 4, 3, 2) == -np.inf


def test_log_table_probability_is_exact_for_large_tables() -> None:
    # Oracle: scipy's binomial coefficients as beta functions; they keep 1e-9 of the probability at this size.
    a, b, c, d = 50_200, 49_800, 49_900, 50_100
    log_beta = special.betaln
    exact = (
        -log_beta(a + 1, b + 1)
        - np.log(a + b + 1)
        - log_beta(c + 1, d + 1)
        - np.log(c + d + 1)
        + log_beta(a + c + 1, b + d + 1)
        + np.log(a + b + c + d + 1)
    )
    assert float(log_table_probability(a, b, c, d)) == pytest.approx(float(exact), abs=1e-9)
