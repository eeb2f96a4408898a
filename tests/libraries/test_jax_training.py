"""Counting inside a JAX step: it traces, it scans, it adds over devices, and it gives what NumPy gives."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import reduce
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from driftwatch import Monitor, training
from driftwatch.profile.grid import totals

RNG = np.random.default_rng(0)
REFERENCE = np.maximum(RNG.normal(size=(1_000, 4)), 0.0).astype(np.float32)
BATCHES = RNG.normal(size=(5, 64, 4)).astype(np.float32)
BATCHES[1, 3, 2], BATCHES[2, 4], BATCHES[4, 0, 0] = np.nan, BATCHES[2, 5], np.inf


def on_host(grid: training.Grid) -> training.Grid:
    """Return the same grid as NumPy arrays."""
    edges, deciles, salts = (np.asarray(part) for part in (grid.edges, grid.deciles, grid.salts))
    return training.Grid(edges, deciles, salts, training.Tally(*totals(grid.reference)))


def assert_same(tally: training.Tally, other: training.Tally) -> None:
    for one, two in zip(totals(tally), totals(other), strict=True):
        np.testing.assert_array_equal(one, two)


def counted_on_host(grid: training.Grid, batches: Any) -> training.Tally:
    host = on_host(grid)
    return reduce(lambda tally, batch: training.update(host, tally, batch), batches, training.start(host))


@pytest.mark.parametrize("x64", [False, True])
def test_jitted_update_counts_what_numpy_counts(x64: bool) -> None:
    with jax.enable_x64(x64):
        grid = training.fit_grid(jnp.asarray(REFERENCE))
        tally = jax.jit(training.update)(grid, training.start(grid), jnp.asarray(BATCHES[1]))
        assert (tally.cells_carry is None) is x64
        assert_same(tally, counted_on_host(grid, BATCHES[1:2]))


def test_update_scans() -> None:
    grid = training.fit_grid(jnp.asarray(REFERENCE))

    def epoch(grid: training.Grid, batches: jax.Array) -> training.Tally:
        def step(tally: training.Tally, batch: jax.Array) -> tuple[training.Tally, None]:
            return training.update(grid, tally, batch), None

        tally: training.Tally = jax.lax.scan(step, training.start(grid), batches)[0]
        return tally

    assert_same(jax.jit(epoch)(grid, jnp.asarray(BATCHES)), counted_on_host(grid, BATCHES))


def test_masked_update_traces_and_leaves_the_padding_out() -> None:
    grid = training.fit_grid(jnp.asarray(REFERENCE))
    mask = np.arange(64) < 40
    tally = jax.jit(training.update)(grid, training.start(grid), jnp.asarray(BATCHES[0]), mask=jnp.asarray(mask))
    assert_same(tally, counted_on_host(grid, [BATCHES[0][mask]]))


@pytest.mark.parametrize("dtype", [jnp.float16, jnp.bfloat16])
def test_half_precision_is_counted_by_value(dtype: Any) -> None:
    grid = training.fit_grid(jnp.asarray(REFERENCE))
    half = jnp.asarray(BATCHES[0]).astype(dtype)
    tally = jax.jit(training.update)(grid, training.start(grid), half)
    wanted = counted_on_host(grid, [np.asarray(half.astype(jnp.float32))])
    np.testing.assert_array_equal(totals(tally)[0], totals(wanted)[0])


def test_labels_are_counted_in_a_step() -> None:
    grid = training.fit_labels(jnp.arange(6) % 3, n_classes=3)
    tally = jax.jit(training.update)(grid, training.start(grid), jnp.asarray([2, 2, 0, 7]))
    assert totals(tally)[0].tolist() == [[0, 1, 0, 2, 1, 0]]


def test_counts_beyond_32_bits_are_exact() -> None:
    # A counter near the limit of int32, merged with itself; the oracle is Python's own integers.
    grid = training.fit_grid(jnp.asarray(REFERENCE), n_fingerprints=0)
    one = training.update(grid, training.start(grid), jnp.zeros((64, 4)))
    tally, wanted = one, 64
    for _ in range(30):
        tally, wanted = training.merge(tally, tally), 2 * wanted
    assert wanted > 2**32
    assert totals(tally)[0].max(axis=-1).tolist() == [wanted] * 4


def test_reports_of_traced_counts_are_those_of_the_raw_values() -> None:
    grid = training.fit_grid(jnp.asarray(REFERENCE))
    tally = jax.jit(training.update)(grid, training.start(grid), jnp.asarray(REFERENCE[:500] + 1.0))
    # Oracle: the monitor on the raw values.
    found, wanted = training.compare(grid, tally), Monitor(REFERENCE).check(REFERENCE[:500] + 1.0)
    assert sorted(found.drifted_features) == sorted(wanted.drifted_features) == ["f0", "f1", "f2", "f3"]
    for name, feature in wanted.features.items():
        assert found.features[name].bins == feature.bins


def test_a_step_moves_nothing_to_the_host() -> None:
    grid = training.fit_grid(jnp.asarray(REFERENCE))
    tally, batch = training.start(grid), jnp.asarray(BATCHES[0])
    step = jax.jit(training.update)
    step(grid, tally, batch)  # compiled outside of the guard
    with jax.transfer_guard("disallow"):
        jax.block_until_ready(step(grid, tally, batch))


DEVICES = """
import jax, jax.numpy as jnp, numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec as P
from driftwatch import Monitor, training
from driftwatch.profile.grid import totals

assert jax.device_count() == 2
rng = np.random.default_rng(0)
reference, data = rng.normal(size=(500, 3)).astype("f4"), jnp.asarray(rng.normal(size=(600, 3)).astype("f4"))
grid = training.fit_grid(jnp.asarray(reference))

def step(grid, shard):
    return jax.lax.psum(training.update(grid, training.start(grid), shard), "data")

mesh = Mesh(np.asarray(jax.devices()), ("data",))
merged = jax.jit(jax.shard_map(step, mesh=mesh, in_specs=(P(), P("data")), out_specs=P()))(
    jax.device_put(grid, NamedSharding(mesh, P())), data
)
alone = training.update(grid, training.start(grid), data)
for one, other in zip(totals(merged), totals(alone)):
    np.testing.assert_array_equal(one, other)

pmapped = jax.pmap(step, axis_name="data", in_axes=(None, 0))(grid, data.reshape(2, 300, 3))
for one, other in zip(totals(jax.tree.map(lambda x: x[0], pmapped)), totals(alone)):
    np.testing.assert_array_equal(one, other)
print("equal")
"""


def test_psum_over_two_devices_is_the_count_of_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XLA_FLAGS", "--xla_force_host_platform_device_count=2")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, sys.path)))
    done = subprocess.run([sys.executable, "-c", DEVICES], capture_output=True, text=True, timeout=300, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "equal"), done.stderr


def test_example_finds_the_faults_and_nothing_else() -> None:
    example = Path(__file__).parents[2] / "examples" / "training_jax.py"
    done = subprocess.run([sys.executable, str(example)], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    clean, duplicated, normalised, missing = done.stdout.splitlines()
    assert clean == "50 clean epochs: 0 alarms"
    assert duplicated == "duplicated rows: embedding[rows]"
    assert normalised.startswith("wrong normalisation: embedding[")
    assert missing == "missing class: label"
