"""The tail of weighted sums of chi-squared variables, against scipy and against draws."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from driftwatch.kernels.weighted_chi_squared import weighted_chi_squared_tail


@pytest.mark.parametrize("freedom", [1, 4, 30])
@pytest.mark.parametrize("level", [0.5, 0.05, 1e-6])
def test_equal_weights_are_a_chi_squared_variable(freedom: int, level: float) -> None:
    value = stats.chi2(freedom).isf(level)
    assert weighted_chi_squared_tail(3.0 * value, np.full(freedom, 3.0)) == pytest.approx(level, rel=1e-9)


@pytest.mark.parametrize("decay", [0.3, 0.7, 0.95])
def test_unequal_weights_are_near_their_distribution(decay: float) -> None:
    weights = decay ** np.arange(40)
    rng = np.random.default_rng(0)
    drawn = (rng.chisquare(1, size=(200_000, 40)) @ weights).astype(float)
    for level in (0.2, 0.05, 0.01):
        value = float(np.quantile(drawn, 1 - level))
        assert weighted_chi_squared_tail(value, weights) == pytest.approx(level, rel=0.12)


def test_weights_that_are_zero_change_nothing() -> None:
    weights = np.asarray([2.0, 1.0])
    assert weighted_chi_squared_tail(5.0, weights) == weighted_chi_squared_tail(5.0, np.append(weights, [0.0, 0.0]))


@pytest.mark.parametrize(("statistic", "weights"), [(1.0, [0.0]), (1.0, []), (float("nan"), [1.0])])
def test_nothing_to_compare_with_is_nan(statistic: float, weights: list[float]) -> None:
    assert np.isnan(weighted_chi_squared_tail(statistic, np.asarray(weights)))
