"""Radix sort of rows of floats, one pass over each digit (layer 2, Numba).

A float's bits become an unsigned integer that sorts the same way: all bits of a negative number are flipped, the sign
bit of the others. Digits are taken from the distance to the smallest key, so that leading bits which all values of a
row share cost nothing. Of float64 only the 33 leading bits of that distance are sorted, and an insertion sort
puts in order the few neighbours that agree in them; if they are not few, all bits are sorted.

Compared with `numpy.sort`: -0.0 comes before 0.0, and NaN is counted and replaced by +inf.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch.ops._jit import jit

if TYPE_CHECKING:
    NDArray = np.ndarray[Any, Any]

__all__ = ["keys_of_rows", "sort_keys"]

DIGIT_BITS = 11  # 2,048 write positions of a pass stay in the first-level cache with their targets in the second
SORTED_BITS = 3 * DIGIT_BITS  # all of float32; float64 is put right afterwards
MOVES_PER_VALUE = 4  # of the insertion sort; about what three more passes cost
TILE = 256  # samples: a tile of strided rows stays in the first-level cache while its cache lines are read


@jit()
def keys_of_rows(bits: NDArray, keys: NDArray, n_missing: NDArray) -> None:
    """Write the sort key of each value, all ones where it is NaN, and count those by row.

    Parameters
    ----------
    bits : array of uint32 or uint64, shape (d, n)
        Floats seen as integers, of any strides.
    keys : array like `bits`, shape (d, n)
    n_missing : array of int64, shape (d,)
        Zeros.
    """
    n = bits.shape[1]
    sign_shift = np.uint64(8 * bits.itemsize - 1)
    sign = np.uint64(1) << sign_shift
    infinity = np.uint64(0x7F800000) if bits.itemsize == 4 else np.uint64(0x7FF0000000000000)
    missing_key = sign | (sign - np.uint64(1))
    for first in range(0, n, TILE):
        last = min(first + TILE, n)
        for row in range(bits.shape[0]):
            source, target = bits[row, first:last], keys[row, first:last]
            count = 0
            for i in range(source.size):  # from 0, and so without the check for negative indices
                u = np.uint64(source[i])
                missing = (u & (sign - np.uint64(1))) > infinity
                key = u ^ ((np.uint64(0) - (u >> sign_shift)) | sign)
                target[i] = missing_key if missing else key
                count += int(missing)
            n_missing[row] += count


@jit()
def sort_keys(keys: NDArray, n_missing: NDArray, out: NDArray) -> None:
    """Sort each row of `keys` and write it as bits of floats, missing values as +inf at the end. `keys` is used up."""
    n = keys.shape[1]
    sign_shift = np.uint64(8 * keys.itemsize - 1)
    sign = np.uint64(1) << sign_shift
    infinity = np.uint64(0x7F800000) if keys.itemsize == 4 else np.uint64(0x7FF0000000000000)
    for row in range(keys.shape[0]):
        n_valid = n - n_missing[row]
        if n_valid < n:
            _drop_missing(keys[row], sign | (sign - np.uint64(1)))
        in_out = _sort_row(keys[row, :n_valid], out[row, :n_valid])
        ordered, target = (out[row] if in_out else keys[row]), out[row]
        for i in range(n_valid):
            key = np.uint64(ordered[i])
            target[i] = key ^ ((np.uint64(0) - ((key >> sign_shift) ^ np.uint64(1))) | sign)
        target[n_valid:] = infinity


@jit()
def _drop_missing(keys: NDArray, missing_key: np.uint64) -> None:
    kept = np.int64(0)
    for i in range(keys.size):
        key = keys[i]
        keys[kept] = key
        kept += int(np.uint64(key) != missing_key)


@jit()
def _sort_row(keys: NDArray, spare: NDArray) -> bool:
    """Sort keys with the help of a row of the same size; return whether the result is in that row."""
    if keys.size == 0:
        return False
    low = high = np.uint64(keys[0])
    for i in range(keys.size):
        low, high = min(low, np.uint64(keys[i])), max(high, np.uint64(keys[i]))
    n_bits = 0
    while n_bits < 64 and (high - low) >> np.uint64(n_bits) > np.uint64(0):
        n_bits += 1

    in_spare = _sort_digits(keys, spare, low, max(n_bits - SORTED_BITS, 0))
    if n_bits > SORTED_BITS and not _insertion_sort(spare if in_spare else keys):
        for first_bit in (0, SORTED_BITS):
            source, target = (spare, keys) if in_spare else (keys, spare)
            in_spare ^= _sort_digits(source, target, low, first_bit)
    return in_spare


@jit()
def _sort_digits(keys: NDArray, spare: NDArray, low: np.uint64, first_bit: int) -> bool:
    """Sort stably by the three digits from `first_bit` on, the lowest first; return whether the result is in `spare`."""
    mask = np.uint64((1 << DIGIT_BITS) - 1)
    shifts = (np.uint64(first_bit), np.uint64(first_bit + DIGIT_BITS), np.uint64(first_bit + 2 * DIGIT_BITS))
    counts0 = np.zeros(1 << DIGIT_BITS, np.uint32)
    counts1 = np.zeros(1 << DIGIT_BITS, np.uint32)
    counts2 = np.zeros(1 << DIGIT_BITS, np.uint32)
    for i in range(keys.size):
        distance = np.uint64(keys[i]) - low
        counts0[(distance >> shifts[0]) & mask] += np.uint32(1)
        counts1[(distance >> shifts[1]) & mask] += np.uint32(1)
        counts2[(distance >> shifts[2]) & mask] += np.uint32(1)

    source, target = keys, spare
    in_spare = False
    for counts, shift in ((counts0, shifts[0]), (counts1, shifts[1]), (counts2, shifts[2])):
        if counts[((np.uint64(keys[0]) - low) >> shift) & mask] == keys.size:
            continue  # all have the same digit, as whole numbers have in their low bits
        _scatter(source, target, counts, low, shift)
        source, target = target, source
        in_spare = not in_spare
    return in_spare


@jit()
def _scatter(source: NDArray, target: NDArray, counts: NDArray, low: np.uint64, shift: np.uint64) -> None:
    mask = np.uint64((1 << DIGIT_BITS) - 1)
    position = np.uint32(0)
    for digit in range(counts.size):
        count = counts[digit]
        counts[digit] = position
        position += count
    for i in range(source.size):
        key = source[i]
        own = ((np.uint64(key) - low) >> shift) & mask
        target[counts[own]] = key
        counts[own] += np.uint32(1)


@jit()
def _insertion_sort(keys: NDArray) -> bool:
    """Sort nearly sorted keys; give up, with no key lost, and return False where it takes too many moves."""
    budget = MOVES_PER_VALUE * keys.size
    for i in range(1, keys.size):
        key = keys[i]
        if key < keys[i - 1]:
            j = i
            while j > 0 and keys[j - 1] > key:
                keys[j] = keys[j - 1]
                j -= 1
            keys[j] = key
            budget -= i - j
            if budget < 0:
                return False
    return True
