"""Each implementation of each primitive against a loop in Python, on every backend that it runs on."""

from __future__ import annotations

import importlib
import math
from bisect import bisect_left, bisect_right
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import array_api_compat
import numpy as np
import pytest

from driftwatch.ops import generic
from driftwatch.ops._catalog import CATALOG
from kernel_oracles import counts_in_bins, plain_w1

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from backends import Backend
    from driftwatch._typing import Array

INF = float("inf")


def _implementations(name: str, backend: Backend) -> list[Callable[..., Any]]:
    """Return the definition of a primitive and the overrides that the catalog names for this backend."""
    overrides = CATALOG[name].overrides.get(backend.library, ())
    return [
        getattr(generic, name),
        *(getattr(importlib.import_module(override.module), name) for override in overrides),
    ]


def _assert_equal(backend: Backend, name: str, found: Array, wanted: Any) -> None:
    """Assert values, namespace and device; the tolerance is the one of the catalog, none for integers."""
    assert array_api_compat.array_namespace(found) is backend.xp
    assert array_api_compat.device(found) == backend.device
    rtol = CATALOG[name].rtol[backend.statistic_dtype.name] if backend.xp.isdtype(found.dtype, "real floating") else 0.0
    # Where a distance is 0 its two terms may differ by one rounding each.
    atol = 10.0 * float(np.finfo(backend.statistic_dtype).eps) if rtol else 0.0
    np.testing.assert_allclose(backend.to_host(found), wanted, rtol=rtol, atol=atol)


# What a sorted row can hold: ties, infinities, and how many of its values count (the rest is padding at +inf).
REFERENCE = [
    ([-1.5, 0.0, 0.0, 0.0, 2.0, 7.0], 6),
    ([-INF, -1.0, 3.0, INF, INF, INF], 4),
    ([1.0, 1.0, 1.0, 1.0, 1.0, 1.0], 6),
    ([4.0, INF, INF, INF, INF, INF], 1),
    ([INF, INF, INF, INF, INF, INF], 0),
    ([0.25, 0.5, 1.0, 2.0, INF, INF], 5),
    ([-3.0, -2.0, -1.0, INF, INF, INF], 3),
    ([INF, INF, INF, INF, INF, INF], 6),
    ([4.0, 5.0, INF, INF, INF, INF], 2),
]
CURRENT = [
    ([-2.0, 0.0, 0.0, 9.0], 4),
    ([-INF, -INF, INF, INF], 3),
    ([1.0, 1.0, INF, INF], 2),
    ([-4.0, 4.0, 4.0, INF], 3),
    ([0.0, 1.0, 2.0, 3.0], 4),
    ([0.5, INF, INF, INF], 2),
    ([INF, INF, INF, INF], 0),
    ([INF, INF, INF, INF], 2),
    ([INF, INF, INF, INF], 4),
]


def _valid(rows: list[tuple[list[float], int]]) -> list[list[float]]:
    return [values[:count] for values, count in rows]


def _arrays(backend: Backend, rows: list[tuple[list[float], int]]) -> tuple[Array, Array]:
    values, counts = zip(*rows, strict=True)
    return backend.asarray(np.array(values)), backend.asarray(np.array(counts))


def _sorted_with_missing_last(x: NDArray[Any]) -> list[list[float]]:
    return [sorted(INF if math.isnan(value) else value for value in row) for row in x.tolist()]


def test_sort_last(backend: Backend) -> None:
    x = np.random.default_rng(0).integers(-3, 4, (5, 9)) / 2.0
    x[1, :4], x[2, 3] = INF, -INF
    for sort_last in _implementations("sort_last", backend):
        values, n_missing = sort_last(backend.asarray(x), xp=backend.xp)
        _assert_equal(backend, "sort_last", values, _sorted_with_missing_last(x))
        _assert_equal(backend, "sort_last", n_missing, np.zeros(5))


def test_sort_last_puts_missing_values_behind_infinite_ones(backend: Backend) -> None:
    x = np.random.default_rng(0).normal(size=(4, 8))
    x[0, 2:5], x[1, ::2], x[3, :] = np.nan, -np.nan, -np.nan
    x[0, 0] = INF
    for sort_last in _implementations("sort_last", backend):
        values, n_missing = sort_last(backend.asarray(x), xp=backend.xp)
        _assert_equal(backend, "sort_last", values, _sorted_with_missing_last(backend.to_host(backend.asarray(x))))
        _assert_equal(backend, "sort_last", n_missing, [3, 4, 0, 8])


def test_sort_last_of_a_strided_view_leaves_it_alone(backend: Backend) -> None:
    x = np.random.default_rng(1).normal(size=(9, 5)).T
    for sort_last in _implementations("sort_last", backend):
        given = backend.asarray(x)
        before = backend.to_host(given)
        values, _ = sort_last(given, xp=backend.xp)
        _assert_equal(backend, "sort_last", values, [sorted(row) for row in before])
        assert np.array_equal(backend.to_host(given), before)


@pytest.mark.parametrize("turned", [False, True])
def test_count_missing(backend: Backend, turned: bool) -> None:
    x = np.zeros((3, 7))
    x[0, 1], x[2, ::2], x[1, 3] = -np.nan, np.nan, INF
    for count_missing in _implementations("count_missing", backend):
        given = backend.asarray(np.asfortranarray(x) if turned else x)
        found = count_missing(given, xp=backend.xp)
        assert backend.xp.isdtype(found.dtype, "integral")
        _assert_equal(backend, "count_missing", found, [1, 0, 4])


@pytest.mark.parametrize(("side", "bisect"), [("left", bisect_left), ("right", bisect_right)])
def test_rank(backend: Backend, side: str, bisect: Callable[[list[float], float], int]) -> None:
    values, _ = _arrays(backend, REFERENCE)
    queries, _ = _arrays(backend, CURRENT)
    wanted = [[bisect(row, q) for q in row_of] for (row, _), (row_of, _) in zip(REFERENCE, CURRENT, strict=True)]
    for rank in _implementations("rank", backend):
        found = rank(values, queries, side=side, xp=backend.xp)
        assert backend.xp.isdtype(found.dtype, "integral")
        _assert_equal(backend, "rank", found, wanted)


def _plain_distances(reference: list[float], current: list[float]) -> tuple[float, float, float]:
    if not reference or not current:
        return (float("nan"),) * 3
    gaps = [Fraction(0)]
    for x in {*reference, *current}:
        f, g = (Fraction(sum(v <= x for v in side), len(side)) for side in (reference, current))
        gaps.append(f - g)
    return float(max(gaps)), float(-min(gaps)), plain_w1(reference, current)


def test_merge_ks_w1_with_a_count_for_each_row(backend: Backend) -> None:
    (reference, n), (current, m) = _arrays(backend, REFERENCE), _arrays(backend, CURRENT)
    wanted = list(zip(*map(_plain_distances, _valid(REFERENCE), _valid(CURRENT)), strict=True))
    for merge_ks_w1 in _implementations("merge_ks_w1", backend):
        found = merge_ks_w1(reference, current, n, m, xp=backend.xp)
        for distances, answers in zip(found, wanted, strict=True):
            _assert_equal(backend, "merge_ks_w1", distances, answers)


@pytest.mark.parametrize(("n", "m"), [(6, 4), (4, 6), (6, 6), (1, 1), (3, 4), (5, 2)])
@pytest.mark.parametrize("padding", [(2, 2), (3, 0)])
@pytest.mark.parametrize("form", ["int and int", "int and array", "array and int", "array and array"])
def test_merge_ks_w1_takes_counts_as_int_or_array(
    backend: Backend, n: int, m: int, form: str, padding: tuple[int, int]
) -> None:
    rng = np.random.default_rng(n * 10 + m)
    rows = [np.sort(rng.integers(0, 6, (3, k)) / 4.0, axis=-1) for k in (n, m)]
    rows[1][0] = INF  # true ones, not to be paired with the padding
    # An int count may be smaller than the width as well.
    padded = [
        backend.asarray(np.pad(x, ((0, 0), (0, width)), constant_values=INF))
        for x, width in zip(rows, padding, strict=True)
    ]
    of_row = [backend.asarray(np.full(3, k)) for k in (n, m)]
    counts = [k if kind == "int" else array for k, kind, array in zip((n, m), form.split(" and "), of_row, strict=True)]
    wanted = list(zip(*map(_plain_distances, rows[0].tolist(), rows[1].tolist()), strict=True))
    for merge_ks_w1 in _implementations("merge_ks_w1", backend):
        found = merge_ks_w1(*padded, *counts, xp=backend.xp)
        for distances, answers in zip(found, wanted, strict=True):
            _assert_equal(backend, "merge_ks_w1", distances, answers)


def test_merge_ks_w1_is_nan_where_an_int_count_is_zero(backend: Backend) -> None:
    x = backend.asarray(np.full((2, 3), INF))
    for merge_ks_w1 in _implementations("merge_ks_w1", backend):
        for counts in ((0, 3), (3, 0), (0, 0)):
            for distances in merge_ks_w1(x, x, *counts, xp=backend.xp):
                _assert_equal(backend, "merge_ks_w1", distances, np.full(2, np.nan))


# Inner edges of the same number of bins for each row; those at an infinity, and repeated ones, leave empty bins.
EDGES = [
    ([5.0, -1.0, 0.0, 3.0, 3.0, 2.9], 6, [0.0, 1.0, 3.0]),
    ([5.0, -INF, INF, INF, INF, INF], 4, [-INF, 0.0, 2.0]),
    ([-INF, -INF, 2.0, 1.0, INF, INF], 4, [-INF, 2.0, INF]),
    ([1.0, 1.0, 1.0, 1.0, 1.0, 1.0], 6, [1.0, 1.0, 1.0]),
    ([INF, INF, INF, INF, INF, INF], 0, [0.0, 1.0, INF]),
    ([0.5, INF, 0.0, 7.0, INF, INF], 5, [-INF, -INF, INF]),
    ([0.5, 0.0, 7.0, INF, INF, INF], 4, [INF, INF, INF]),
]


def _plain_counts(values: list[float], n_valid: int, edges: list[float]) -> list[int]:
    valid = sorted(values)[:n_valid]
    if INF in edges:  # the last bin with room for values takes the infinite ones too
        valid = [min(value, float(np.finfo(np.float32).max)) for value in valid]
    return counts_in_bins(np.array(valid), edges)


@pytest.mark.parametrize("counts_as", ["array", "int"])
def test_counts_from_edges(backend: Backend, counts_as: str) -> None:
    for rows in [EDGES] if counts_as == "array" else [[row] for row in EDGES]:
        values = backend.asarray(np.array([row[0] for row in rows]))
        n_valid = backend.asarray(np.array([row[1] for row in rows])) if counts_as == "array" else rows[0][1]
        edges = backend.asarray(np.array([row[2] for row in rows]))
        for counts_from_edges in _implementations("counts_from_edges", backend):
            found = counts_from_edges(values, n_valid, edges, xp=backend.xp)
            assert backend.xp.isdtype(found.dtype, "integral")
            _assert_equal(backend, "counts_from_edges", found, [_plain_counts(*row) for row in rows])


def test_counts_from_edges_leaves_missing_values_out(backend: Backend) -> None:
    x = np.array([[np.nan, 0.0, 1.0, -np.nan, 2.0], [0.0, 0.5, np.nan, 7.0, -1.0]])
    for counts_from_edges in _implementations("counts_from_edges", backend):
        for order in ("C", "F"):
            values = backend.asarray(np.asarray(x, order=order))
            edges = backend.asarray(np.array([[0.0, 2.0], [0.0, INF]]))
            found = counts_from_edges(values, backend.asarray(np.array([3, 4])), edges, xp=backend.xp)
            _assert_equal(backend, "counts_from_edges", found, [[0, 2, 1], [1, 3, 0]])


def test_mean_std_with_a_count_for_each_row(backend: Backend) -> None:
    rows = [
        ([-1.0, 0.0, 2.5, INF], 3),
        ([0.1, 0.1, 0.1, 0.1], 4),
        ([-INF, 1.0, 2.0, 3.0], 4),
        ([1.0, 2.0, INF, INF], 3),
        ([INF, INF, INF, INF], 0),
        ([5.0, INF, INF, INF], 1),
        ([1e-30, 2e-30, 4e-30, INF], 3),
        ([-3e30, 1e30, 1e30, 3e30], 4),
    ]
    values, n_valid = _arrays(backend, rows)
    counted = [np.array(row[: max(n, 1)]) for row, n in rows]
    low, high = (backend.asarray(np.array([row[i] for row in counted])) for i in (0, -1))
    of_float = backend.to_host(values).astype(np.float64)  # what the device holds of the values
    wanted = [plain_mean_std(row[:n].tolist()) for row, (_, n) in zip(of_float, rows, strict=True)]
    for mean_std in _implementations("mean_std", backend):
        found = mean_std(values, n_valid, low, high, xp=backend.xp)
        for moment, answers in zip(found, zip(*wanted, strict=True), strict=True):
            _assert_equal(backend, "mean_std", moment, answers)


def plain_mean_std(row: list[float]) -> tuple[float, float]:
    """Return the moments of one row, in exact arithmetic up to the root."""
    if not row or not all(map(math.isfinite, row)):
        return math.nan, math.nan
    exact = [Fraction(value) for value in row]
    mean = sum(exact, Fraction(0)) / len(exact)
    variance = sum(((value - mean) ** 2 for value in exact), Fraction(0)) / len(exact)
    return float(mean), math.sqrt(variance.numerator) / math.sqrt(variance.denominator)


def test_bincount(backend: Backend) -> None:
    rows = np.random.default_rng(2).integers(0, 5, (3, 40))
    rows[1] = 4  # one value alone, and the last one
    wanted = [[int((row == value).sum()) for value in range(6)] for row in rows]
    for bincount in _implementations("bincount", backend):
        found = bincount(backend.asarray(rows), 6, xp=backend.xp)
        assert backend.xp.isdtype(found.dtype, "integral")
        _assert_equal(backend, "bincount", found, wanted)


def test_bincount_of_no_values(backend: Backend) -> None:
    for bincount in _implementations("bincount", backend):
        found = bincount(backend.asarray(np.zeros((2, 0), dtype=np.int64)), 3, xp=backend.xp)
        _assert_equal(backend, "bincount", found, [[0] * 3] * 2)
