"""Every kernel of the catalog over growing n and growing d, beside the limits; only `nox -s bench` collects this."""

from __future__ import annotations

import time
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import theirs

from driftwatch import Monitor, warmup
from driftwatch.kernels._catalog import CATALOG

if TYPE_CHECKING:
    from collections.abc import Callable

ALONG_N = [(n, 2) for n in (1_000, 10_000, 100_000, 1_000_000, 10_000_000)]
ALONG_D = [(10_000, d) for d in (1, 10, 100, 1_000, 2_000)]
LEVELS = 10
SECONDS = 10.0  # a call that would take longer, judged by the size before, is left out
SECONDS_OF_ROUNDS = 1.0
MAX_ROUNDS = 20


@lru_cache(maxsize=1)
def samples(n: int, d: int) -> tuple[Any, Any]:
    rng = np.random.default_rng(11)
    reference = rng.standard_normal((n, d), dtype=np.float32)
    return reference, rng.standard_normal((n, d), dtype=np.float32) + np.float32(0.02)


@lru_cache(maxsize=1)
def counts(d: int) -> tuple[Any, Any]:
    rng = np.random.default_rng(12)
    return tuple(rng.integers(1, 10_000, (d, LEVELS)) for _ in range(2))


def scipy_loop(reference: Any, current: Any) -> Callable[[], object]:
    return theirs.ks_wasserstein(reference, current, pvalues=True)


def read_both(reference: Any, current: Any) -> Callable[[], object]:
    return lambda: (reference.sum(), current.sum())


def sort_both(reference: Any, current: Any) -> Callable[[], object]:
    rows = [np.ascontiguousarray(x.T) for x in (reference, current)]
    return lambda: [np.sort(x, axis=-1) for x in rows]


def monitor_check(reference: Any, current: Any) -> Callable[[], object]:
    return partial(Monitor(reference).check, current)


# The kernels order both samples in each call; a monitor has ordered its reference before.
WORKS: dict[str, Callable[[Any, Any], Callable[[], object]]] = {
    "sum": read_both,
    "np.sort": sort_both,
    "scipy loop": scipy_loop,
    "Monitor.check": monitor_check,
    **{name: partial(partial, spec.function) for name, spec in CATALOG.items() if spec.takes == "samples"},
}
ON_COUNTS = {name: spec.function for name, spec in CATALOG.items() if spec.takes == "counts"}
warmup()
_seconds: dict[tuple[str, str], tuple[int, float]] = {}


def measure(
    benchmark: Any, prepare: Callable[[], Callable[[], object]], *, name: str, axis: str, n: int, d: int
) -> None:
    """Benchmark the call with as many rounds as fit, unless it would take too long."""
    size, before = _seconds.get((name, axis), (n * d, 0.0))
    expected = before * n * d / size
    if expected > SECONDS:
        _seconds[name, axis] = (n * d, expected)
        pytest.skip(f"{expected:.0f} s expected, {SECONDS:g} s allowed")
    work = prepare()
    work()  # compiles and fills caches
    start = time.perf_counter()
    work()
    took = time.perf_counter() - start
    _seconds[name, axis] = (n * d, took)
    benchmark.extra_info.update(kernel=name, axis=axis, n=n, d=d)
    rounds = max(2, min(MAX_ROUNDS, int(SECONDS_OF_ROUNDS / took)))
    benchmark.pedantic(work, rounds=rounds, iterations=max(1, int(1e-3 / took)))


@pytest.mark.parametrize(("n", "d"), ALONG_N)
@pytest.mark.parametrize("name", WORKS)
def test_time_along_n(benchmark: Any, name: str, n: int, d: int) -> None:
    measure(benchmark, lambda: WORKS[name](*samples(n, d)), name=name, axis="n", n=n, d=d)


@pytest.mark.parametrize(("n", "d"), ALONG_D)
@pytest.mark.parametrize("name", WORKS)
def test_time_along_d(benchmark: Any, name: str, n: int, d: int) -> None:
    measure(benchmark, lambda: WORKS[name](*samples(n, d)), name=name, axis="d", n=n, d=d)


@pytest.mark.parametrize("d", [1, 10, 100, 1_000, 10_000, 100_000])
@pytest.mark.parametrize("name", ON_COUNTS)
def test_time_on_counts(benchmark: Any, name: str, d: int) -> None:
    measure(benchmark, lambda: partial(ON_COUNTS[name], *counts(d)), name=name, axis="counts", n=LEVELS, d=d)
