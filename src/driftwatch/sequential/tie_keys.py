"""Random tie keys from a counter: the same row of the same feature has the same key for ever (layer 4).

A value and its key, compared in that order, never tie, so that ranks are exact for whole numbers and constants too.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["HostArray", "feature_keys", "tie_keys", "with_keys"]

HostArray = np.ndarray[Any, Any]

# SplitMix64 (Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators"): its i-th number depends on
# the key and on i alone. The constants are the paper's.
GOLDEN = np.uint64(0x9E3779B97F4A7C15)
MIX_A, MIX_B = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
UNIT = 2.0**-53


def feature_keys(seed: int, names: Iterable[str]) -> HostArray:
    """Return one 64-bit key per feature, from the seed and its name: other features do not change it."""
    digests = (hashlib.blake2b(f"{seed}\0{name}".encode(), digest_size=8).digest() for name in names)
    return np.asarray([int.from_bytes(digest, "little") for digest in digests], dtype=np.uint64)


def tie_keys(keys: HostArray, first: HostArray, n: int) -> HostArray:
    """Return uniform numbers in [0, 1), shape `(d, n)`: those of rows `first`, `first + 1`, ... of every feature.

    Parameters
    ----------
    keys : array of uint64, shape (d,)
    first : array of integers, shape (d,)
    n : int
    """
    row = first.astype(np.uint64)[:, None] + np.arange(1, n + 1, dtype=np.uint64)
    z: HostArray = keys[:, None] + row * GOLDEN
    z = (z ^ (z >> np.uint64(30))) * MIX_A
    z = (z ^ (z >> np.uint64(27))) * MIX_B
    uniform: HostArray = ((z ^ (z >> np.uint64(31))) >> np.uint64(11)) * UNIT
    return uniform


def with_keys(values: HostArray, keys: HostArray) -> HostArray:
    """Return values and keys as complex numbers: NumPy sorts and searches these by real, then by imaginary part.

    Never by arithmetic, which would make NaN of an infinite value.
    """
    pairs = np.empty(values.shape, dtype=np.complex128)
    pairs.real, pairs.imag = values, keys
    return pairs
