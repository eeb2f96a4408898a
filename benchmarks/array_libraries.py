"""The same kernels on PyTorch and JAX tensors on the CPU, against the scipy loop on the same values."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import ours
import theirs
from measure import Absent, Figure, fastest
from ratios import samples

from driftwatch.arrays.namespace import namespace_of
from driftwatch.kernels._prepare import Ordered, mask_missing, order
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
        return tuple(ecdf_distances(known, order(mask_missing(values.T, xp=xp), xp=xp), xp=xp))

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
    """KS and Wasserstein, statistics only, of 10,000 x 256 float32."""
    for library, (works_on, how, floor) in LIBRARIES.items():
        try:
            importlib.import_module(library)
        except ImportError as error:
            yield Absent(f"{library} CPU", f"{error}", GROUP)
            continue
        for shift in (0.0, 0.02):
            reference, current = samples(N, D, "float32", shift)
            few = slice(0, SCIPY_COLUMNS)
            works = works_on(reference, current)
            for name, pvalues in (("scipy", True), ("scipy, statistics only", False)):
                works[name] = theirs.ks_wasserstein(reference[:, few], current[:, few], pvalues=pvalues)
            times = fastest(works)
            for name in ("scipy", "scipy, statistics only"):
                times[name] *= D / SCIPY_COLUMNS
            ratio = times["scipy"] / times["driftwatch"]
            yield Figure(f"{library} CPU, {how}, shift {shift:g}", ratio, "x", floor=floor, group=GROUP, times=times)
