"""Trains a model that says how likely a flight is to arrive late, and saves what the service needs.

The bundled data: flights from New York in January for the training, and in July for what comes later.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import joblib
import numpy as np
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from driftwatch import Profile, datasets

if TYPE_CHECKING:
    from pathlib import Path

FEATURES = ["dep_delay", "air_time", "distance", "hour", "carrier", "origin"]
LATE = 15  # minutes
N_TRAINING = 14_000
N_REFERENCE = 6_000

Row = dict[str, Any]


def flights(month: str, seed: int) -> tuple[list[Row], list[bool]]:
    """Return the flights of a month in random order, and whether each was late."""
    sets = datasets.load("flights")
    table = {"January": sets.reference, "July": sets.current}[month].drop_null()
    table = table.take(np.random.default_rng(seed).permutation(table.num_rows))
    return table.select(FEATURES).to_pylist(), [delay > LATE for delay in table["arr_delay"].to_pylist()]


def train(folder: Path) -> tuple[float, list[Row]]:
    """Save the model and the reference; return the accuracy, and flights of January that neither has seen."""
    rows, late = flights("January", seed=0)
    model = make_pipeline(DictVectorizer(sparse=False), StandardScaler(), LogisticRegression())
    model.fit(rows[:N_TRAINING], late[:N_TRAINING])
    joblib.dump(model, folder / "model.joblib")

    # The reference is what the service will see while all is well: features, and what the model says about them.
    rest, seen = rows[N_TRAINING:], slice(0, N_REFERENCE)
    reference = {name: [row[name] for row in rest[seen]] for name in FEATURES}
    reference["p_late"] = model.predict_proba(rest[seen])[:, 1].tolist()
    Profile.fit(reference).save(folder / "reference.npz")
    return model.score(rest, late[N_TRAINING:]), rest[N_REFERENCE:]
