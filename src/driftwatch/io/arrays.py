"""NPY and NPZ files as arrays (layer 4); imported only when such a file is read. Pickled objects are never loaded."""

from __future__ import annotations

import zipfile
import zlib
from functools import partial
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from driftwatch.errors import InputError, shown
from driftwatch.io.source import one_line

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from numpy.typing import NDArray

    from driftwatch.io.source import Source

__all__ = ["read_npy", "read_npz"]

_NUMBERS = "biuf"
_OTHER_COLUMNS = "UMm"  # text, datetime64, timedelta64: readable column by column, not as a block


def read_npy(source: Source) -> NDArray[Any] | dict[str, NDArray[Any]]:
    """Return a 2-D array of numbers as it is, and anything else as columns `f0`, `f1`, ..."""
    try:
        array = _load(source, "the array", source.open)
    except InputError:
        raise
    except (ValueError, EOFError, OSError) as error:
        raise _damaged(source, error) from None
    return _as_table(source, array, "f0")


def read_npz(source: Source) -> NDArray[Any] | dict[str, NDArray[Any]]:
    """Return the one 2-D array of an archive, or its 1-D arrays of equal length by name."""
    arrays = _load_members(source)
    if len(arrays) == 1:
        name, array = next(iter(arrays.items()))
        return _as_table(source, array, name)

    shapes = {name: array.shape for name, array in arrays.items()}
    if any(len(shape) != 1 for shape in shapes.values()) or len(set(shapes.values())) > 1:
        listed = ", ".join(f"{name} {shape}" for name, shape in list(shapes.items())[:10])
        raise source.error(
            f"one 2-D array, or 1-D arrays of equal length, were expected, but it holds {listed}",
            "Save the arrays to compare in a file of their own",
        )
    return arrays


def _load_members(source: Source) -> dict[str, NDArray[Any]]:
    arrays: dict[str, NDArray[Any]] = {}
    try:
        with source.open() as stream, zipfile.ZipFile(stream) as archive:
            members = archive.namelist()
            others = [member for member in members if not member.endswith(".npy")]
            if others or not members:
                raise source.error(
                    f"a NumPy archive was expected, but it is a zip archive that holds {shown(others)}",
                    "Unpack it, or export the table as CSV or Parquet",
                )
            for member in members:
                name = member.removesuffix(".npy")
                arrays[name] = _load(source, f"array {name!r}", partial(archive.open, member))
    except InputError:
        raise
    except (zipfile.BadZipFile, zlib.error, ValueError, EOFError, OSError, NotImplementedError) as error:
        raise _damaged(source, error) from None
    return arrays


def _load(source: Source, what: str, reopen: Callable[[], AbstractContextManager[IO[bytes]]]) -> NDArray[Any]:
    """Load one array, after a look at its dtype: NumPy's own refusals do not say what the user can do."""
    with reopen() as stream:
        _check_dtype(source, what, _npy_dtype(stream))
    with reopen() as stream:
        array: NDArray[Any] = np.lib.format.read_array(stream, allow_pickle=False)
    return array


def _npy_dtype(stream: IO[bytes]) -> np.dtype[Any]:
    match np.lib.format.read_magic(stream):
        case (1, 0):
            return np.lib.format.read_array_header_1_0(stream)[2]
        case (2, 0):
            return np.lib.format.read_array_header_2_0(stream)[2]
        case (3, 0):  # written only for field names that are not Latin-1
            return np.dtype(np.void)
        case version:
            raise ValueError(f"unknown NPY version {version}")


def _check_dtype(source: Source, what: str, dtype: np.dtype[Any]) -> None:
    if dtype.kind in _NUMBERS + _OTHER_COLUMNS:
        return
    came = {
        "O": "pickled Python objects, which are never loaded because a pickle can run code",
        "V": "fields (a structured array)",
        "c": "complex numbers, which have no order",
        "S": "bytes",
    }.get(dtype.kind, f"dtype {dtype}")
    raise source.error(
        f"numbers, text or dates were expected, but {what} holds {came}",
        "Save plain columns, for example with numpy.savez(path, name=column, ...)",
    )


def _as_table(source: Source, array: NDArray[Any], name: str) -> NDArray[Any] | dict[str, NDArray[Any]]:
    if array.ndim not in {1, 2}:
        raise source.error(
            f"a 2-D array (rows, features) was expected, but it has {array.ndim} dimensions, shape {array.shape}",
            "Reshape it, for example with array.reshape(len(array), -1)",
        )
    if array.ndim == 1:
        return {name: array}
    if array.dtype.kind in _NUMBERS:
        return array
    return {f"f{i}": array[:, i] for i in range(array.shape[1])}


def _damaged(source: Source, error: Exception) -> Exception:
    return source.error(
        f"a whole NumPy file was expected, but it is damaged or cut short ({one_line(error)})", "Copy or write it again"
    )
