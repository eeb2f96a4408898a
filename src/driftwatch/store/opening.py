"""A store by its address (layer 4): a path, or a URL where the state is on a server."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from driftwatch.errors import ConfigError

if TYPE_CHECKING:
    from driftwatch.store.protocol import Store

__all__ = ["is_file", "open_store"]

_SCHEME = re.compile(r"(?P<scheme>[a-zA-Z][a-zA-Z0-9+.-]+)://")  # two letters or more: C: is a drive


def is_file(address: str | os.PathLike[str]) -> bool:
    """Return whether the store of an address is a file of this machine.

    Examples
    --------
    >>> is_file("driftwatch.db"), is_file("postgresql://host/database")
    (True, False)
    """
    return _SCHEME.match(os.fspath(address)) is None


def open_store(address: str | os.PathLike[str], *, timeout: float = 5.0) -> Store:
    """Return the store at an address.

    Parameters
    ----------
    address : path-like
        The file of an SQLite store, or `postgresql://user@host:port/database?schema=NAME`.
    timeout : float
        Seconds to wait for another writer.

    Raises
    ------
    ConfigError
        If no store has such addresses.
    StoreError
        If the store cannot be used.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> with tempfile.TemporaryDirectory() as folder, open_store(pathlib.Path(folder) / "driftwatch.db") as store:
    ...     store.streams()
    []
    """
    place = os.fspath(address)
    found = _SCHEME.match(place)
    if found is None:
        from driftwatch.store.sqlite import SQLiteStore

        return SQLiteStore(place, timeout=timeout)
    if found["scheme"] in {"postgresql", "postgres"}:
        from driftwatch.store.postgresql import PostgreSQLStore

        return PostgreSQLStore(place, timeout=timeout)
    raise ConfigError(
        f"`address` must be the path of a file or begin with postgresql://, got {found['scheme'] + '://'!r}."
    )
