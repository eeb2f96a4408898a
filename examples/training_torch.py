"""A PyTorch training loop that watches its own loader: a forward hook counts, one report an epoch.

50 clean epochs raise no alarm; duplicated rows, wrong normalisation and a missing class do. Needs torch.
Run: python examples/training_torch.py
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from driftwatch import DriftReport, training

EPOCHS, ROWS, BATCH, CLASSES = 50, 1_200, 50, 7
DATA = np.load(Path(__file__).parent / "data" / "sotu_embeddings.npz")
EMBEDDINGS, LABELS = torch.tensor(DATA["embeddings"]), torch.tensor(DATA["labels"]).long()
MEAN, STD = EMBEDDINGS.mean(dim=0), EMBEDDINGS.std(dim=0)
torch.manual_seed(0)
torch.set_num_threads(1)  # the model is too small to be shared out


def epoch(fault: str = "none") -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Yield the batches of an epoch: 1,200 of 1,500 sentences, each once, unless a fault is on."""
    rows = torch.randperm(len(LABELS))
    if fault == "missing class":
        rows = rows[LABELS[rows] != list(DATA["names"]).index("Richard Nixon")]
    rows = rows[:ROWS]
    if fault == "duplicated rows":
        rows = torch.cat([rows[: ROWS * 9 // 10], rows[: ROWS // 10]])[torch.randperm(ROWS)]
    mean, std = MEAN, STD
    if fault == "wrong normalisation":
        mean, std = torch.tensor(DATA["other_mean"]), torch.tensor(DATA["other_std"])
    for part in rows.split(BATCH):
        yield (EMBEDDINGS[part] - mean) / std, LABELS[part]


model = torch.nn.Sequential()
model.add_module("inputs", torch.nn.Identity())  # what the loader delivers
model.add_module("head", torch.nn.Linear(24, CLASSES))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

monitor = training.watch(model, ["inputs"])
with torch.no_grad():
    reference = list(epoch())
    for x, _ in reference:
        model(x)
monitor.freeze()
label_grid = training.fit_labels(torch.cat([y for _, y in reference]), n_classes=CLASSES)


def report_of(fault: str = "none") -> DriftReport:
    """Train an epoch and return what its data looked like."""
    monitor.reset()
    label_tally = training.start(label_grid)
    for x, y in epoch(fault):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
        label_tally = training.update(label_grid, label_tally, y)
    return training.compare(
        {**monitor.grids, "label": label_grid}, {**monitor.tallies, "label": label_tally}, n_checks=EPOCHS
    )


alarms = sum(report_of().drift_detected for _ in range(EPOCHS))
print(f"{EPOCHS} clean epochs: {alarms} alarms")
for fault in ("duplicated rows", "wrong normalisation", "missing class"):
    print(f"{fault}: {', '.join(report_of(fault).drifted_features) or 'not seen'}")
monitor.remove()
