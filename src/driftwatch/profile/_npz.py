"""A strict `.npz`: arrays to bytes and back, where nothing is taken on trust before it is checked (layer 3).

NumPy and any unzip program read what `pack` writes. `unpack` reads nothing else: each record of the zip and each head
of an array is built anew from what it says, and must come out byte for byte.
"""

from __future__ import annotations

import re
import struct
import zlib
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from driftwatch.profile._stored import Damage, require_name, require_room, require_shape, too_large

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from driftwatch.profile._stored import HostArray

__all__ = ["pack", "unpack"]

# The records of a zip file: PKWARE, APPNOTE.TXT 6.3.10, sections 4.3.7, 4.3.12 and 4.3.16
LOCAL, CENTRAL, END = struct.Struct("<4s5H3L2H"), struct.Struct("<4s6H3L5H2L"), struct.Struct("<4s4H2LH")
VERSION, UNIX = 20, 3 << 8  # 2.0, the first with deflate; made on Unix, wherever it is made
NO_TIME, FIRST_DAY = 0, 33  # midnight of 1980-01-01, where the calendar of a zip begins
ORDINARY_FILE = 0o100644 << 16
STORED, DEFLATED = 0, 8
SUFFIX = ".npy"
LARGEST_ZIP = (1 << 32) - 2  # beyond it a zip needs records of 64 bits

DEFLATE_LEVEL = 4  # 6 takes two to three times as long, and saves 2 to 12 % of profiles and counts
DEFLATE_RATIO = 1032  # no stream of deflate becomes more than this many times as long (zlib's technical notes)
RAW_DEFLATE = -15

# The head of an array, after https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html, version 1.0
NPY_MAGIC = b"\x93NUMPY\x01\x00"
NPY_ALIGNMENT = 64
NPY_HEAD = re.compile(
    rb"\{'descr': '([<>|=][a-zA-Z]\d{0,5})', 'fortran_order': False, 'shape': \(((?:\d{1,18}, ?)*\d{0,18})\), \} *\n"
)
MAX_NPY_HEAD = 1024  # 32 lengths of 18 digits fit


class _Entry(NamedTuple):
    name: str
    method: int
    size: int
    crc: int
    raw: memoryview


def pack(arrays: Mapping[str, HostArray], *, compress: bool, max_bytes: int) -> bytes:
    """Return arrays, as `checked` gives them, as the bytes of a `.npz` in their order."""
    max_bytes = min(max_bytes, LARGEST_ZIP)
    parts: list[bytes] = []
    directory: list[bytes] = []
    offset = total = 0
    for name, array in arrays.items():
        head = _npy_head(array.dtype.str, array.shape)
        total += len(head) + array.nbytes
        require_room(total, max_bytes)
        content = head + array.tobytes()
        raw = zlib.compress(content, DEFLATE_LEVEL, RAW_DEFLATE) if compress else content
        entry = _Entry(name, DEFLATED if compress else STORED, len(content), zlib.crc32(content), memoryview(raw))
        directory.append(_central(entry, offset))
        parts += [_local(entry), raw]
        offset += len(parts[-2]) + len(raw)
    records = b"".join(directory)
    require_room(offset + len(records) + END.size, max_bytes)
    return b"".join([*parts, records, _end(len(arrays), len(records), offset)])


def unpack(data: bytes, max_bytes: int) -> Iterator[tuple[str, HostArray]]:
    """Yield name and array, one at a time, of what `pack` wrote.

    Every size is checked before the first array is made, and nothing is allocated beyond `max_bytes`.

    Raises
    ------
    Damage
        If it is anything else.
    """
    entries = _directory(data)
    if sum(entry.size for entry in entries.values()) > max_bytes:
        raise too_large("arrays", max_bytes)
    heads = [_read_head(entry, max_bytes) for entry in entries.values()]
    for entry, (dtype, shape, start) in zip(entries.values(), heads, strict=True):
        content = _content(entry)
        found = np.frombuffer(content, dtype=dtype, offset=start).reshape(shape)
        yield entry.name, found.astype(found.dtype.newbyteorder("="))  # a copy, aligned and free to be written to


def _directory(data: bytes) -> dict[str, _Entry]:
    """Return the entries in their order, after every record between them has been checked."""
    end = len(data) - END.size
    if not data.startswith(b"PK\x03\x04"):
        raise Damage("is no .npz file", "Name a file that driftwatch saved")
    if end < 0 or data[end : end + 4] != b"PK\x05\x06":
        raise Damage("was cut short, or has something after its end")
    (n_entries, n_bytes, start) = END.unpack_from(data, end)[4:7]
    if data[end:] != _end(n_entries, n_bytes, start) or start + n_bytes != end:
        raise Damage("was altered: its end does not fit the rest")

    entries: dict[str, _Entry] = {}
    at, offset = start, 0
    for _ in range(n_entries):
        entry = _entry(data, at, offset, end)
        require_name(entry.name, entries)
        entries[entry.name] = entry
        at += len(_central(entry, offset))
        offset += len(_local(entry)) + len(entry.raw)
    if (at, offset) != (end, start):
        raise Damage("has bytes that belong to no entry")
    return entries


def _entry(data: bytes, at: int, offset: int, end: int) -> _Entry:
    """Return the entry whose central record is at `at` and whose local one is at `offset`."""
    if at + CENTRAL.size > end:
        raise Damage("has fewer entries than it says")
    fields = CENTRAL.unpack_from(data, at)
    flags, method = fields[3:5]
    crc, n_raw, size, n_name = fields[7:11]
    file_name = data[at + CENTRAL.size : at + CENTRAL.size + n_name].decode("latin-1")
    if flags & 1:
        raise Damage(f"holds the encrypted entry {file_name[:60]!r}", "Save it without a password")
    if method not in {STORED, DEFLATED}:
        raise Damage(f"holds the entry {file_name[:60]!r}, compressed by an unknown method ({method})")
    if not file_name.endswith(SUFFIX):
        raise Damage(f"holds the entry {file_name[:60]!r}, which is no array")
    if (size > n_raw * DEFLATE_RATIO) if method == DEFLATED else (size != n_raw):
        raise Damage(f"holds the entry {file_name[:60]!r}, which cannot become {size:,} bytes from {n_raw:,}")

    head = LOCAL.size + n_name
    raw = memoryview(data)[offset + head : offset + head + n_raw]
    entry = _Entry(file_name.removesuffix(SUFFIX), method, size, crc, raw)
    if not (_same(data, at, _central(entry, offset)) and _same(data, offset, _local(entry))):
        raise Damage(f"has a record of its entry {file_name[:60]!r} that driftwatch did not write")
    return entry


def _same(data: bytes, at: int, record: bytes) -> bool:
    return data[at : at + len(record)] == record


def _read_head(entry: _Entry, max_bytes: int) -> tuple[str, tuple[int, ...], int]:
    """Return type, shape and the start of the values; no more is decompressed than the head."""
    head = bytes(_inflated(entry, MAX_NPY_HEAD)[0])
    found = NPY_HEAD.match(head, len(NPY_MAGIC) + 2)
    if found is None:
        raise Damage(f"holds the entry {entry.name!r}, which is no array of a known kind")
    dtype = found[1].decode("ascii")
    shape = tuple(map(int, re.findall(rb"\d+", found[2])))
    n_bytes = require_shape(entry.name, dtype, shape, max_bytes)
    wanted = _npy_head(dtype, shape)
    if not head.startswith(wanted) or len(wanted) + n_bytes != entry.size:
        raise Damage(f"holds an array {entry.name!r} whose shape {shape} is not the one of its {entry.size:,} bytes")
    return dtype, shape, len(wanted)


def _content(entry: _Entry) -> bytes | memoryview:
    content, whole = _inflated(entry, entry.size + 1)
    if not whole or len(content) != entry.size or zlib.crc32(content) != entry.crc:
        raise Damage(f"was altered: the bytes of its entry {entry.name!r} are not those that were saved")
    return content


def _inflated(entry: _Entry, n_bytes: int) -> tuple[bytes | memoryview, bool]:
    """Return at most the first `n_bytes` of an entry, and whether they are all of it."""
    if entry.method == STORED:
        return entry.raw[:n_bytes], len(entry.raw) <= n_bytes
    stream = zlib.decompressobj(RAW_DEFLATE)
    try:
        content = stream.decompress(entry.raw, n_bytes)
    except zlib.error:
        raise Damage(f"was altered: its entry {entry.name!r} cannot be decompressed") from None
    return content, stream.eof and not stream.unused_data


def _npy_head(dtype: str, shape: Sequence[int]) -> bytes:
    lengths = ", ".join(map(str, shape)) + ("," if len(shape) == 1 else "")
    text = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': ({lengths}), }}".encode("ascii")
    n_bytes = -(-(len(NPY_MAGIC) + 2 + len(text) + 1) // NPY_ALIGNMENT) * NPY_ALIGNMENT - len(NPY_MAGIC) - 2
    return NPY_MAGIC + n_bytes.to_bytes(2, "little") + text.ljust(n_bytes - 1) + b"\n"


def _local(entry: _Entry) -> bytes:
    name = f"{entry.name}{SUFFIX}".encode("latin-1")
    sizes = (entry.crc, len(entry.raw), entry.size, len(name), 0)
    return LOCAL.pack(b"PK\x03\x04", VERSION, 0, entry.method, NO_TIME, FIRST_DAY, *sizes) + name


def _central(entry: _Entry, offset: int) -> bytes:
    name = f"{entry.name}{SUFFIX}".encode("latin-1")
    sizes = (entry.crc, len(entry.raw), entry.size, len(name), 0, 0, 0, 0, ORDINARY_FILE, offset)
    made = (UNIX | VERSION, VERSION, 0, entry.method, NO_TIME, FIRST_DAY)
    return CENTRAL.pack(b"PK\x01\x02", *made, *sizes) + name


def _end(n_entries: int, n_bytes: int, start: int) -> bytes:
    return END.pack(b"PK\x05\x06", 0, 0, n_entries, n_entries, n_bytes, start, 0)
