"""The primitives on NumPy arrays: the definition, NumPy and Numba side by side, and the whole against scipy loops.

Times are minima over repeats that take turns, in nanoseconds a current value. "cpu" adds up all threads: on a busy machine
it says more than the wall clock, and divided by the number of cores it is what an idle one would take.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.stats
from measure import Figure

import driftwatch
from driftwatch.detectors.ks import KSDetector
from driftwatch.detectors.wasserstein import WassersteinDetector
from driftwatch.kernels._prepare import order
from driftwatch.kernels.bins import ordered_bin_counts, quantile_edges
from driftwatch.kernels.divergences import psi_from_counts
from driftwatch.kernels.ecdf import ecdf_distances
from driftwatch.kernels.kolmogorov import ks_pvalue
from driftwatch.ops import _threads, generic
from driftwatch.ops import numba as compiled
from driftwatch.ops import numpy as plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from numpy.typing import NDArray

N, D = 100_000, 100
ROWS = 20  # of the slow implementations: enough to say what a value takes
REPEATS = 5
BINS = 10


def compare(functions: Mapping[str, Callable[[], Any]], n_values: int) -> dict[str, tuple[float, float]]:
    """Return wall and CPU nanoseconds a value of each function, the best of several rounds in which all take turns."""
    best = dict.fromkeys(functions, (np.inf, np.inf))
    for repeat in range(REPEATS + 1):
        for name, function in functions.items():
            wall, cpu = time.perf_counter_ns(), time.process_time_ns()
            function()
            spent = (time.perf_counter_ns() - wall) / n_values, (time.process_time_ns() - cpu) / n_values
            if repeat:  # the first round compiles and touches the memory
                best[name] = min(best[name][0], spent[0]), min(best[name][1], spent[1])
    return best


def one_thread(function: Callable[[], Any]) -> Callable[[], Any]:
    """Return the function limited to the calling thread."""

    def limited() -> None:
        os.environ[_threads.NUM_THREADS_VARIABLE] = "1"
        try:
            function()
        finally:
            del os.environ[_threads.NUM_THREADS_VARIABLE]

    return limited


def times(title: str, best: Mapping[str, tuple[float, float]]) -> Iterator[Figure]:
    for name, (wall, cpu) in best.items():
        yield Figure(f"{title}: {name}", wall, "ns", detail=f"cpu {cpu:.2f} ns")


def primitives(reference: NDArray[Any], current: NDArray[Any]) -> Iterator[Figure]:
    """Each primitive on columns `(d, n)`, and sort and counts on a table stored by row as well."""
    name = current.dtype.name
    few, by_row = current[:ROWS], np.asfortranarray(current[:ROWS])
    n = few.shape[1]
    sort = {
        "np.sort, 1 thread": one_thread(lambda: plain.sort_last(few, xp=np)),
        "np.sort, threads": lambda: plain.sort_last(few, xp=np),
        "numba, 1 thread": one_thread(lambda: compiled.sort_last(few, xp=np)),
        "numba, threads": lambda: compiled.sort_last(few, xp=np),
        "numba, threads, stored by row": lambda: compiled.sort_last(by_row, xp=np),
    }
    yield from times(f"sort_last {name}", compare(sort, few.size))

    sides = order(reference[:ROWS], xp=np).values, order(few, xp=np).values
    implementations = {"definition": generic, "numpy": plain, "numba": compiled}
    merge = {label: lambda ops=ops: ops.merge_ks_w1(*sides, n, n, xp=np) for label, ops in implementations.items()}
    yield from times(f"merge_ks_w1 {name}", compare(merge, few.size))
    shorter = (sides[0], np.ascontiguousarray(sides[1][:, ::2]))
    uneven = {
        label: lambda ops=ops: ops.merge_ks_w1(*shorter, n, n // 2, xp=np) for label, ops in implementations.items()
    }
    yield from times(f"merge_ks_w1 {name}, half as many", compare(uneven, few.size // 2))

    low, high = sides[1][:, 0], sides[1][:, -1]
    moments = {
        label: lambda ops=ops: ops.mean_std(sides[1], n, low, high, xp=np)
        for label, ops in (("definition", generic), ("numba", compiled))
    }
    yield from times(f"mean_std {name}", compare(moments, few.size))


def counting(reference: NDArray[Any], current: NDArray[Any]) -> Iterator[Figure]:
    """The pass of PSI over the current data against one `sum` of them, and PSI against histograms of NumPy."""
    ordered = order(reference, xp=np)
    edges = quantile_edges(ordered, BINS, xp=np)
    expected = ordered_bin_counts(ordered, edges, xp=np)
    shares = np.linspace(0.0, 1.0, BINS + 1)

    def histograms() -> None:
        for before, after in zip(reference[:ROWS], current[:ROWS], strict=True):
            own = np.quantile(before, shares)
            own[0], own[-1] = -np.inf, np.inf
            r, c = (np.maximum(np.histogram(x, own)[0] / x.size, 1e-4) for x in (before, after))
            np.sum((c - r) * np.log(c / r))

    loop = compare({"histograms": histograms}, current[:ROWS].size)["histograms"]
    for label, x in (("by column", current), ("by row", np.asfortranarray(current))):

        def psi(x: NDArray[Any] = x) -> None:
            missing = compiled.count_missing(x, xp=np)
            counts = compiled.counts_from_edges(x, x.shape[1] - missing, edges, xp=np)
            psi_from_counts(expected, counts, xp=np)

        best = compare(
            {
                "sum": x.sum,
                "counts": lambda x=x: compiled.counts_from_edges(x, x.shape[1], edges, xp=np),
                "psi": psi,
            },
            x.size,
        )
        title = f"{x.dtype.name}, stored {label}"
        yield from times(title, best)
        by_cpu = best["counts"][1] / best["sum"][1] / _threads.n_threads()
        yield Figure(
            f"counts over one sum, {title}",
            best["counts"][0] / best["sum"][0],
            "x",
            3.0,
            f"by cpu over cores {by_cpu:.2f}",
        )
        yield Figure(
            f"PSI over a loop of histograms, {title}", best["psi"][0] / loop[0], "x", 0.01, f"{loop[0]:.0f} ns"
        )


def against_scipy(reference: NDArray[Any], shift: float, bound: float) -> Iterator[Figure]:
    """KS with p-values and Wasserstein against a loop over scipy, and `Monitor.check` with both and with everything."""
    rng = np.random.default_rng(1)
    current = (rng.standard_normal(reference.shape) + shift).astype(reference.dtype)
    ordered = order(reference, xp=np)

    def kernels() -> None:
        distances = ecdf_distances(ordered, order(current, xp=np), xp=np)
        ks_pvalue(np.maximum(distances.above, distances.below), N, N, method="asymp")

    def scipy_loop() -> None:
        for before, after in zip(reference[:ROWS], current[:ROWS], strict=True):
            scipy.stats.ks_2samp(before, after, method="asymp")
            scipy.stats.wasserstein_distance(before, after)

    two = driftwatch.Monitor(reference.T, detectors=[KSDetector(method="asymp"), WassersteinDetector()])
    everything = driftwatch.Monitor(reference.T)
    ours = compare(
        {
            "kernels": kernels,
            "Monitor.check, KS and Wasserstein": lambda: two.check(current.T),
            "Monitor.check": lambda: everything.check(current.T),
        },
        current.size,
    )
    loop = compare({"scipy": scipy_loop}, current[:ROWS].size)["scipy"]
    title = f"{reference.dtype.name}, shift {shift:g}"
    yield from times(title, {"scipy loop": loop, **ours})
    for name, (wall, cpu) in ours.items():
        cores = _threads.n_threads()
        detail = f"{loop[0] / wall:.0f} times as fast; by cpu over {cores} cores {loop[1] / cpu * cores:.0f}"
        yield Figure(f"{name} over scipy, {title}", wall / loop[0], "x", bound if name == "kernels" else None, detail)


def run() -> Iterator[Figure]:
    """Time primitives, counting, and the whole on 100,000 x 100 standard normal values."""
    driftwatch.warmup()
    for dtype, bound in (("float32", 1 / 100), ("float64", 1 / 60)):
        rng = np.random.default_rng(0)
        reference, current = (rng.standard_normal((D, N)).astype(dtype) for _ in range(2))
        yield from primitives(reference, current)
        yield from counting(reference, current)
        for shift in (0.0, 0.02):
            yield from against_scipy(reference, shift, bound)
