"""Rejection rates without drift of every p-value that a verdict uses, at .01, .05 and .1.

Command: nox -s calibration -- --only pvalues
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
from calibration_data import CATEGORICAL, CONTINUOUS, NUMERIC, Rate, draw, generator, shares

from driftwatch.arrays.column import Levels
from driftwatch.detectors._catalog import detector_by_name
from driftwatch.detectors.chi_squared import ChiSquaredDetector
from driftwatch.detectors.missing import MissingShareDetector
from driftwatch.kernels.kolmogorov import ks_pvalue
from driftwatch.profile.block import NumericBlock
from driftwatch.profile.sample import CategoricalSample, NumericSample

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

LEVELS = (0.01, 0.05, 0.1)
SIZES = (
    (50, 50),
    (50, 2_000),
    (200, 200),
    (1_000, 100),
    (1_000, 1_000),
    (2_000, 50),
    (10_000, 10_000),
    (20_000, 1_000),
    (100_000, 10_000),
    (100_000, 100_000),
)
# Detectors that are not default, by limits that hold at small sizes or not at all; their sums cost ten times what D does.
RANK_TESTS = ("anderson_darling", "cramervonmises")
MAX_RANKED = 2_500
MISSING_SHARES = (0.01, 0.2)
VALUES = 200_000_000  # drawn for one cell at most, both sides
MAX_REPLICATES, MIN_REPLICATES = 20_000, 2_000
# Rank tests are at their level, not below it as KS is, in dozens of cells: with so few values more of them cost little.
RANK_REPLICATES = 60_000
BLOCK_VALUES = 8_000_000
ATTAINED = 0.7  # of the exactly attainable level, for continuous data from n = 200 on
MIN_ATTAINED_SIZE = 200


def replicates_of(n: int, m: int) -> int:
    return int(np.clip(VALUES // (n + m), MIN_REPLICATES, MAX_REPLICATES))


def blocks(replicates: int, values: int) -> Iterator[int]:
    """Yield numbers of features to draw at a time, `replicates` in all."""
    width = max(1, BLOCK_VALUES // values)
    for start in range(0, replicates, width):
        yield min(width, replicates - start)


def ordering_pvalues(test: str, kind: str, n: int, m: int) -> NDArray[np.float64]:
    rng, found, detector = generator(test, kind, n, m), [], detector_by_name(test)
    for d in blocks(RANK_REPLICATES if test in RANK_TESTS else replicates_of(n, m), n + m):
        names = [f"f{i}" for i in range(d)]
        block = NumericBlock.fit(names, np.ascontiguousarray(draw(kind, rng, (n, d)).T))
        sample = NumericSample(block, np.ascontiguousarray(draw(kind, rng, (m, d)).T), n_rows=n)
        found.append(np.asarray(detector.score(sample).pvalue))
    return np.concatenate(found)


def chi2_pvalues(kind: str, n: int, m: int) -> NDArray[np.float64]:
    k, rng = CATEGORICAL[kind], generator("chi2", kind, n, m)
    labels = [f"level {i}" for i in range(k)]
    found = []
    for d in blocks(min(replicates_of(n, m), 2 * MIN_REPLICATES), BLOCK_VALUES // 500):
        names = [f"f{i}" for i in range(d)]
        sides = [
            {
                name: Levels({label: int(c) for label, c in zip(labels, row, strict=True) if c}, 0)
                for name, row in zip(names, rng.multinomial(size, shares(k), size=d), strict=True)
            }
            for size in (n, m)
        ]
        found.append(np.asarray(ChiSquaredDetector().score(CategoricalSample(names, *sides)).pvalue))
    return np.concatenate(found)


def missing_pvalues(share: float, n: int, m: int) -> NDArray[np.float64]:
    """Return the p-values where something is missing at all: the others take no part in a verdict."""
    rng, names = generator("missing", share, n, m), [f"f{i}" for i in range(MAX_REPLICATES)]
    sides = [
        {name: Levels({"a": size - int(gone)}, int(gone)) for name, gone in zip(names, missing, strict=True)}
        for size, missing in ((size, rng.binomial(size, share, size=len(names))) for size in (n, m))
    ]
    pvalue = np.asarray(MissingShareDetector().score(CategoricalSample(names, *sides)).pvalue)
    return np.where(np.isnan(pvalue), 1.0, pvalue)


def attainable(n: int, m: int, alpha: float) -> float:
    """Return the largest level up to alpha that a Kolmogorov-Smirnov test of these sizes can have.

    D takes multiples of 1 / lcm(n, m); beyond 10,000 rows, where the verdict's p-value is a limit, alpha itself.
    """
    if max(n, m) > 10_000:
        return alpha
    least = int(np.lcm(n, m))
    low, high = 0, least  # p(low / least) > alpha >= p(high / least)
    while high - low > 1:
        middle = (low + high) // 2
        above = _exact(middle / least, n, m) > alpha
        low, high = (middle, high) if above else (low, middle)
    return _exact(high / least, n, m)


def _exact(d: float, n: int, m: int) -> float:
    return float(ks_pvalue(np.asarray([d]), np.asarray([n]), np.asarray([m]), method="exact").pvalue[0])


def cell(task: tuple[str, Any, int, int]) -> list[Rate]:
    """Return the rates of one cell."""
    test, kind, n, m = task
    of_test: dict[str, Callable[[Any, int, int], NDArray[np.float64]]] = {
        "chi2": chi2_pvalues,
        "missing": missing_pvalues,
    }
    pvalue = of_test[test](kind, n, m) if test in of_test else ordering_pvalues(test, kind, n, m)
    rates = []
    for alpha in LEVELS:
        known = test in {"ks", *RANK_TESTS} and kind in CONTINUOUS and min(n, m) >= MIN_ATTAINED_SIZE
        where = {"test": test, "data": f"{kind:.0%} missing" if test == "missing" else kind, "n": n, "m": m}
        hits = int(np.count_nonzero(pvalue <= alpha))
        level = attainable(n, m, alpha) if test == "ks" else alpha
        at_least = ATTAINED * level if known else None
        rates.append(Rate("pvalues", {**where, "alpha": alpha}, hits, len(pvalue), alpha, at_least))
    return rates


def run() -> Iterator[Rate]:
    """Yield the rates of every cell, from two processes."""
    tasks: list[tuple[str, Any, int, int]] = []
    for n, m in SIZES:
        tasks += [("ks", kind, n, m) for kind in NUMERIC]
        if n + m <= MAX_RANKED:
            tasks += [(test, kind, n, m) for test in RANK_TESTS for kind in NUMERIC]
        tasks += [("chi2", kind, n, m) for kind in CATEGORICAL]
        tasks += [("missing", share, n, m) for share in MISSING_SHARES]
    with ProcessPoolExecutor() as pool:
        for rates in pool.map(cell, tasks):
            yield from rates
