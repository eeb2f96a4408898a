"""Cramer-von Mises: scipy, all orderings of a few values, published percentiles, and the far tail by another integral."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import scipy.integrate
import scipy.stats

from driftwatch.errors import UnknownNameError
from driftwatch.kernels import cramervonmises_2samp
from driftwatch.kernels.cramer_von_mises import cramervonmises_limit_sf
from kernel_oracles import plain_cramervonmises_pvalue

RNG = np.random.default_rng(31)


@pytest.mark.parametrize(("n", "m"), [(7, 6), (20, 20), (19, 13), (30, 8), (57, 43), (900, 300)])
@pytest.mark.parametrize("ties", [False, True], ids=["distinct", "ties"])
def test_equals_scipy(n: int, m: int, *, ties: bool) -> None:
    x, y = RNG.normal(size=n), RNG.normal(0.3, 1.2, size=m)
    if ties:
        x, y = np.round(x), np.round(y)
    found, wanted = cramervonmises_2samp(x, y), scipy.stats.cramervonmises_2samp(x, y)
    assert float(found.statistic) == pytest.approx(float(wanted.statistic), rel=1e-11)
    assert float(found.pvalue) == pytest.approx(float(wanted.pvalue), abs=2e-7)  # where scipy stops its series


@pytest.mark.parametrize(("n", "m"), [(1, 1), (1, 6), (4, 5), (6, 6)])
def test_exact_p_value_is_the_share_of_all_orderings(n: int, m: int) -> None:
    x, y = RNG.normal(size=n), RNG.normal(0.8, size=m)
    found = cramervonmises_2samp(x, y)
    assert float(found.pvalue) == pytest.approx(plain_cramervonmises_pvalue(float(found.statistic), n, m), rel=1e-12)


def test_percentiles_of_the_limit_are_the_published_ones() -> None:
    # Anderson and Darling (1952), table 1, to the digits given there
    table = {0.50: 0.11888, 0.75: 0.20939, 0.90: 0.34730, 0.95: 0.46136, 0.99: 0.74346, 0.999: 1.16786}
    found = cramervonmises_limit_sf(np.array(list(table.values())), xp=np)
    np.testing.assert_allclose(found, 1.0 - np.array(list(table)), rtol=1e-4)


def _tail(x: float) -> float:
    """Smirnov's integral over its first interval with t = pi + s^2; the others are below e^(-39 x) of it."""

    def integrand(s: float) -> float:
        t = math.pi + s * s
        rate = x * (t * t - math.pi**2) / 2
        return 4 / math.pi * s * math.exp(-rate) / math.sqrt(t * math.sin(s * s)) if s else 4 / math.pi**1.5

    end = min(1.77, 7 / math.sqrt(x * math.pi))
    return float(scipy.integrate.quad(integrand, 0, end, epsabs=0, epsrel=1e-12, limit=400)[0])


@pytest.mark.parametrize("x", [2.0, 5.0, 30.0, 100.0])
def test_tail_of_the_limit_keeps_its_digits(x: float) -> None:
    found = float(cramervonmises_limit_sf(np.array([x]), xp=np)[0])
    assert math.log(found) == pytest.approx(math.log(_tail(x)) - x * math.pi**2 / 2, abs=1e-7)


def test_limit_falls_from_one_to_zero() -> None:
    p = cramervonmises_limit_sf(np.array([-1.0, 0.0, 0.003, 0.004, 0.02, 0.05, 0.2, 1.0, 10.0, 200.0]), xp=np)
    assert p[:3].tolist() == [1.0] * 3
    assert (np.diff(p[3:]) < 0.0).all()
    assert np.isnan(cramervonmises_limit_sf(np.array([np.nan]), xp=np)[0])


def test_method_chooses_the_distribution() -> None:
    x, y = RNG.normal(size=12), RNG.normal(0.5, size=15)
    for method in ("exact", "asymptotic"):
        wanted = scipy.stats.cramervonmises_2samp(x, y, method=method).pvalue
        assert float(cramervonmises_2samp(x, y, method=method).pvalue) == pytest.approx(wanted, abs=2e-7)
    assert cramervonmises_2samp(x, y, method="exact") != cramervonmises_2samp(x, y, method="asymptotic")
    assert cramervonmises_2samp(x, y) == cramervonmises_2samp(x, y, method="exact")


def test_mean_of_ties_is_the_same_without_any() -> None:
    x, y = RNG.normal(size=400), RNG.normal(0.2, size=150)
    plain, mean = cramervonmises_2samp(x, y), cramervonmises_2samp(x, y, ties="mean")
    assert [float(v) for v in mean] == pytest.approx([float(v) for v in plain], rel=1e-10)


def test_mean_of_ties_is_at_most_the_mean_over_ways_to_break_them() -> None:
    x, y = RNG.integers(0, 5, 60).astype(float), RNG.integers(0, 6, 35).astype(float)
    jitter = [(x[:, None] + RNG.random((60, 300)) / 2), (y[:, None] + RNG.random((35, 300)) / 2)]
    broken = cramervonmises_2samp(*jitter).statistic
    assert float(cramervonmises_2samp(x, y, ties="mean").statistic) <= float(np.mean(broken)) + 4 * np.std(broken) / 17


def test_ties_reject_without_drift_by_mid_ranks_and_not_by_their_mean() -> None:
    constant = np.full(500, 2.0), np.full(400, 2.0)
    assert float(cramervonmises_2samp(*constant).pvalue) < 1e-8
    assert float(cramervonmises_2samp(*constant, ties="mean").pvalue) == 1.0
    x, y = (np.where(RNG.random((n, 600)) < 0.9, 0.0, RNG.normal(size=(n, 600))) for n in (300, 60))
    assert (cramervonmises_2samp(x, y).pvalue < 0.05).mean() > 0.3
    assert (cramervonmises_2samp(x, y, ties="mean").pvalue < 0.05).mean() < 0.05


def test_unknown_method_is_refused() -> None:
    method: Any = "asymp"
    with pytest.raises(UnknownNameError, match="did you mean 'asymptotic'"):
        cramervonmises_2samp(np.arange(9.0), np.arange(9.0), method=method)
    with pytest.raises(UnknownNameError, match="did you mean 'mean'"):
        cramervonmises_2samp(np.arange(9.0), np.arange(9.0), ties="means")  # type: ignore[arg-type]


def test_statistic_of_large_samples_has_no_cancellation() -> None:
    # Anderson's equation 9 subtracts numbers of 1e5 here; the mean square difference of the distribution functions, to
    # which it is equal without ties, subtracts nothing.
    x, y = RNG.normal(size=300_000), RNG.normal(size=200_000)
    pooled = np.concatenate([x, y])
    f, g = (np.searchsorted(np.sort(side), pooled, side="right") / side.size for side in (x, y))
    wanted = 300_000 * 200_000 / 500_000**2 * float(np.sum((f - g) ** 2))
    assert float(cramervonmises_2samp(x, y).statistic) == pytest.approx(wanted, rel=1e-12)
