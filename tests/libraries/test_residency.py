"""Samples stay on the device: only answers of the size of the number of features reach the host."""

from __future__ import annotations

import importlib
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any
from unittest import mock

import numpy as np
import pytest

from driftwatch import Monitor
from driftwatch.kernels._catalog import CATALOG, KernelSpec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backends import Backend

RNG = np.random.default_rng(8)
N, D, K = 400, 3, 10
LARGEST_ANSWER = D * 2 * K  # bin counts of every feature, and twenty of its quantiles
KERNELS = list(CATALOG.values())

# By library: where its arrays are, and the methods by which values leave the device.
WAYS_OUT = {
    "torch": (
        "torch:Tensor",
        ("cpu", "numpy", "tolist", "item", "to", "__array__", "__dlpack__", "__bool__", "__int__"),
    ),
    "jax": (
        "jax._src.array:ArrayImpl",
        ("__array__", "__dlpack__", "tolist", "item", "__bool__", "__int__", "__float__", "__buffer__"),
    ),
    "cupy": ("cupy:ndarray", ("get", "tolist", "item", "__array__", "__dlpack__")),
}


def _names_a_device(target: Any = None, *_: Any, device: Any = None, **__: Any) -> bool:
    return device is not None or isinstance(target, str) or type(target).__name__ == "device"


@contextmanager
def nothing_large_leaves(backend: Backend) -> Iterator[list[int]]:
    """Make every way to the host fail for arrays larger than an answer; give the sizes of those that passed."""
    place, methods = WAYS_OUT[backend.library]
    module, _, name = place.partition(":")
    cls = getattr(importlib.import_module(module), name)
    passed: list[int] = []

    def guarded(method: Any) -> Any:
        def call(self: Any, *args: Any, **kwargs: Any) -> Any:
            size = int(np.prod(self.shape))
            if method.__name__ == "to" and not _names_a_device(*args, **kwargs):
                return method(self, *args, **kwargs)  # another dtype in the same place
            if size > LARGEST_ANSWER:
                raise AssertionError(f"{size} values leave the device by {method.__name__}")
            passed.append(size)
            return method(self, *args, **kwargs)

        return call

    with ExitStack() as patches:
        for method in methods:
            if hasattr(cls, method):
                patches.enter_context(mock.patch.object(cls, method, guarded(getattr(cls, method))))
        if backend.library == "jax":
            jax = importlib.import_module("jax")
            patches.enter_context(mock.patch.object(jax, "device_get", guarded(jax.device_get)))
            for function in ("asarray", "array", "ascontiguousarray", "from_dlpack"):
                # On a CPU NumPy reads the memory of a JAX array by the buffer protocol, which no method shows.
                original = getattr(np, function)
                patches.enter_context(mock.patch.object(np, function, _of_no_large(original, cls)))
            patches.enter_context(jax.transfer_guard_device_to_host("disallow"))
        yield passed


def _of_no_large(function: Any, cls: Any) -> Any:
    def call(x: Any, *args: Any, **kwargs: Any) -> Any:
        size = int(np.prod(x.shape)) if isinstance(x, cls) else 0
        if size > LARGEST_ANSWER:
            raise AssertionError(f"{size} values leave the device by numpy.{function.__name__}")
        return function(x, *args, **kwargs)

    return call


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
    with nothing_large_leaves(backend), pytest.raises(AssertionError, match="values leave the device"):
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
    with nothing_large_leaves(backend) as passed:
        backend.run(spec.function, *arrays)
    if backend.traces:
        assert passed == []


def test_a_check_brings_only_answers_to_the_host(backend: Backend) -> None:
    _on_a_device(backend)
    if backend.traces:
        pytest.skip("a report is made on the host")
    reference, current = _arrays(backend)
    with nothing_large_leaves(backend) as passed:
        report = Monitor(reference).check(current)
    assert passed
    assert report.n_features == D
