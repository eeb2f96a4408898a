"""Primitives for PyTorch tensors (layer 2).

A tensor in host memory and a NumPy array can be two views of the same bytes, and NumPy's implementations are several
times faster there. Where no such view exists (another device, a gradient, a function transform) PyTorch's own run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from driftwatch.arrays.namespace import namespace_of
from driftwatch.ops import _dispatch, generic
from driftwatch.ops.numpy import sort_float16_bits

if TYPE_CHECKING:
    import numpy as np

    from driftwatch._typing import Array, Namespace
    from driftwatch.ops.generic import Side

__all__ = ["bincount", "count_missing", "counts_from_edges", "mean_std", "merge_ks_w1", "rank", "sort_last"]

HALVES = frozenset({torch.float16, torch.bfloat16})


def sort_last(x: Array, /, *, xp: Namespace) -> tuple[Array, Array]:
    """Sort on the host where the values are there, 16-bit floats by their bits."""
    host = _numpy_views(x)
    if host is not None:
        ordered, n_missing = _dispatch.sort_last(*host, xp=namespace_of(*host))
        return torch.from_numpy(ordered), torch.from_numpy(n_missing)
    x, n_missing = generic.without_missing(x, xp=xp)
    bits = _numpy_views(x.contiguous().view(torch.int16)) if x.dtype in HALVES and not x.requires_grad else None
    if bits is not None:  # bfloat16, which NumPy does not have
        ordered_bits = bits[0].copy()
        sort_float16_bits(ordered_bits)
        return torch.from_numpy(ordered_bits).view(x.dtype), n_missing
    return torch.sort(x, dim=-1).values, n_missing


def count_missing(x: Array, /, *, xp: Namespace) -> Array:
    """Count on the host where the values are there."""
    host = _numpy_views(x)
    if host is None:
        return generic.count_missing(x, xp=xp)
    return torch.from_numpy(_dispatch.count_missing(*host, xp=namespace_of(*host)))


def rank(sorted_values: Array, queries: Array, /, *, side: Side = "left", xp: Namespace) -> Array:  # noqa: ARG001
    """Return batched `searchsorted`; PyTorch has it, for contiguous tensors of one dtype."""
    host = _numpy_views(sorted_values, queries)
    if host is not None:
        return torch.from_numpy(_dispatch.rank(*host, side=side, xp=namespace_of(*host)))
    dtype = torch.promote_types(sorted_values.dtype, queries.dtype)
    sorted_values, queries = (x.to(dtype).contiguous() for x in (sorted_values, queries))
    return torch.searchsorted(sorted_values, queries, side=side)


def merge_ks_w1(
    reference: Array, current: Array, n_reference: int | Array, n_current: int | Array, /, *, xp: Namespace
) -> tuple[Array, Array, Array]:
    """Merge on the host where the values are there."""
    host = _numpy_views(reference, current, n_reference, n_current)
    if host is None:
        return generic.merge_ks_w1(reference, current, n_reference, n_current, xp=xp)
    above, below, w1 = _dispatch.merge_ks_w1(*host, xp=namespace_of(host[0]))
    return _tensor(above), _tensor(below), _tensor(w1)


def counts_from_edges(x: Array, n_valid: int | Array, edges: Array, /, *, xp: Namespace) -> Array:
    """Count on the host where the values are there."""
    host = _numpy_views(x, n_valid, edges)
    if host is None:
        return generic.counts_from_edges(x, n_valid, edges, xp=xp)
    return torch.from_numpy(_dispatch.counts_from_edges(*host, xp=namespace_of(host[0])))


def mean_std(x: Array, n_valid: int | Array, low: Array, high: Array, /, *, xp: Namespace) -> tuple[Array, Array]:
    """Sum on the host where the values are there."""
    host = _numpy_views(x, n_valid, low, high)
    if host is None:
        return generic.mean_std(x, n_valid, low, high, xp=xp)
    mean, std = _dispatch.mean_std(*host, xp=namespace_of(host[0]))
    return _tensor(mean), _tensor(std)


def bincount(index: Array, length: int, /, *, xp: Namespace) -> Array:  # noqa: ARG001 - the contract of the primitive
    """Return the counts by an atomic scatter; `torch.bincount` waits for the device to learn the largest value."""
    counts = torch.zeros((index.shape[0], length), dtype=torch.int64, device=index.device)
    one = torch.ones((1, 1), dtype=torch.int64, device=index.device)
    return counts.scatter_add_(1, index.to(torch.int64), one.expand(index.shape))


def _numpy_views(*values: int | Array) -> list[Any] | None:
    """Return NumPy views of tensors in host memory, or None where one cannot be had without a copy; ints stay ints."""
    tensors = [x for x in values if not isinstance(x, int)]
    if any(x.device.type != "cpu" for x in tensors) or torch.compiler.is_compiling():
        return None
    try:
        return [x if isinstance(x, int) else x.numpy() for x in values]
    except (RuntimeError, TypeError):  # a gradient, a wrapped tensor of torch.func, or a dtype that NumPy lacks
        return None


def _tensor(x: np.ndarray[Any, Any]) -> Array:
    return torch.from_numpy(x if x.flags.writeable else x.copy())  # a broadcast constant may not be written to
