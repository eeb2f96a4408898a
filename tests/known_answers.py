"""Public data sets with answers computed elsewhere, as plain arrays: the oracle of the kernel, monitor and CLI tests.

The files and the formulas behind the answers are described in `tests/data/README.md`.
"""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["DATASETS", "KnownCase", "cases", "data_file", "expected", "pairs", "tables"]

DATASETS = ("flights", "elec2", "rodents", "sotu_text", "sotu_emb", "fashion")

_HERE = Path(__file__).parent / "data"
_SHIPPED = frozenset({"flights", "elec2", "rodents"})  # these live inside the package, once


@dataclass(frozen=True, eq=False)
class KnownCase:
    """One column of one pair: both samples and the answers for them.

    `reference` and `current` are float64 with NaN where missing (numeric) or object arrays of str with None where
    missing (categorical). `expected` is the column's entry in `expected_<dataset>.json`.
    """

    dataset: str
    pair: str
    column: str
    kind: Literal["numeric", "categorical"]
    reference: NDArray[Any]
    current: NDArray[Any]
    expected: dict[str, Any]

    @property
    def id(self) -> str:
        """A readable id for `pytest.mark.parametrize`."""
        return f"{self.dataset}-{self.pair}-{self.column}"


@functools.cache
def cases() -> list[KnownCase]:
    """Return every column of every pair of every set (read once a process; do not modify the arrays)."""
    found = []
    for dataset in DATASETS:
        for pair in pairs(dataset):
            reference, current = tables(dataset, pair)
            for column, answers in expected(dataset)["pairs"][pair]["columns"].items():
                as_array = _numeric if answers["kind"] == "numeric" else _categorical
                found.append(
                    KnownCase(
                        dataset,
                        pair,
                        column,
                        answers["kind"],
                        as_array(reference.column(column)),
                        as_array(current.column(column)),
                        answers,
                    )
                )
    return found


def pairs(dataset: str) -> list[str]:
    """Return the names of the pairs that have answers, such as ["drift", "null", "halves"]."""
    return list(expected(dataset)["pairs"])


@functools.cache
def tables(dataset: str, pair: str) -> tuple[pa.Table, pa.Table]:
    """Return the reference and the current table of a pair, with every column of the files, tested or not."""
    if dataset == "fashion":
        return _read("fashion_feat_ref.parquet"), _read(f"fashion_feat_{pair.removeprefix('ref_vs_')}.parquet")

    reference = _read(f"{dataset}_ref.parquet")
    n = reference.num_rows
    match pair:
        case "drift":
            return reference, _read(f"{dataset}_cur.parquet")
        case "null":
            order = np.random.default_rng(0).permutation(n)
            return reference.take(np.sort(order[: n // 2])), reference.take(np.sort(order[n // 2 :]))
        case "halves":
            return reference.slice(0, n // 2), reference.slice(n // 2)
        case _:
            raise ValueError(f"`pair` is one of {pairs(dataset)}, got {pair!r}.")


@functools.cache
def expected(dataset: str) -> dict[str, Any]:
    """Return the whole of `expected_<dataset>.json`."""
    answers: dict[str, Any] = json.loads((_HERE / f"expected_{dataset}.json").read_text(encoding="utf-8"))
    return answers


def data_file(name: str) -> Path:
    """Return the path of a data file by its name, such as `flights_ref.parquet`."""
    if name.partition("_")[0] in _SHIPPED:
        return Path(str(files("driftwatch.datasets") / "data" / name))
    return _HERE / name


@functools.cache
def _read(name: str) -> pa.Table:
    return pq.read_table(data_file(name))


def _numeric(column: pa.ChunkedArray) -> NDArray[np.float64]:
    values: NDArray[np.float64] = column.cast(pa.float64()).to_numpy()  # a null becomes NaN
    values.flags.writeable = False  # the array is shared by every test of the process
    return values


def _categorical(column: pa.ChunkedArray) -> NDArray[np.object_]:
    values = np.array(column.cast(pa.string()).to_pylist(), dtype=object)
    values.flags.writeable = False
    return values
