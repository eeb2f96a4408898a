"""Fresh processes: what somebody waits who types one command."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING

from measure import DRIFTWATCH, Figure, median_process, python

if TYPE_CHECKING:
    from collections.abc import Iterator


def run() -> Iterator[Figure]:
    """Time imports, `--version`, `--help` and `check` on the bundled flights data."""
    empty = median_process(*python("pass"))
    package = median_process(*python("import driftwatch"))
    yield Figure("import driftwatch, over an empty interpreter", package.seconds - empty.seconds, "s", 0.05)
    yield Figure("driftwatch --version", median_process(DRIFTWATCH, "--version").seconds, "s", 0.3)
    yield Figure("driftwatch --help", median_process(DRIFTWATCH, "--help").seconds, "s")
    data = resources.files("driftwatch.datasets") / "data"
    with resources.as_file(data / "flights_ref.parquet") as ref, resources.as_file(data / "flights_cur.parquet") as cur:
        check = median_process(DRIFTWATCH, "check", str(ref), str(cur), expected=(1,))
    yield Figure("driftwatch check, flights 27,004 x 29,425 rows", check.seconds, "s", 1.5)
    yield Figure("driftwatch check, flights, peak memory", check.peak_mb, "MB", 300)
