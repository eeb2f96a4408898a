"""One row per primitive: which implementations exist, from which size on they pay, what they tolerate (layer 2)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["CATALOG", "OpSpec", "Override"]


@dataclass(frozen=True, slots=True)
class Override:
    """An implementation for one backend, in `module` under the name of the primitive.

    Parameters
    ----------
    module : str
        Where it is; imported when it is first chosen.
    min_size : int
        Number of values, in all arrays together, from which on it pays.
    load_after : int
        Number of values that the process has to have worked through in arrays of the same dtypes, before what takes
        long to load or to compile is loaded. It then costs at most about as much as was spent already.
    needs : str
        A package that may be missing. Without it the next implementation takes over.
    dtypes : frozenset of numpy dtypes
        What the arrays must be; empty for any.
    reason : str
        Why it exists.
    """

    module: str
    min_size: int = 0
    load_after: int = 0
    needs: str = ""
    dtypes: frozenset[np.dtype[Any]] = frozenset()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class OpSpec:
    """A primitive, its overrides by backend, and the relative tolerance that the contract suite allows by dtype.

    Of several overrides for a backend the last one that applies is chosen: they stand in the order of `min_size`.
    """

    name: str
    summary: str
    overrides: Mapping[str, tuple[Override, ...]] = field(default_factory=dict)
    rtol: Mapping[str, float] = field(default_factory=lambda: {"float64": 1e-12, "float32": 1e-5})


# A value costs NumPy about 25 ns in each primitive. Loading Numba with compiled code from its disk cache takes a second,
# compiling that code 6 s for a dtype, once a machine. A check of 10,000 x 20 works through 1.2 million values.
NUMBA_LOAD_AFTER = 20_000_000
NUMBA_MIN_SIZE = 20_000  # calls of compiled functions take 20 microseconds; and what is small never meets the compiler
NATIVE_FLOATS: frozenset[np.dtype[Any]] = frozenset({np.dtype(np.float32), np.dtype(np.float64)})


def _numpy(reason: str) -> Override:
    return Override("driftwatch.ops.numpy", reason=reason)


def _numba(reason: str) -> Override:
    return Override("driftwatch.ops.numba", NUMBA_MIN_SIZE, NUMBA_LOAD_AFTER, "numba", NATIVE_FLOATS, reason)


def _torch(reason: str) -> tuple[Override, ...]:
    return (Override("driftwatch.ops.torch", reason=reason),)


def _jax(reason: str) -> tuple[Override, ...]:
    return (Override("driftwatch.ops.jax", reason=reason),)


def _cupy(reason: str) -> tuple[Override, ...]:
    return (Override("driftwatch.ops.cupy", reason=reason),)


ON_CPU = "in host memory NumPy's implementation on the same bytes"

CATALOG: Mapping[str, OpSpec] = {
    spec.name: spec
    for spec in (
        OpSpec(
            "sort_last",
            "ascending keys-only sort along the last axis, missing values counted and last",
            overrides={
                "numpy": (
                    _numpy("one contiguous copy, sorted in place in several threads; NaN is last already"),
                    _numba("radix sort: level with numpy's AVX2 sort, 4 to 5 times its AVX-512 sort on Zen 4"),
                ),
                "torch": _torch(f"{ON_CPU}: 5 times as fast, 17 times for 8 bits"),
                "jax": _jax("XLA on a CPU sorts the bits of floats 4 to 6 times as fast as floats"),
                "cupy": _cupy(
                    "a long row alone is sorted by radix, rows together by merging (CuPy's source; not timed)"
                ),
            },
        ),
        OpSpec(
            "rank",
            "batched searchsorted along the last axis",
            overrides={
                "numpy": (_numpy("a loop of native searchsorted beats log2(n) gathers"),),
                "torch": _torch(f"{ON_CPU}: twice as fast; elsewhere native, of contiguous copies"),
                "jax": _jax(
                    "a binary search in a loop is 2 to 3 times as fast as log2(n) gathers, and sooner compiled"
                ),
                "cupy": _cupy("one kernel in place of log2(n) gathers (not timed)"),
            },
        ),
        OpSpec(
            "bincount",
            "counts of small integers along the last axis",
            overrides={
                "numpy": (_numpy("one native bincount over all rows, without a sort"),),
                "torch": _torch("a scatter on the device, without a sort and without waiting for it"),
                "jax": _jax("a scatter that traces, without a sort"),
            },
        ),
        OpSpec(
            "merge_ks_w1",
            "one-sided ECDF distances and W1 of two sorted batches",
            overrides={
                "numpy": (
                    _numpy("timsort merges two runs in linear time: half the time of ranks, and in several threads"),
                    _numba("KS by bounds and W1 by pairs of quantiles: no merge is left, 15 times as fast as timsort"),
                ),
                "torch": _torch(f"{ON_CPU}: 12 times as fast"),
            },
        ),
        OpSpec(
            "counts_from_edges",
            "counts of unsorted values in bins [a, b)",
            overrides={
                "numpy": (
                    _numpy("strided rows are copied once, and not read once for each edge"),
                    _numba("all edges in one read of the values"),
                ),
                "torch": _torch(f"{ON_CPU}: 100 times as fast"),
                "jax": _jax(
                    "one edge after the other, so that no comparison of the whole block is kept: 4 to 9 times as fast compiled"
                ),
            },
        ),
        OpSpec(
            "count_missing",
            "missing values of each row",
            overrides={
                "numpy": (_numba("one read, no array of booleans"),),
                "torch": _torch(f"{ON_CPU}: 30 times as fast"),
            },
        ),
        OpSpec(
            "mean_std",
            "mean and standard deviation of ordered rows",
            overrides={
                "numpy": (_numba("two reads, no temporary arrays of the size of the data"),),
                "torch": _torch(f"{ON_CPU}: 70 times as fast"),
            },
        ),
        OpSpec(
            "tally_cells",
            "counts and whole sums of unsorted values in cells between points",
            overrides={"numpy": (_numba("one read of the values, and no sort"),)},
        ),
        OpSpec(
            "gammaincc",
            "upper regularized incomplete gamma function, for p-values",
            overrides={"jax": _jax("under `jax.jit` there is no host to compute on")},
        ),
        OpSpec(
            "matmul",
            "matrix product with all digits of the dtype",
            overrides={"jax": _jax("on GPUs JAX multiplies float32 with 11 bits unless it is told otherwise")},
        ),
    )
}
