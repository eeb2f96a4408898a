"""One row per primitive: which implementations exist, from which size on they pay, what they tolerate (layer 2)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["CATALOG", "OpSpec", "Override"]


@dataclass(frozen=True, slots=True)
class Override:
    """An implementation for one backend, in `module` under the name of the primitive."""

    module: str
    min_size: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class OpSpec:
    """A primitive, its overrides by backend, and the relative tolerance that the contract suite allows by dtype."""

    name: str
    summary: str
    overrides: Mapping[str, Override] = field(default_factory=dict)
    rtol: Mapping[str, float] = field(default_factory=lambda: {"float64": 1e-12, "float32": 1e-5})


CATALOG: Mapping[str, OpSpec] = {
    spec.name: spec
    for spec in (
        OpSpec(
            "sort_last",
            "ascending keys-only sort along the last axis",
            overrides={
                "numpy": Override("driftwatch.ops.numpy", reason="one contiguous copy, then an in-place sort"),
                "torch": Override(
                    "driftwatch.ops.torch", reason="on the CPU NumPy's sort of the same memory is faster"
                ),
                "jax": Override(
                    "driftwatch.ops.jax", reason="XLA sorts the bits of floats faster than floats on a CPU"
                ),
                "cupy": Override(
                    "driftwatch.ops.cupy",
                    reason="a long row alone is sorted by radix, rows together by merging (from CuPy's source; not timed)",
                ),
            },
        ),
        OpSpec(
            "rank",
            "batched searchsorted along the last axis",
            overrides={
                "numpy": Override("driftwatch.ops.numpy", reason="a loop of native searchsorted beats log2(n) gathers"),
                "torch": Override("driftwatch.ops.torch", reason="native, of contiguous copies; NumPy's on the CPU"),
                "jax": Override("driftwatch.ops.jax", reason="a loop compiles and runs faster than log2(n) gathers"),
                "cupy": Override(
                    "driftwatch.ops.cupy", reason="one kernel in place of log2(n) gathers (not timed: needs a GPU)"
                ),
            },
        ),
        OpSpec(
            "bincount",
            "counts of small integers along the last axis",
            overrides={
                "numpy": Override("driftwatch.ops.numpy", reason="one native bincount over all rows, without a sort"),
                "torch": Override("driftwatch.ops.torch", reason="a scatter on the device, without a sort or a sync"),
                "jax": Override("driftwatch.ops.jax", reason="a scatter that traces, without a sort"),
            },
        ),
        OpSpec(
            "merge_ks_w1",
            "one-sided ECDF distances and W1 of two sorted batches",
            overrides={
                "torch": Override("driftwatch.ops.torch", reason="on the CPU NumPy's on the same memory is faster"),
            },
        ),
        OpSpec(
            "counts_from_edges",
            "counts of unsorted values in bins [a, b)",
            overrides={
                "torch": Override("driftwatch.ops.torch", reason="on the CPU NumPy's on the same memory is faster"),
                "jax": Override("driftwatch.ops.jax", reason="no comparison of the whole block is kept in memory"),
            },
        ),
        OpSpec(
            "gammaincc",
            "upper regularized incomplete gamma function, for p-values",
            overrides={
                "jax": Override("driftwatch.ops.jax", reason="under `jax.jit` there is no host to compute on"),
            },
        ),
    )
}
