"""From samples along any axis to rows that the kernels read: orientation, missing values, ordering (layer 2)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol, TypeAlias, TypeVar

import numpy as np

from driftwatch.arrays.namespace import device_of, is_traced, move_to, namespace_of, statistic_dtype, to_host
from driftwatch.errors import ConfigError, InputError, InputTypeError
from driftwatch.ops import count_missing, sort_last

if TYPE_CHECKING:
    from collections.abc import Callable

    from driftwatch._typing import Array, Namespace

__all__ = [
    "MAX_BLOCK_VALUES",
    "NanPolicy",
    "Ordered",
    "Rows",
    "feature_by_feature",
    "order",
    "order_narrow",
    "unordered",
    "widened",
]

MAX_BLOCK_VALUES = 4_000_000  # 32 MB of float64: bounds the working memory whatever the number of features
R = TypeVar("R", "Rows", "Ordered")
R_contra = TypeVar("R_contra", "Rows", "Ordered", contravariant=True)

NARROW_BITS = 16  # narrower types than float32: they are sorted as they are, and widened block by block

NanPolicy: TypeAlias = Literal["omit", "propagate", "raise"]


class Rows(NamedTuple):
    """Values `(d, n)` in any order with NaN where missing, and how many are valid: an int, or integers `(d,)`."""

    values: Array
    n_valid: int | Array


class Ordered(NamedTuple):
    """Values `(d, n)` sorted ascending with missing ones at `+inf` behind the others, and how many are valid."""

    values: Array
    n_valid: int | Array


class Statistics(Protocol[R_contra]):
    """What computes a kernel's arrays `(d,)` from a block of both samples."""

    def __call__(self, reference: Ordered, current: R_contra, /, *, xp: Namespace) -> tuple[Array, ...]: ...


def unordered(values: Array, *, xp: Namespace) -> Rows:
    """Return numbers `(d, n)` with the missing ones counted by row."""
    values = _widened(values, xp=xp)
    return Rows(values, _n_valid(values, count_missing(values, xp=xp)))


def order(values: Array, *, xp: Namespace) -> Ordered:
    """Return numbers `(d, n)` sorted by row: the one ordering that every statistic reads."""
    return widened(order_narrow(values, xp=xp), xp=xp)


def order_narrow(values: Array, *, xp: Namespace) -> Ordered:
    """Return numbers `(d, n)` sorted by row; those of at most 16 bits in their own type (booleans as 0 and 1)."""
    if xp.isdtype(values.dtype, "bool"):
        values = xp.astype(values, xp.uint8)
    elif not _is_narrow(values, xp=xp):
        values = _widened(values, xp=xp)
    ordered, n_missing = sort_last(values, xp=xp)
    return Ordered(ordered, _n_valid(values, n_missing))


def widened(sample: Ordered, *, xp: Namespace) -> Ordered:
    """Return an ordered sample in a type that statistics read; a copy where it is narrow."""
    return Ordered(_widened(sample.values, xp=xp), sample.n_valid)


def floating(values: Array, *, xp: Namespace) -> Array:
    """Return numbers in a type that statistics read: float32 for halves, `statistic_dtype` for what is no float."""
    return _widened(values, xp=xp)


def _is_narrow(values: Array, *, xp: Namespace) -> bool:
    limits = xp.finfo if xp.isdtype(values.dtype, "real floating") else xp.iinfo
    return bool(limits(values.dtype).bits <= NARROW_BITS)


def _widened(values: Array, *, xp: Namespace) -> Array:
    """Return the same numbers in float32 where they are halves, and in `statistic_dtype` where they are no floats."""
    if not xp.isdtype(values.dtype, "real floating"):
        return xp.astype(values, statistic_dtype(xp, device_of(values)))
    return xp.astype(values, xp.float32) if _is_narrow(values, xp=xp) else values


def _n_valid(values: Array, n_missing: Array) -> int | Array:
    """Return the number of values: an int where no row misses one, which eager code can know and traced code cannot."""
    n: int = values.shape[-1]
    return n if not is_traced(values) and not to_host(n_missing).any() else n - n_missing


def feature_by_feature(
    statistics: Statistics[R],
    reference: Array,
    current: Array,
    *,
    as_rows: Callable[..., R],
    axis: int,
    nan_policy: NanPolicy,
    xp: Namespace | None,
) -> tuple[Array, ...]:
    """Return what `statistics` gives for all features, in the shape of the samples without `axis`.

    It is called with the ordered reference and with `as_rows` of current, which is `order` or `unordered`.
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
        ref, cur = (x[start : min(start + width, d), ...] for x in pair)
        ordered, rows = order(ref, xp=xp), as_rows(cur, xp=xp)
        bad = _refused((ordered, rows), nan_policy, start, xp=xp)
        blocks.append([_nan_where(bad, x, xp=xp) for x in statistics(ordered, rows, xp=xp)])
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


def _refused(rows: tuple[Rows | Ordered, ...], nan_policy: NanPolicy, start: int, *, xp: Namespace) -> Array | None:
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


def _any_missing(rows: tuple[Rows | Ordered, ...], *, xp: Namespace) -> Array:
    d = rows[0].values.shape[0]
    bad = xp.zeros((d,), dtype=xp.bool, device=device_of(rows[0].values))
    for values, n_valid in rows:
        if not isinstance(n_valid, int):
            bad = bad | (n_valid < values.shape[-1])
    return bad


def _nan_where(bad: Array | None, x: Array, *, xp: Namespace) -> Array:
    return x if bad is None else xp.where(bad, xp.asarray(xp.nan, dtype=x.dtype, device=device_of(x)), x)
