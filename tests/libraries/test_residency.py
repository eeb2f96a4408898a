"""Samples stay on the device: only answers of the size of the number of features reach the host."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from driftwatch import Monitor
from driftwatch.kernels._catalog import CATALOG, KernelSpec
from driftwatch.profile.histograms import MAX_CELLS
from residency import nothing_large_leaves

if TYPE_CHECKING:
    from backends import Backend

RNG = np.random.default_rng(8)
N, D = 400, 3
LARGEST_ANSWER = D * (MAX_CELLS + 2)  # counts of every feature in the bins of its picture; all others are smaller
KERNELS = list(CATALOG.values())


def _arrays(backend: Backend) -> tuple[Any, Any]:
    reference, current = RNG.normal(size=(N, D)), RNG.normal(0.2, size=(N // 2, D))
    reference[::9, 1], current[::5, 2] = np.nan, np.nan
    return backend.asarray(reference), backend.asarray(current)


def _on_a_device(backend: Backend) -> None:
    """Skip the flavours that may look at host memory, because that is where their tensors are."""
    if backend.library == "torch" and backend.flavour not in {"elsewhere", "cuda"}:
        pytest.skip("tensors in host memory are read where they are: nothing crosses")


def test_the_guard_sees_a_sample_that_leaves(backend: Backend) -> None:
    _on_a_device(backend)
    with (
        nothing_large_leaves(backend, largest=LARGEST_ANSWER),
        pytest.raises(AssertionError, match="values leave the device"),
    ):
        importlib.import_module("driftwatch.arrays.namespace").to_host(_arrays(backend)[0])


@pytest.mark.parametrize("spec", KERNELS, ids=lambda spec: spec.name)
def test_kernels_bring_only_answers_to_the_host(backend: Backend, spec: KernelSpec) -> None:
    _on_a_device(backend)
    if backend.traces and spec.eager_only:
        pytest.skip(f"cannot be compiled: {spec.eager_only}")
    if spec.takes == "counts":
        arrays = tuple(backend.asarray(RNG.integers(1, 9, (D, 200))) for _ in range(2))
    else:
        arrays = _arrays(backend)
    with nothing_large_leaves(backend, largest=LARGEST_ANSWER) as passed:
        backend.run(spec.function, *arrays)
    if backend.traces:
        assert passed == []


def test_a_check_brings_only_answers_to_the_host(backend: Backend) -> None:
    _on_a_device(backend)
    if backend.traces:
        pytest.skip("a report is made on the host")
    reference, current = _arrays(backend)
    with nothing_large_leaves(backend, largest=LARGEST_ANSWER) as passed:
        report = Monitor(reference).check(current)
    assert passed
    assert report.n_features == D
