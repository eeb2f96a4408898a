"""KS by bounds and W1 by pairs of quantiles against scipy and against exact fractions."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel_oracles import plain_w1

pytest.importorskip("numba", reason="the overrides need the extra `fast`")

from driftwatch.ops import numba as compiled
from driftwatch.ops import numpy as plain

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

CASES: dict[str, Callable[[np.random.Generator, int], NDArray[Any]]] = {
    "normal": lambda rng, n: rng.normal(size=n),
    "rounded": lambda rng, n: rng.normal(size=n).round(1),
    "small_integers": lambda rng, n: rng.integers(0, 3, n).astype(np.float64),
    "half_zeros": lambda rng, n: np.maximum(rng.normal(size=n), 0.0),
    "heavy_tails": lambda rng, n: rng.standard_cauchy(n),
    "denormal": lambda rng, n: rng.integers(0, 50, n) * float(np.finfo(np.float32).smallest_subnormal),
    "signed_zeros": lambda rng, n: rng.choice([-0.0, 0.0, 1.0], n),
}
SIZES = [(2000, 2000), (2000, 1999), (1000, 3000), (3000, 1000), (1, 500), (500, 1), (1, 1), (33, 31), (7, 4000)]


def both(implementation: Any, reference: NDArray[Any], current: NDArray[Any]) -> tuple[NDArray[Any], ...]:
    sides = np.sort(reference)[None, :], np.sort(current)[None, :]
    above, below, w1 = implementation.merge_ks_w1(*sides, reference.size, current.size, xp=np)
    return above, below, w1


@pytest.mark.parametrize("implementation", [compiled, plain], ids=["numba", "numpy"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shift", [0.0, 0.5])
@pytest.mark.parametrize(("n", "m"), SIZES)
@pytest.mark.parametrize("case", CASES)
def test_distances_equal_those_of_scipy(
    implementation: Any, case: str, n: int, m: int, shift: float, dtype: str
) -> None:
    rng = np.random.default_rng(n + 7 * m)
    reference, current = CASES[case](rng, n).astype(dtype), (CASES[case](rng, m) + shift).astype(dtype)
    above, below, w1 = both(implementation, reference, current)
    greater = scipy.stats.ks_2samp(reference, current, alternative="greater", method="asymp").statistic
    less = scipy.stats.ks_2samp(reference, current, alternative="less", method="asymp").statistic
    assert (above[0], below[0]) == pytest.approx((greater, less), abs=1e-12)
    wanted = scipy.stats.wasserstein_distance(reference.astype(np.float64), current.astype(np.float64))
    assert w1[0] == pytest.approx(wanted, rel=1e-11, abs=1e-300)


@pytest.mark.parametrize("implementation", [compiled, plain], ids=["numba", "numpy"])
@pytest.mark.parametrize(
    ("reference", "current"),
    [
        ([-np.inf, 0.0, np.inf], [-np.inf, 0.5, np.inf]),
        ([-np.inf, 0.0, 1.0], [0.0, 1.0, 2.0]),
        ([0.0, np.inf, np.inf, np.inf], [0.0, np.inf]),
        ([0.0, 1.0, np.inf, np.inf], [0.5, np.inf]),
        ([np.inf, np.inf], [np.inf]),
        ([-np.inf], [np.inf]),
        ([1e308], [-1e308]),
        ([1.7e308, -1.7e308], [1.7e308, -1.7e308]),
        ([1e300] * 1000, [-1e300] * 999),
    ],
)
def test_w1_of_infinite_and_huge_values(implementation: Any, reference: list[float], current: list[float]) -> None:
    w1 = both(implementation, np.array(reference), np.array(current))[2]
    assert w1[0] == pytest.approx(plain_w1(reference, current), rel=1e-12)


def test_w1_of_float32_is_added_in_float64() -> None:
    # each gap is one part in 1e5 of the values; a float32 sum would keep two digits
    reference = np.full(100_000, 1000.0, dtype=np.float32)
    current = reference + np.float32(0.01)
    wanted = float(current[0]) - 1000.0
    assert both(compiled, reference, current)[2][0] == pytest.approx(wanted, rel=1e-12)


@pytest.mark.parametrize("implementation", [compiled, plain], ids=["numba", "numpy"])
def test_rows_of_different_counts_do_not_read_the_padding(implementation: Any) -> None:
    rng = np.random.default_rng(3)
    n_reference, n_current = np.array([50, 0, 20, 50, 7]), np.array([30, 10, 30, 0, 1])
    reference, current = (np.full((5, width), np.inf) for width in (50, 30))
    for row, (n, m) in enumerate(zip(n_reference, n_current, strict=True)):
        reference[row, :n], current[row, :m] = np.sort(rng.normal(size=n)), np.sort(rng.normal(size=m))
    found = implementation.merge_ks_w1(reference, current, n_reference, n_current, xp=np)
    for row, (n, m) in enumerate(zip(n_reference, n_current, strict=True)):
        distances = [float(x[row]) for x in found]
        if n == 0 or m == 0:
            assert np.isnan(distances).all()
        else:
            sides = reference[row, :n], current[row, :m]
            assert max(distances[:2]) == pytest.approx(scipy.stats.ks_2samp(*sides).statistic, abs=1e-12)
            assert distances[2] == pytest.approx(scipy.stats.wasserstein_distance(*sides), rel=1e-12)


def test_sides_of_different_dtypes() -> None:
    rng = np.random.default_rng(4)
    reference, current = rng.normal(size=300), rng.normal(size=200).astype(np.float32)
    above, below, _ = both(compiled, reference, current)
    assert max(above[0], below[0]) == pytest.approx(scipy.stats.ks_2samp(reference, current).statistic, abs=1e-12)


few_values = st.lists(st.integers(-4, 4) | st.sampled_from([float("-inf"), float("inf")]), min_size=1, max_size=90)


@settings(max_examples=200, deadline=None)
@given(few_values, few_values)
def test_suprema_of_many_ties_are_exact(reference: list[float], current: list[float]) -> None:
    gaps = [Fraction(0)]
    for x in {*reference, *current}:
        share = [Fraction(sum(v <= x for v in side), len(side)) for side in (reference, current)]
        gaps.append(share[0] - share[1])
    above, below, w1 = both(compiled, np.array(reference, dtype=float), np.array(current, dtype=float))
    assert (above[0], below[0]) == (float(max(gaps)), float(-min(gaps)))
    assert w1[0] == pytest.approx(plain_w1(reference, current), rel=1e-12)
