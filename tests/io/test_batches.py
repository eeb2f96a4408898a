"""Batches of many files: the rows of all of them, in any format and from any place, in little memory."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import ipc, parquet

from driftwatch.arrays.schema import Storage
from driftwatch.errors import InputError, MissingExtraError
from driftwatch.io import delimited, json_lines, text
from driftwatch.io.batches import find_batches, storages_of
from driftwatch.io.writers import SUFFIXES, encode

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

N = 300
TABLE = pa.table(
    {
        "x": pa.array(np.random.default_rng(0).normal(size=N).round(3)),
        "n": pa.array(range(N)),
        "city": pa.array(["Rome", "Oslo", None] * (N // 3)),
        "ok": pa.array([True, False] * (N // 2)),
    }
)


def together(tables: Iterable[pa.Table]) -> pa.Table:
    return pa.concat_tables([table for table in tables if table.num_rows], promote_options="permissive")


def rows_of(table: pa.Table) -> list[dict[str, Any]]:
    return list(table.to_pylist())


def write(path: Path, table: pa.Table = TABLE, suffix: str | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encode(table, suffix or path.suffix))
    return path


@pytest.mark.parametrize("suffix", [suffix for suffix in SUFFIXES if suffix != ".npy"])
@pytest.mark.parametrize("n_values", [4, 40, 10_000])
def test_rows_of_every_format_come_whole_and_in_order(tmp_path: Path, suffix: str, n_values: int) -> None:
    for i in range(3):
        write(tmp_path / f"part{i}{suffix}", TABLE.slice(100 * i, 100))
    tables = list(find_batches([tmp_path]).tables(n_values=n_values))
    assert rows_of(together(tables)) == rows_of(TABLE)
    assert max(table.num_rows for table in tables) == min(N, n_values // 4)


def test_tables_are_filled_from_one_file_to_the_next(tmp_path: Path) -> None:
    for i in range(3):
        write(tmp_path / f"part{i}.parquet", TABLE.slice(100 * i, 100))
    tables = find_batches([tmp_path]).tables(n_values=4 * 70)
    assert [table.num_rows for table in tables] == [70, 70, 70, 70, 20]


def test_arrays_and_gzipped_text_are_read_too(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.arange(6.0).reshape(3, 2))
    assert together(find_batches([tmp_path / "a.npy"]).tables()).to_pydict() == {"f0": [0, 2, 4], "f1": [1, 3, 5]}
    (tmp_path / "b.csv.gz").write_bytes(gzip.compress(encode(TABLE, ".csv")))
    assert rows_of(together(find_batches([tmp_path / "b.csv.gz"]).tables())) == rows_of(TABLE)


def test_arrow_stream_is_read(tmp_path: Path) -> None:
    with ipc.new_stream(tmp_path / "s.arrows", TABLE.schema) as writer:
        writer.write_table(TABLE, max_chunksize=70)
    batches = find_batches([tmp_path / "s.arrows"])
    assert rows_of(together(batches.tables(n_values=200))) == rows_of(TABLE)
    assert batches.n_rows() is None
    assert batches.sample(20).num_rows == 20


@pytest.mark.parametrize(
    ("suffix", "expected"), [(".parquet", 2 * N), (".arrow", 2 * N), (".csv", None), (".jsonl", None)]
)
def test_number_of_rows_is_known_where_the_format_says_it(tmp_path: Path, suffix: str, expected: int | None) -> None:
    for name in "ab":
        write(tmp_path / f"{name}{suffix}")
    assert find_batches([tmp_path]).n_rows() == expected


@pytest.mark.parametrize(
    "source",
    [
        f"{url}{{}}/data{pattern}"
        for url in ("", "file://")
        for pattern in ("", "/", "/**/*.parquet", "/day=?/[a]*.parquet")
    ],
)
def test_folders_patterns_and_urls_find_the_same_files(tmp_path: Path, source: str) -> None:
    for day in (1, 2):
        write(tmp_path / "data" / f"day={day}" / "a.parquet", TABLE.slice(0, 10 * day))
    write(tmp_path / "data" / "day=1" / "_SUCCESS.parquet")  # what an engine leaves behind
    (tmp_path / "data" / "day=2" / ".a.parquet.crc").write_bytes(b"x")
    table = together(find_batches([source.format(tmp_path)]).tables())
    assert table.column("day").to_pylist() == [1] * 10 + [2] * 20
    assert rows_of(table.drop("day")) == rows_of(TABLE.slice(0, 10)) + rows_of(TABLE.slice(0, 20))


@pytest.mark.parametrize("path", ["a.csv", "", "*.csv"])
def test_options_of_a_url_are_no_part_of_the_pattern(tmp_path: Path, path: str) -> None:
    write(tmp_path / "a.csv")
    found = find_batches([f"file://{tmp_path}/{path}?endpoint_override=localhost:9000&scheme=http"])
    assert rows_of(together(found.tables())) == rows_of(TABLE)


def test_url_of_one_file_and_several_sources(tmp_path: Path) -> None:
    one, two = write(tmp_path / "a.csv", TABLE.slice(0, 5)), write(tmp_path / "b.csv", TABLE.slice(5, 5))
    assert rows_of(together(find_batches([f"file://{one}", two]).tables())) == rows_of(TABLE.slice(0, 10))


def test_name_with_a_wildcard_in_it_is_a_name(tmp_path: Path) -> None:
    path = write(tmp_path / "a[1].csv")
    assert together(find_batches([path]).tables()).num_rows == N


def test_values_of_partitions_are_text_unless_all_are_whole_numbers(tmp_path: Path) -> None:
    for kind in ("7", "__HIVE_DEFAULT_PARTITION__", "x%20y"):
        write(tmp_path / f"kind={kind}" / "size=3" / "a.parquet", TABLE.slice(0, 1))
    batches = find_batches([tmp_path])
    table = together(batches.tables())
    assert (table.column("kind").to_pylist(), table.column("size").to_pylist()) == (["7", None, "x y"], [3, 3, 3])
    pinned = batches.tables(storages={"kind": Storage.NUMBER, "size": Storage.STRING})
    found = [row for table in pinned for row in table.select(["kind", "size"]).to_pylist()]
    assert found == [{"kind": 7.0, "size": "3"}, {"kind": None, "size": "3"}, {"kind": "x y", "size": "3"}]


def test_a_column_of_the_file_goes_before_the_name_of_its_folder(tmp_path: Path) -> None:
    write(tmp_path / "n=77" / "a.parquet", TABLE.slice(0, 2))
    assert together(find_batches([tmp_path]).tables()).column("n").to_pylist() == [0, 1]


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".arrow", ".jsonl", ".npy"])
def test_only_wanted_columns_are_read_and_others_named_once(tmp_path: Path, suffix: str) -> None:
    if suffix == ".npy":
        np.save(tmp_path / "a.npy", np.zeros((5, 3)))
        wanted, others = {"f1"}, {"f0", "f2"}
    else:
        write(tmp_path / f"a{suffix}")
        wanted, others = {"city"}, {"x", "n", "ok"}
    tables = list(find_batches([tmp_path]).tables(columns=wanted, n_values=50))
    with_rows = [table for table in tables if table.num_rows]
    assert {name for table in with_rows for name in table.column_names} == wanted
    assert [set(table.column_names) for table in tables if not table.num_rows] == [others]


def test_parquet_column_whose_name_is_the_start_of_another_one(tmp_path: Path) -> None:
    parquet.write_table(pa.table({"a": [1], "a.b": [2]}), tmp_path / "a.parquet")
    table = together(find_batches([tmp_path]).tables(columns={"a"}))
    assert table.to_pydict() == {"a": [1]}


def csv_files(tmp_path: Path, *texts: str) -> Any:
    for i, content in enumerate(texts):
        (tmp_path / f"{i}.csv").write_text(content)
    return find_batches([tmp_path])


STORAGES = {"zip": Storage.STRING, "x": Storage.NUMBER, "ok": Storage.BOOLEAN, "none": Storage.EMPTY}


def test_text_is_read_as_what_the_reference_holds(tmp_path: Path) -> None:
    batches = csv_files(tmp_path, "zip,x,ok,none\n01234,1,1,\n", "zip,x,ok,none\n5,2.5,false,\n")
    tables = list(batches.tables(storages=STORAGES))
    assert len(tables) == 1  # one type in both files
    assert tables[0].to_pydict() == {"zip": ["01234", "5"], "x": [1.0, 2.5], "ok": [True, False], "none": [None, None]}


@pytest.mark.parametrize("storages", [{}, {"x": Storage.NUMBER}])
def test_value_that_does_not_fit_makes_text_from_there_on_and_loses_no_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, storages: Any
) -> None:
    monkeypatch.setattr(delimited, "BLOCK_BYTES", 64)
    values = ["1"] * 60 + ["1.5"] * 60 + ["soon"] * 60
    batches = csv_files(tmp_path, "x,y\n" + "".join(f"{x},{i}\n" for i, x in enumerate(values)))
    tables = list(batches.tables(storages=storages))
    assert [y for table in tables for y in table.column("y").to_pylist()] == list(range(180))
    found = [str(x) for table in tables for x in table.column("x").to_pylist()]
    assert [x.removesuffix(".0") for x in found] == values
    assert str(tables[-1].schema.field("x").type) == "string"


def test_row_larger_than_a_block_makes_the_block_grow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "BLOCK_BYTES", 64)
    long = "x" * 3000
    batches = csv_files(tmp_path, "a,b\n" + "1,y\n" * 50 + f'2,"{long}"\n' + "3,z\n" * 50)
    assert together(batches.tables()).to_pydict() == {
        "a": [1] * 50 + [2] + [3] * 50,
        "b": ["y"] * 50 + [long] + ["z"] * 50,
    }


def test_header_only_and_columns_without_a_name(tmp_path: Path) -> None:
    batches = csv_files(tmp_path, "a,,b\n", "a,,b\n1,2,3\n")
    assert together(batches.tables(columns={"unnamed_1"})).to_pydict() == {"unnamed_1": [2]}


def test_lines_of_json_may_change_their_type_between_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_lines, "_BLOCK_BYTES", 128)
    lines = ['{"x": 1}'] * 40 + ["", '{"x": 1.5, "y": "a"}'] * 40 + ['{"x": "soon"}']
    (tmp_path / "a.jsonl").write_text("\n".join(lines))
    tables = list(find_batches([tmp_path]).tables())
    assert [x for table in tables for x in table.column("x").to_pylist()] == [1] * 40 + [1.5] * 40 + ["soon"]


def test_broken_line_of_json_is_numbered_far_into_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_lines, "_BLOCK_BYTES", 64)
    (tmp_path / "a.jsonl").write_text('{"x": 1}\n' * 500 + '{"x": \n')
    with pytest.raises(InputError, match=r"a\.jsonl.*line 501 is not valid JSON"):
        list(find_batches([tmp_path]).tables())


def test_ragged_row_is_numbered_though_a_column_changes_its_type_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delimited, "BLOCK_BYTES", 256)
    batches = csv_files(tmp_path, "a,b\n" + "1,2\n" * 200 + "x,2\n" * 200 + "1,2,3\n")
    with pytest.raises(InputError, match=r"0\.csv.*row 402 .*has 3 fields"):
        list(batches.tables())


def test_bytes_of_text_are_checked_once_however_often_they_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[str] = []
    real = text._read_through

    def counted(source: Any) -> Any:
        checked.append(source.name)
        return real(source)

    monkeypatch.setattr(text, "_read_through", counted)
    for suffix in (".csv", ".jsonl"):
        batches = find_batches([write(tmp_path / f"a{suffix}")])
        assert batches.names == TABLE.column_names
        assert batches.sample(10).num_rows == 10
        assert together(batches.tables()).num_rows == N
    assert checked == [str(tmp_path / "a.csv"), str(tmp_path / "a.jsonl")]


def test_unclosed_quote_is_named(tmp_path: Path) -> None:
    batches = csv_files(tmp_path, 'a,b\n1,x\n2,"y\n3,z\n')
    with pytest.raises(InputError, match=r"a quote opened in row 3 .* is never closed"):
        list(batches.tables(columns={"a"}))


@pytest.mark.parametrize("suffix", [".parquet", ".arrow"])
@pytest.mark.parametrize("where", ["tables", "n_rows", "sample"])
def test_one_file_that_was_cut_short_is_an_error_that_names_it(tmp_path: Path, suffix: str, where: str) -> None:
    for name in "abc":
        write(tmp_path / f"{name}{suffix}")
    whole = (tmp_path / f"b{suffix}").read_bytes()
    (tmp_path / f"b{suffix}").write_bytes(whole[: len(whole) // 2])
    batches = find_batches([tmp_path])
    with pytest.raises(InputError, match=rf"b\{suffix}.*damaged or cut short"):
        list(batches.tables()) if where == "tables" else getattr(batches, where)()


def test_damaged_text_inside_an_arrow_file_is_found(tmp_path: Path) -> None:
    offsets = np.asarray([0, 900_000_000, 5], "i4")  # whoever reads the second one leaves the memory of the process
    broken = pa.StringArray.from_buffers(2, pa.py_buffer(offsets), pa.py_buffer(b"abcde"))
    with ipc.new_file(tmp_path / "a.arrow", pa.schema([("x", pa.string())])) as writer:
        writer.write_batch(pa.record_batch([broken], names=["x"]))
    with pytest.raises(InputError, match=r"a\.arrow.*damaged"):
        list(find_batches([tmp_path]).tables())


def test_damage_inside_a_parquet_file_is_found(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet")
    content = bytearray((tmp_path / "a.parquet").read_bytes())
    content[8:400] = bytes(392)
    (tmp_path / "a.parquet").write_bytes(content)
    with pytest.raises(InputError, match=r"a\.parquet.*damaged"):
        list(find_batches([tmp_path]).tables())


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("{}/*.parquet", "it matches no file"),
        ("{}/empty", "it matches no file"),
        ("{}/none.csv", "no such file"),
        ("file://{}/none.csv", "it matches no file"),
        ("file://{}/*.csv", "it matches no file"),
        ("gopher://x/y.csv", "gopher"),
        ("a\0b*.csv", "it matches no file"),
    ],
)
def test_what_is_not_there_is_named(tmp_path: Path, source: str, said: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "_temporary").write_text("x")
    with pytest.raises(InputError, match=f"^cannot read .*{said}"):
        find_batches([source.format(tmp_path)])


@pytest.mark.parametrize("prefix", ["", "file://"])
def test_empty_file_among_others_is_an_error(tmp_path: Path, prefix: str) -> None:
    write(tmp_path / "a.csv")
    (tmp_path / "b.csv").write_bytes(b"")
    with pytest.raises(InputError, match=r"b\.csv.* is empty"):
        find_batches([f"{prefix}{tmp_path}"])


def test_two_formats_are_refused(tmp_path: Path) -> None:
    write(tmp_path / "a.csv")
    write(tmp_path / "b.parquet")
    with pytest.raises(InputError, match=r"a\.csv' is delimited text .*b\.parquet' is a Parquet file"):
        find_batches([tmp_path])


def test_content_must_agree_with_the_name(tmp_path: Path) -> None:
    write(tmp_path / "a.csv")
    write(tmp_path / "b.csv", suffix=".parquet")
    with pytest.raises(InputError, match=r"b\.csv.*holds a Parquet file"):
        list(find_batches([tmp_path]).tables())


def test_file_without_any_wanted_column_is_an_error(tmp_path: Path) -> None:
    write(tmp_path / "a.csv")
    write(tmp_path / "b.csv", pa.table({"other": [1]}))
    with pytest.raises(InputError, match=r"b\.csv.*columns 'x' were expected, but it has 'other'"):
        list(find_batches([tmp_path]).tables(columns={"x"}))


def test_repeated_names_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="'a'"):
        list(csv_files(tmp_path, "a,a\n1,2\n").tables())


def test_pyarrow_is_asked_for_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "a.csv")
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match="reading in batches needs pyarrow"):
        find_batches([tmp_path])


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".jsonl"])
def test_sample_is_drawn_evenly_from_sorted_data(tmp_path: Path, suffix: str) -> None:
    # Oracle: the uniform distribution; the distance of 2,000 draws from it is below 0.04 with p = 0.003
    for i in range(10):
        write(tmp_path / f"{i}{suffix}", pa.table({"n": np.arange(1000 * i, 1000 * (i + 1))}))
    batches = find_batches([tmp_path])
    found = batches.sample(2000, seed=1).column("n").to_numpy()
    assert len(set(found.tolist())) == 2000
    assert (np.diff(found) > 0).all()  # in the order of the files
    assert np.abs(found / 10_000 - (np.arange(2000) + 0.5) / 2000).max() < 0.04
    assert batches.sample(2000, seed=1).column("n").to_pylist() == found.tolist()
    assert batches.sample(2000, seed=2).column("n").to_pylist() != found.tolist()


def test_sample_of_many_row_groups_is_spread_over_all_of_them(tmp_path: Path) -> None:
    parquet.write_table(pa.table({"n": np.arange(100_000)}), tmp_path / "a.parquet", row_group_size=100)
    seen: list[int] = []
    found = find_batches([tmp_path]).sample(3000, progress=seen.append).column("n").to_numpy()
    assert sum(seen) == 6400  # 64 of 1,000 groups are read
    assert np.abs(found / 100_000 - (np.arange(3000) + 0.5) / 3000).max() < 0.04
    others = find_batches([tmp_path]).sample(3000, seed=1).column("n").to_numpy()
    assert len(set(others // 100) & set(found // 100)) < 20  # of 64: which ones are read is drawn too


def test_sample_larger_than_the_data_is_all_of_it(tmp_path: Path) -> None:
    write(tmp_path / "a.csv")
    assert rows_of(find_batches([tmp_path]).sample(10_000)) == rows_of(TABLE)
    assert rows_of(find_batches([tmp_path]).sample()) == rows_of(TABLE)
    assert find_batches([tmp_path]).sample(columns=["n", "city"]).column_names == ["n", "city"]


def test_sample_of_text_has_the_types_of_all_files_together(tmp_path: Path) -> None:
    batches = csv_files(tmp_path, "a,b,c\n1,1,\n", "a,b,c\n2.5,x,\n", "a,b,c\nNA,2,7\n")
    assert batches.sample(10).to_pydict() == {"a": [1.0, 2.5, None], "b": ["1", "x", "2"], "c": [None, None, 7]}


def test_sample_of_one_column_of_text_keeps_its_missing_values(tmp_path: Path) -> None:
    assert csv_files(tmp_path, 'a\n1\n""\n3\n').sample(10).to_pydict() == {"a": [1, None, 3]}


def test_sample_holds_columns_that_only_some_files_have_and_mixed_types_as_text(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", pa.table({"x": [1], "k": pa.array(["a"]).dictionary_encode(), "e": pa.nulls(1)}))
    write(tmp_path / "b.parquet", pa.table({"x": ["one"], "k": ["b"], "y": [2.0], "e": [1]}))
    assert find_batches([tmp_path]).sample(10).to_pydict() == {
        "x": ["1", "one"],
        "k": ["a", "b"],
        "e": [None, 1],
        "y": [None, 2.0],
    }


def test_sample_of_types_without_a_common_one_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", pa.table({"x": [1]}))
    write(tmp_path / "b.parquet", pa.table({"x": [[1]]}))
    with pytest.raises(InputError, match="column 'x' holds"):
        find_batches([tmp_path]).sample(10)


def test_sample_of_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"rows were expected in .*0\.csv"):
        csv_files(tmp_path, "a,b\n").sample(10)


def test_storages_are_what_the_columns_hold() -> None:
    assert storages_of(TABLE) == {"x": "number", "n": "number", "city": "string", "ok": "boolean"}
