"""Time the primitives on a CUDA machine, each beside a device copy of the same bytes and the library's keys-only sort.

`--write docs/gpu.md` writes the page; without a GPU nothing is timed, and the page says that. Command: nox -s gpu
"""

from __future__ import annotations

import argparse
import platform
import statistics
import subprocess
import sys
import time
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

SHAPES = ((100, 100_000), (2_000, 10_000), (4, 5_000_000))
DTYPES = ("float32", "float64", "float16")
AIM = 2.0
COUNTS = "counts in 10 bins"
HEADER = """# On a GPU

<!-- written by benchmarks/gpu.py: change that, and run it -->

Tensors stay where they are: samples are sorted, ranked and counted on their device, and only answers of the size of the
number of features come to the host. [Array libraries](backends.md) says which code runs for which library.

"""
NOT_RUN = """**This page has no figures yet: nothing here has run on a GPU.** What is checked without one: every kernel on PyTorch and
JAX on a CPU, PyTorch's as it runs away from host memory; which code runs for CuPy's arrays; that the CUDA text compiles
with `nvcc`. The choices that were made for CuPy (sorting long rows one by one, one kernel for the batched search) come
from reading its source.

On a machine with CUDA 13 and a GPU this runs the contract suite and the benchmarks, and writes this page:

```sh
nox -s gpu
```
"""


class Row(NamedTuple):
    """A primitive on one shape: seconds, and those of a copy and of a sort of the same bytes."""

    library: str
    what: str
    shape: tuple[int, int]
    dtype: str
    seconds: float
    copy: float
    sort: float

    @property
    def reached(self) -> bool:
        """Whether the work takes at most `AIM` times what it is measured by."""
        return self.seconds <= AIM * (self.copy if self.what == COUNTS else self.sort)

    def line(self) -> str:
        """Return the row of the table."""
        d, n = self.shape
        times = f"{1e3 * self.seconds:.2f} | {self.seconds / self.copy:.1f} | {self.seconds / self.sort:.2f}"
        return f"| {self.library} | {self.what} | {d:,} x {n:,} | {self.dtype} | {times} |"


class Library(NamedTuple):
    """How a library makes an array on the GPU, waits for it, copies it, and sorts it keys only."""

    make: Callable[[Any, str], Any]
    wait: Callable[[Any], Any]
    copy: Callable[[Any], Any]
    sort: Callable[[Any], Any]


def libraries() -> dict[str, Library]:
    """Return the libraries that see a GPU."""
    found: dict[str, Library] = {}
    try:
        import torch

        if torch.cuda.is_available():
            found["torch"] = Library(
                lambda x, dtype: torch.from_numpy(x).to("cuda", getattr(torch, dtype)),
                lambda _: torch.cuda.synchronize(),
                torch.clone,
                lambda x: torch.sort(x, dim=-1).values,
            )
    except ImportError:
        pass
    try:
        import cupy

        if cupy.cuda.is_available():
            found["cupy"] = Library(
                lambda x, dtype: cupy.asarray(x, dtype=dtype),
                lambda _: cupy.cuda.Device().synchronize(),
                cupy.copy,
                lambda x: cupy.sort(x, axis=-1),
            )
    except ImportError:
        pass
    try:
        import jax
        import jax.numpy as jnp

        if jax.default_backend() == "gpu":
            found["jax"] = Library(
                lambda x, dtype: jnp.asarray(x, dtype=dtype), jax.block_until_ready, jnp.copy, jax.jit(jnp.sort)
            )
    except ImportError:
        pass
    return found


def seconds(work: Callable[[], Any], wait: Callable[[Any], Any], repeats: int) -> float:
    """Return the median time of some calls after three that compile and fill the memory pool."""
    times = []
    for i in range(repeats + 3):
        start = time.perf_counter()
        wait(work())
        if i > 2:
            times.append(time.perf_counter() - start)
    return statistics.median(times)


def measure(name: str, library: Library, repeats: int) -> list[Row]:
    """Return the rows of one library."""
    import numpy as np

    from driftwatch.arrays.namespace import namespace_of
    from driftwatch.kernels._prepare import order
    from driftwatch.kernels.ecdf import ecdf_distances
    from driftwatch.ops import counts_from_edges, sort_last

    rows = []
    rng = np.random.default_rng(0)
    for shape in SHAPES:
        host = rng.normal(size=shape).astype(np.float32)
        for dtype in DTYPES:
            x = library.make(host, dtype)
            if dtype not in str(x.dtype):
                continue  # JAX has no float64 unless x64 is enabled
            xp = namespace_of(x)
            fitted = order(library.make(host * 1.01, dtype), xp=xp)
            edges = fitted.values[:, shape[1] // 10 :: shape[1] // 10][:, :9]

            def check(x: Any, fitted: Any = fitted, xp: Any = xp) -> Any:
                return tuple(ecdf_distances(fitted, order(x, xp=xp), xp=xp))

            works = {
                "sort": partial(sort_last, x, xp=xp),
                "KS and Wasserstein": partial(check, x),
            }
            if dtype != "float16":
                works[COUNTS] = partial(counts_from_edges, x, shape[1], edges, xp=xp)
            copy, sort = (seconds(partial(f, x), library.wait, repeats) for f in (library.copy, library.sort))
            for what, work in works.items():
                rows.append(Row(name, what, shape, dtype, seconds(work, library.wait, repeats), copy, sort))
                print(rows[-1].line(), flush=True)
    return rows


def machine() -> list[str]:
    """Return hardware and versions, one line each."""
    query = ["nvidia-smi", "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader"]
    gpus = subprocess.run(query, capture_output=True, text=True, check=True).stdout.strip().splitlines()
    found = [f"GPU: {gpu}" for gpu in gpus]
    for name in ("driftwatch", "torch", "cupy-cuda13x", "jax", "numpy"):
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            found.append(f"{name} is not installed")
    return [*found, f"Python {platform.python_version()} on {platform.system()}"]


def page(about: list[str], rows: list[Row]) -> str:
    """Return docs/gpu.md; without rows, that nothing has run."""
    if not rows:
        return HEADER + NOT_RUN
    reached = sum(row.reached for row in rows)
    aim = (
        f"The aim is {AIM:g} times a device copy of the same bytes for counts, which read them once, and {AIM:g} times the "
        f"library's own keys-only sort for the rest, which order them. {reached} of {len(rows)} rows reach it."
    )
    lines = [
        *(f"- {line}" for line in about),
        "",
        aim,
        "",
        "| library | work | features x samples | dtype | ms | of a copy | of a sort |",
        "|---|---|---|---|---|---|---|",
        *(row.line() for row in rows),
        "",
        'Medians; the reference is ordered beforehand. "KS and Wasserstein" includes the sort of the current data.',
    ]
    return HEADER + "\n".join(lines) + "\n"


def main() -> None:
    """Parse the arguments, run, print or write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path, metavar="FILE")
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--unmeasured", action="store_true", help="write the page that says that nothing was run")
    given = parser.parse_args()
    there = {} if given.unmeasured else libraries()
    if not there and not given.unmeasured:
        sys.exit("wanted a GPU that PyTorch, CuPy or JAX can use, found none: run this on a CUDA machine")
    rows = [row for name, library in there.items() for row in measure(name, library, given.repeats)]
    text = page(machine() if rows else [], rows)
    if given.write:
        given.write.write_text(text, "utf-8")
    else:
        print(text)


if __name__ == "__main__":
    main()
