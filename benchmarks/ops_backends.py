"""Each override for PyTorch and JAX against the definition on the same arrays, and whole kernels against a scipy loop.

Ratios above 1 are what the override gains. Command: nox -s bench_backends
"""

from __future__ import annotations

import argparse
import importlib
import statistics
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch.arrays.namespace import namespace_of
from driftwatch.kernels._prepare import order
from driftwatch.kernels.ecdf import ecdf_distances
from driftwatch.ops import generic
from driftwatch.ops._catalog import CATALOG

if TYPE_CHECKING:
    from collections.abc import Callable

N, D, N_BINS = 10_000, 256, 10


def seconds(work: Callable[[], Any], wait: Callable[[Any], Any], *, repeats: int) -> float:
    """Return the median time of some calls after two that compile and load."""
    for _ in range(2):
        wait(work())
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        wait(work())
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def arguments(name: str, sample: Any, xp: Any) -> tuple[Any, ...]:
    """Return what a primitive is called with, in the library of `sample`, shape (D, N)."""
    ordered = generic.sort_last(sample, xp=xp)[0]
    other = generic.sort_last(sample * 1.01 + 0.02, xp=xp)[0]
    at = [N * b // N_BINS for b in range(1, N_BINS)]
    edges = ordered[:, at[0] : at[-1] + 1 : N // N_BINS]
    return {
        "sort_last": (sample,),
        "count_missing": (sample,),
        "rank": (ordered, other),
        "merge_ks_w1": (ordered, other, N, N),
        "counts_from_edges": (sample, N, edges),
        "mean_std": (ordered, N, ordered[:, 0], ordered[:, -1]),
        "bincount": (xp.astype(xp.clip(sample * 20 + 128, 0, 255), xp.int32), 256),
    }[name]


def libraries() -> dict[str, tuple[Callable[..., Any], Callable[[Any], Any]]]:
    """Return, for each library that is installed, how an array is made and how its computation is waited for."""
    found: dict[str, tuple[Callable[..., Any], Callable[[Any], Any]]] = {}
    try:
        import torch

        found["torch"] = (lambda x, dtype: torch.from_numpy(x).to(getattr(torch, dtype)), lambda _: None)
    except ImportError:
        print("PyTorch is not installed: left out")
    try:
        import jax
        import jax.numpy as jnp

        found["jax"] = (lambda x, dtype: jnp.asarray(x, dtype=getattr(jnp, dtype)), jax.block_until_ready)
    except ImportError:
        print("JAX is not installed: left out")
    return found


def of_primitives(host: np.ndarray[Any, Any], repeats: int) -> None:
    """Print the gain of every override."""
    print(f"\n{'primitive':<18} {'library':<8} {'dtype':<9} {'definition ms':>14} {'override ms':>12} {'gain':>6}")
    for library, (make, wait) in libraries().items():
        for name, spec in CATALOG.items():
            if library not in spec.overrides or name == "gammaincc":
                continue
            override = getattr(importlib.import_module(f"driftwatch.ops.{library}"), name)
            for dtype in ("float32", "bfloat16", "int8") if name == "sort_last" else ("float32",):
                sample = make(host * 20 if dtype == "int8" else host, dtype)
                xp = namespace_of(sample)
                given = arguments(name, sample, xp)
                slow, fast = (
                    seconds(partial(f, *given, xp=xp), wait, repeats=repeats)
                    for f in (getattr(generic, name), override)
                )
                print(f"{name:<18} {library:<8} {dtype:<9} {1e3 * slow:14.2f} {1e3 * fast:12.2f} {slow / fast:6.1f}")


def of_kernels(host: np.ndarray[Any, Any], repeats: int) -> None:
    """Print KS and Wasserstein together, the reference ordered beforehand, against a loop over scipy."""
    import scipy.stats

    other = (host * 1.01 + 0.02).astype(np.float32)
    some = range(0, D, 16)
    start = time.perf_counter()
    for j in some:
        scipy.stats.ks_2samp(host[j], other[j], method="asymp")
        scipy.stats.wasserstein_distance(host[j], other[j])
    loop = (time.perf_counter() - start) * D / len(some)
    print(f"\nKS and Wasserstein, {N:,} x {D} float32: scipy loop {1e3 * loop:.0f} ms")
    for library, (make, wait) in libraries().items():
        reference, current = make(host, "float32"), make(other, "float32")
        xp = namespace_of(current)
        fitted = order(reference, xp=xp)

        def check(x: Any, fitted: Any = fitted, xp: Any = xp) -> Any:
            return tuple(ecdf_distances(fitted, order(x, xp=xp), xp=xp))

        ways = {"eager": check}
        if library == "jax":
            ways["jit"] = importlib.import_module("jax").jit(check)
        for way, run in ways.items():
            took = seconds(partial(run, current), wait, repeats=repeats)
            print(f"  {library:<6} {way:<6} {1e3 * took:8.1f} ms  {loop / took:6.1f} times as fast")


def main() -> None:
    """Parse the arguments, run, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    repeats = parser.parse_args().repeats
    host = np.random.default_rng(0).normal(size=(D, N)).astype(np.float32)
    print(f"{D} rows of {N:,} values; medians of {repeats}")
    of_primitives(host, repeats)
    of_kernels(host, repeats)


if __name__ == "__main__":
    main()
