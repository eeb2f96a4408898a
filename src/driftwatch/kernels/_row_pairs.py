"""Two samples of rows as one pooled block, and random relabelings of it: what permutation tests read (layer 2)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from driftwatch.arrays.namespace import device_of, is_traced, move_to, namespace_of, statistic_dtype, to_host
from driftwatch.errors import ConfigError, InputError, InputTypeError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from driftwatch._typing import Array, Namespace
    from driftwatch.kernels._prepare import NanPolicy

__all__ = [
    "Rng",
    "RowPair",
    "check_permutations",
    "complete_rows",
    "further_labels",
    "permutation_pvalue",
    "permuted_labels",
    "relabeled_noise",
    "rounding",
    "row_pair",
]

Rng: TypeAlias = "int | np.random.Generator"

NOISE_LEVEL = 0.99
WIDE_BITS = 32  # narrower floats are widened: a distance is a sum over d of them
TIE_ULPS = 16.0  # sums of the same terms in another order differ by a few units in the last place


class RowPair(NamedTuple):
    """`pooled` of shape `(n + m, d)`, the n rows of the reference first, centred on the mean of both."""

    pooled: Array
    n: int
    m: int


def row_pair(reference: Array, current: Array, *, nan_policy: NanPolicy, xp: Namespace | None) -> RowPair:
    """Return two samples of rows as one block of floats in the library and on the device of `current`.

    Centred, because squared distances from inner products lose as many digits as the mean is larger than the spread.

    Raises
    ------
    ConfigError
        If `nan_policy` is unknown.
    InputError
        If the rows differ in length, a side has fewer than two of them, or one is not finite under "raise".
    InputTypeError
        If a sample holds no real numbers.
    """
    if nan_policy not in {"omit", "propagate", "raise"}:
        raise ConfigError(f"`nan_policy` must be 'omit', 'propagate' or 'raise', got {nan_policy!r}.")
    xp = namespace_of(current, xp=xp)
    reference = move_to(reference, like=current)
    sides = [_as_floats(x, name, xp=xp) for name, x in (("reference", reference), ("current", current))]
    if sides[0].shape[-1] != sides[1].shape[-1]:
        raise InputError(
            f"`reference` and `current` must have rows of one length, got {sides[0].shape[-1]} and "
            f"{sides[1].shape[-1]} dimensions."
        )
    sides = [_complete(x, name, nan_policy, xp=xp) for name, x in zip(("reference", "current"), sides, strict=True)]
    for name, x in zip(("reference", "current"), sides, strict=True):
        if x.shape[0] < 2:
            raise InputError(f"`{name}` must hold at least two rows without missing values, got {x.shape[0]}.")
    n, m = (int(x.shape[0]) for x in sides)
    dtype = xp.result_type(sides[0].dtype, sides[1].dtype)
    pooled = xp.concat([xp.astype(x, dtype, copy=False) for x in sides], axis=0)
    return RowPair(pooled - xp.mean(pooled, axis=0, keepdims=True), n, m)


def _as_floats(x: Array, name: str, *, xp: Namespace) -> Array:
    if not xp.isdtype(x.dtype, ("bool", "integral", "real floating")):
        raise InputTypeError(f"`{name}` must hold real numbers or booleans, got {x.dtype}. Embed the rows first.")
    if x.ndim == 0:
        raise InputError(f"`{name}` must hold rows, shape (n, d), got a single value.")
    x = xp.reshape(x, (x.shape[0], math.prod(x.shape[1:])))
    if not xp.isdtype(x.dtype, "real floating"):
        return xp.astype(x, statistic_dtype(xp, device_of(x)))
    return xp.astype(x, xp.float32) if xp.finfo(x.dtype).bits < WIDE_BITS else x


def _complete(x: Array, name: str, nan_policy: NanPolicy, *, xp: Namespace) -> Array:
    if is_traced(x):
        if nan_policy == "raise":
            raise ConfigError("`nan_policy='raise'` cannot be used under `jax.jit`, which knows no values.")
        return _nan_for_infinity(x, xp=xp)  # a trace cannot drop rows: NaN in one makes the result NaN
    if nan_policy == "propagate":
        return _nan_for_infinity(x, xp=xp)
    complete, n_incomplete = complete_rows(x, xp=xp)
    if n_incomplete and nan_policy == "raise":
        raise InputError(f"`{name}` has {n_incomplete} rows with missing or infinite values and `nan_policy='raise'`.")
    return complete


def _nan_for_infinity(x: Array, *, xp: Namespace) -> Array:
    return xp.where(xp.isfinite(x), x, xp.asarray(xp.nan, dtype=x.dtype, device=device_of(x)))


def complete_rows(x: Array, *, xp: Namespace) -> tuple[Array, int]:
    """Return the rows `(n, d)` that hold finite numbers only, in their order, and how many others there were."""
    if not xp.isdtype(x.dtype, "real floating"):
        return x, 0
    incomplete = ~xp.all(xp.isfinite(x), axis=-1)
    n_incomplete = int(to_host(xp.count_nonzero(incomplete)))
    if n_incomplete == 0:
        return x, 0
    # A stable sort of the flags keeps the order, and only a number comes to the host.
    order = xp.argsort(xp.astype(incomplete, xp.int32), stable=True)
    return xp.take(x, order[: x.shape[0] - n_incomplete], axis=0), n_incomplete


def check_permutations(n_permutations: int) -> None:
    """Raise `ConfigError` unless the number of permutations is at least 1."""
    if n_permutations < 1:
        raise ConfigError(f"`n_permutations` must be at least 1, got {n_permutations!r}.")


def permuted_labels(pair: RowPair, n_permutations: int, rng: Rng, *, xp: Namespace) -> Array:
    """Return which rows count as current, shape `(n + m, 1 + n_permutations)`: first as they are, then shuffled.

    Column b + 1 marks `rng.permutation(n + m)[:m]` of the b-th draw, so that the same seed gives the same answer on
    every library.
    """
    check_permutations(n_permutations)
    generator = np.random.default_rng(rng)
    size = pair.n + pair.m
    marks = np.zeros((1 + n_permutations, size), dtype=np.bool_)
    marks[0, pair.n :] = True
    for row in marks[1:]:
        row[generator.permutation(size)[: pair.m]] = True
    labels = xp.asarray(marks, device=device_of(pair.pooled))
    return xp.astype(xp.permute_dims(labels, (1, 0)), pair.pooled.dtype)


def further_labels(
    pair: RowPair,
    n_permutations: int,
    max_permutations: int | None,
    pvalue: Array,
    rng: np.random.Generator,
    *,
    xp: Namespace,
) -> Iterator[Array]:
    """Yield more relabelings as `permuted_labels` does, where none of the first reached the observed statistic.

    Batches of at most `n_permutations`, up to `max_permutations` in all. A p-value of all of them is then exact: below
    twice the smallest one of the first batch it is the one of all, and above it that of the first.

    References
    ----------
    Besag, J. and Clifford, P. (1991), "Sequential Monte Carlo p-values".
    """
    total, wanted = n_permutations, max_permutations or n_permutations
    unreached = float(to_host(pvalue)) * (n_permutations + 1) < 1.5
    while unreached and total < wanted:
        batch = min(n_permutations, wanted - total)
        yield permuted_labels(pair, batch, rng, xp=xp)
        total += batch


def permutation_pvalue(statistics: Array, *, slack: Array | float, xp: Namespace) -> Array:
    """Return `(k + 1) / (B + 1)`, k of the B statistics after the first being at least as large as the first.

    Parameters
    ----------
    statistics : array, shape (1 + B, ...)
        The observed one, then those of the permutations.
    slack : array or float
        Differences up to it are rounding, and count as ties.

    References
    ----------
    Phipson, B. and Smyth, G. K. (2010), "Permutation p-values should never be zero".
    """
    b = statistics.shape[0] - 1
    at_least = statistics[1:, ...] >= statistics[0:1, ...] - slack
    share = (xp.astype(xp.count_nonzero(at_least, axis=0), statistics.dtype) + 1.0) / (b + 1.0)
    nan = xp.asarray(xp.nan, dtype=statistics.dtype, device=device_of(statistics))
    return xp.where(xp.isnan(statistics[0, ...]), nan, share)


def relabeled_noise(statistics: Array, *, xp: Namespace) -> tuple[Array, Array]:
    """Return mean and 99 % quantile of the B statistics after the first, shape `()` each."""
    relabeled = xp.sort(statistics[1:])
    return xp.mean(relabeled), relabeled[math.ceil(NOISE_LEVEL * relabeled.shape[0]) - 1]


def rounding(x: Array, *, xp: Namespace) -> float:
    """Return what counts as rounding in statistics of terms of size 1 that were computed in the dtype of `x`."""
    return TIE_ULPS * float(xp.finfo(x.dtype).eps)
