"""Counts and whole sums in cells against a loop in Python, and the compiled one against the definition, to the byte."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from driftwatch.arrays.namespace import statistic_dtype
from driftwatch.ops import generic
from driftwatch.ops.cells import LIMB_BITS, LIMIT, SQUARE_SHIFT, CellSums

if TYPE_CHECKING:
    from backends import Backend

INF = math.inf
POINTS = np.asarray(
    [
        [-1.0, 0.0, 0.5, 2.0, INF, INF],
        [-INF, 3.0, INF, INF, INF, INF],
        [INF, INF, INF, INF, INF, INF],
        [0.1, 0.2, 0.3, 0.7, 0.9, INF],
        [1.0, 1.0 + 2.0**-40, 1e300, INF, INF, INF],
    ]
)
UNIT = np.asarray([2.0**-20, 0.5, 1.0, 2.0**-30, 2.0**60])
CENTER = np.asarray([100, -3, 0, 1 << 29, 7])


def values(dtype: str, n: int = 60) -> Any:
    rng = np.random.default_rng(n)
    x = rng.normal(size=(5, n)) * np.asarray([[1.0], [4.0], [1e6], [0.5], [2.0]])
    x[:, ::7] = np.nan
    with np.errstate(over="ignore"):
        for row, points in enumerate(POINTS):
            x[row, 1 : 1 + len(points)] = points  # ties with the points, infinities among them
        x[4, 20:23] = 1e30, -1e30, 0.0
        return x.astype(dtype)


def slow(x: Any) -> CellSums:
    """Each number by its definition, in Python's unbounded integers."""
    d, k = POINTS.shape
    cells, missing = np.zeros((d, 2 * k + 1), np.int64), np.zeros(d, np.int64)
    sums, squares = [[0] * (k + 1) for _ in range(d)], [0] * d
    low, high = np.full(d, INF), np.full(d, -INF)
    for i, row in enumerate(np.asarray(x, dtype=np.float64).tolist()):
        for value in row:
            if math.isnan(value):
                missing[i] += 1
                continue
            below = sum(point < value for point in POINTS[i].tolist())
            # several +inf are one point, the first of them
            is_point = below < k and POINTS[i, below] == value
            cells[i, 2 * below + is_point] += 1
            whole = max(min(value / UNIT[i], float(LIMIT)), -float(LIMIT))
            whole = round(whole)
            if not is_point:
                sums[i][below] += whole
            distance = (whole - int(CENTER[i]) + (1 << (SQUARE_SHIFT - 1))) >> SQUARE_SHIFT
            squares[i] += max(min(distance, 1 << 30), -(1 << 30)) ** 2
            low[i], high[i] = min(low[i], value), max(high[i], value)
    mask = (1 << LIMB_BITS) - 1
    return CellSums(
        cells,
        missing,
        np.asarray([[s >> LIMB_BITS for s in own] for own in sums], np.int64),
        np.asarray([[s & mask for s in own] for own in sums], np.int64),
        np.asarray([s >> LIMB_BITS for s in squares], np.int64),
        np.asarray([s & mask for s in squares], np.int64),
        low,
        high,
    )


def assert_same(found: CellSums, wanted: CellSums) -> None:
    for name in CellSums._fields:
        np.testing.assert_array_equal(getattr(found, name), getattr(wanted, name), err_msg=name)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_definition(backend: Backend, dtype: str) -> None:
    if statistic_dtype(backend.xp, backend.device) != backend.xp.float64:
        pytest.skip("the device has no 64-bit numbers: its values are counted on the host")
    x = values(dtype)
    given = backend.xp.asarray(x, device=backend.device)
    assert_same(CellSums(*generic.tally_cells(given, POINTS, UNIT, CENTER, xp=backend.xp)), slow(x))


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("n", [30, 3000])
def test_compiled_code_counts_the_same(dtype: str, order: str, n: int) -> None:
    compiled = pytest.importorskip("driftwatch.ops.numba", reason="the overrides need the extra `fast`")
    x = np.asarray(values(dtype, n), order=order)  # type: ignore[call-overload]
    assert_same(compiled.tally_cells(x, POINTS, UNIT, CENTER, xp=np), slow(x))


def test_compiled_code_finds_its_place_among_points_of_any_spread() -> None:
    compiled = pytest.importorskip("driftwatch.ops.numba", reason="the overrides need the extra `fast`")
    rng = np.random.default_rng(1)
    points = np.full((6, 1000), INF)
    spread: list[Any] = [rng.normal(size=900), rng.standard_cauchy(900), rng.random(900)]
    for row, drawn in enumerate(spread):
        points[row, :900] = np.sort(drawn)
    points[4, :900] = np.sort(rng.lognormal(size=900))
    points[3, :900] = 1.7e9 + np.arange(900.0)
    points[5, :2] = 0.0, 5e-324
    x = np.stack([rng.permutation(np.repeat(row, 3))[:2000] for row in points]) * rng.choice(
        [1.0, 1.0 + 1e-12, 0.999], (6, 2000)
    )
    unit, center = np.full(6, 2.0**-10), np.zeros(6, np.int64)
    assert_same(
        compiled.tally_cells(x, points, unit, center, xp=np),
        CellSums(*generic.tally_cells(x, points, unit, center, xp=np)),
    )
