"""A training step with and without counting, in CPU time and interleaved: PyTorch with a forward hook, JAX in the jit.

Needs torch and jax. Command: python benchmarks/training.py
"""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING, Any

import numpy as np
from measure import Figure

from driftwatch import training

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BATCH, WIDTH, DEPTH = 256, 768, 4
STEPS = 40
# What is counted, to the options of the hook. The step of the model itself is one forward and backward pass of four square layers.
COUNTED: dict[str, dict[str, Any]] = {
    "all rows, repeated rows too": {},
    "all rows": {"n_fingerprints": 0},
    "64 of 256 rows": {"n_fingerprints": 0, "max_rows": 64},
}


def interleaved(steps: dict[str, Callable[[], None]]) -> dict[str, float]:
    """Return the median CPU seconds of each step; they take turns, so that a busy moment meets all of them."""
    for _ in range(3):
        for step in steps.values():
            step()
    times: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(STEPS):
        for name, step in steps.items():
            begin = time.process_time()
            step()
            times[name].append(time.process_time() - begin)
    return {name: statistics.median(values) for name, values in times.items()}


def figures(library: str, stepper: Callable[[dict[str, Any] | None], Callable[[], None]]) -> Iterator[Figure]:
    """Compare steps with counting to the same step without, and that one to itself, which shows the noise."""
    variants: dict[str, dict[str, Any] | None] = {"nothing": None, "nothing, again": None, **COUNTED}
    times = interleaved({name: stepper(options) for name, options in variants.items()})
    plain = times.pop("nothing")
    yield Figure(f"{library}, a step that counts nothing", plain * 1e3, "ms")
    for name, seconds in times.items():
        each = (seconds - plain) / (BATCH * WIDTH) * 1e9
        yield Figure(f"{library}, {name}", seconds / plain, "x", detail=f"{each:.1f} ns a value of the layer")


def run_torch() -> Iterator[Figure]:
    """Watch one hidden layer of 768 features."""
    import torch

    torch.manual_seed(0)
    torch.set_num_threads(1)
    x = torch.randn(BATCH, WIDTH)

    def stepper(options: dict[str, Any] | None) -> Callable[[], None]:
        layers = [layer for _ in range(DEPTH) for layer in (torch.nn.Linear(WIDTH, WIDTH), torch.nn.ReLU())]
        model = torch.nn.Sequential(*layers)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
        if options is not None:
            monitor = training.watch(model, ["3"], **options)
            for _ in range(8):
                model(torch.randn(BATCH, WIDTH))
            monitor.freeze()

        def step() -> None:
            optimizer.zero_grad()
            model(x).square().mean().backward()
            optimizer.step()

        return step

    yield from figures("torch", stepper)


def run_jax() -> Iterator[Figure]:
    """Count one hidden layer of 768 features inside the jitted step."""
    import jax
    import jax.numpy as jnp

    rng = np.random.default_rng(0)
    weights = [jnp.asarray(rng.normal(0, WIDTH**-0.5, (WIDTH, WIDTH)), dtype=jnp.float32) for _ in range(DEPTH)]
    x = jnp.asarray(rng.normal(size=(BATCH, WIDTH)), dtype=jnp.float32)

    def forward(weights: Any, x: Any) -> Any:
        hidden = []
        for w in weights:
            x = jax.nn.relu(x @ w)
            hidden.append(x)
        return jnp.mean(x * x), hidden[1]

    def stepper(options: dict[str, Any] | None) -> Callable[[], None]:
        rows = None if options is None else options.get("max_rows")
        grid = None
        if options is not None:
            reference = forward(weights, jnp.asarray(rng.normal(size=(8 * BATCH, WIDTH)), dtype=jnp.float32))[1]
            grid = training.fit_grid(reference, n_fingerprints=options.get("n_fingerprints", 65_536))

        @jax.jit
        def step(weights: Any, grid: Any, tally: Any) -> Any:
            (_, hidden), gradient = jax.value_and_grad(forward, has_aux=True)(weights, x)
            weights = [w - 0.0 * g for w, g in zip(weights, gradient, strict=True)]
            if grid is not None:
                tally = training.update(grid, tally, hidden if rows is None else hidden[:: BATCH // rows])
            return weights, tally

        state = {"weights": weights, "tally": None if grid is None else training.start(grid)}

        def one() -> None:
            state["weights"], state["tally"] = jax.block_until_ready(step(state["weights"], grid, state["tally"]))

        return one

    yield from figures("jax", stepper)


def run() -> Iterator[Figure]:
    """Measure both."""
    yield from run_torch()
    yield from run_jax()


if __name__ == "__main__":
    for figure in run():
        print(figure.line(), flush=True)
