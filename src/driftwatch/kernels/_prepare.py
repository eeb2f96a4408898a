"""From samples along any axis to rows that the kernels read: orientation, missing values, ordering (layer 2)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol, TypeAlias

import numpy as np

from driftwatch.arrays.namespace import device_of, is_traced, move_to, namespace_of, statistic_dtype, to_host
from driftwatch.errors import ConfigError, InputError, InputTypeError
from driftwatch.ops import sort_last

if TYPE_CHECKING:
    from driftwatch._typing import Array, Namespace

__all__ = [
    "MAX_BLOCK_VALUES",
    "NanPolicy",
    "Ordered",
    "Rows",
    "feature_by_feature",
    "mask_missing",
    "order",
    "sort_rows",
    "widened",
]

MAX_BLOCK_VALUES = 4_000_000  # 32 MB of float64: bounds the working memory whatever the number of features
NARROW_BITS = 16  # narrower types than float32: they are sorted as they are, and widened block by block

NanPolicy: TypeAlias = Literal["omit", "propagate", "raise"]


class Rows(NamedTuple):
    """Values `(d, n)` in any order with missing ones at `+inf`, and how many are valid: an int, or integers `(d,)`.

    In a type of at most 16 bits, floats or integers (booleans as 0 and 1), or in float32 or float64.
    """

    values: Array
    n_valid: int | Array


class Ordered(NamedTuple):
    """`Rows` sorted ascending, in float32 or float64."""

    values: Array
    n_valid: int | Array


class Statistics(Protocol):
    """What computes a kernel's arrays `(d,)` from two blocks of rows."""

    def __call__(self, reference: Rows, current: Rows, /, *, xp: Namespace) -> tuple[Array, ...]: ...


def sort_rows(rows: Rows, *, xp: Namespace) -> Rows:
    """Return the rows sorted ascending, in the type that they have: what a narrow reference is kept as."""
    return Rows(sort_last(rows.values, xp=xp), rows.n_valid)


def widened(rows: Rows, *, xp: Namespace) -> Ordered:
    """Return rows in a type that statistics read: halves as float32, narrow integers as `statistic_dtype`.

    The values are the same numbers. A copy where they are narrow, and so for one block of features at a time.
    """
    values = rows.values
    if not xp.isdtype(values.dtype, "real floating"):
        values = xp.astype(values, statistic_dtype(xp, device_of(values)))
    elif xp.finfo(values.dtype).bits <= NARROW_BITS:
        values = xp.astype(values, xp.float32)
    return Ordered(values, rows.n_valid)


def order(rows: Rows, *, xp: Namespace) -> Ordered:
    """Return the rows sorted: the one ordering that every statistic reads."""
    return widened(sort_rows(rows, xp=xp), xp=xp)


def mask_missing(values: Array, *, xp: Namespace) -> Rows:
    """Return `(d, n)` values with NaN moved to `+inf` and counted per row.

    The count is an int where it is the same for every row, which eager code can know and traced code cannot.
    """
    n = values.shape[-1]
    if xp.isdtype(values.dtype, "bool"):
        return Rows(xp.astype(values, xp.uint8), n)
    if not xp.isdtype(values.dtype, "real floating"):
        if xp.iinfo(values.dtype).bits > NARROW_BITS:
            values = xp.astype(values, statistic_dtype(xp, device_of(values)))
        return Rows(values, n)
    missing = xp.isnan(values)
    n_missing = xp.count_nonzero(missing, axis=-1)
    if not is_traced(values):
        counted = to_host(n_missing)
        if not counted.any():
            return Rows(values, n)
    filled = xp.where(missing, xp.asarray(xp.inf, dtype=values.dtype, device=device_of(values)), values)
    return Rows(filled, n - n_missing)


def feature_by_feature(
    statistics: Statistics,
    reference: Array,
    current: Array,
    *,
    axis: int,
    nan_policy: NanPolicy,
    xp: Namespace | None,
) -> tuple[Array, ...]:
    """Return what `statistics` gives for all features, in the shape of the samples without `axis`.

    Features are taken in blocks of at most `MAX_BLOCK_VALUES` values, or one at a time where a sample alone is larger;
    traced ones all at once, as the compiler plans the memory.

    Raises
    ------
    ConfigError
        If `nan_policy` is unknown.
    InputError
        If the shapes do not agree off `axis`, a sample is empty, or NaN is met under `nan_policy="raise"`.
    InputTypeError
        If a sample holds neither real numbers nor booleans.
    """
    if nan_policy not in {"omit", "propagate", "raise"}:
        raise ConfigError(f"`nan_policy` must be 'omit', 'propagate' or 'raise', got {nan_policy!r}.")
    xp = namespace_of(current, xp=xp)
    reference = move_to(reference, like=current)
    pair, shape = _flattened(reference, current, axis=axis, xp=xp)

    d = pair[0].shape[0]
    longest = max(x.shape[-1] for x in pair)
    width = d if is_traced(current) or is_traced(reference) else max(1, MAX_BLOCK_VALUES // longest)
    blocks = []
    for start in range(0, max(d, 1), max(width, 1)):
        rows = tuple(mask_missing(x[start : min(start + width, d), ...], xp=xp) for x in pair)
        bad = _refused(rows, nan_policy, start, xp=xp)
        blocks.append([_nan_where(bad, x, xp=xp) for x in statistics(*rows, xp=xp)])
    arrays = blocks[0] if len(blocks) == 1 else [xp.concat(parts) for parts in zip(*blocks, strict=True)]
    return tuple(xp.reshape(x, shape) for x in arrays)


def _flattened(
    reference: Array, current: Array, *, axis: int, xp: Namespace
) -> tuple[tuple[Array, Array], tuple[int, ...]]:
    """Return both samples as `(d, n)` and the shape of the features."""
    for name, x in (("reference", reference), ("current", current)):
        if not xp.isdtype(x.dtype, ("bool", "integral", "real floating")):
            raise InputTypeError(
                f"`{name}` must hold real numbers or booleans, got {x.dtype}. Count categories instead."
            )
        if not -x.ndim <= axis < x.ndim or x.shape[axis] == 0:
            raise InputError(f"`{name}` must hold at least one value along axis {axis}, got shape {tuple(x.shape)}.")
    turned = [xp.moveaxis(x, axis, -1) for x in (reference, current)]
    if turned[0].shape[:-1] != turned[1].shape[:-1]:
        raise InputError(
            f"`reference` and `current` must have the same shape except along axis {axis}, "
            f"got {tuple(reference.shape)} and {tuple(current.shape)}."
        )
    shape = tuple(turned[1].shape[:-1])
    flat = [xp.reshape(x, (math.prod(shape), x.shape[-1])) for x in turned]
    return (flat[0], flat[1]), shape


def _refused(rows: tuple[Rows, ...], nan_policy: NanPolicy, start: int, *, xp: Namespace) -> Array | None:
    """Return which rows become NaN, or None if none can; `start` is the feature of the first row."""
    if nan_policy == "omit" or all(isinstance(r.n_valid, int) for r in rows):
        return None
    bad = _any_missing(rows, xp=xp)
    if nan_policy == "raise":
        if is_traced(bad):
            raise ConfigError("`nan_policy='raise'` cannot be used under `jax.jit`, which knows no values. Use 'omit'.")
        first = start + int(np.flatnonzero(to_host(bad))[0])
        raise InputError(f"NaN in feature {first} and `nan_policy='raise'`. Drop it, or use `nan_policy='omit'`.")
    return bad


def _any_missing(rows: tuple[Rows, ...], *, xp: Namespace) -> Array:
    d = rows[0].values.shape[0]
    bad = xp.zeros((d,), dtype=xp.bool, device=device_of(rows[0].values))
    for values, n_valid in rows:
        if not isinstance(n_valid, int):
            bad = bad | (n_valid < values.shape[-1])
    return bad


def _nan_where(bad: Array | None, x: Array, *, xp: Namespace) -> Array:
    return x if bad is None else xp.where(bad, xp.asarray(xp.nan, dtype=x.dtype, device=device_of(x)), x)
