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

__all__ = ["bincount", "counts_from_edges", "merge_ks_w1", "rank", "sort_last"]

HALVES = frozenset({torch.float16, torch.bfloat16})


def sort_last(x: Array, /, *, xp: Namespace) -> Array:  # noqa: ARG001 - the contract of the primitive
    """Return `x` sorted along the last axis; 16-bit floats on the CPU by their bits."""
    if x.dtype in HALVES:
        bits = None if x.requires_grad else _numpy_views(x.view(torch.int16))
        if bits is not None:
            return torch.from_numpy(sort_float16_bits(*bits)).view(x.dtype)
    host = _numpy_views(x)
    if host is not None:
        return torch.from_numpy(_dispatch.sort_last(*host, xp=namespace_of(*host)))
    return torch.sort(x, dim=-1).values


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
    """Return the distances as NumPy's implementation gives them, or the definition's where there is no host view."""
    counts = [count for count in (n_reference, n_current) if not isinstance(count, int)]
    host = _numpy_views(reference, current, *counts)
    if host is None:
        return generic.merge_ks_w1(reference, current, n_reference, n_current, xp=xp)
    counts_of = iter(host[2:])
    n, m = (count if isinstance(count, int) else next(counts_of) for count in (n_reference, n_current))
    above, below, w1 = _dispatch.merge_ks_w1(host[0], host[1], n, m, xp=namespace_of(host[0]))
    return torch.from_numpy(above), torch.from_numpy(below), torch.from_numpy(w1)


def counts_from_edges(x: Array, n_valid: int | Array, edges: Array, /, *, xp: Namespace) -> Array:
    """Return counts as NumPy's implementation gives them, or the definition's where there is no host view."""
    host = _numpy_views(x, edges) if isinstance(n_valid, int) else _numpy_views(x, edges, n_valid)
    if host is None:
        return generic.counts_from_edges(x, n_valid, edges, xp=xp)
    counts = _dispatch.counts_from_edges(host[0], host[2] if host[2:] else n_valid, host[1], xp=namespace_of(host[0]))
    return torch.from_numpy(counts)


def bincount(index: Array, length: int, /, *, xp: Namespace) -> Array:  # noqa: ARG001 - the contract of the primitive
    """Return the counts by an atomic scatter; `torch.bincount` waits for the device to learn the largest value."""
    counts = torch.zeros((index.shape[0], length), dtype=torch.int64, device=index.device)
    one = torch.ones((1, 1), dtype=torch.int64, device=index.device)
    return counts.scatter_add_(1, index.to(torch.int64), one.expand(index.shape))


def _numpy_views(*tensors: Array) -> list[np.ndarray[Any, Any]] | None:
    """Return NumPy views of tensors in host memory, or None where one cannot be had without a copy."""
    if any(x.device.type != "cpu" for x in tensors) or torch.compiler.is_compiling():
        return None
    try:
        return [x.numpy() for x in tensors]
    except (RuntimeError, TypeError):  # a gradient, a wrapped tensor of torch.func, or a dtype that NumPy lacks
        return None
