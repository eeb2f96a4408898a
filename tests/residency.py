"""A guard that no sample leaves its device: only answers of a stated size may reach the host."""

from __future__ import annotations

import importlib
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any
from unittest import mock

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backends import Backend

__all__ = ["nothing_large_leaves"]

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
def nothing_large_leaves(backend: Backend, *, largest: int) -> Iterator[list[int]]:
    """Make every way to the host fail for arrays of more than `largest` values; give the sizes of those that passed."""
    place, methods = WAYS_OUT[backend.library]
    module, _, name = place.partition(":")
    cls = getattr(importlib.import_module(module), name)
    passed: list[int] = []

    def guarded(method: Any) -> Any:
        def call(self: Any, *args: Any, **kwargs: Any) -> Any:
            size = int(np.prod(self.shape))
            if method.__name__ == "to" and not _names_a_device(*args, **kwargs):
                return method(self, *args, **kwargs)  # another dtype in the same place
            if size > largest:
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
                patches.enter_context(mock.patch.object(np, function, _of_no_large(original, cls, largest)))
            patches.enter_context(jax.transfer_guard_device_to_host("disallow"))
        yield passed


def _of_no_large(function: Any, cls: Any, largest: int) -> Any:
    def call(x: Any, *args: Any, **kwargs: Any) -> Any:
        size = int(np.prod(x.shape)) if isinstance(x, cls) else 0
        if size > largest:
            raise AssertionError(f"{size} values leave the device by numpy.{function.__name__}")
        return function(x, *args, **kwargs)

    return call
