"""Shifts of arrays of other libraries: the same drift as of NumPy's, on the device where they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import array_api_compat
import numpy as np
import pytest

from driftwatch.simulate import SHIFTS, incremental, mean_shift, sudden

if TYPE_CHECKING:
    from backends import Backend

FLAVOURS_LEFT_OUT = frozenset({"jit", "jit_x64"})  # what is drawn at random is drawn on the host
NEEDS_LEVELS = {"category_swap", "level_shift", "new_category", "prior_shift"}
OF_NUMBERS = [name for name in SHIFTS if name not in NEEDS_LEVELS]

X = np.random.default_rng(0).gamma(2.0, size=(60, 4))


@pytest.mark.parametrize("name", OF_NUMBERS)
def test_arrays_come_back_as_what_they_were(backend: Backend, name: str) -> None:
    shift, x = SHIFTS[name](), backend.asarray(X)
    out = shift.apply(x, seed=1)
    assert array_api_compat.array_namespace(out) is backend.xp
    assert array_api_compat.device(out) == backend.device
    assert (out.dtype, tuple(out.shape)) == (x.dtype, (60, 4))
    expected = shift.apply(backend.rounded(X), seed=1)
    tolerance = 0.02 if backend.flavour == "bfloat16" else 2e-5
    np.testing.assert_allclose(backend.to_host(out), expected, rtol=tolerance, atol=tolerance)
    np.testing.assert_array_equal(backend.to_host(x), backend.to_host(backend.asarray(X)))  # left as it was


@pytest.mark.parametrize("name", ["prior_shift", "new_category", "category_swap"])
def test_numbers_that_stand_for_classes_can_be_named(backend: Backend, name: str) -> None:
    codes = np.random.default_rng(0).integers(0, 3, size=(60, 2))
    options = {"target": "f0"} if name == "prior_shift" else {"features": ["f0"]}
    shift = SHIFTS[name](**options)
    out = shift.apply(backend.asarray(codes), seed=1)
    assert backend.xp.isdtype(out.dtype, "integral")
    np.testing.assert_array_equal(backend.to_host(out), shift.apply(codes, seed=1))


def test_columns_of_a_mapping_stay_in_their_library(backend: Backend) -> None:
    out = mean_shift(1.0).apply({"x": backend.asarray(X[:, 0]), "y": [1.0, 2.0] * 30})
    assert array_api_compat.array_namespace(out["x"]) is backend.xp
    assert isinstance(out["y"], list)


def test_streams_of_batches_and_of_rows(backend: Backend) -> None:
    x = backend.asarray(X)
    drifting = list(sudden(mean_shift(2.0), at=1).stream([x[:30, :], x[30:, :]], reference=x))
    moved = backend.to_host(drifting[1]) - backend.to_host(x[30:, :])
    sigma = backend.rounded(X).std(axis=0)
    np.testing.assert_allclose(moved.mean(axis=0), 2.0 * sigma, rtol=0.02)
    np.testing.assert_array_equal(backend.to_host(drifting[0]), backend.to_host(x[:30, :]))
    (row,) = sudden(mean_shift(2.0), at=0).stream([x[0, :]], reference=x)
    assert tuple(row.shape) == (4,)
    grown = incremental(mean_shift(1.0), start=0, stop=59).apply(x)
    assert array_api_compat.array_namespace(grown) is backend.xp
