"""The array libraries, flavours and devices that the contract tests run on: one line each in `Backend`."""

from __future__ import annotations

import importlib
from contextlib import AbstractContextManager, nullcontext
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Any
from unittest import mock

import array_api_compat
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from numpy.typing import DTypeLike, NDArray

    from driftwatch._typing import Array, Device, Namespace

__all__ = ["Backend"]

# What jit-compiled code cannot do either, and the newest revision that every supported library implements.
STRICTEST_FLAGS = {"api_version": "2024.12", "boolean_indexing": False, "data_dependent_shapes": False}


class Backend(Enum):
    """`library[:flavour]`: a device of array-api-strict, the dtype of tensors, or how JAX is set and called.

    The flavour "elsewhere" keeps PyTorch from seeing that its tensors lie in host memory, as they do not on a GPU.
    """

    NUMPY = "numpy"
    NUMPY_READONLY = "numpy:readonly"
    STRICT = "array_api_strict"
    STRICTEST = "array_api_strict:strictest"
    STRICT_DEVICE1 = "array_api_strict:device1"
    STRICT_NO_FLOAT64 = "array_api_strict:no_float64"
    TORCH = "torch"
    TORCH_FLOAT32 = "torch:float32"
    TORCH_BFLOAT16 = "torch:bfloat16"
    TORCH_ELSEWHERE = "torch:elsewhere"
    TORCH_CUDA = "torch:cuda"
    JAX = "jax"
    JAX_X64 = "jax:x64"
    JAX_JIT = "jax:jit"
    JAX_JIT_X64 = "jax:jit_x64"
    CUPY = "cupy"

    @classmethod
    def of(cls, libraries: Collection[str]) -> list[Backend]:
        """Return the backends of these libraries that can run here, and those of the host where none is named."""
        wanted = libraries or ("numpy", "array_api_strict")
        return [backend for backend in cls if backend.library in wanted and backend.is_usable()]

    def is_usable(self) -> bool:
        """Return whether the GPU is there that this backend needs."""
        if self not in {Backend.TORCH_CUDA, Backend.CUPY}:
            return True
        usable: bool = importlib.import_module(f"{self.library}.cuda").is_available()
        return usable

    @property
    def library(self) -> str:
        """The name of the array library, which is also its key in `KernelSpec.unsupported`."""
        return self.value.partition(":")[0]

    @property
    def flavour(self) -> str:
        """What is special about this use of the library, or the empty string."""
        return self.value.partition(":")[2]

    @property
    def xp(self) -> Namespace:
        """The namespace that driftwatch sees for arrays of this backend."""
        library = importlib.import_module("jax.numpy" if self.library == "jax" else self.library)
        return array_api_compat.array_namespace(library.asarray([0.0]))

    @property
    def device(self) -> Device:
        """The device that inputs lie on and results must lie on."""
        if self in {Backend.STRICT_DEVICE1, Backend.STRICT_NO_FLOAT64}:
            return self.xp.Device(self.flavour)
        where = {"device": "cuda"} if self is Backend.TORCH_CUDA else {}
        return array_api_compat.device(self.xp.asarray([0.0], **where))

    @property
    def statistic_dtype(self) -> np.dtype[Any]:
        """The dtype that statistics must have: float64 where the device has it."""
        single = {Backend.STRICT_NO_FLOAT64, Backend.JAX, Backend.JAX_JIT}
        return np.dtype(np.float32 if self in single else np.float64)

    @property
    def traces(self) -> bool:
        """Whether functions run under `jax.jit`."""
        return self.flavour.startswith("jit")

    def run(self, function: Callable[..., Any], *arrays: Array, **options: Any) -> Any:
        """Call a function of arrays of this backend, compiled where the flavour says so."""
        if not self.traces:
            return function(*arrays, **options)
        jax = importlib.import_module("jax")
        with jax.transfer_guard("disallow"):
            return jax.jit(partial(function, **options))(*arrays)

    def supports(self, dtype: DTypeLike) -> bool:
        """Return whether the device holds arrays of this dtype."""
        known: bool = np.dtype(dtype).name in self.xp.__array_namespace_info__().dtypes(device=self.device)
        return known

    def active(self) -> AbstractContextManager[Any]:
        """Return the context in which this flavour holds."""
        if self is Backend.STRICTEST:
            flags: AbstractContextManager[Any] = self.xp.ArrayAPIStrictFlags(**STRICTEST_FLAGS)
            return flags
        if self is Backend.TORCH_ELSEWHERE:
            return mock.patch("driftwatch.ops.torch._numpy_views", return_value=None)
        if self.library == "jax":
            x64: AbstractContextManager[Any] = importlib.import_module("jax").enable_x64(self.flavour.endswith("x64"))
            return x64
        return nullcontext()

    def asarray(self, values: NDArray[Any]) -> Array:
        """Return a host array on this backend: a view where that is possible, in 32 bits where its dtype is not."""
        if not self.supports(values.dtype):
            values = values.astype(np.float32 if values.dtype.kind == "f" else np.int32)
        if self is Backend.NUMPY:
            return values
        if self is Backend.NUMPY_READONLY:
            values = values.view()
            values.flags.writeable = False
            return values
        if self.library == "torch":
            tensor = self.xp.asarray(np.array(values), device="cuda" if self is Backend.TORCH_CUDA else "cpu")
            narrow = self.flavour in {"float32", "bfloat16"} and tensor.is_floating_point()
            return tensor.to(getattr(self.xp, self.flavour)) if narrow else tensor
        return self.xp.asarray(values, device=self.device)

    def rounded(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return host values as this backend holds them, in float64 where they are floats."""
        held = self.to_host(self.asarray(values))
        return held.astype(np.float64) if held.dtype.kind == "f" else held

    def to_host(self, x: Array) -> NDArray[Any]:
        """Return a host copy of an array of this backend."""
        if self.library == "array_api_strict":
            x = x.to_device(self.xp.Device("CPU_DEVICE"))
        if self.library == "torch":
            x = x.detach().cpu()
            x = x.float() if x.dtype == self.xp.bfloat16 else x
        if self.library == "cupy":
            x = x.get()
        return np.array(np.asarray(x))
