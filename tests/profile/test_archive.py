"""The file that profiles, windows and states are saved in: what goes in comes out, and what cannot go in."""

from __future__ import annotations

import io
import json
import stat
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from archive_samples import (
    HAS_SAFETENSORS,
    KIND,
    assert_equal,
    made,
    needs_safetensors,
    put_together,
    read,
    refused,
    taken_apart,
)
from driftwatch.errors import ArchiveError, InputTypeError
from driftwatch.profile._stored import checked
from driftwatch.profile.archive import Archive, from_bytes, load, save, to_bytes

GOLDEN = Path(__file__).parent / "golden"
SUFFIXES = (".npz", ".safetensors")

names = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,12}", fullmatch=True).filter(lambda name: name != "header")
dtypes = st.sampled_from(["?", "i1", "<i2", "<i4", "<i8", "u1", "<u2", "<u4", "<u8", "<f2", "<f4", "<f8"])
stored_arrays = arrays_of.arrays(
    dtypes, arrays_of.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4), elements=None, fill=st.nothing()
)
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
archives = st.builds(
    Archive,
    kind=st.just(KIND),
    format=st.integers(1, 9),
    header=st.dictionaries(st.text(), plain, max_size=4),
    arrays=st.dictionaries(names, stored_arrays, max_size=4),
)


@given(archive=archives, compress=st.booleans())
def test_bytes_come_back_as_they_were(archive: Archive, *, compress: bool) -> None:
    assert_equal(read(to_bytes(archive, compress=compress)), archive)


@pytest.mark.parametrize("suffix", SUFFIXES)
@given(archive=archives)
@settings(max_examples=30)
def test_files_come_back_as_they_were(suffix: str, archive: Archive, tmp_path_factory: pytest.TempPathFactory) -> None:
    needs_safetensors(suffix)
    path = tmp_path_factory.mktemp("archive") / f"x{suffix}"
    save(path, archive)
    assert_equal(load(path, kind=KIND, formats=range(1, 10)), archive)


@given(archive=archives, compress=st.booleans())
@settings(max_examples=30)
def test_equal_content_gives_equal_bytes(archive: Archive, *, compress: bool) -> None:
    turned = archive._replace(
        header=dict(reversed(archive.header.items())), arrays=dict(reversed(archive.arrays.items()))
    )
    assert to_bytes(turned, compress=compress) == to_bytes(archive, compress=compress)
    assert to_bytes(read(to_bytes(archive)), compress=compress) == to_bytes(archive, compress=compress)


def test_layout_and_byte_order_of_memory_leave_no_trace() -> None:
    table = np.arange(12.0).reshape(3, 4)
    archive = Archive(KIND, 1, {}, {"x": table})
    for other in (np.asfortranarray(table), table.astype(">f8"), np.repeat(table, 2, axis=0)[::2]):
        assert to_bytes(archive._replace(arrays={"x": other})) == to_bytes(archive)


def test_arrays_are_stored_in_the_order_of_their_indices() -> None:
    stored = checked({"x": np.asfortranarray(np.arange(12.0).reshape(3, 4))})["x"]  # some readers take memory as it is
    assert stored.flags.c_contiguous


def test_safetensors_files_of_equal_content_are_equal(tmp_path: Path) -> None:
    needs_safetensors()
    found = []
    for i in range(3):
        save(tmp_path / f"{i}.safetensors", made())
        found.append((tmp_path / f"{i}.safetensors").read_bytes())
    assert found[0] == found[1] == found[2]


def test_compression_is_what_it_is_called() -> None:
    archive = Archive(KIND, 1, {}, {"zeros": np.zeros(100_000)})
    assert len(to_bytes(archive)) < 10_000
    assert len(to_bytes(archive, compress=False)) > 800_000


@pytest.mark.parametrize("compress", [True, False])
def test_numpy_reads_all_of_it(tmp_path: Path, *, compress: bool) -> None:
    save(tmp_path / "x.npz", made(), compress=compress)
    with np.load(tmp_path / "x.npz", allow_pickle=False) as found:
        assert sorted(found) == ["counts", "edges", "header", "n", "seen"]
        np.testing.assert_array_equal(found["edges"], made().arrays["edges"])
        assert found["n"].shape == ()
        header = json.loads(found["header"].tobytes())
    assert header["header"] == made().header
    assert (header["driftwatch"], header["kind"], header["format"], header["min_reader"]) == (1, KIND, 1, 1)


def test_python_finds_no_fault_in_the_zip() -> None:
    with zipfile.ZipFile(io.BytesIO(to_bytes(made()))) as found:
        assert found.testzip() is None
        assert found.namelist() == ["header.npy", "counts.npy", "edges.npy", "n.npy", "seen.npy"]
        assert {stat.S_IMODE(entry.external_attr >> 16) for entry in found.infolist()} == {0o644}


def test_safetensors_reads_all_of_it(tmp_path: Path) -> None:
    safetensors = pytest.importorskip("safetensors", reason="safetensors is an extra")
    save(tmp_path / "x.safetensors", made())
    with safetensors.safe_open(tmp_path / "x.safetensors", framework="numpy") as found:
        assert sorted(found.keys()) == ["counts", "edges", "n", "seen"]
        np.testing.assert_array_equal(found.get_tensor("counts"), made().arrays["counts"])
        assert json.loads(found.metadata()["driftwatch"])["header"] == made().header


def test_bytes_may_be_any_buffer() -> None:
    data = to_bytes(made())
    assert_equal(read(bytearray(data)), made())
    assert_equal(read(memoryview(data)), made())
    with pytest.raises(InputTypeError, match="`data` must be bytes, got int"):
        read(5)  # type: ignore[arg-type]


def test_golden_files_are_readable_for_ever() -> None:
    for suffix in SUFFIXES:
        if suffix == ".safetensors" and not HAS_SAFETENSORS:
            continue
        found = load(GOLDEN / f"archive-1{suffix}", kind="golden", formats=[1])
        assert found.header == {"text": "d\u00e9rive", "numbers": [1, 2.5, None], "nested": {"yes": True}}
        assert found.arrays.keys() == {"booleans", "counts", "empty", "halves", "scalar", "values"}
        np.testing.assert_array_equal(found.arrays["booleans"], [True, False, True])
        np.testing.assert_array_equal(found.arrays["counts"], [[1, 2, 3], [4, 5, 2**62]])
        assert found.arrays["counts"].dtype == np.int64
        assert found.arrays["empty"].shape == (0, 3)
        np.testing.assert_array_equal(found.arrays["halves"], np.array([0.5, -2.0], np.float16))
        assert found.arrays["scalar"] == np.uint8(200)
        np.testing.assert_array_equal(found.arrays["values"], [0.1, -np.inf, np.nan, 1e300])


def test_another_kind_is_refused() -> None:
    with pytest.raises(ArchiveError, match=r"kind 'window' is wanted, and what was given holds the kind 'profile'"):
        from_bytes(to_bytes(made()), kind="window", formats=[1])


def test_a_newer_format_names_the_release_to_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("driftwatch.profile._header.version", lambda: "7.1.0")
    data = to_bytes(made()._replace(format=3))
    monkeypatch.undo()
    with pytest.raises(ArchiveError, match=r"is of format 3, .* reads 1, 2; .* Use driftwatch '7.1.0' or a later"):
        from_bytes(data, kind=KIND, formats=[1, 2])


def test_a_format_that_is_no_longer_read_names_the_release_to_use() -> None:
    with pytest.raises(ArchiveError, match=r"is of format 1, .* reads 2, 3; .* Use driftwatch '[^']*'\.$"):
        from_bytes(to_bytes(made()), kind=KIND, formats=[2, 3])


def test_a_newer_format_is_read_where_it_says_that_an_older_reader_will_do() -> None:
    data = to_bytes(made()._replace(format=3), min_reader=2)
    assert from_bytes(data, kind=KIND, formats=[1, 2]).format == 3
    with pytest.raises(ArchiveError, match="is of format 3"):
        from_bytes(data, kind=KIND, formats=[1])


def test_a_newer_envelope_names_the_release_to_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("driftwatch.profile._header.CONTAINER", 2)
    data = to_bytes(made())
    monkeypatch.undo()
    refused(data, "in a way that is newer. Use driftwatch '.*' or a later version")


def test_unknown_keys_of_the_header_are_ignored() -> None:
    header, arrays = taken_apart(made())
    assert_equal(read(put_together({**header, "licence": "new"}, arrays)), made())


def test_the_limit_is_the_one_given() -> None:
    data = to_bytes(Archive(KIND, 1, {}, {"x": np.zeros(1000)}))
    assert read(data, max_bytes=9_000).arrays["x"].size == 1000
    refused(data, "holds arrays, which is more than 8,000 bytes", max_bytes=8_000)
    refused(data, "holds more, which is more than 100 bytes", max_bytes=100)
    with pytest.raises(ArchiveError, match=r"at most 8,000 bytes is wanted, got 8,[0-9]{3} or more"):
        to_bytes(Archive(KIND, 1, {}, {"x": np.zeros(1000)}), max_bytes=8_000)


@pytest.mark.parametrize("compress", [True, False])
def test_what_can_be_written_under_a_limit_can_be_read_under_it(*, compress: bool) -> None:
    archive = Archive(KIND, 1, {}, {"x": np.arange(100), "y": np.zeros(100)})
    for limit in range(1_000, 4_000, 7):
        try:
            data = to_bytes(archive, compress=compress, max_bytes=limit)
        except ArchiveError:
            refused(to_bytes(archive, compress=compress), "which is more than", max_bytes=limit)
        else:
            assert_equal(read(data, max_bytes=limit), archive)


@pytest.mark.parametrize("name", ["", ".hidden", "a/b", "../up", "a\\b", "a b", "\u00e9", "a\n", "header", "x" * 129])
def test_unsafe_names_cannot_be_stored(name: str) -> None:
    with pytest.raises(ArchiveError, match="the name of an array must be letters"):
        to_bytes(Archive(KIND, 1, {}, {name: np.zeros(1)}))


@pytest.mark.parametrize(
    "array",
    [
        np.array([None]),
        np.array(["text"]),
        np.array([b"bytes"]),
        np.zeros(1, complex),
        np.zeros(1, "M8[s]"),
        np.zeros(1, [("a", "f8")]),
    ],
)
def test_arrays_of_other_types_cannot_be_stored(array: np.ndarray[Any, Any]) -> None:
    with pytest.raises(ArchiveError, match=r"array 'x' must be of booleans, integers or floats .* Put text into"):
        to_bytes(Archive(KIND, 1, {}, {"x": array}))


def test_more_arrays_than_a_zip_counts_cannot_be_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("driftwatch.profile._stored.MAX_ARRAYS", 3)
    with pytest.raises(ArchiveError, match="holds up to 3 arrays, got 4"):
        to_bytes(made())


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), (1, 2), {1: 2}, {"a": {None: 1}}, b"bytes", np.arange(2), np.int64(3), {1, 2}]
)
def test_headers_that_json_would_change_cannot_be_stored(value: object) -> None:
    with pytest.raises(ArchiveError, match=r"the header of a profile must be what JSON holds .* Turn tuples into"):
        to_bytes(Archive(KIND, 1, {"x": value}, {}))


def test_headers_that_are_too_deep_or_too_long_cannot_be_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    circle: list[Any] = []
    circle.append(circle)
    for deep in (circle, _deep(70), _deep(100_000)):
        with pytest.raises(ArchiveError, match="must be what JSON holds"):
            to_bytes(Archive(KIND, 1, {"x": deep}, {}))
    monkeypatch.setattr("driftwatch.profile._header.MAX_HEADER", 300)
    with pytest.raises(ArchiveError, match="a header of at most 300 bytes is wanted, got"):
        to_bytes(Archive(KIND, 1, {"x": "y" * 300}, {}))


def _deep(levels: int) -> Any:
    value: Any = 0
    for _ in range(levels):
        value = [value]
    return value
