"""Write the picture of docs/dashboard.md, with Chromium and Node. Command: python docs/generate_dashboard.py."""

from __future__ import annotations

import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from PIL import Image
from pyarrow import parquet

from driftwatch import Monitor
from driftwatch.store import Run, SQLiteStore, WindowKey

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from browser import Browser
from dashboard_server import DashboardServer

DOCS = Path(__file__).parent
FLIGHTS = DOCS.parent / "examples" / "data" / "flights_2013.parquet"
PICTURE = DOCS / "assets" / "images" / "dashboard.png"
N_REFERENCE = 5_000  # January
WIDTH = 1280
COLOURS = 256


def fill(store: SQLiteStore) -> None:
    """Store a check of each week of the year, from February on, against January."""
    flights = parquet.read_table(FLIGHTS)
    monitor = Monitor(flights.slice(0, N_REFERENCE), features=[name for name in flights.column_names if name != "at"])
    year = monitor.over_time(flights.slice(N_REFERENCE), timestamp="at", every="7d", keep_reports=True)
    with store.transaction() as transaction:
        transaction.register("departures", "{}")
        for window in year.windows:
            if window.report is None:
                continue
            start, stop = (
                int(datetime.fromisoformat(str(end)).replace(tzinfo=UTC).timestamp()) * 10**6
                for end in (window.start, window.stop)
            )
            run = Run("departures", WindowKey(start, stop), stop, window.n_rows, window.verdict.value)
            transaction.add_run(run, window.report.to_json())


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path, shot = Path(folder) / "driftwatch.db", Path(folder) / "page.png"
        with SQLiteStore(path) as store:
            fill(store)
        with DashboardServer(path) as server:
            browser = Browser()
            chosen = {"path": "/model?stream=departures", "scheme": "light", "width": WIDTH}
            browser.call("dashboard", "looked", base=server.url, picture=str(shot), **chosen)
            browser.close()
        Image.open(shot).convert("RGB").quantize(COLOURS).save(PICTURE, optimize=True)


if __name__ == "__main__":
    main()
