"""The same content in the format of safetensors; the one file that needs that library (layer 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from driftwatch.errors import MissingExtraError
from driftwatch.profile._json import read_json
from driftwatch.profile._stored import HEADER, MAX_ARRAYS, Damage, require_name, require_room, require_shape, too_large

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from driftwatch.profile._stored import HostArray

__all__ = ["pack", "unpack"]

DTYPES = {
    "BOOL": "|b1",
    **{f"{letter.upper()}{8 * n}": f"<{letter}{n}" for letter in "iu" for n in (2, 4, 8)},
    **{f"F{8 * n}": f"<f{n}" for n in (2, 4, 8)},
    "I8": "|i1",
    "U8": "|u1",
}
METADATA = "__metadata__"
KEY = "driftwatch"  # in the metadata, of the header
LENGTH_BYTES = 8  # of the length of the JSON that a file begins with, little-endian
MAX_DIRECTORY = 100_000_000  # bytes of that JSON, the format's own limit


class _Tensor(NamedTuple):
    dtype: str
    shape: tuple[int, ...]
    begin: int
    end: int


def pack(document: bytes, arrays: Mapping[str, HostArray], *, max_bytes: int) -> bytes:
    """Return a header, which is put into the metadata, and arrays, as `checked` gives them, as the bytes of a file."""
    try:
        from safetensors.numpy import save
    except ImportError:
        raise _missing() from None
    require_room(sum(array.nbytes for array in arrays.values()) + len(document), max_bytes)
    # One key alone: the library writes several in an order that changes from run to run.
    data: bytes = save(dict(arrays), metadata={KEY: document.decode("ascii")})
    require_room(len(data), max_bytes)
    return data


def unpack(data: bytes, max_bytes: int) -> Iterator[tuple[str, HostArray]]:
    """Yield name and array of what `pack` wrote, the header first.

    Raises
    ------
    Damage
        If it is anything else.
    MissingExtraError
        If safetensors is not installed.
    """
    try:
        from safetensors import SafetensorError, deserialize
    except ImportError:
        raise _missing() from None
    header, tensors = _directory(data, max_bytes)
    yield HEADER, np.frombuffer(header, dtype=np.uint8)
    try:
        found = dict(deserialize(data))
    except SafetensorError as error:
        raise Damage(f"is no intact safetensors file ({error})") from None
    for name, tensor in tensors.items():
        yield name, _array(found[name]["data"], tensor)


def _directory(data: bytes, max_bytes: int) -> tuple[bytes, dict[str, _Tensor]]:
    """Return the header and what each array is said to be, before the library sees the bytes."""
    length = int.from_bytes(data[:LENGTH_BYTES], "little")
    start = LENGTH_BYTES + length
    if len(data) < LENGTH_BYTES or start > len(data):
        raise Damage("is no safetensors file, or was cut short")
    if length > MAX_DIRECTORY:
        raise too_large("a directory", MAX_DIRECTORY)
    directory = read_json(data[LENGTH_BYTES:start])
    metadata = directory.pop(METADATA, None)
    if not isinstance(metadata, dict) or not isinstance(metadata.get(KEY), str):
        raise Damage("is a safetensors file that driftwatch did not save", "Name a file that driftwatch saved")
    if len(directory) > MAX_ARRAYS:
        raise Damage(f"holds {len(directory):,} arrays, where at most {MAX_ARRAYS:,} are known")

    tensors: dict[str, _Tensor] = {}
    for name, entry in sorted(directory.items()):
        require_name(name, tensors)
        tensors[name] = _tensor(name, entry, max_bytes)
    at = 0
    for tensor in sorted(tensors.values(), key=lambda tensor: (tensor.begin, tensor.end)):
        if tensor.begin != at:
            raise Damage("holds arrays that overlap, or bytes that belong to none")
        at = tensor.end
    if start + at != len(data):
        raise Damage("was cut short, or has something after its end")
    return metadata[KEY].encode("utf-8", "surrogatepass"), tensors


def _tensor(name: str, entry: object, max_bytes: int) -> _Tensor:
    match entry:
        case {"dtype": str(dtype), "shape": list(shape), "data_offsets": [int(begin), int(end)]} if all(
            type(length) is int and length >= 0 for length in shape
        ):
            known = DTYPES.get(dtype, dtype)
            if begin < 0 or end - begin != require_shape(name, known, shape, max_bytes):
                raise Damage(f"holds an array {name!r} whose shape {tuple(shape)} is not the one of its bytes")
            return _Tensor(known, tuple(shape), begin, end)
        case _:
            raise Damage(f"has a damaged record of its array {name!r}")


def _array(content: Any, tensor: _Tensor) -> HostArray:
    found = np.frombuffer(content, dtype=tensor.dtype).reshape(tensor.shape)
    return found.astype(found.dtype.newbyteorder("="))  # a copy, aligned and free to be written to


def _missing() -> MissingExtraError:
    return MissingExtraError.for_feature("a .safetensors file", package="safetensors", extra="safetensors")
