"""The same kernels on PyTorch and JAX tensors on the CPU, against the scipy loop on the same values.

They run where both libraries are: in this environment, or else in one that is made for them.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from importlib import metadata
from typing import TYPE_CHECKING, Any

import ours
import theirs
from environments import ARRAY_LIBRARIES, CannotInstallError, python_of
from measure import Absent, Figure, medians
from ratios import samples

from driftwatch.arrays.namespace import namespace_of
from driftwatch.kernels._prepare import Ordered, order
from driftwatch.kernels.ecdf import ecdf_distances

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy as np
    from numpy.typing import NDArray

    Matrix = NDArray[np.floating[Any]]

N, D = 10_000, 256
SCIPY_COLUMNS = 16
GROUP = "array_libraries"


def on_torch(reference: Matrix, current: Matrix) -> dict[str, Callable[[], object]]:
    """Return the works on torch tensors, eager."""
    import torch

    tensor = torch.from_numpy(current)
    rows = tensor.T.contiguous()
    return {
        "driftwatch": ours.ks_wasserstein(ours.fit(torch.from_numpy(reference)), tensor, pvalues=False),
        "sum": lambda: float(tensor.sum()),
        "sort": lambda: torch.sort(rows, dim=-1).values,
    }


def on_jax(reference: Matrix, current: Matrix) -> dict[str, Callable[[], object]]:
    """Return the works on jax arrays, compiled by `jax.jit`."""
    import jax

    def distances(ordered: Any, values: Any) -> Any:
        xp = namespace_of(values)
        known = Ordered(ordered, ordered.shape[-1])
        return tuple(ecdf_distances(known, order(values.T, xp=xp), xp=xp))

    compiled = jax.jit(distances)
    tensor = jax.numpy.asarray(current)
    known = jax.numpy.sort(jax.numpy.asarray(reference).T, axis=-1)
    total, ordered = jax.jit(jax.numpy.sum), jax.jit(lambda x: jax.numpy.sort(x.T, axis=-1))
    return {
        "driftwatch": lambda: jax.block_until_ready(compiled(known, tensor)),
        "sum": lambda: jax.block_until_ready(total(tensor)),
        "sort": lambda: jax.block_until_ready(ordered(tensor)),
    }


LIBRARIES = {"torch": (on_torch, "eager", 4.0), "jax": (on_jax, "jit", 1.5)}


def run() -> Iterator[Figure | Absent]:
    """Measure both libraries in a fresh process."""
    python = sys.executable
    if not all(importlib.util.find_spec(library) for library in LIBRARIES):
        try:
            python = python_of(ARRAY_LIBRARIES)
        except CannotInstallError as error:
            yield Absent(" and ".join(LIBRARIES), f"they cannot be installed: {error}", GROUP)
            return
    done = subprocess.run([python, __file__], check=True, stdout=subprocess.PIPE, text=True)
    for line in done.stdout.splitlines():
        yield Figure(**json.loads(line))


def measure() -> Iterator[Figure]:
    """KS and Wasserstein, statistics only, of 10,000 x 256 float32."""
    for library, (works_on, how, floor) in LIBRARIES.items():
        for shift in (0.0, 0.02):
            reference, current = samples(N, D, "float32", shift)
            few = slice(0, SCIPY_COLUMNS)
            works = works_on(reference, current)
            for name, pvalues in (("scipy", True), ("scipy, statistics only", False)):
                works[name] = theirs.ks_wasserstein(reference[:, few], current[:, few], pvalues=pvalues)
            times = medians(works)
            for name in ("scipy", "scipy, statistics only"):
                times[name] *= D / SCIPY_COLUMNS
            name = f"{library} {metadata.version(library)}, {how}, shift {shift:g}"
            yield Figure(name, times["scipy"] / times["driftwatch"], "x", floor=floor, group=GROUP, times=times)


if __name__ == "__main__":
    for measured in measure():
        print(json.dumps(measured.as_dict()), flush=True)
