"""Embeddings of PyTorch, JAX and CuPy in a `Monitor`: the same report as NumPy's, and the rows stay where they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from driftwatch import DimensionKSDetector, MMDDetector, Monitor, SlicedWassersteinDetector
from driftwatch.kernels.plane import N_SQUARES
from residency import nothing_large_leaves

if TYPE_CHECKING:
    from backends import Backend

# Under a trace there is no report; bfloat16 is float32 with fewer digits.
FLAVOURS_LEFT_OUT = frozenset({"jit", "jit_x64", "bfloat16", "x64"})
RNG = np.random.default_rng(3)
REFERENCE, CURRENT = RNG.normal(size=(120, 40)), RNG.normal(0.3, 1.0, size=(80, 40))
CURRENT[5, 7] = np.nan
DETECTORS = (
    MMDDetector(n_permutations=49, max_permutations=49),
    SlicedWassersteinDetector(n_projections=8, n_permutations=49, max_permutations=49),
    DimensionKSDetector(),
)


def feature_of(reference: Any, current: Any, **options: Any) -> Any:
    monitor = Monitor({"x": reference}, detectors=DETECTORS, **options)
    return monitor.check({"x": current}).features["x"]


def test_report_is_that_of_numpy(backend: Backend) -> None:
    wanted = feature_of(REFERENCE.astype("f4"), CURRENT.astype("f4"))
    found = feature_of(*(backend.asarray(x.astype("f4")) for x in (REFERENCE, CURRENT)))
    assert (found.kind, found.missing_current) == ("embedding", 1)
    assert set(found.tests) == {"mmd", "sliced_wasserstein", "dimension_ks", "missing"}
    for name, test in found.tests.items():
        assert test.statistic == pytest.approx(wanted.tests[name].statistic, rel=1e-3, abs=1e-5), name
        assert test.pvalue == pytest.approx(wanted.tests[name].pvalue, rel=0.1, abs=0.021), name
    assert found.effect == pytest.approx(wanted.effect, abs=0.01)


def test_rows_stay_on_the_device(backend: Backend) -> None:
    if backend.library == "torch" and backend.flavour not in {"elsewhere", "cuda"}:
        pytest.skip("tensors in host memory are read where they are: nothing crosses")
    n_rows = 300  # so many that one number of each row and axis of the plane is more than the counts on it
    arrays = [backend.asarray(RNG.normal(size=(n_rows, REFERENCE.shape[1]))) for _ in range(2)]
    assert 2 * n_rows > N_SQUARES**2
    with nothing_large_leaves(backend, largest=N_SQUARES**2):
        assert feature_of(*arrays).status == "ok"
