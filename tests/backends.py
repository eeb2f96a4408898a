"""The array libraries, flavours and devices that the contract tests run on: one line each in `Backend`."""

from __future__ import annotations

import importlib
from contextlib import AbstractContextManager, nullcontext
from enum import Enum
from typing import TYPE_CHECKING, Any

import array_api_compat
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

    from driftwatch._typing import Array, Device, Namespace

__all__ = ["Backend"]

# What jit-compiled code cannot do either, and the newest revision that every supported library implements.
STRICTEST_FLAGS = {"api_version": "2024.12", "boolean_indexing": False, "data_dependent_shapes": False}


class Backend(Enum):
    """`library[:flavour]`; the flavours of array-api-strict other than "strictest" are its devices."""

    NUMPY = "numpy"
    NUMPY_READONLY = "numpy:readonly"
    STRICT = "array_api_strict"
    STRICTEST = "array_api_strict:strictest"
    STRICT_DEVICE1 = "array_api_strict:device1"
    STRICT_NO_FLOAT64 = "array_api_strict:no_float64"

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
        library = importlib.import_module(self.library)
        return array_api_compat.array_namespace(library.asarray([0.0]))

    @property
    def device(self) -> Device:
        """The device that inputs lie on and results must lie on."""
        if self in {Backend.STRICT_DEVICE1, Backend.STRICT_NO_FLOAT64}:
            return self.xp.Device(self.flavour)
        return array_api_compat.device(self.xp.asarray([0.0]))

    @property
    def statistic_dtype(self) -> np.dtype[Any]:
        """The dtype that statistics must have: float64 where the device has it."""
        return np.dtype(np.float32 if self is Backend.STRICT_NO_FLOAT64 else np.float64)

    def supports(self, dtype: DTypeLike) -> bool:
        """Return whether the device holds arrays of this dtype."""
        known: bool = np.dtype(dtype).name in self.xp.__array_namespace_info__().dtypes(device=self.device)
        return known

    def active(self) -> AbstractContextManager[Any]:
        """Return the context in which this flavour holds."""
        if self is Backend.STRICTEST:
            flags: AbstractContextManager[Any] = self.xp.ArrayAPIStrictFlags(**STRICTEST_FLAGS)
            return flags
        return nullcontext()

    def asarray(self, values: NDArray[Any]) -> Array:
        """Return a host array on this backend: a view where that is possible, float32 where its dtype is not."""
        if not self.supports(values.dtype):
            values = values.astype(np.float32)
        if self is Backend.NUMPY:
            return values
        if self is Backend.NUMPY_READONLY:
            values = values.view()
            values.flags.writeable = False
            return values
        return self.xp.asarray(values, device=self.device)

    def to_host(self, x: Array) -> NDArray[Any]:
        """Return a host copy of an array of this backend."""
        if self.library == "array_api_strict":
            x = x.to_device(self.xp.Device("CPU_DEVICE"))
        return np.array(np.asarray(x))
