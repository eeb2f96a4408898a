"""Archives for the tests of the file that profiles are saved in, and what every damaged one must do."""

from __future__ import annotations

import io
import json
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from driftwatch.errors import ArchiveError, DriftwatchError
from driftwatch.profile import _npz
from driftwatch.profile._header import _digest
from driftwatch.profile.archive import Archive, from_bytes, to_bytes

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "HAS_SAFETENSORS",
    "KIND",
    "assert_equal",
    "identical_or_refused",
    "made",
    "needs_safetensors",
    "put_together",
    "read",
    "refused",
    "taken_apart",
]

KIND = "profile"
HAS_SAFETENSORS = find_spec("safetensors") is not None


def needs_safetensors(suffix: str = ".safetensors") -> None:
    if suffix == ".safetensors" and not HAS_SAFETENSORS:
        pytest.skip("safetensors is an extra")


def made() -> Archive:
    """Return a small archive with something of everything."""
    edges = np.array([[-np.inf, -0.0, 1e-300], [np.nan, 2.5, np.inf]])
    counts = np.arange(40, dtype=np.int64) * 123_456_789
    header = {"features": ["a", "b\u00e9\ud800"], "alpha": 0.05, "nested": {"n": None, "yes": True, "big": 2**80}}
    return Archive(
        KIND, 1, header, {"edges": edges, "counts": counts, "seen": np.array([True, False]), "n": np.array(7, np.int32)}
    )


def read(data: bytes | bytearray | memoryview, **options: Any) -> Archive:
    return from_bytes(data, kind=KIND, formats=range(1, 10), **options)


def assert_equal(found: Archive, wanted: Archive) -> None:
    """Bit by bit, so that NaN and the sign of zero count."""
    assert found[:3] == wanted[:3]
    assert list(found.arrays) == sorted(wanted.arrays)
    for name, array in found.arrays.items():
        original = np.asarray(wanted.arrays[name])
        assert (array.shape, array.dtype) == (original.shape, original.dtype.newbyteorder("="))
        assert array.tobytes() == original.astype(array.dtype).tobytes()
        assert array.flags.writeable
        assert array.flags.c_contiguous
        assert array.flags.aligned


def refused(data: bytes, message: str | None = None, **options: Any) -> None:
    with pytest.raises(ArchiveError, match=message) as raised:
        read(data, **options)
    assert isinstance(raised.value, DriftwatchError)
    assert isinstance(raised.value, ValueError)
    assert str(raised.value).startswith("a driftwatch file of kind 'profile' is wanted, and what was given ")
    assert len(str(raised.value)) < 500


def identical_or_refused(data: bytes, unpack: Callable[[bytes], Archive] = read) -> None:
    try:
        found = unpack(data)
    except ArchiveError:
        return
    assert_equal(found, made())


def taken_apart(archive: Archive) -> tuple[dict[str, Any], dict[str, np.ndarray[Any, Any]]]:
    with np.load(io.BytesIO(to_bytes(archive)), allow_pickle=False) as found:
        arrays = dict(found)
    return json.loads(arrays.pop("header").tobytes()), arrays


def put_together(header: object, arrays: dict[str, Any], *, signed: bool = True) -> bytes:
    """Return a file whose header can say anything, with the right sha256 if `signed`."""
    if signed and isinstance(header, dict):
        header = {**header, "sha256": _digest({k: v for k, v in header.items() if k != "sha256"}, arrays)}
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return _npz.pack({"header": np.frombuffer(text, np.uint8), **arrays}, compress=True, max_bytes=1 << 30)
