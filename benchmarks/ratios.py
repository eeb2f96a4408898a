"""Our time against others' for the same arrays, side by side in one process, beside the limits of the machine.

Each work runs twice in a process of its own, with numpy's AVX-512 sort and without it, because on some processors that
sort is several times slower than the AVX2 one. The first argument of this file names one work.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import ours
import theirs
from measure import Figure, medians

from driftwatch import Monitor, warmup

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    Matrix = NDArray[np.floating[Any]]

N, D = 100_000, 100
SCIPY_COLUMNS = 4  # of the 100; the time of the loop is proportional to the columns, and is scaled
SHIFTS = (0.0, 0.02)
PLAIN, AVX2 = "default", "AVX2"  # numpy's own choice of a sort, and that without AVX-512


def samples(n: int, d: int, dtype: str, shift: float) -> tuple[Matrix, Matrix]:
    """Return a standard normal reference and current data that differ by `shift`, `(n, d)` in C order."""
    rng = np.random.default_rng(7)
    reference = rng.standard_normal((n, d), dtype=np.float64).astype(dtype)
    return reference, (rng.standard_normal((n, d), dtype=np.float64) + shift).astype(dtype)


def limits(current: Matrix) -> dict[str, Callable[[], object]]:
    """Return the two limits: one read of the data, and numpy's sort of every column."""
    rows = np.ascontiguousarray(current.T)
    return {"sum": current.sum, "np.sort": lambda: np.sort(rows, axis=-1)}


def figure(group: str, name: str, times: dict[str, float], other: str, **more: Any) -> Figure:
    """Return the ratio of `other` to ours with all the times behind it."""
    return Figure(name, times[other] / times["driftwatch"], "x", group=group, times=times, **more)


def ks_wasserstein(dtype: str, setting: str) -> Iterator[Figure]:
    """KS and Wasserstein of every column, with p-values and without."""
    floor = {"float32": 100.0, "float64": 60.0}[dtype]
    for shift in SHIFTS:
        reference, current = samples(N, D, dtype, shift)
        block, few = ours.fit(reference), slice(0, SCIPY_COLUMNS)
        for pvalues in (False, True):
            works = {
                "driftwatch": ours.ks_wasserstein(block, current, pvalues=pvalues),
                "scipy": theirs.ks_wasserstein(reference[:, few], current[:, few], pvalues=pvalues),
                **limits(current),
            }
            times = medians(works)
            times["scipy"] *= D / SCIPY_COLUMNS
            what = "with p-values" if pvalues else "statistics only"
            aim = floor if pvalues and shift and setting == PLAIN else None
            yield figure("ks_wasserstein", f"{dtype}, shift {shift:g}, {what}", times, "scipy", floor=aim)


def psi(setting: str) -> Iterator[Figure]:
    """PSI in ten bins, data in C and in Fortran order."""
    for shift in SHIFTS:
        reference, c_order = samples(N, D, "float32", shift)
        block, few = ours.fit(reference), slice(0, SCIPY_COLUMNS)
        for order, current in (("C", c_order), ("F", np.asfortranarray(c_order))):
            works = {
                "driftwatch": ours.psi(block, current),
                "counting pass": ours.counting_pass(block, current),
                "numpy loop": theirs.psi(reference[:, few], current[:, few]),
                "numpy loop, fitted": theirs.psi_fitted(reference[:, few], current[:, few]),
                **limits(current),
            }
            times = medians(works)
            for loop in ("numpy loop", "numpy loop, fitted"):
                times[loop] *= D / SCIPY_COLUMNS
            aim = 100.0 if setting == PLAIN else None
            yield figure("psi", f"float32 {order} order, shift {shift:g}", times, "numpy loop", floor=aim)
            reads = times["counting pass"] / times["sum"]
            about = {name: times[name] for name in ("counting pass", "sum")}
            bound = 3.0 if setting == PLAIN else None
            name = f"float32 {order} order, shift {shift:g}"
            yield Figure(name, reads, "x sum", bound, group="counting_pass", times=about)


def features(setting: str) -> Iterator[Figure]:
    """`Monitor.check` of many features against few: the time per feature."""
    works: dict[str, Callable[[], object]] = {}
    for d in (100, 1_000):
        reference, current = samples(20_000, d, "float32", 0.02)
        works[str(d)] = partial(Monitor(reference).check, current)
        works |= {f"{limit}, {d} features": work for limit, work in limits(current).items()}
    times = medians(works, seconds=6.0)
    each = times["1000"] / 10 / times["100"]
    named = {f"check, {key} features" if key.isdigit() else key: value for key, value in times.items()}
    bound = 1.2 if setting == PLAIN else None
    yield Figure("time per feature, 1,000 against 100 features", each, "x", bound, group="features", times=named)


def check(_setting: str) -> Iterator[Figure]:
    """`Monitor.check` with every default statistic, against the scipy loop that gives two of them."""
    for dtype in ("float32", "float64"):
        reference, current = samples(N, D, dtype, 0.02)
        few = slice(0, SCIPY_COLUMNS)
        works = {
            "driftwatch": partial(Monitor(reference).check, current),
            "scipy": theirs.ks_wasserstein(reference[:, few], current[:, few], pvalues=True),
            **limits(current),
        }
        times = medians(works)
        times["scipy"] *= D / SCIPY_COLUMNS
        yield figure("check", f"Monitor.check, every statistic, {dtype}, shift 0.02", times, "scipy")


WORKS: dict[str, Callable[[str], Iterator[Figure]]] = {
    "ks_wasserstein_float32": partial(ks_wasserstein, "float32"),
    "ks_wasserstein_float64": partial(ks_wasserstein, "float64"),
    "psi": psi,
    "check": check,
    "features": features,
}


def without_avx512() -> str:
    """Return what numpy must be told to leave out, empty where this machine or numpy has no AVX-512 to leave out."""
    from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__

    wide = [name for name in __cpu_dispatch__ if name.startswith("AVX512") or name == "X86_V4"]
    return " ".join(name for name in wide if __cpu_features__.get(name))


def run() -> Iterator[Figure]:
    """Measure every work under both settings of numpy's sort, each in a fresh process."""
    settings = {PLAIN: ""}
    if disabled := without_avx512():
        settings[AVX2] = disabled
    for work in WORKS:
        for setting, disabled in settings.items():
            command = [sys.executable, __file__, work, setting]
            environment = {**os.environ, **({"NPY_DISABLE_CPU_FEATURES": disabled} if disabled else {})}
            done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
            for line in done.stdout.splitlines():
                found = Figure(**json.loads(line))
                yield Figure(**{**found.as_dict(), "detail": f"np.sort: {setting}"})


if __name__ == "__main__":
    warmup()
    for measured in WORKS[sys.argv[1]](sys.argv[2]):
        print(json.dumps(measured.as_dict()), flush=True)
