"""Rows of a batch as small hash values, on any device and under `jax.jit` (layer 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from driftwatch.errors import ConfigError

if TYPE_CHECKING:
    from driftwatch._typing import Array, Namespace

__all__ = ["MAX_FINGERPRINT_BINS", "check_bins", "row_bins", "salts"]

MAX_FINGERPRINT_BINS = 1 << 24  # 64 MB of int32; 4,096 times as many bins show a share 64 times as small
SALT_SEED = 0x5EED  # fixed: ranks and restarts of one run must agree on the hash of a row
# Odd multipliers that spread every input bit: the first prime of xxHash 64 (Collet), and those of `lowbias32` with its
# shifts 16, 15 and 16 (Wellons 2018, "Prospecting for hash functions").
MULTIPLIER_64 = -7046029254386353131  # 0x9E3779B185EBCA87 as a signed integer
MULTIPLIER_A, MULTIPLIER_B = 0x7FEB352D, -2073254261  # 0x846CA68B as a signed integer
CANONICAL_NAN = 0x7FC00000


def check_bins(n_bins: int) -> None:
    """Raise `ConfigError` unless the number of bins is 0 (no fingerprints) or a power of two that fits."""
    if n_bins and (n_bins < 2 or n_bins & (n_bins - 1) or n_bins > MAX_FINGERPRINT_BINS):
        raise ConfigError(
            f"`n_fingerprints` must be 0 or a power of two up to {MAX_FINGERPRINT_BINS}, got {n_bins!r}. "
            "Take 65536, or 0 to count no repeated rows."
        )


def salts(n_features: int) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    """Return one odd multiplier per feature, so that a row hashes differently when two of its values change places."""
    drawn = np.random.default_rng(SALT_SEED).integers(-(2**30), 2**30, size=n_features, dtype=np.int64)
    return (2 * drawn + 1).astype(np.int32)


def row_bins(rows: Array, salts: Array, n_bins: int, /, *, xp: Namespace) -> Array:
    """Return the bin of every row, int32 of shape `(n,)`, in `[0, n_bins)`.

    Parameters
    ----------
    rows : array, shape (n, d)
        Numbers or booleans of any width. Equal rows have equal bins; `-0.0` equals `0.0`, and any NaN another.
    salts : array of int32, shape (d,)
    n_bins : int
        A power of two.

    Notes
    -----
    Every value's bits are multiplied by the odd salt of its feature and folded, then added up and mixed: whole 32-bit
    integers that wrap around, so that the result depends neither on the order of a reduction nor on the device. Not
    meant to resist an adversary.
    """
    # Small whole numbers differ in the upper bits of a float only, which a product alone would leave up there.
    words = _fold(_fold(_words(rows, xp=xp), 16) * salts[None, :], 15)
    total = xp.sum(words, axis=-1, dtype=xp.int32)
    total = _fold(_fold(total, 16) * MULTIPLIER_A, 15) * MULTIPLIER_B
    return _fold(total, 16) & (n_bins - 1)


def _fold(x: Array, shift: int) -> Array:
    # A logical shift: the mask takes away the copies of the sign bit.
    return x ^ ((x >> shift) & ((1 << (32 - shift)) - 1))


def _words(rows: Array, *, xp: Namespace) -> Array:
    """Return the bits of every value as int32."""
    if not xp.isdtype(rows.dtype, "real floating"):
        return xp.astype(rows, xp.int32)
    width = xp.finfo(rows.dtype).bits
    rows = rows + 0.0  # makes -0.0 zero
    if width == 64:
        mixed = rows.view(xp.int64) * MULTIPLIER_64
        words = xp.astype(mixed >> 32, xp.int32)
    else:
        words = rows.view(xp.int32) if width == 32 else xp.astype(rows.view(xp.int16), xp.int32)
    return xp.where(xp.isnan(rows), xp.full_like(words, CANONICAL_NAN), words)
