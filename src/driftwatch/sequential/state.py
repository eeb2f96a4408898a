"""What a state that is stored and resumed consists of: arrays inside JSON, bit by bit, or a file (layer 4)."""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch.errors import InputError
from driftwatch.profile.archive import Archive, load, save

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from driftwatch.sequential.tie_keys import HostArray

__all__ = ["decoded", "encoded", "load_state", "require_format", "save_state"]

_DTYPES = {"f": "<f8", "i": "<i8", "b": "|b1", "c": "<c16"}  # as stored: little-endian, on any machine
KIND, FORMAT = "sequential", 1  # of the file; the state in it has a format and a version of its own


def encoded(arrays: Mapping[str, HostArray]) -> dict[str, Any]:
    """Return arrays as plain data for JSON."""
    return {name: _encode(array) for name, array in arrays.items()}


def _encode(array: HostArray) -> dict[str, Any]:
    stored = np.ascontiguousarray(array, dtype=_DTYPES[array.dtype.kind])
    data = base64.b64encode(stored.tobytes()).decode("ascii")
    return {"dtype": stored.dtype.str, "shape": list(array.shape), "data": data}


def decoded(stored: object, wanted: Mapping[str, tuple[str, Sequence[int]]]) -> dict[str, HostArray]:
    """Return the arrays that `encoded` has stored.

    Parameters
    ----------
    stored : mapping
    wanted : mapping of str to (dtype kind, shape)

    Raises
    ------
    InputError
        If one is missing, or is not what was wanted.
    """
    if not isinstance(stored, Mapping):
        raise InputError(f"the state must hold a mapping of arrays, got {type(stored).__name__}. Store it again.")
    found = {}
    for name, (kind, shape) in wanted.items():
        try:
            found[name] = _decode(stored[name], _DTYPES[kind], tuple(shape))
        except (KeyError, TypeError, ValueError, binascii.Error) as error:
            raise InputError(
                f"the state has no array {name!r} of shape {tuple(shape)}: {type(error).__name__}: {error}. "
                "It is damaged or was made by hand; start a new episode."
            ) from error
    return found


def _decode(stored: Mapping[str, Any], dtype: str, shape: tuple[int, ...]) -> HostArray:
    if stored["dtype"] != dtype or tuple(stored["shape"]) != shape:
        raise ValueError(f"it holds {stored['dtype']!r} of shape {tuple(stored['shape'])}")
    data = base64.b64decode(stored["data"], validate=True)
    if len(data) != math.prod(shape) * np.dtype(dtype).itemsize:
        raise ValueError(f"it holds {len(data)} bytes")
    array = np.frombuffer(data, dtype=dtype).reshape(shape)
    return array.astype(array.dtype.newbyteorder("="))  # a copy, which can be written to


def require_format(state: object, name: str, version: int) -> Mapping[str, Any]:
    """Return the state if it is one of this kind and version.

    Raises
    ------
    InputError
        If it is not.
    """
    found = (state.get("format"), state.get("version")) if isinstance(state, Mapping) else (type(state).__name__, None)
    if found != (name, version):
        raise InputError(
            f"a state of format {name!r}, version {version}, is wanted; got {found[0]!r}, version {found[1]!r}. "
            "Resume it with the release that stored it, or start a new episode."
        )
    assert isinstance(state, Mapping)
    return state


def save_state(path: str | os.PathLike[str], state: Mapping[str, Any]) -> None:
    """Write a state to a file, all of it or nothing; `ArchiveError` if it cannot be written."""
    arrays = {name: _decode(item, item["dtype"], tuple(item["shape"])) for name, item in state["arrays"].items()}
    pairs = sorted(name for name, array in arrays.items() if array.dtype.kind == "c")
    arrays |= {name: np.stack([arrays[name].real, arrays[name].imag], axis=-1) for name in pairs}
    header = {"state": {name: value for name, value in state.items() if name != "arrays"}, "pairs": pairs}
    save(path, Archive(KIND, FORMAT, header, arrays))


def load_state(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return the state that `save_state` wrote; `ArchiveError` if the file cannot be read or is another one."""
    archive = load(path, kind=KIND, formats=[FORMAT])
    arrays = dict(archive.arrays)
    try:
        for name in archive.header["pairs"]:
            arrays[name] = arrays[name].view(np.complex128)[..., 0]
        return {**archive.header["state"], "arrays": encoded(arrays)}
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise InputError(
            f"a file of a sequential monitor or detector is wanted, and {str(path)!r} is another one "
            f"({type(error).__name__}: {error}). Pass what `save` wrote."
        ) from error
