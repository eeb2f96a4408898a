"""Which array library, device and dtype a computation runs on (layer 1)."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import array_api_compat
import numpy as np

if TYPE_CHECKING:
    from driftwatch._typing import Array, Device, Namespace

__all__ = [
    "backend_name",
    "device_of",
    "index_dtype",
    "is_traced",
    "move_to",
    "namespace_of",
    "statistic_dtype",
    "to_host",
]

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


def index_dtype(xp: Namespace, device: Device) -> Any:
    """Return the integer dtype that indices and counts have on the device: int32 on JAX unless x64 is enabled."""
    return xp.__array_namespace_info__().default_dtypes(device=device)["integral"]


def to_host(x: Array) -> np.ndarray[Any, Any]:
    """Return `x` as a NumPy array, bfloat16 as float32. Meant for results of size `n_features`, never for samples."""
    if isinstance(x, np.ndarray) or not array_api_compat.is_array_api_obj(x):
        return np.asarray(x)
    if array_api_compat.is_torch_array(x):
        x = x.detach()
        return np.asarray((x.float() if str(x.dtype) == "torch.bfloat16" else x).cpu())
    if array_api_compat.is_cupy_array(x):
        return np.asarray(x.get())
    if array_api_compat.is_jax_array(x):
        # said explicitly: a transfer that nobody asked for is an error under `jax.transfer_guard("disallow")`
        host = np.asarray(sys.modules["jax"].device_get(x))
        return host.astype(np.float32) if host.dtype.name == "bfloat16" else host
    if array_api_compat.is_array_api_obj(x):  # array-api-strict gives NumPy its data on its CPU only
        x = array_api_compat.to_device(x, namespace_of(x).__array_namespace_info__().default_device())
    return np.asarray(x)


def move_to(x: Array, *, like: Array) -> Array:
    """Return `x` in the namespace and on the device of `like`, without a copy where that is possible and safe.

    The result may share memory with `x`: it must not be written to. A gradient is not followed across libraries.
    Values stay as they are but for dtypes that the target does not have: integers beyond its widest become floats, and
    JAX holds float32 in place of float64 unless x64 is enabled.
    """
    xp, device = namespace_of(like), device_of(like)
    if namespace_of(x) is xp:
        # a traced array has no device yet: the compiler places it, and the other one with it
        if device is None or device_of(x) in {None, device}:
            return x
        return array_api_compat.to_device(x, device)
    if isinstance(x, np.ndarray):
        return _from_numpy(x, xp, device)
    if backend_name(xp) != "numpy":
        exported = x.detach() if array_api_compat.is_torch_array(x) else x
        try:
            # Not `asarray`: torch flattens a JAX array without a word.
            moved = xp.from_dlpack(exported)
        except (AttributeError, TypeError, NotImplementedError, BufferError, ValueError, RuntimeError):
            return _from_numpy(to_host(exported), xp, device)
        return moved if device is None or device_of(moved) == device else array_api_compat.to_device(moved, device)
    return to_host(x)


def _from_numpy(x: np.ndarray[Any, Any], xp: Namespace, device: Device) -> Array:
    """Return a host array on a device of another library."""
    if not x.dtype.isnative:
        x = x.astype(x.dtype.newbyteorder("="))
    widest = xp.iinfo(index_dtype(xp, device)).max
    if x.dtype.kind in "iu" and x.size and np.iinfo(x.dtype).max > widest and max(-int(x.min()), int(x.max())) > widest:
        x = x.astype(np.float64)  # JAX would keep the low 32 bits
    if backend_name(xp) != "torch":
        return xp.asarray(x, device=device)
    if any(stride < 0 for stride in x.strides) or not x.flags.aligned:
        x = np.ascontiguousarray(x)  # torch aborts the process on negative strides
    # From DLPack rather than `asarray`, which warns of memory that may not be written to.
    return array_api_compat.to_device(xp.from_dlpack(x), device)
