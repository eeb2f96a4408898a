"""A JAX training loop that watches its own loader: counts inside the jitted step, one report an epoch.

50 clean epochs raise no alarm; duplicated rows, wrong normalisation and a missing class do. Needs jax.
Run: python examples/training_jax.py
"""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from driftwatch import DriftReport, training

Batches = tuple[jax.Array, jax.Array]
Grids = dict[str, training.Grid]
Tallies = dict[str, training.Tally]

EPOCHS, ROWS, BATCH, CLASSES = 50, 1_200, 50, 7
DATA = np.load(Path(__file__).parent / "data" / "sotu_embeddings.npz")
EMBEDDINGS, LABELS = DATA["embeddings"], DATA["labels"]
MEAN, STD = EMBEDDINGS.mean(axis=0), EMBEDDINGS.std(axis=0)
rng = np.random.default_rng(0)


def epoch(fault: str = "none") -> Batches:
    """Return the batches of an epoch, (steps, batch, ...): 1,200 of 1,500 sentences, each once, unless a fault is on."""
    rows = rng.permutation(len(LABELS))
    if fault == "missing class":
        rows = rows[LABELS[rows] != list(DATA["names"]).index("Richard Nixon")]
    rows = rows[:ROWS]
    if fault == "duplicated rows":
        rows = rng.permutation(np.concatenate([rows[: ROWS * 9 // 10], rows[: ROWS // 10]]))
    mean, std = (DATA["other_mean"], DATA["other_std"]) if fault == "wrong normalisation" else (MEAN, STD)
    x = ((EMBEDDINGS[rows] - mean) / std).reshape(-1, BATCH, 24)
    return jnp.asarray(x), jnp.asarray(LABELS[rows]).reshape(-1, BATCH)


def loss(weights: jax.Array, x: jax.Array, y: jax.Array) -> jax.Array:
    """Return the cross-entropy of a linear classifier."""
    return -jnp.take_along_axis(jax.nn.log_softmax(x @ weights), y[:, None], axis=-1).mean()


@jax.jit
def train(weights: jax.Array, grids: Grids, tallies: Tallies, batches: Batches) -> tuple[jax.Array, Tallies]:
    """Run an epoch: every step takes a gradient and adds its batch to the counts, all of it on the device.

    The grids are an argument: closed over, they would be constants that the compiler spends its time on.
    """

    def step(carry: tuple[jax.Array, Tallies], batch: Batches) -> tuple[tuple[jax.Array, Tallies], None]:
        weights, tallies = carry
        x, y = batch
        weights = weights - 0.1 * jax.grad(loss)(weights, x, y)
        tallies = {
            "embedding": training.update(grids["embedding"], tallies["embedding"], x),
            "label": training.update(grids["label"], tallies["label"], y),
        }
        return (weights, tallies), None

    return jax.lax.scan(step, (weights, tallies), batches)[0]


x, y = epoch()
grids = {
    "embedding": training.fit_grid(x.reshape(-1, 24)),
    "label": training.fit_labels(y.reshape(-1), n_classes=CLASSES),
}
model = {"weights": jnp.zeros((24, CLASSES))}


def report_of(fault: str = "none") -> DriftReport:
    """Train an epoch and return what its data looked like."""
    tallies = {name: training.start(grid) for name, grid in grids.items()}
    model["weights"], tallies = train(model["weights"], grids, tallies, epoch(fault))
    return training.compare(grids, tallies, n_checks=EPOCHS)


alarms = sum(report_of().drift_detected for _ in range(EPOCHS))
print(f"{EPOCHS} clean epochs: {alarms} alarms")
for fault in ("duplicated rows", "wrong normalisation", "missing class"):
    print(f"{fault}: {', '.join(report_of(fault).drifted_features) or 'not seen'}")
