"""How large the HTML page of a report is and how fast it opens: `python benchmarks/page.py`, with Chromium and Node."""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from driftwatch import Monitor

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from browser import Browser

N_ROWS = 500
DRIFTED = 0.1  # of the features


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--features", type=int, nargs="+", default=[500, 5_000, 50_000])
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    browser = Browser()
    print(f"Chromium {browser.version}, median of {options.repeats}\n")
    print("| features | JSON | page | made in | opens in | nodes | heap |")
    print("|---:|---:|---:|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as folder:
        for n_features in options.features:
            report = checked(n_features)
            start = time.perf_counter()
            text = report.to_html(Path(folder) / "report.html")
            made = time.perf_counter() - start
            url = (Path(folder) / "report.html").as_uri()
            runs = [browser.call("report", "timed", url=url) for _ in range(options.repeats)]
            opened = statistics.median(run["seconds"] for run in runs)
            print(
                f"| {n_features:,} | {len(report.to_json()) / 1e6:.1f} MB | {len(text.encode()) / 1e6:.2f} MB | {made:.1f} s "
                f"| {opened:.2f} s | {runs[0]['nodes']} | {runs[0]['heap']:.0f} MB |",
                flush=True,
            )
    browser.close()


def checked(n_features: int) -> object:
    """Return a report of normal features, a tenth of which moved by a standard deviation."""
    rng = np.random.default_rng(0)
    reference = rng.normal(size=(N_ROWS, n_features))
    current = rng.normal(size=(N_ROWS, n_features))
    current[:, : int(DRIFTED * n_features)] += 1.0
    return Monitor(reference).check(current)


if __name__ == "__main__":
    main()
