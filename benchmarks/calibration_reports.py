"""Dataset-level false alarms of the default `Monitor` without drift, with 1, 50 and 500 features.

Command: nox -s calibration -- --only reports
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
from calibration_data import CATEGORICAL, NUMERIC, Rate, draw, generator

from driftwatch import Monitor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from driftwatch import DriftReport

ALPHA = 0.05  # the default of Monitor
SIZES = ((50, 50), (200, 200), (1_000, 100), (1_000, 1_000), (10_000, 1_000))
LARGE = (100_000, 100_000)
REPLICATES = {1: 2_000, 50: 100, 500: 20}
LARGE_REPLICATES = {1: 200, 50: 4}
KINDS = ("mixed", *NUMERIC, *CATEGORICAL)
MISSING = 0.05  # of the values of every fifth feature of the mixed table


def table(kind: str, n: int, d: int, rng: np.random.Generator) -> dict[str, Any]:
    """Return d columns of n rows; "mixed" takes all kinds in turn, and loses values in every fifth column."""
    if kind != "mixed":
        return {f"{kind} {i}": column for i, column in enumerate(draw(kind, rng, (n, d)).T)}
    kinds = KINDS[1:]
    columns = {}
    for i in range(d):
        own = kinds[i % len(kinds)]
        values = draw(own, rng, (n, 1))[:, 0]
        if i % 5 == 0:
            values = np.where(rng.random(n) < MISSING, np.nan, values)
        columns[f"{own} {i}"] = values
    return columns


def schema(names: list[str]) -> dict[str, str]:
    return {name: "categorical" if name.rsplit(" ", 1)[0] in CATEGORICAL else "numeric" for name in names}


def significant(report: DriftReport) -> bool:
    """Return whether any corrected p-value is at most alpha, however small the effect."""
    tests = (test for feature in report.features.values() for test in feature.tests.values())
    return any(test.pvalue_adjusted is not None and test.pvalue_adjusted <= ALPHA for test in tests)


def cell(task: tuple[str, int, int, int, int]) -> list[Rate]:
    """Return the rates of one cell. Single features are checked many at a time, without correction between them."""
    kind, d, n, m, replicates = task
    rng = generator("report", *task[:4])
    drifted = found = done = 0
    at_a_time = min(replicates, 250) if d == 1 and n <= 10_000 else 20 if d == 1 else 1
    while done < replicates:
        reference = table(kind, n, d * at_a_time, rng)
        names = list(reference)
        monitor = Monitor(
            reference,
            schema=schema(names),  # type: ignore[arg-type]
            correction="none" if d == 1 else "fdr_bh",
        )
        report = monitor.check(table(kind, m, d * at_a_time, rng))
        if d == 1:
            drifted += report.n_drifted
            found += sum(
                any(t.pvalue_adjusted is not None and t.pvalue_adjusted <= ALPHA for t in feature.tests.values())
                for feature in report.features.values()
            )
        else:
            drifted += report.drift_detected
            found += significant(report)
        done += at_a_time
    where = {"data": kind, "features": d, "n": n, "m": m}
    return [
        Rate("reports", {**where, "what": "drift"}, drifted, done, ALPHA),
        # A feature with missing values has two tests of its own, which correction="none" leaves uncorrected.
        *(
            []
            if d == 1 and kind == "mixed"
            else [Rate("reports", {**where, "what": "significant"}, found, done, ALPHA)]
        ),
    ]


def run() -> Iterator[Rate]:
    """Yield the rates of every cell, from two processes."""
    tasks = []
    for kind in KINDS:
        tasks += [(kind, d, n, m, r) for n, m in SIZES for d, r in REPLICATES.items() if _affordable(kind, d, n, m)]
        tasks += [(kind, d, *LARGE, r) for d, r in LARGE_REPLICATES.items() if kind in NUMERIC]
    with ProcessPoolExecutor() as pool:
        for rates in pool.map(cell, tasks):
            yield from rates


def _affordable(kind: str, d: int, n: int, m: int) -> bool:
    """Return whether a cell is run: larger tables only mixed and normal, as what decides is the p-values' own rates."""
    if n + m > 1_200:
        return d < 500 and kind in {"mixed", "normal"}
    return d < 500 or kind != "100 levels"
