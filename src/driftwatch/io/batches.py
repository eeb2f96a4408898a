"""Many files as one run of Arrow tables of bounded size, for data that do not fit into memory (layer 4)."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch.arrays.schema import Storage
from driftwatch.arrays.table import read_table
from driftwatch.errors import InputError, MissingExtraError, shown
from driftwatch.io.formats import Format, detect, promised
from driftwatch.io.parts import open_parts
from driftwatch.io.places import find_places
from driftwatch.io.source import RemoteSource, check_names

if TYPE_CHECKING:
    import os
    from collections.abc import Collection, Iterator, Sequence

    import pyarrow as pa

    from driftwatch._typing import Progress
    from driftwatch.io.places import Place

__all__ = ["Batches", "find_batches", "storages_of"]

# Counting a batch costs something for each of some thousand points of a feature, so that many rows pay; memory grows with
# all values of a batch. With 4 million values 100 columns take 0.5 GB in all, and twice as many are no faster.
BATCH_VALUES, MAX_BATCH_VALUES = 4_000_000, 16_000_000
BATCH_ROWS = 16_384
SAMPLE_VALUES, MIN_SAMPLE, MAX_SAMPLE = 16_000_000, 10_000, 100_000  # some 100 rows for each of 1,024 points
_INTEGER = re.compile(r"-?[0-9]{1,18}")
MAX_SAMPLED_PARTS = 64  # spread over the files: of sorted data each stands for a 64th of the order
MAX_ASKED_REMOTELY = 1000  # files over a network whose footers are read, only to know how far a run is


def find_batches(sources: Sequence[str | os.PathLike[str]]) -> Batches:
    r"""Return the files behind paths, folders, patterns and URLs, to be read one batch after another.

    Parameters
    ----------
    sources : sequence of str or path-like
        Each a file, a folder (all below it but names that begin with `_` or `.`), a pattern with `*`, `**` and `?`, the
        URL of one of these in a storage that pyarrow knows (`s3://`, `gs://`, `file://`), or "-" for standard input.
        Folders called `name=value` are columns.

    Raises
    ------
    InputError
        If one of them matches no file, or the files are of different formats.
    MissingExtraError
        If pyarrow is not installed.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> for day in "12":
    ...     _ = (folder / f"day={day}").mkdir()
    ...     _ = (folder / f"day={day}" / "part.csv").write_text("x\n1.5\n2.5\n")
    >>> [table.to_pydict() for table in find_batches([folder]).tables()]
    [{'x': [1.5, 2.5, 1.5, 2.5], 'day': [1, 1, 2, 2]}]
    """
    try:
        import pyarrow as pa  # noqa: F401 - asked for here, so that its absence is told once and well
    except ImportError:
        raise MissingExtraError.for_feature("reading in batches", package="pyarrow", extra="cli") from None
    places: list[Place] = []
    named: dict[Format, str] = {}
    for place in (place for group in find_places(sources) for place in group):
        found = promised(place.source) or detect(place.source)[0]
        named.setdefault(found, place.source.name)
        if len(named) > 1:
            (one, first), (other, second) = named.items()
            raise InputError(
                f"files of one format are wanted, but {first!r} is {one.value} and {second!r} is {other.value}. "
                "Name those of one format, for example with a pattern such as 'folder/*.parquet'."
            )
        places.append(place)
    return Batches(places)


class Batches:
    """Files of one format that are read one batch after another, in the memory of a few batches.

    Parameters
    ----------
    places : sequence of Place
        As `find_batches` finds them.
    """

    def __init__(self, places: Sequence[Place]) -> None:
        self.places = tuple(places)

    def n_rows(self) -> int | None:
        """Return the number of rows, where every file says it without being read: Parquet and Arrow files do."""
        if sum(isinstance(place.source, RemoteSource) for place in self.places) > MAX_ASKED_REMOTELY:
            return None
        total = 0
        for place in self.places:
            n_rows = open_parts(*detect(place.source)).n_rows
            if n_rows is None:
                return None
            total += n_rows
        return total

    def tables(
        self,
        *,
        columns: Collection[str] | None = None,
        storages: Mapping[str, Storage] | None = None,
        n_values: int | None = None,
    ) -> Iterator[pa.Table]:
        """Yield the rows of all files as tables of bounded size.

        Parameters
        ----------
        columns : collection of str, optional
            Columns that are wanted; others are not read, and named once in a table without rows.
        storages : mapping of str to Storage, optional
            What columns of a reference hold. Text formats and hive partitions, which have no types of their own, are
            read as that: a file of whole numbers in a column of text is text. What cannot be read so stays text.
        n_values : int, optional
            Most rows times columns of a table; by default 4,000,000, and up to 16,000,000 of more than 244 columns.

        Raises
        ------
        InputError
            If a file cannot be read to its end, or has none of the columns.

        Notes
        -----
        An Arrow file is read in the record batches in which it was written, NPY and NPZ files as a whole.
        """
        from driftwatch.io.rebatch import resized

        types = _types(storages or {})
        size = _batch_size(len(self.names if columns is None else columns)) if n_values is None else n_values
        every = (table for place in self.places for table in self._read(place, columns, types, size))
        return resized(every, size)

    @cached_property
    def names(self) -> list[str]:
        """Names of the columns of the first file."""
        return [
            name
            for table in itertools.islice(self._read(self.places[0], None, None, 1), 1)
            for name in table.column_names
        ]

    def sample(
        self,
        n_rows: int | None = None,
        *,
        seed: int = 0,
        columns: Collection[str] | None = None,
        progress: Progress | None = None,
    ) -> pa.Table:
        """Return rows drawn at random, in the order of the files.

        They come from all of the data, or, where that is more than 64 row groups (record batches of an Arrow file,
        text files), from 64 that are spread over it. Each of these rows is drawn with the same probability.

        Parameters
        ----------
        n_rows : int, optional
            How many; all of them where there are fewer. By default 100,000, or fewer of more than 160 columns.
        seed : int
        columns : collection of str, optional
            As for `tables`.
        progress : callable, optional
            Called with the number of rows that were just looked at.

        Raises
        ------
        InputError
            If a file cannot be read to its end, or there is no row.
        """
        from driftwatch.io.rebatch import combined, drawn

        rng = np.random.default_rng(seed)
        found = detect(self.places[0].source)[0]
        text = _text_type() if found is Format.DELIMITED else None  # the type of a column is that of all of its values
        wanted = _sample_size(len(columns or self.names)) if n_rows is None else n_rows
        rows = drawn(self._sampled(columns, text, rng, progress), wanted, rng)
        if not rows:
            raise InputError(
                f"rows were expected in {shown(place.source.name for place in self.places)}, but there are none. "
                "Check the program that wrote them."
            )
        table = combined(rows)
        if text is None:
            return table
        from driftwatch.io.delimited import typed

        return typed(table)

    def _sampled(
        self,
        columns: Collection[str] | None,
        types: pa.DataType | None,
        rng: np.random.Generator,
        progress: Progress | None,
    ) -> Iterator[pa.Table]:
        """Yield tables of all parts, or of some that are spread over all files."""
        chosen = _spread(len(self.places), MAX_SAMPLED_PARTS, rng)
        for i in chosen:
            n_parts = open_parts(*detect(self.places[i].source)).n_parts
            parts = _spread(n_parts, max(1, MAX_SAMPLED_PARTS // len(chosen)), rng)
            for table in self._read(self.places[i], columns, types, BATCH_VALUES, parts):
                if table.num_rows:
                    yield table
                if progress is not None:
                    progress(table.num_rows)

    def _read(
        self,
        place: Place,
        columns: Collection[str] | None,
        types: Mapping[str, pa.DataType] | pa.DataType | None,
        n_values: int,
        parts: Sequence[int] | None = None,
    ) -> Iterator[pa.Table]:
        """Yield the wanted columns of one file; names of others once, in tables without rows."""
        known: set[str] = set()
        found, source = detect(place.source)
        for read in open_parts(found, source, types).tables(columns, n_values, parts):
            check_names(source, read.column_names)
            table = self._with_partitions(read, place, types)
            wanted = [name for name in table.column_names if columns is None or name in columns]
            if not wanted:
                raise source.error(
                    f"some of the columns {shown(columns or ())} were expected, but it has {shown(table.column_names)}",
                    "Check that it is the right file, and that its first line holds the names",
                )
            others = [name for name in table.column_names if name not in wanted and name not in known]
            if others:
                known.update(others)
                yield table.select(others).slice(0, 0)
            if table.num_rows:
                yield table.select(wanted)

    def _with_partitions(
        self, table: pa.Table, place: Place, types: Mapping[str, pa.DataType] | pa.DataType | None
    ) -> pa.Table:
        """Return a table with the values that the names of its folders give; a column of the file goes first."""
        import pyarrow as pa

        for name, value in place.partitions.items():
            if name in table.column_names:
                continue
            kind = types.get(name) if isinstance(types, Mapping) else types
            scalar = _constant(value, kind or self._partition_type(name))
            table = table.append_column(name, pa.repeat(scalar, table.num_rows))
        return table

    def _partition_type(self, name: str) -> pa.DataType:
        """Return integers where the values of all files are, else text."""
        import pyarrow as pa

        values = [place.partitions.get(name) for place in self.places]
        return pa.int64() if all(value is None or _INTEGER.fullmatch(value) for value in values) else pa.string()


def storages_of(table: pa.Table) -> dict[str, Storage]:
    """Return what the columns of a table hold, for `Batches.tables`."""
    read = read_table(table, role="sample", min_rows=0)
    return {name: read.storage_of(name) for name in read.names}


def _batch_size(n_columns: int) -> int:
    return min(max(BATCH_VALUES, BATCH_ROWS * n_columns), MAX_BATCH_VALUES)


def _sample_size(n_columns: int) -> int:
    return int(np.clip(SAMPLE_VALUES // n_columns, MIN_SAMPLE, MAX_SAMPLE))


def _types(storages: Mapping[str, Storage]) -> dict[str, pa.DataType]:
    """Return the types in which text is read that belongs to columns of a reference."""
    import pyarrow as pa

    types = {
        Storage.NUMBER: pa.float64(),
        Storage.EMPTY: pa.float64(),
        Storage.BOOLEAN: pa.bool_(),
        Storage.STRING: pa.string(),
    }
    return {name: types[storage] for name, storage in storages.items() if storage in types}


def _text_type() -> pa.DataType:
    import pyarrow as pa

    return pa.string()


def _constant(value: str | None, kind: pa.DataType) -> Any:
    import pyarrow as pa

    try:
        return pa.scalar(value).cast(kind)
    except pa.ArrowException:
        return pa.scalar(value)


def _spread(n: int, most: int, rng: np.random.Generator) -> list[int]:
    """Return all of n positions, or one at random from each of so many equal stretches of them."""
    if n <= most:
        return list(range(n))
    edges = np.linspace(0, n, most + 1).astype(np.int64)
    return [int(rng.integers(a, b)) for a, b in itertools.pairwise(edges)]
