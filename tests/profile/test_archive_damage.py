"""Damaged and hostile files: one clear error each, and nothing that is read before it is checked."""

from __future__ import annotations

import io
import json
import struct
import tracemalloc
import zipfile
import zlib
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from archive_samples import (
    identical_or_refused,
    made,
    put_together,
    read,
    refused,
    taken_apart,
)
from driftwatch.errors import ArchiveError
from driftwatch.profile import _npz
from driftwatch.profile.archive import to_bytes

VALID = to_bytes(made())
VALID_STORED = to_bytes(made(), compress=False)


@pytest.mark.parametrize("valid", [VALID, VALID_STORED], ids=["deflated", "stored"])
def test_every_truncation_is_refused(valid: bytes) -> None:
    for n in range(len(valid)):
        with pytest.raises(ArchiveError):
            read(valid[:n])


def test_every_changed_byte_of_a_stored_file_is_refused() -> None:
    for i in range(len(VALID_STORED)):
        with pytest.raises(ArchiveError):
            read(VALID_STORED[:i] + bytes([VALID_STORED[i] ^ 0x41]) + VALID_STORED[i + 1 :])


@given(at=st.integers(0, len(VALID) - 1), bit=st.integers(0, 7))
@settings(max_examples=500)
def test_a_flipped_bit_is_refused_or_without_effect(at: int, bit: int) -> None:
    identical_or_refused(VALID[:at] + bytes([VALID[at] ^ (1 << bit)]) + VALID[at + 1 :])


@given(st.data())
@settings(max_examples=300)
def test_spliced_bytes_are_refused_or_without_effect(data: st.DataObject) -> None:
    valid = data.draw(st.sampled_from([VALID, VALID_STORED]))
    start = data.draw(st.integers(0, len(valid)))
    end = data.draw(st.integers(start, min(len(valid), start + 60)))
    other = data.draw(st.integers(0, len(valid)))
    piece = data.draw(st.binary(max_size=60) | st.just(valid[other : other + 60]))
    identical_or_refused(valid[:start] + piece + valid[end:])


@given(st.binary(max_size=300), st.sampled_from([b"", b"PK\x03\x04", VALID[:90]]))
@example(b"", b"")
def test_random_bytes_are_refused(data: bytes, start: bytes) -> None:
    refused(start + data)


def test_something_before_or_behind_is_refused() -> None:
    refused(VALID + b"\0", "cut short, or has something after its end")
    refused(b"#!/bin/sh\n" + VALID, "is no .npz file")
    refused(VALID + VALID, "its end does not fit the rest")


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (b"", "no JSON"),
        (b"\xff\xfe", "no JSON"),
        (b"[1, 2]", "no JSON object"),
        (b'{"a": 1, "a": 1}', "a key stands twice"),
        (b'{"a": NaN}', "NaN is no number"),
        (b'{"a": -Infinity}', "-Infinity is no number"),
        (b"[" * 100_000, "no JSON"),
        (b'{"a":' * 100_000, "no JSON"),
        (b'{"a":' + b"[" * 80 + b"]" * 80 + b"}", "at most 64 levels"),
        (b'{"a": ' + b"9" * 5000 + b"}", "no JSON"),
        (b"{}", "without 'driftwatch'"),
    ],
)
def test_headers_that_are_no_json_are_refused(header: bytes, message: str) -> None:
    refused(put_together(header, {}), message)


@pytest.mark.parametrize("key", ["driftwatch", "kind", "format", "min_reader", "version", "header", "sha256"])
@pytest.mark.parametrize("value", [None, True, [], 1.5])
def test_headers_with_a_missing_or_wrong_field_are_refused(key: str, value: object) -> None:
    header, arrays = taken_apart(made())
    refused(put_together({k: v for k, v in header.items() if k != key}, arrays, signed=False), f"without '{key}'")
    refused(put_together({**header, key: value}, arrays, signed=False), f"without '{key}'")


def test_a_number_that_no_float_holds_is_refused() -> None:
    header, arrays = taken_apart(made())
    text = json.dumps({**header, "more": 0}).replace('"more": 0', '"more": 1e999').encode()
    refused(put_together(text, arrays), "was altered")


@pytest.mark.parametrize("change", ["header", "value", "shape", "type", "name", "gone", "added"])
def test_any_other_content_than_the_signed_one_is_refused(change: str) -> None:
    header, arrays = taken_apart(made())
    match change:
        case "header":
            header["header"]["alpha"] = 0.5
        case "value":
            arrays["counts"][3] += 1
        case "shape":
            arrays["edges"] = arrays["edges"].reshape(3, 2)
        case "type":
            arrays["counts"] = arrays["counts"].view(np.uint64)
        case "name":
            arrays["other"] = arrays.pop("counts")
        case "gone":
            del arrays["seen"]
        case "added":
            arrays["more"] = np.zeros(1)
    refused(put_together(header, arrays, signed=False), "was altered: its content is not what its sha256 says")


def test_a_file_of_numpy_alone_is_refused() -> None:
    buffer = io.BytesIO()
    np.savez(buffer, x=np.arange(3))
    refused(buffer.getvalue(), "has a record of its entry 'x.npy' that driftwatch did not write")
    refused(_zip(("x.npy", _npy(np.arange(3)))), "is a file that driftwatch did not save")


def _zip(*entries: tuple[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    """Return a zip as Python writes it, its records as `pack` writes them."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as file:
        for name, content in entries:
            info = zipfile.ZipInfo(name)
            info.compress_type, info.external_attr, info.create_system = method, 0o100644 << 16, 3
            file.writestr(info, content)
    return buffer.getvalue()


def _npy(array: np.ndarray[Any, Any], **options: Any) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array, version=(1, 0), **options)
    return buffer.getvalue()


def _header_alone() -> tuple[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(VALID)) as file:
        return "header.npy", file.read("header.npy")


@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("../../etc/passwd.npy", "unsafe name"),
        ("/etc/passwd.npy", "unsafe name"),
        ("a/b.npy", "unsafe name"),
        (".npy", "unsafe name"),
        ("..npy", "unsafe name"),
        ("x\x1b[31m.npy", "unsafe name"),
        ("x" * 200 + ".npy", "unsafe name"),
        ("x.txt", "which is no array"),
        ("header.npy", "two entries of the name 'header'"),
    ],
)
def test_entries_of_other_names_are_refused(name: str, message: str) -> None:
    refused(_zip(_header_alone(), (name, _npy(np.zeros(2)))), message)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_entries_of_other_compressions_are_refused(method: int) -> None:
    refused(_zip(_header_alone(), method=method), "unknown method")


def test_encrypted_entries_are_refused() -> None:
    at = VALID.index(b"PK\x01\x02") + 8  # the flags of the first central record
    refused(VALID[:at] + b"\x01" + VALID[at + 1 :], "holds the encrypted entry 'header.npy'")


def _head(text: str, content: bytes = b"") -> bytes:
    text = text.ljust((-11 - len(text)) % 64 + len(text)) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode() + content


def _shaped(shape: str, descr: str = "'<f8'", order: str = "False") -> str:
    return f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}"


@pytest.mark.parametrize(
    ("head", "message"),
    [
        (_shaped("(2,)", "'|O'"), "of type '|O'"),
        (_shaped("(2,)", "'|O8'"), "of type '|O8'"),
        (_shaped("(2,)", "'<U1'"), "of type '<U1'"),
        (_shaped("(2,)", "'>f8'"), "of type '>f8'"),
        (_shaped("(2,)", "'<c16'"), "of type '<c16'"),
        (_shaped("(2,)", "'|V8'"), "of type '|V8'"),
        (_shaped("(2,)", "[('a', '<f8')]"), "no array of a known kind"),
        (_shaped("(2,)", order="True"), "no array of a known kind"),
        (_shaped("(-2,)"), "no array of a known kind"),
        (_shaped("(2L,)"), "no array of a known kind"),
        (_shaped("(3,)"), "whose shape"),
        (_shaped("(02,)"), "whose shape"),
        (_shaped("(2)"), "whose shape"),
        (_shaped("(0, 99999999999999)"), "which is more than"),
        (_shaped("(999999999999999999, 999999999999999999)"), "which is more than"),
        (_shaped("(1000000000,)"), "which is more than"),
        (_shaped(f"({', '.join('1' * 33)})"), "of 33 dimensions"),
        (_shaped(f"({'1' * 900}x,)"), "no array of a known kind"),
        (_shaped(f"({', '.join('1' * 400)})"), "no array of a known kind"),
        ("__import__('os').system('false')", "no array of a known kind"),
        ("[" * 500, "no array of a known kind"),
    ],
)
def test_arrays_of_other_types_and_shapes_are_refused_before_they_are_made(head: str, message: str) -> None:
    data = _zip(_header_alone(), ("x.npy", _head(head, bytes(16))))
    refused(data, message.replace("|", r"\|"))


def test_objects_are_never_unpickled() -> None:
    data = _zip(_header_alone(), ("x.npy", _npy(np.array([{"a": 1}]), allow_pickle=True)))
    refused(data, r"holds an array 'x' of type '\|O'")


def _bomb(n_bytes: int, claimed: int | None = None) -> bytes:
    """Return a file whose array is of zeros, and whose records claim so many bytes."""
    content = _npy(np.zeros(0, np.uint8)).replace(b"(0,), }", f"({n_bytes},), }}".encode(), 1)
    content = content[: 128 - 1].replace(b"\n", b" ").ljust(127)[:127] + b"\n"
    data = bytearray(_zip(_header_alone(), ("x.npy", content + bytes(n_bytes)), method=zipfile.ZIP_DEFLATED))
    if claimed is not None:
        for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
            at = data.rindex(signature) + offset
            data[at : at + 4] = struct.pack("<L", claimed)
    return bytes(data)


def test_a_bomb_is_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = _bomb(20_000_000)
    assert len(bomb) < 30_000
    refused(bomb, "was altered: its content")  # 20 MB are no bomb yet: it is read, and not what was signed

    def inflated(*_: object) -> None:
        raise AssertionError("it was decompressed")

    monkeypatch.setattr("driftwatch.profile._npz._inflated", inflated)
    refused(bomb, "which is more than 10,000,000 bytes", max_bytes=10_000_000)
    refused(_bomb(20_000_000, 4_000_000_000), "cannot become 4,000,000,000 bytes from")


@pytest.mark.parametrize("claimed", [128, 1_000, 19_999_999, 20_000_129])
def test_a_bomb_that_lies_is_refused(claimed: int) -> None:
    refused(_bomb(20_000_000, claimed), "whose shape")


def test_a_stream_that_goes_on_is_cut_off() -> None:
    # the records and the head agree on 1,000 bytes, and the stream has a million
    small = _npz_entry(1_000, bytes(1_000_000))
    refused(small, "are not those that were saved")
    refused(_npz_entry(1_000, bytes(1_000), tail=b"more"), "are not those that were saved")


def test_a_stream_without_its_end_is_refused() -> None:
    refused(_npz_entry(1_000, bytes(1_000)), "was altered: its content")  # as it should be, and not what was signed
    refused(_npz_entry(1_000, bytes(1_000), whole=False), "are not those that were saved")


def test_a_checksum_that_other_programs_would_reject_is_refused() -> None:
    refused(_npz_entry(1_000, bytes(1_000), crc=7), "are not those that were saved")


@pytest.mark.parametrize("place", ["before the directory", "in the directory"])
def test_bytes_that_belong_to_no_entry_are_refused(place: str) -> None:
    n_entries, n_bytes, start = struct.unpack_from("<H2L", VALID, len(VALID) - 12)
    at = start if place == "before the directory" else len(VALID) - 22
    body = VALID[:at] + b"hidden" + VALID[at:-22]
    end = (n_bytes, start + 6) if place == "before the directory" else (n_bytes + 6, start)
    refused(body + _npz._end(n_entries, *end), "has bytes that belong to no entry")


def test_an_entry_that_is_not_there_is_refused() -> None:
    n_entries, n_bytes, start = struct.unpack_from("<H2L", VALID, len(VALID) - 12)
    refused(VALID[:-22] + _npz._end(n_entries + 1, n_bytes, start), "has fewer entries than it says")
    refused(VALID[:-22] + _npz._end(n_entries - 1, n_bytes, start), "has bytes that belong to no entry")


@pytest.mark.parametrize("header", [np.zeros(9, np.int8), np.zeros((3, 3), np.uint8), np.array(0, np.uint8)])
def test_a_header_of_another_type_or_shape_is_refused(header: np.ndarray[Any, Any]) -> None:
    refused(_npz.pack({"header": header}, compress=True, max_bytes=10_000), "is a file that driftwatch did not save")


def test_a_header_beyond_its_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("driftwatch.profile._header.MAX_HEADER", 100)
    refused(VALID, "holds a header, which is more than 100 bytes")


def _npz_entry(n_bytes: int, content: bytes, *, tail: bytes = b"", whole: bool = True, crc: int | None = None) -> bytes:
    """Return a file with one array more, whose stream is another one than its records say."""
    head = _npz._npy_head("|u1", (n_bytes,))
    stream = zlib.compressobj(9, zlib.DEFLATED, -15)
    raw = stream.compress(head + content) + stream.flush(zlib.Z_FINISH if whole else zlib.Z_SYNC_FLUSH) + tail
    crc = zlib.crc32(head + content[:n_bytes]) if crc is None else crc
    with zipfile.ZipFile(io.BytesIO(VALID_STORED)) as file:
        header = file.read("header.npy")
    entries = [
        _npz._Entry("header", 0, len(header), zlib.crc32(header), memoryview(header)),
        _npz._Entry("x", 8, len(head) + n_bytes, crc, memoryview(raw)),
    ]
    body, directory = b"", b""
    for entry in entries:
        directory += _npz._central(entry, len(body))
        body += _npz._local(entry) + bytes(entry.raw)
    return body + directory + _npz._end(2, len(directory), len(body))


def test_nothing_is_allocated_for_what_is_refused() -> None:
    shapes = ["(200000000,)", "(0, 99999999999999)", "(999999999999999999, 9)"]
    hostile = [_zip(_header_alone(), ("x.npy", _head(_shaped(shape), bytes(16)))) for shape in shapes]
    hostile += [_bomb(20_000_000, 19_999_999), _bomb(20_000_000, 4_000_000_000), _npz_entry(1_000, bytes(20_000_000))]
    tracemalloc.start()
    try:
        for data in hostile:
            refused(data)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 1_000_000


def test_memory_that_runs_out_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr("driftwatch.profile._npz._inflated", full)
    refused(VALID, "needs more memory than there is")
