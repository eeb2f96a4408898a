"""Primitives for JAX arrays, eager and under `jax.jit` (layer 2)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import jax
import jax.numpy as jnp

from driftwatch.arrays.namespace import is_traced
from driftwatch.ops import generic

if TYPE_CHECKING:
    from driftwatch._typing import Array, Namespace
    from driftwatch.ops.generic import Side

__all__ = ["bincount", "counts_from_edges", "gammaincc", "matmul", "rank", "sort_last"]

INTEGERS = {2: jnp.int16, 4: jnp.int32, 8: jnp.int64}  # by width in bytes


def sort_last(x: Array, /, *, xp: Namespace) -> tuple[Array, Array]:
    """Sort floats by their bits: XLA sorts integers several times faster on a CPU."""
    if not xp.isdtype(x.dtype, "real floating"):
        return generic.sort_last(x, xp=xp)
    x, n_missing = generic.without_missing(x, xp=xp)
    return _sort_floats(x), n_missing


@jax.custom_jvp  # type: ignore[untyped-decorator]  # JAX may not be installed where types are checked
@jax.jit  # type: ignore[untyped-decorator]
def _sort_floats(x: Array) -> Array:
    integers = INTEGERS[x.dtype.itemsize]
    bits = jax.lax.bitcast_convert_type(x, integers)
    # Turning all but the sign bit of negative numbers orders the integers as the floats; doing it again undoes it.
    keys = jax.lax.sort(_turn_negative(bits), dimension=-1, is_stable=False)
    return jax.lax.bitcast_convert_type(_turn_negative(keys), x.dtype)


def _turn_negative(bits: Array) -> Array:
    return jnp.where(bits < 0, bits ^ jnp.iinfo(bits.dtype).max, bits)


@_sort_floats.defjvp  # type: ignore[untyped-decorator]
def _sort_floats_jvp(primals: tuple[Array], tangents: tuple[Array]) -> tuple[Array, Array]:
    # Bits have no derivative; a gradient asks for the permutation, which is the only time that it is computed.
    order = jnp.argsort(primals[0], axis=-1)
    return _sort_floats(primals[0]), jnp.take_along_axis(tangents[0], order, axis=-1)


def rank(sorted_values: Array, queries: Array, /, *, side: Side = "left", xp: Namespace) -> Array:  # noqa: ARG001
    """Return batched `searchsorted`: a binary search in a loop, where the definition unrolls it."""
    return _rank(sorted_values, queries, side=side)


@partial(jax.jit, static_argnames="side")
def _rank(sorted_values: Array, queries: Array, side: Side) -> Array:
    return jax.vmap(partial(jnp.searchsorted, side=side))(sorted_values, queries)


def counts_from_edges(x: Array, n_valid: int | Array, edges: Array, /, *, xp: Namespace) -> Array:
    """Return counts by bin, reading `x` once for each edge and keeping no comparison in memory."""
    return generic.bins_from_cumulative(_n_below(x, edges), n_valid, edges, xp=xp)


@jax.jit  # type: ignore[untyped-decorator]
def _n_below(x: Array, edges: Array) -> Array:
    return jax.lax.map(lambda edge: jnp.count_nonzero(x < edge[:, None], axis=-1), edges.T).T


def bincount(index: Array, length: int, /, *, xp: Namespace) -> Array:
    """Return the counts by a scatter-add, which JAX defines for repeated positions."""
    d = index.shape[0]
    dtype = xp.__array_namespace_info__().default_dtypes()["integral"]
    return xp.zeros((d, length), dtype=dtype).at[xp.arange(d)[:, None], index].add(1)


def gammaincc(a: Array, x: Array, /, *, xp: Namespace) -> Array:
    """Return Q(a, x): JAX's own under a trace, where there is no host, and the definition otherwise."""
    if is_traced(x):
        return jax.scipy.special.gammaincc(a, x)
    return generic.gammaincc(a, x, xp=xp)


def matmul(a: Array, b: Array, /, *, xp: Namespace) -> Array:  # noqa: ARG001 - the contract of the primitive
    """Multiply in full precision: on GPUs JAX rounds the factors of float32 products to 11 bits by default."""
    return jnp.matmul(a, b, precision="highest")
