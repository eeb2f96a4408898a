"""Primitives for JAX arrays where the generic definition leaves time on the table (layer 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from driftwatch._typing import Array, Namespace

__all__ = ["bincount"]


def bincount(index: Array, length: int, /, *, xp: Namespace) -> Array:
    """Return the counts by a scatter-add, which JAX defines for repeated positions."""
    d = index.shape[0]
    dtype = xp.__array_namespace_info__().default_dtypes()["integral"]
    return xp.zeros((d, length), dtype=dtype).at[xp.arange(d)[:, None], index].add(1)
