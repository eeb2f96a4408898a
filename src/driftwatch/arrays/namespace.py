"""Which array library, device and dtype a computation runs on (layer 1)."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import array_api_compat
import numpy as np

if TYPE_CHECKING:
    from driftwatch._typing import Array, Device, Namespace

__all__ = ["backend_name", "device_of", "is_traced", "move_to", "namespace_of", "statistic_dtype", "to_host"]

_BACKENDS = ("numpy", "torch", "jax", "cupy")


def namespace_of(*arrays: Array, xp: Namespace | None = None) -> Namespace:
    """Return the array-API namespace that the arrays share, or `xp` where it is given."""
    return array_api_compat.array_namespace(*arrays) if xp is None else xp


def device_of(x: Array) -> Device:
    """Return the device of `x`; None for a value traced by `jax.jit`, which has none yet."""
    return array_api_compat.device(x)


def backend_name(xp: Namespace) -> str:
    """Return "numpy", "torch", "jax", "cupy", or "other" for a namespace.

    Examples
    --------
    >>> import numpy as np
    >>> backend_name(np)
    'numpy'
    """
    for name in _BACKENDS:
        if getattr(array_api_compat, f"is_{name}_namespace")(xp):
            return name
    return "other"


def is_traced(x: Array) -> bool:
    """Return whether `x` stands for a value inside `jax.jit`, so that neither its data nor its host copy exist."""
    jax = sys.modules.get("jax")
    return jax is not None and isinstance(x, jax.core.Tracer)


def statistic_dtype(xp: Namespace, device: Device) -> Any:
    """Return the dtype that statistics accumulate in: float64 where the device has it, else float32.

    JAX accepts float64 and computes in float32 unless x64 is enabled, so there its default dtype decides.
    """
    info = xp.__array_namespace_info__()
    if backend_name(xp) == "jax":
        return info.default_dtypes()["real floating"]
    floats = info.dtypes(device=device, kind="real floating")
    return floats.get("float64", floats["float32"])


def to_host(x: Array) -> np.ndarray[Any, Any]:
    """Return `x` as a NumPy array. Meant for results of size `n_features`, never for samples."""
    if isinstance(x, np.ndarray | int | float):
        return np.asarray(x)
    if array_api_compat.is_torch_array(x):
        return np.asarray(x.detach().cpu())
    if array_api_compat.is_cupy_array(x):
        return np.asarray(x.get())
    try:
        return np.from_dlpack(x)
    except (AttributeError, TypeError, BufferError, ValueError, RuntimeError):
        # array-api-strict on a second device, and JAX arrays of a dtype that DLPack does not know
        return np.asarray(array_api_compat.to_device(x, "cpu") if hasattr(x, "to_device") else x)


def move_to(x: Array, *, like: Array) -> Array:
    """Return `x` in the namespace and on the device of `like`, without a copy where that is possible."""
    xp, device = namespace_of(like), device_of(like)
    if namespace_of(x) is xp and device_of(x) == device:
        return x
    return xp.asarray(to_host(x), device=device)
