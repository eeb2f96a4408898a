"""What the statistics of two rows of counts start from: the same levels on both sides, and shares (layer 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from driftwatch.arrays.namespace import device_of, move_to, namespace_of, statistic_dtype
from driftwatch.errors import InputError

if TYPE_CHECKING:
    from driftwatch._typing import Array, Namespace

__all__ = ["log_ratio", "pair_of_counts", "shares"]


def pair_of_counts(
    reference_counts: Array, current_counts: Array, *, xp: Namespace | None
) -> tuple[Array, Array, Namespace]:
    """Return both sides' counts in one namespace, on one device and over the same levels.

    Raises
    ------
    InputError
        If the shapes differ or there is no axis of levels.
    """
    xp = namespace_of(current_counts, xp=xp)
    reference_counts = move_to(reference_counts, like=current_counts)
    if current_counts.ndim == 0 or reference_counts.shape != current_counts.shape:
        raise InputError(
            "`reference_counts` and `current_counts` must count the same levels, got shapes "
            f"{tuple(reference_counts.shape)} and {tuple(current_counts.shape)}. Count over the union of the levels."
        )
    if current_counts.shape[-1] == 0:  # no level at all is the same as one that does not occur
        one_level = (*current_counts.shape[:-1], 1)
        absent = xp.zeros(one_level, dtype=current_counts.dtype, device=device_of(current_counts))
        return absent, absent, xp
    return reference_counts, current_counts, xp


def shares(counts: Array, *, xp: Namespace) -> Array:
    dtype = statistic_dtype(xp, device_of(counts))
    counts = xp.astype(counts, dtype)
    total = xp.sum(counts, axis=-1, keepdims=True)
    nan = xp.full((), xp.nan, dtype=dtype, device=device_of(counts))
    return counts / xp.where(total == 0.0, nan, total)


def log_ratio(a: Array, b: Array, difference: Array, *, xp: Namespace) -> Array:
    """Return ln(a / b) of positive numbers from their difference, with the digits that ln(a / b) loses near equality."""
    relative = difference / b
    near = xp.abs(relative) < 0.5
    zero = xp.zeros((), dtype=a.dtype, device=device_of(a))
    return xp.where(near, xp.log1p(xp.where(near, relative, zero)), xp.log(a / b))
