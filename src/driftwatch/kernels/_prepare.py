"""From samples along any axis to rows that the kernels read: orientation, missing values, ordering (layer 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

import array_api_compat
import numpy as np

from driftwatch.arrays.namespace import device_of, is_traced, move_to, namespace_of, statistic_dtype, to_host
from driftwatch.errors import ConfigError, InputError, InputTypeError
from driftwatch.ops import sort_last

if TYPE_CHECKING:
    from driftwatch._typing import Array, Namespace

__all__ = ["NanPolicy", "Ordered", "Rows", "order", "rows_of_pair"]

NanPolicy: TypeAlias = Literal["omit", "propagate", "raise"]


class Rows(NamedTuple):
    """Values `(d, n)` in any order with missing ones at `+inf`, and how many are valid: an int, or integers `(d,)`."""

    values: Array
    n_valid: int | Array


class Ordered(NamedTuple):
    """`Rows` sorted ascending."""

    values: Array
    n_valid: int | Array


def order(rows: Rows, *, xp: Namespace) -> Ordered:
    """Return the rows sorted: the one ordering that every statistic reads."""
    return Ordered(sort_last(rows.values, xp=xp), rows.n_valid)


def mask_missing(values: Array, *, xp: Namespace) -> Rows:
    """Return `(d, n)` values with NaN moved to `+inf` and counted per row.

    The count is an int where it is the same for every row, which eager code can know and traced code cannot.
    """
    n = values.shape[-1]
    if not xp.isdtype(values.dtype, "real floating"):
        dtype = statistic_dtype(xp, device_of(values))
        return Rows(xp.astype(values, dtype), n)
    missing = xp.isnan(values)
    n_missing = xp.count_nonzero(missing, axis=-1)
    if not is_traced(values):
        counted = to_host(n_missing)
        if not counted.any():
            return Rows(values, n)
    filled = xp.where(missing, xp.asarray(xp.inf, dtype=values.dtype, device=device_of(values)), values)
    return Rows(filled, n - n_missing)


def rows_of_pair(
    reference: Array, current: Array, *, axis: int, nan_policy: NanPolicy, xp: Namespace | None
) -> tuple[Rows, Rows, tuple[int, ...], Array | None, Namespace]:
    """Return both samples as rows, the shape of the result, which rows become NaN, and the namespace.

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
    flat = [xp.reshape(x, (-1, x.shape[-1])) for x in turned]
    rows = [mask_missing(x, xp=xp) for x in flat]
    if nan_policy == "omit" or all(isinstance(r.n_valid, int) for r in rows):
        return rows[0], rows[1], shape, None, xp
    bad = _any_missing(rows, xp=xp)
    if nan_policy == "raise":
        if is_traced(current):
            raise ConfigError("`nan_policy='raise'` cannot be used under `jax.jit`, which knows no values. Use 'omit'.")
        first = int(np.flatnonzero(to_host(bad))[0])
        raise InputError(f"NaN in feature {first} and `nan_policy='raise'`. Drop it, or use `nan_policy='omit'`.")
    return rows[0], rows[1], shape, bad, xp


def _any_missing(rows: list[Rows], *, xp: Namespace) -> Array:
    d = rows[0].values.shape[0]
    bad = xp.zeros((d,), dtype=xp.bool, device=device_of(rows[0].values))
    for values, n_valid in rows:
        if not isinstance(n_valid, int):
            bad = bad | (n_valid < values.shape[-1])
    return bad


def finish(x: Array, shape: tuple[int, ...], bad: Array | None, *, xp: Namespace) -> Array:
    """Return a `(d,)` result with the rows of `bad` set to NaN, in the shape that the caller sees."""
    if bad is not None:
        x = xp.where(bad, xp.asarray(xp.nan, dtype=x.dtype, device=array_api_compat.device(x)), x)
    return xp.reshape(x, shape)
