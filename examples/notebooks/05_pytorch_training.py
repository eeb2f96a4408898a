# %% [markdown]
# # Drift in a PyTorch training loop
#
# A network is trained on top of layers that stay frozen. Forward hooks count what goes through its layers, and a report an
# epoch says what moved. Which layers are worth watching, and which ones move because the model learns?

# %%
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from driftwatch import DriftReport, training

HERE = Path(__file__).parent if "__file__" in globals() else Path.cwd()
data = np.load(HERE.parent / "data" / "sotu_embeddings.npz")
vectors, labels = torch.tensor(data["embeddings"]), torch.tensor(data["labels"]).long()
mean, std = vectors.mean(dim=0), vectors.std(dim=0)
torch.manual_seed(0)
torch.set_num_threads(1)  # the model is too small to be shared out
EPOCHS, ROWS, BATCH = 20, 1_200, 50


class Network(torch.nn.Module):
    """Inputs, a frozen layer, a layer that learns, and a head."""

    def __init__(self) -> None:
        super().__init__()
        self.inputs = torch.nn.Identity()  # what the loader delivers
        self.frozen = torch.nn.Linear(24, 16).requires_grad_(requires_grad=False)
        self.learns = torch.nn.Linear(16, 16)
        self.head = torch.nn.Linear(16, 7)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the logits of seven presidents."""
        hidden = torch.tanh(self.frozen(self.inputs(x)))
        return self.head(torch.relu(self.learns(hidden)))


def batches(shift: torch.Tensor | None = None) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Yield an epoch of normalised sentences, each once; `shift` is a fault of the normalisation."""
    for part in torch.randperm(len(labels))[:ROWS].split(BATCH):
        x = (vectors[part] - mean) / std
        yield (x if shift is None else x + shift), labels[part]


# %% [markdown]
# ## Watch, freeze, train
#
# Three layers are watched. One pass without training is the reference.

# %%
LAYERS = ["inputs", "frozen", "learns"]
network = Network()
optimizer = torch.optim.SGD([p for p in network.parameters() if p.requires_grad], lr=0.1)
monitor = training.watch(network, LAYERS, n_checks=EPOCHS + 1)
with torch.no_grad():
    for x, _ in batches():
        network(x)
monitor.freeze()


def train(shift: torch.Tensor | None = None) -> tuple[float, DriftReport]:
    """Train an epoch, and return its mean loss and the report."""
    losses = []
    for x, y in batches(shift):
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(network(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
    return float(torch.stack(losses).mean()), monitor.check()


def drifted_of(report: DriftReport, layer: str) -> list[str]:
    """Return the drifted features of a layer."""
    return [name for name in report.drifted_features if name.startswith(f"{layer}[")]


results = [train() for _ in range(EPOCHS)]
counts = {layer: [len(drifted_of(report, layer)) for _, report in results] for layer in LAYERS}
print(f"loss {results[0][0]:.2f} to {results[-1][0]:.2f}")
for layer in LAYERS:
    print(f"{layer:7} drifted features by epoch: {' '.join(map(str, counts[layer]))}")

# %% tags=["claims"]
assert sum(counts["inputs"]) == 0
assert sum(counts["frozen"]) == 0
assert counts["learns"][-1] >= 8
assert results[-1][0] < results[0][0]

# %% [markdown]
# Inputs and the frozen layer raise no alarm in 20 epochs. The layer that learns moves further with every epoch: that is
# what learning is. Watch what should stand still.

# %%
last = results[-1][1]
moved = drifted_of(last, "learns")[0]
# Picture: An activation of the layer that learns, in the first pass and after twenty epochs
last.plot(moved)

# %% [markdown]
# ## A fault
#
# Somebody normalises with the mean of another corpus. The shift is small: at most a quarter of a standard deviation in any of
# the 24 dimensions.

# %%
shift = (mean - torch.tensor(data["other_mean"])) / std
loss, report = train(shift)
hits = drifted_of(report, "inputs")
print(f"largest shift {float(shift.abs().max()):.2f}, loss {loss:.2f}")
for layer in ("inputs", "frozen"):
    print(f"{layer}: {', '.join(drifted_of(report, layer)) or 'nothing'}")
for name in hits:
    dimension = int(name[len("inputs[") : -1])
    print(f"{name}: shifted by {float(shift[dimension]):+.2f}, found {report.features[name].direction}")

# %% tags=["claims"]
assert hits
assert float(shift.abs().max()) < 0.3
assert all(abs(float(shift[int(name[7:-1])])) > 0.15 for name in hits)
assert all((report.features[name].direction == "up") == (float(shift[int(name[7:-1])]) > 0) for name in hits)
assert abs(loss - results[-1][0]) < 0.1

# %% [markdown]
# The loss is where it was. Of 24 inputs the report names two that moved, with the direction in which they did, and one of the frozen
# activations behind them. Smaller shifts of other dimensions are below what an epoch of 1,200 rows can show at this level.

# %%
# Picture: Effects of the inputs, the frozen and the learning layer in the faulty epoch
report.plot()

# %%
monitor.remove()

# %% [markdown]
# Labels, repeated rows, several ranks and what it costs: see [training loops](../../docs/training.md).
