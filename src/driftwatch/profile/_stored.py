"""What an archive may hold: names, types and sizes of arrays, checked on the way in and on the way out (layer 3)."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch.errors import ArchiveError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    HostArray = np.ndarray[Any, Any]

__all__ = [
    "HEADER",
    "MAX_ARRAYS",
    "MAX_BYTES",
    "MAX_DIMENSIONS",
    "Damage",
    "checked",
    "require_name",
    "require_room",
    "require_shape",
    "too_large",
]

HEADER = "header"  # the name of the one entry that holds JSON
MAX_ARRAYS = 65_533  # a zip counts entries in 16 bits; the header is one, and the highest number means another format
MAX_BYTES = 2 << 30
MAX_DIMENSIONS = 32  # of any NumPy
DTYPES = frozenset(
    {
        "|b1",
        "|i1",
        "<i2",
        "<i4",
        "<i8",
        "|u1",
        "<u2",
        "<u4",
        "<u8",
        "<f2",
        "<f4",
        "<f8",
    },  # little-endian on any machine
)
# No folders, nothing hidden, nothing that a shell or a file system reads in a way of its own
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", re.ASCII)


class Damage(Exception):  # noqa: N818 - never leaves this package: `archive` makes an ArchiveError of it
    """What came in place of an intact file, and what to do: `str` is the middle part of the message."""

    def __init__(self, problem: str, advice: str = "Get an intact copy, or save it again") -> None:
        super().__init__(problem)
        self.advice = advice


def checked(arrays: Mapping[str, object]) -> dict[str, HostArray]:
    """Return arrays as they are stored: sorted by name, C-contiguous, little-endian.

    Raises
    ------
    ArchiveError
        If a name or a type cannot be stored.
    """
    if len(arrays) > MAX_ARRAYS:
        raise ArchiveError(f"an archive holds up to {MAX_ARRAYS:,} arrays, got {len(arrays):,}. Join small ones.")
    stored = {}
    for name in sorted(arrays):
        if not NAME.fullmatch(name) or name == HEADER:
            raise ArchiveError(
                f"the name of an array must be letters, digits, '.', '_' and '-', and not {HEADER!r}, got {name!r}. "
                "Put names of features into the header."
            )
        array = np.asarray(arrays[name], order="C")
        dtype = array.dtype.newbyteorder("<")
        if dtype.str not in DTYPES or array.ndim > MAX_DIMENSIONS:
            raise ArchiveError(
                f"array {name!r} must be of booleans, integers or floats of at most 64 bits, with up to "
                f"{MAX_DIMENSIONS} dimensions, got {array.dtype} with {array.ndim}. Put text into the header."
            )
        stored[name] = array.astype(dtype, copy=False)
    return stored


def require_room(n_bytes: int, max_bytes: int) -> None:
    """Raise `ArchiveError` if what is to be stored is larger than what is read again."""
    if n_bytes > max_bytes:
        raise ArchiveError(
            f"an archive of at most {max_bytes:,} bytes is wanted, got {n_bytes:,} or more. Save fewer features, or raise "
            "`max_bytes` here and where it is read."
        )


def require_name(name: str, before: Mapping[str, object]) -> None:
    """Raise `Damage` unless the name that was read is a safe one, and none of those read before."""
    if not NAME.fullmatch(name):
        raise Damage(f"holds an entry with the unsafe name {name[:60]!r}")
    if name in before:
        raise Damage(f"holds two entries of the name {name!r}")


def require_shape(name: str, dtype: str, shape: Sequence[int], max_bytes: int) -> int:
    """Return the bytes that an array takes; `Damage` unless it is of a type and a size that can be allocated."""
    if dtype not in DTYPES:
        raise Damage(f"holds an array {name!r} of type {dtype[:20]!r}, where numbers and booleans are known")
    if len(shape) > MAX_DIMENSIONS:
        raise Damage(f"holds an array {name!r} of {len(shape)} dimensions, where {MAX_DIMENSIONS} are known")
    itemsize = np.dtype(dtype).itemsize
    # NumPy refuses (0, 2**63) too: what it multiplies are the lengths above zero
    if math.prod(max(length, 1) for length in shape) * itemsize > max_bytes:
        raise too_large(f"an array {name!r} of shape {tuple(shape)}", max_bytes)
    return math.prod(shape) * itemsize


def too_large(what: str, max_bytes: int) -> Damage:
    """Return the damage of a content beyond the limit."""
    return Damage(f"holds {what}, which is more than {max_bytes:,} bytes", "Raise `max_bytes`, if you trust its source")
