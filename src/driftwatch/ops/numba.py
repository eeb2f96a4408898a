"""Primitives for large NumPy arrays of float32 and float64, compiled by Numba (layer 2).

Each is a driver: it allocates, and hands blocks of rows to a compiled function in `_numba_<algorithm>.py` that runs without
the GIL in the shared threads. The contracts are those of `generic`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch.ops import _numba_cells, _numba_counts, _numba_ks, _numba_moments, _numba_sort, _numba_wasserstein
from driftwatch.ops import numpy as _numpy
from driftwatch.ops._threads import over_blocks
from driftwatch.ops.cells import SQUARE_SHIFT, CellSums, carried
from driftwatch.ops.generic import bins_from_cumulative, power_of_two

if TYPE_CHECKING:
    from collections.abc import Callable

    from driftwatch._typing import Namespace

__all__ = ["count_missing", "counts_from_edges", "mean_std", "merge_ks_w1", "sort_last", "tally_cells"]

NDArray = np.ndarray[Any, Any]

MIN_RADIX_VALUES = 2_000  # in a row; under that the table of digits costs more than numpy's sort
CACHE_LINE = 64  # bytes: strided rows that share cache lines are read together


def sort_last(x: NDArray, /, *, xp: Namespace) -> tuple[NDArray, NDArray]:
    """Radix sort of each row; see `_numba_sort`."""
    d, n = x.shape
    if n < MIN_RADIX_VALUES:
        return _numpy.sort_last(x, xp=xp)
    out, n_missing = np.empty((d, n), dtype=x.dtype), np.zeros(d, dtype=np.int64)
    unsigned = f"u{x.itemsize}"
    bits, out_bits = x.view(unsigned), out.view(unsigned)
    step = 1 if _has_contiguous_rows(x) else CACHE_LINE // x.itemsize

    def work(start: int, stop: int) -> None:
        keys = np.empty((min(step, stop - start), n), dtype=unsigned)
        for first in range(start, stop, step):
            last = min(first + step, stop)
            block = keys[: last - first]
            _numba_sort.keys_of_rows(bits[first:last], block, n_missing[first:last])
            _numba_sort.sort_keys(block, n_missing[first:last], out_bits[first:last])

    over_blocks(work, d, x.size)
    return out, n_missing


def merge_ks_w1(
    reference: NDArray,
    current: NDArray,
    n_reference: int | NDArray,
    n_current: int | NDArray,
    /,
    *,
    xp: Namespace,  # noqa: ARG001 - the contract of the primitive
) -> tuple[NDArray, NDArray, NDArray]:
    """KS by bounds and W1 by pairing quantiles, so that no merge is left; see `_numba_ks` and `_numba_wasserstein`."""
    d = reference.shape[0]
    reference, current = np.ascontiguousarray(reference), np.ascontiguousarray(current)
    sizes = np.stack(
        [np.broadcast_to(np.asarray(count, dtype=np.int64), (d,)) for count in (n_reference, n_current)], -1
    )
    suprema, w1 = np.empty((d, 2)), np.empty(d)

    def work(start: int, stop: int) -> None:
        rows = slice(start, stop)
        _numba_ks.ks_of_rows(reference[rows], current[rows], sizes[rows], suprema[rows])
        _numba_wasserstein.w1_of_rows(reference[rows], current[rows], sizes[rows], w1[rows])

    over_blocks(work, d, reference.size + current.size)
    return suprema[:, 0], suprema[:, 1], w1


def counts_from_edges(x: NDArray, n_valid: int | NDArray, edges: NDArray, /, *, xp: Namespace) -> NDArray:
    """Comparisons with every edge in one read of the values; see `_numba_counts`."""
    if _has_contiguous_rows(x):
        edges, below = np.ascontiguousarray(edges), np.zeros(edges.shape, dtype=np.int64)

        def work(start: int, stop: int) -> None:
            _numba_counts.below_edges(x[start:stop], edges[start:stop], below[start:stop])

        over_blocks(work, x.shape[0], x.size)
    else:
        turned = np.ascontiguousarray(edges.T)
        below = _sum_over_samples(
            lambda samples, out: _numba_counts.below_edges_by_sample(samples, turned, out), x, turned.shape
        ).T
    counts: NDArray = bins_from_cumulative(below, n_valid, edges, xp=xp)
    return counts


def count_missing(x: NDArray, /, *, xp: Namespace) -> NDArray:  # noqa: ARG001 - the contract of the primitive
    """Compare each value with itself in one read; see `_numba_counts`."""
    if not _has_contiguous_rows(x):
        return _sum_over_samples(_numba_counts.missing_by_sample, x, x.shape[:1])
    count = np.zeros(x.shape[0], dtype=np.int64)
    over_blocks(lambda start, stop: _numba_counts.missing(x[start:stop], count[start:stop]), x.shape[0], x.size)
    return count


def _sum_over_samples(count: Callable[[NDArray, NDArray], None], x: NDArray, shape: tuple[int, ...]) -> NDArray:
    """Return the sum over blocks of samples `(n, d)` of what `count(samples, out)` adds to zeros of this shape."""
    samples = x.T
    parts: list[NDArray] = []

    def work(start: int, stop: int) -> None:
        part = np.zeros(shape, dtype=np.int32)
        count(samples[start:stop], part)
        parts.append(part)

    over_blocks(work, samples.shape[0], x.size)
    total: NDArray = np.stack(parts).sum(axis=0, dtype=np.int64)
    return total


def mean_std(
    x: NDArray, n_valid: int | NDArray, low: NDArray, high: NDArray, /, *, xp: Namespace
) -> tuple[NDArray, NDArray]:
    """Two reads of the values and no temporary array; see `_numba_moments`."""
    x = np.ascontiguousarray(x)
    n = np.array(np.broadcast_to(n_valid, x.shape[:1]), dtype=np.int64)
    ends = np.stack([low, high]).astype(np.float64)
    largest = np.abs(ends).max(axis=0)
    scale = power_of_two(np.where(np.isfinite(largest), largest, 1.0), xp=xp)
    moments = np.empty(ends.shape)

    def work(start: int, stop: int) -> None:
        rows = slice(start, stop)
        _numba_moments.moments_of_rows(x[rows], n[rows], ends[:, rows], scale[rows], moments[:, rows])

    over_blocks(work, x.shape[0], x.size)
    return moments[0], moments[1]


def tally_cells(
    x: NDArray,
    points: NDArray,
    unit: NDArray,
    center: NDArray,
    /,
    *,
    xp: Namespace,  # noqa: ARG001 - the contract
) -> CellSums:
    """One read of the values, each looked up in a table and by bisection; see `_numba_cells`."""
    d, k = points.shape
    cells, missing = np.zeros((d, 2 * k + 1), np.int64), np.zeros(d, np.int64)
    sums, squares = np.zeros((2, d, k + 1), np.int64), np.zeros((2, d), np.int64)
    ends = np.empty((2, d))
    inverse, middle = 1.0 / unit, center - (1 << (SQUARE_SHIFT - 1))
    step = 1 if _has_contiguous_rows(x) else CACHE_LINE // x.itemsize

    def work(start: int, stop: int) -> None:
        for first in range(start, stop, step):
            rows = slice(first, min(first + step, stop))
            values = np.ascontiguousarray(x[rows])
            _numba_cells.tally_rows(
                values,
                points[rows],
                inverse[rows],
                middle[rows],
                cells[rows],
                missing[rows],
                sums[:, rows],
                squares[:, rows],
                ends[:, rows],
            )

    over_blocks(work, d, x.size)
    return CellSums(cells, missing, *carried(*sums), *carried(*squares), *ends)


def _has_contiguous_rows(x: NDArray) -> bool:
    return x.strides[-1] == x.itemsize
