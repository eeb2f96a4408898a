"""Pick the implementation of a primitive by backend and size, as the catalog says (layer 2)."""

from __future__ import annotations

import importlib
from functools import cache
from typing import TYPE_CHECKING, Any

from array_api_compat import size

from driftwatch.arrays.namespace import backend_name
from driftwatch.ops import generic
from driftwatch.ops._catalog import CATALOG

if TYPE_CHECKING:
    from collections.abc import Callable

    from driftwatch._typing import Array, Namespace
    from driftwatch.ops.generic import Side

__all__ = ["bincount", "counts_from_edges", "gammaincc", "implementation", "merge_ks_w1", "rank", "sort_last"]


@cache
def _candidates(name: str, xp: Namespace) -> tuple[Callable[..., Any], int]:
    """Return the override for the backend of `xp` and the size from which it is used, or the generic definition."""
    override = CATALOG[name].overrides.get(backend_name(xp))
    if override is None:
        return getattr(generic, name), 0
    return getattr(importlib.import_module(override.module), name), override.min_size


def implementation(name: str, xp: Namespace, n_values: int | None) -> Callable[..., Any]:
    """Return the function that runs primitive `name` on arrays of `xp` with `n_values` values."""
    function, min_size = _candidates(name, xp)
    return function if n_values is None or n_values >= min_size else getattr(generic, name)


def sort_last(x: Array, /, *, xp: Namespace) -> Array:
    """Dispatch `generic.sort_last`."""
    return implementation("sort_last", xp, size(x))(x, xp=xp)


def rank(sorted_values: Array, queries: Array, /, *, side: Side = "left", xp: Namespace) -> Array:
    """Dispatch `generic.rank`."""
    return implementation("rank", xp, size(queries))(sorted_values, queries, side=side, xp=xp)


def bincount(index: Array, length: int, /, *, xp: Namespace) -> Array:
    """Dispatch `generic.bincount`."""
    return implementation("bincount", xp, size(index))(index, length, xp=xp)


def merge_ks_w1(
    reference: Array, current: Array, n_reference: int | Array, n_current: int | Array, /, *, xp: Namespace
) -> tuple[Array, Array, Array]:
    """Dispatch `generic.merge_ks_w1`."""
    run = implementation("merge_ks_w1", xp, size(current))
    above, below, w1 = run(reference, current, n_reference, n_current, xp=xp)
    return above, below, w1


def counts_from_edges(x: Array, n_valid: int | Array, edges: Array, /, *, xp: Namespace) -> Array:
    """Dispatch `generic.counts_from_edges`."""
    return implementation("counts_from_edges", xp, size(x))(x, n_valid, edges, xp=xp)


def gammaincc(a: Array, x: Array, /, *, xp: Namespace) -> Array:
    """Dispatch `generic.gammaincc`."""
    return implementation("gammaincc", xp, size(x))(a, x, xp=xp)
