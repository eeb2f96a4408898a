"""What a scrape costs: the page that `render_metrics` writes again, beside the same series through `prometheus_client`.

    python benchmarks/scrape.py [--features 10000]

Reading a report for the first time, once for each check, is timed apart.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, generate_latest

from driftwatch.metrics import DriftCollector, render_metrics
from driftwatch.store import SQLiteStore

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 7


def best(work: Callable[[], bytes]) -> tuple[float, int]:
    """Return the shortest of a few times in milliseconds, and the size of the page."""
    times, page = [], b""
    for _ in range(ROUNDS):
        began = time.perf_counter()
        page = work()
        times.append(time.perf_counter() - began)
    return min(times) * 1e3, len(page)


def main() -> None:
    from metrics_samples import add_check
    from report_samples import feature, report

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--features", type=int, default=10_000)
    n_features = parser.parse_args().features
    with tempfile.TemporaryDirectory() as folder, SQLiteStore(Path(folder) / "driftwatch.db") as store:
        add_check(store, "model", report([feature(f"feature_{i}") for i in range(n_features)]))
        for top in (None, 200):
            began = time.perf_counter()
            render_metrics(store, top=top)
            first = (time.perf_counter() - began) * 1e3
            registry = CollectorRegistry()
            registry.register(DriftCollector(store, top=top))
            ours, size = best(lambda top=top: render_metrics(store, top=top))  # type: ignore[misc]
            theirs, _ = best(lambda registry=registry: generate_latest(registry))  # type: ignore[misc]
            shown = f"{n_features if top is None else top:,} of {n_features:,} features, {size / 1e6:.2f} MB"
            print(
                f"{shown}: first {first:.0f} ms, again {ours:.2f} ms, prometheus_client {theirs:.1f} ms,"
                f" {theirs / ours:.0f} times as long"
            )


if __name__ == "__main__":
    main()
