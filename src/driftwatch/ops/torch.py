"""Primitives for PyTorch tensors where the generic definition leaves time on the table (layer 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from driftwatch.arrays.namespace import device_of

if TYPE_CHECKING:
    from driftwatch._typing import Array, Namespace

__all__ = ["bincount"]


def bincount(index: Array, length: int, /, *, xp: Namespace) -> Array:
    """Return the counts by an atomic scatter; `torch.bincount` waits for the device to learn the largest value."""
    counts = xp.zeros((index.shape[0], length), dtype=xp.int64, device=device_of(index))
    one = xp.ones((1, 1), dtype=xp.int64, device=device_of(index))
    return counts.scatter_add_(1, index, one.expand(index.shape))
