"""Primitives for CuPy arrays (layer 2). Chosen from CuPy's source; what they gain has to be timed on a GPU."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import cupy

from driftwatch.ops import generic

if TYPE_CHECKING:
    from driftwatch._typing import Array, Namespace
    from driftwatch.ops.generic import Side

__all__ = ["RANK_SOURCE", "rank", "sort_last"]

# CuPy sorts a 1-D array by radix, rows of a 2-D one together by merging pairs of row number and value. From about this
# length on the launch of a sort for each row should be the smaller cost.
LONG_ROW = 1 << 16
THREADS = 256
TYPES = {"float32": "float", "float64": "double"}

# One thread for each query, a binary search in its row. Queries are sorted, so that neighbours read the same cells.
RANK_SOURCE = r"""
template <typename T, bool RIGHT>
__global__ void rank(const T* values, const T* queries, long long n, long long q, long long total, long long* out) {
    const long long stride = (long long)gridDim.x * blockDim.x;
    for (long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x; i < total; i += stride) {
        const T* row = values + (i / q) * n;
        const T query = queries[i];
        long long low = 0, high = n;
        while (low < high) {
            const long long middle = (low + high) >> 1;
            const bool before = RIGHT ? !(query < row[middle]) : row[middle] < query;
            if (before) low = middle + 1; else high = middle;
        }
        out[i] = low;
    }
}
"""


def sort_last(x: Array, /, *, xp: Namespace) -> tuple[Array, Array]:
    """Sort long rows one by one."""
    if x.shape[-1] < LONG_ROW:
        return generic.sort_last(x, xp=xp)
    x, n_missing = generic.without_missing(x, xp=xp)
    out = cupy.array(x, order="C", copy=True)
    for row in out:
        row.sort()
    return out, n_missing


def rank(sorted_values: Array, queries: Array, /, *, side: Side = "left", xp: Namespace) -> Array:
    """Return batched `searchsorted` in one kernel; CuPy has it for one row only."""
    if str(queries.dtype) not in TYPES or sorted_values.dtype != queries.dtype or queries.size == 0:
        return generic.rank(sorted_values, queries, side=side, xp=xp)
    values, wanted = cupy.ascontiguousarray(sorted_values), cupy.ascontiguousarray(queries)
    out = cupy.empty(wanted.shape, dtype=cupy.int64)
    n_blocks = min(-(-wanted.size // THREADS), cupy.cuda.Device().attributes["MultiProcessorCount"] * 32)
    arguments = (values, wanted, values.shape[-1], wanted.shape[-1], wanted.size, out)
    _kernel(rank_name(str(queries.dtype), side), cupy.cuda.Device().id)((n_blocks,), (THREADS,), arguments)
    return out


def rank_name(dtype: str, side: Side) -> str:
    """Return the name under which the kernel is compiled for a dtype and a side."""
    return f"rank<{TYPES[dtype]}, {str(side == 'right').lower()}>"


@cache
def _kernel(name: str, device_id: int) -> Any:  # noqa: ARG001 - a compiled kernel belongs to one device
    names = [rank_name(dtype, side) for dtype in TYPES for side in ("left", "right")]
    return cupy.RawModule(code=RANK_SOURCE, options=("-std=c++17",), name_expressions=names).get_function(name)
