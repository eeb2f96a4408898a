"""How often slices are found where there is none, and how often a planted one is found.

Run it with `python benchmarks/segments.py`; docs/explanation.md quotes its table.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from driftwatch import Monitor
from driftwatch.arrays.table import read_table
from driftwatch.explain.where import find_segments

RUNS = 200
SIZES = ((1_000, 500), (4_000, 4_000), (20_000, 20_000))
PLANTED = (0.01, 0.02, 0.04, 0.08)  # of the current rows, moved into the slice


def rows(rng: np.random.Generator, n: int, planted: float = 0.0) -> dict[str, Any]:
    """Return independent features; some rows are moved into the slice of city C and an age of at least 60."""
    moved = rng.random(n) < planted
    city, age = rng.choice(list("ABCDE"), n), rng.uniform(20.0, 80.0, n)
    return {
        "city": np.where(moved, "C", city),
        "age": np.where(moved, rng.uniform(60.0, 80.0, n), age),
        "price": rng.lognormal(3.0, 0.5, n),
        "visits": rng.poisson(2.0, n).astype(float),
        "score": np.where(rng.random(n) < 0.2, np.nan, rng.normal(size=n)),
        "flag": rng.random(n) < 0.1,
    }


def main() -> None:
    """Print a line for each number of rows."""
    print(
        "rows           false segments  false local, no drift  false local, drift everywhere  planted slice found, by share"
    )
    for n, m in SIZES:
        false = np.zeros(3)
        for seed in range(RUNS):
            rng = np.random.default_rng(seed)
            reference, current = rows(rng, n), rows(rng, m)
            monitor = Monitor(reference)
            for place, factor in ((1, 1.0), (2, 1.5)):
                after = {**current, "price": current["price"] * factor}
                found = find_segments(monitor, read_table(reference), read_table(after), ["price"], seed=seed)
                false[place] += bool(found.local)
                false[0] += bool(found.segments) if place == 1 else 0
        recovered = []
        for share in PLANTED:
            hits = 0
            for seed in range(RUNS // 2):
                rng = np.random.default_rng(10_000 + seed)
                reference, current = rows(rng, n), rows(rng, m, share)
                found = find_segments(Monitor(reference), read_table(reference), read_table(current), [], seed=seed)
                pairs = [{(c.feature, c.label) for c in one.conditions} for one in found.segments[:1]]
                hits += pairs == [{("city", "C"), ("age", None)}]
            recovered.append(f"{share:.0%}: {hits / (RUNS // 2):.0%}")
        print(
            f"{n:>6} {m:>6}  {false[0] / RUNS:>14.1%}  {false[1] / RUNS:>21.1%}  {false[2] / RUNS:>29.1%}  {', '.join(recovered)}",
            flush=True,
        )


if __name__ == "__main__":
    main()
