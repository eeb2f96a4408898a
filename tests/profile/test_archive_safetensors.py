"""The same content as a safetensors file, with the same checks."""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive_samples import (
    KIND,
    identical_or_refused,
    made,
    needs_safetensors,
    taken_apart,
)
from driftwatch.errors import ArchiveError, MissingExtraError
from driftwatch.profile import _safetensors
from driftwatch.profile import archive as module
from driftwatch.profile.archive import Archive, load, save

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def tensors(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    needs_safetensors()
    path = tmp_path_factory.mktemp("valid") / "x.safetensors"
    save(path, made())
    return path.read_bytes()


def read_tensors(data: bytes) -> Archive:
    return module._read(data, name="x", kind=KIND, formats=[1], max_bytes=1 << 20, unpack=_safetensors.unpack)


@given(data=st.data())
@settings(max_examples=500)
def test_damaged_safetensors_are_refused_or_without_effect(tensors: bytes, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(tensors)))
    end = data.draw(st.integers(start, min(len(tensors), start + 3)))
    identical_or_refused(tensors[:start] + data.draw(st.binary(max_size=3)) + tensors[end:], read_tensors)


def test_every_truncation_of_safetensors_is_refused(tensors: bytes) -> None:
    for n in range(len(tensors)):
        with pytest.raises(ArchiveError):
            read_tensors(tensors[:n])


def _directory(entries: dict[str, Any], content: bytes = b"", metadata: object = ...) -> bytes:
    header = {"__metadata__": {"driftwatch": json.dumps(taken_apart(made())[0])} if metadata is ... else metadata}
    text = json.dumps({**header, **entries}).encode()
    return struct.pack("<Q", len(text)) + text + content


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is no safetensors file"),
        (b"\xff" * 8, "is no safetensors file"),
        (struct.pack("<Q", 1 << 62) + b"{}", "is no safetensors file"),
        (struct.pack("<Q", 2) + b"[]", "no JSON object"),
        (struct.pack("<Q", 200_000) + b"[" * 200_000, "no JSON"),
        (_directory({}, metadata=None), "that driftwatch did not save"),
        (_directory({}, metadata={"format": "pt"}), "that driftwatch did not save"),
        (_directory({}, metadata={"driftwatch": "\ud800"}), "no JSON"),
        (_directory({"../x": {"dtype": "U8", "shape": [1], "data_offsets": [0, 1]}}, b"a"), "unsafe name"),
        (
            _directory({}, metadata={"driftwatch": json.dumps(taken_apart(made())[0]), "more": 5}),
            "no intact safetensors",
        ),
        (_directory({"x": 5}), "damaged record"),
        (_directory({"x": {"dtype": "U8", "shape": [1.5], "data_offsets": [0, 1]}}, b"a"), "damaged record"),
        (_directory({"x": {"dtype": "U8", "shape": [-1], "data_offsets": [0, 1]}}, b"a"), "damaged record"),
        (_directory({"x": {"dtype": "BF16", "shape": [1], "data_offsets": [0, 2]}}, b"ab"), "of type 'BF16'"),
        (_directory({"x": {"dtype": "U8", "shape": [2], "data_offsets": [0, 1]}}, b"a"), "whose shape"),
        (_directory({"x": {"dtype": "U8", "shape": [1], "data_offsets": [-1, 0]}}, b"a"), "whose shape"),
        (_directory({"x": {"dtype": "U8", "shape": [1 << 62], "data_offsets": [0, 1 << 62]}}), "which is more than"),
        (_directory({"x": {"dtype": "U8", "shape": [0, 1 << 62], "data_offsets": [0, 0]}}), "which is more than"),
        (_directory({"x": {"dtype": "U8", "shape": [1], "data_offsets": [1, 2]}}, b"ab"), "overlap, or bytes that"),
        (_directory({"x": {"dtype": "U8", "shape": [1], "data_offsets": [0, 1]}}, b"ab"), "something after its end"),
        (_directory({"x": {"dtype": "U8", "shape": [1], "data_offsets": [0, 1]}}, b"a"), "was altered"),
    ],
)
def test_safetensors_made_by_hand_are_refused(data: bytes, message: str) -> None:
    needs_safetensors()
    with pytest.raises(ArchiveError, match=message):
        read_tensors(data)


@pytest.mark.parametrize(
    ("limit", "value", "message"),
    [
        ("MAX_ARRAYS", 3, "holds 4 arrays, where at most 3 are known"),
        ("MAX_DIRECTORY", 50, "holds a directory, which is"),
    ],
)
def test_safetensors_directories_have_limits(
    tensors: bytes, limit: str, value: int, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"driftwatch.profile._safetensors.{limit}", value)
    with pytest.raises(ArchiveError, match=message):
        read_tensors(tensors)


def test_safetensors_beyond_the_limit_are_refused(tmp_path: Path) -> None:
    needs_safetensors()
    path, archive = tmp_path / "x.safetensors", Archive(KIND, 1, {}, {"x": np.zeros(1000)})
    with pytest.raises(ArchiveError, match="at most 8,000 bytes is wanted, got 8,"):
        save(path, archive, max_bytes=8_000)
    save(path, archive)
    with pytest.raises(ArchiveError, match="holds more, which is more than 8,000 bytes"):
        load(path, kind=KIND, formats=[1], max_bytes=8_000)


def test_safetensors_are_named_where_they_are_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("safetensors", "safetensors.numpy"):
        monkeypatch.setitem(__import__("sys").modules, name, None)
    with pytest.raises(MissingExtraError, match=r"safetensors file needs safetensors.*\[safetensors\]"):
        save(tmp_path / "x.safetensors", made())
    (tmp_path / "x.safetensors").write_bytes(b"")
    with pytest.raises(MissingExtraError, match=r"safetensors file needs safetensors.*\[safetensors\]"):
        load(tmp_path / "x.safetensors", kind=KIND, formats=[1])
