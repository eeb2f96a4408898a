"""Arrays that move between PyTorch and JAX, by DLPack where both allow it and through the host where not."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest
import torch

from driftwatch import Monitor
from driftwatch.arrays.namespace import move_to
from driftwatch.kernels import ks_2samp

BASE = np.arange(24.0, dtype=np.float32).reshape(6, 4)

VIEWS = {
    "contiguous": lambda x: x,
    "transposed": lambda x: x.T,
    "strided": lambda x: x[::2, 1:],
    "one row": lambda x: x[:1],
    "empty": lambda x: x[:0],
}


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "int32", "bool"])
@pytest.mark.parametrize("view", VIEWS)
def test_jax_to_torch_keeps_shape_values_and_dtype(view: str, dtype: str) -> None:
    x = VIEWS[view](jnp.asarray(BASE).astype(getattr(jnp, dtype)))
    moved = move_to(x, like=torch.zeros(1))
    assert isinstance(moved, torch.Tensor)
    assert tuple(moved.shape) == x.shape  # torch.asarray would have made one dimension of it
    assert moved.dtype == getattr(torch, dtype)
    np.testing.assert_array_equal(moved.float().numpy(), np.asarray(x.astype(jnp.float32)))


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "int32", "bool"])
@pytest.mark.parametrize("view", VIEWS)
def test_torch_to_jax_keeps_shape_values_and_dtype(view: str, dtype: str) -> None:
    x = VIEWS[view](torch.from_numpy(BASE).to(getattr(torch, dtype)))
    moved = move_to(x, like=jnp.zeros(1))
    assert isinstance(moved, jnp.ndarray)
    assert moved.shape == tuple(x.shape)
    np.testing.assert_array_equal(np.asarray(moved.astype(jnp.float32)), x.float().numpy())


def test_a_gradient_is_not_followed() -> None:
    moved = move_to(torch.ones((2, 3), requires_grad=True), like=jnp.zeros(1))
    assert moved.shape == (2, 3)


def test_kernel_and_monitor_take_one_of_each() -> None:
    rng = np.random.default_rng(1)
    reference, current = rng.normal(size=(60, 3)).astype("f4"), rng.normal(size=(50, 3)).astype("f4")
    wanted = ks_2samp(reference, current).statistic
    found = ks_2samp(jnp.asarray(reference), torch.from_numpy(current)).statistic
    np.testing.assert_allclose(found.numpy(), wanted, rtol=1e-6)
    report = Monitor(torch.from_numpy(reference)).check(jnp.asarray(current))
    statistics = [feature.tests["ks"].statistic for feature in report.features.values()]
    np.testing.assert_allclose(np.array(statistics, dtype=np.float64), wanted, rtol=1e-5)
