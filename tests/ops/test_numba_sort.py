"""The radix sort against `numpy.sort`, on rows long enough for it and on values that its shortcuts could get wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("numba", reason="the overrides need the extra `fast`")

from driftwatch.ops import numba as compiled

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

N = compiled.MIN_RADIX_VALUES


@pytest.fixture(autouse=True)
def radix_sort_for_any_length(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "MIN_RADIX_VALUES", 0)


def with_extremes(rng: np.random.Generator, n: int) -> NDArray[Any]:
    x = rng.normal(size=n)
    x[:: n // 7] = np.inf
    x[3 :: n // 5] = -np.inf
    x[5 :: n // 9], x[6 :: n // 9] = np.finfo(np.float32).max, np.finfo(np.float32).min
    return x


def with_missing(rng: np.random.Generator, n: int) -> NDArray[Any]:
    x = with_extremes(rng, n)
    x[rng.random(n) < 0.3] = np.nan
    x[rng.random(n) < 0.1] = -np.nan
    return x


CASES: dict[str, Callable[[np.random.Generator, int], NDArray[Any]]] = {
    "normal": lambda rng, n: rng.normal(size=n),
    "wide": lambda rng, n: np.exp(rng.normal(0.0, 20.0, n)) * rng.choice([-1.0, 1.0], n),
    "narrow": lambda rng, n: 1.7e9 + rng.random(n),
    # equal in the leading bits of float64 that are sorted first, so that the insertion sort gives up
    "narrow_clusters": lambda rng, n: rng.choice(rng.normal(size=20), n) * (1.0 + 1e-9 * rng.random(n)),
    "last_bit": lambda rng, n: np.nextafter(1.0, rng.choice([0.0, 1.0, 2.0], n)),
    "descending": lambda _, n: np.arange(n, 0, -1.0),
    "sorted": lambda _, n: np.arange(float(n)),
    "small_integers": lambda rng, n: rng.integers(-3, 4, n).astype(np.float64),
    "relu_zeros": lambda rng, n: np.maximum(rng.normal(size=n), 0.0),
    "constant": lambda _, n: np.full(n, -2.5),
    "signed_zeros": lambda rng, n: rng.choice([-0.0, 0.0], n),
    "denormal": lambda rng, n: rng.integers(-9, 9, n) * float(np.finfo(np.float32).smallest_subnormal),
    "extremes": with_extremes,
    "missing": with_missing,
    "all_missing": lambda _, n: np.full(n, -np.nan),
    "one_value": lambda _, n: np.append(np.full(n - 1, np.nan), 3.0),
    "two_infinities": lambda rng, n: rng.choice([-np.inf, np.inf], n),
}


def assert_sorted(x: NDArray[Any]) -> None:
    before = x.copy()
    values, n_missing = compiled.sort_last(x, xp=np)
    wanted = np.sort(before, axis=-1)  # numpy has NaN last
    assert values.dtype == x.dtype
    assert values.flags.c_contiguous
    np.testing.assert_array_equal(values, np.where(np.isnan(wanted), np.inf, wanted))
    np.testing.assert_array_equal(n_missing, np.isnan(before).sum(axis=-1))
    np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", CASES)
def test_rows_equal_those_of_numpy(case: str, dtype: str) -> None:
    rng = np.random.default_rng(5)
    assert_sorted(np.stack([CASES[case](rng, N + 1) for _ in range(3)]).astype(dtype))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "view",
    [
        np.asfortranarray,
        lambda x: x[::2, ::3],
        lambda x: x[:, ::-1],
        lambda x: x[1:2],
        lambda x: np.broadcast_to(x[0], (3, x.shape[1])),
    ],
    ids=["by_row", "every_other", "reversed", "one_row", "read_only_and_repeated"],
)
def test_rows_of_any_strides_are_sorted_and_left_alone(view: Callable[[Any], Any], dtype: str) -> None:
    x = with_missing(np.random.default_rng(6), 40 * 700).astype(dtype).reshape(40, 700)
    assert_sorted(view(x))


def test_read_only_rows_are_sorted() -> None:
    x = np.random.default_rng(7).normal(size=(2, 100))
    x.flags.writeable = False
    assert_sorted(x)


@pytest.mark.parametrize("n", [1, 2, 3, 256, 257])
def test_short_rows(n: int) -> None:
    assert_sorted(np.random.default_rng(n).normal(size=(4, n)))


def test_minus_zero_comes_before_zero() -> None:
    values, _ = compiled.sort_last(np.array([[0.0, -0.0, 0.0, -0.0]]), xp=np)
    assert np.signbit(values[0]).tolist() == [True, True, False, False]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.floats(), min_size=1, max_size=80))
def test_any_floats_equal_those_of_numpy(values: list[float]) -> None:
    assert_sorted(np.array([values]))
