"""Pick the implementation of a primitive by backend, size and dtype, as the catalog says (layer 2)."""

from __future__ import annotations

import importlib
import sys
from collections import Counter
from functools import cache
from typing import TYPE_CHECKING, Any

from array_api_compat import size

from driftwatch.arrays.namespace import backend_name
from driftwatch.ops import generic
from driftwatch.ops._catalog import CATALOG
from driftwatch.ops.cells import CellSums

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from driftwatch._typing import Array, Namespace
    from driftwatch.ops._catalog import Override
    from driftwatch.ops.generic import Side

__all__ = [
    "bincount",
    "count_missing",
    "counts_from_edges",
    "gammaincc",
    "implementation",
    "is_usable",
    "load_from_now_on",
    "matmul",
    "mean_std",
    "merge_ks_w1",
    "rank",
    "sort_last",
    "tally_cells",
]


# By dtypes: the values that passed through here, for overrides that take long to load. Threads may lose a few counts.
_worked_through: Counter[frozenset[Any]] = Counter()


def implementation(name: str, xp: Namespace, *arrays: Array) -> Callable[..., Any]:
    """Return the function that runs primitive `name` on these arrays of `xp`."""
    for override in _overrides(name, xp):
        if _applies(override, arrays):
            function = _load(name, override)
            if function is not None:
                return function
    definition: Callable[..., Any] = getattr(generic, name)
    return definition


@cache
def _overrides(name: str, xp: Namespace) -> tuple[Override, ...]:
    """Return the overrides for the backend of `xp`, the one to be preferred first."""
    return CATALOG[name].overrides.get(backend_name(xp), ())[::-1]


def _applies(override: Override, arrays: tuple[Array, ...]) -> bool:
    if not (override.dtypes or override.min_size or override.load_after):
        return True
    dtypes = frozenset(x.dtype for x in arrays)
    if override.dtypes and not dtypes <= override.dtypes:
        return False
    n_values = sum(size(x) or 0 for x in arrays)  # None under `jax.jit`, where sizes may be unknown
    if n_values < override.min_size:
        return False
    if override.load_after:
        _worked_through[dtypes] += n_values
    return _worked_through[dtypes] >= override.load_after


def load_from_now_on(*dtypes: Any) -> None:
    """Use what takes long to load for arrays of these dtypes from the next call on."""
    _worked_through[frozenset(dtypes)] = sys.maxsize


@cache
def is_usable(package: str) -> bool:
    """Return whether a package is there and works; Numba may be there and refuse the version of NumPy beside it."""
    try:
        importlib.import_module(package)
    except ImportError:
        return False
    return True


@cache
def _load(name: str, override: Override) -> Callable[..., Any] | None:
    """Return an override; None where a package that it needs cannot be used."""
    if override.needs and not is_usable(override.needs):
        return None
    function: Callable[..., Any] = getattr(importlib.import_module(override.module), name)
    return function


def sort_last(x: Array, /, *, xp: Namespace) -> tuple[Array, Array]:
    """Dispatch `generic.sort_last`."""
    values, n_missing = implementation("sort_last", xp, x)(x, xp=xp)
    return values, n_missing


def rank(sorted_values: Array, queries: Array, /, *, side: Side = "left", xp: Namespace) -> Array:
    """Dispatch `generic.rank`."""
    return implementation("rank", xp, queries)(sorted_values, queries, side=side, xp=xp)


def bincount(index: Array, length: int, /, *, xp: Namespace) -> Array:
    """Dispatch `generic.bincount`."""
    return implementation("bincount", xp, index)(index, length, xp=xp)


def merge_ks_w1(
    reference: Array, current: Array, n_reference: int | Array, n_current: int | Array, /, *, xp: Namespace
) -> tuple[Array, Array, Array]:
    """Dispatch `generic.merge_ks_w1`."""
    run = implementation("merge_ks_w1", xp, reference, current)
    above, below, w1 = run(reference, current, n_reference, n_current, xp=xp)
    return above, below, w1


def counts_from_edges(x: Array, n_valid: int | Array, edges: Array, /, *, xp: Namespace) -> Array:
    """Dispatch `generic.counts_from_edges`."""
    return implementation("counts_from_edges", xp, x)(x, n_valid, edges, xp=xp)


def count_missing(x: Array, /, *, xp: Namespace) -> Array:
    """Dispatch `generic.count_missing`."""
    return implementation("count_missing", xp, x)(x, xp=xp)


def matmul(a: Array, b: Array, /, *, xp: Namespace) -> Array:
    """Dispatch `generic.matmul`."""
    return implementation("matmul", xp, a, b)(a, b, xp=xp)


def mean_std(x: Array, n_valid: int | Array, low: Array, high: Array, /, *, xp: Namespace) -> tuple[Array, Array]:
    """Dispatch `generic.mean_std`."""
    mean, std = implementation("mean_std", xp, x)(x, n_valid, low, high, xp=xp)
    return mean, std


def gammaincc(a: Array, x: Array, /, *, xp: Namespace) -> Array:
    """Dispatch `generic.gammaincc`."""
    return implementation("gammaincc", xp, x)(a, x, xp=xp)


def tally_cells(
    x: Array, points: NDArray[Any], unit: NDArray[Any], center: NDArray[Any], /, *, xp: Namespace
) -> CellSums:
    """Dispatch `generic.tally_cells`."""
    return CellSums(*implementation("tally_cells", xp, x)(x, points, unit, center, xp=xp))
