"""A model that becomes worse without any column looking different, and what can be said before the labels come."""

from __future__ import annotations

import numpy as np

from driftwatch import Monitor

rng = np.random.default_rng(0)


def month(n: int, *, flipped: float = 0.0, shift: float = 0.0) -> dict[str, np.ndarray]:
    x = rng.normal(shift, 1.0, n)
    score = 1.0 / (1.0 + np.exp(-1.5 * x))
    truth = np.where(rng.uniform(size=n) < flipped, 1.0 - score, score)
    return {"x": x, "score": score, "churned": (rng.uniform(size=n) < truth).astype(int)}


monitor = Monitor(month(5000), roles={"score": "prediction", "churned": "target"})

# The world changed: the same inputs mean something else.
report = monitor.check(month(2000, flipped=0.2))
assert report.performance is not None
print("drifted columns:", report.drifted_features)
print("dropped:", ", ".join(report.performance.dropped))

# Other inputs, and no labels yet: an estimate, which is right as long as scores mean what they meant.
today = month(2000, shift=-1.0)
labels = today.pop("churned")
estimate = monitor.check(today).performance
assert estimate is not None
accuracy = estimate.metrics["accuracy"].current
assert accuracy is not None
realised = float(np.mean((today["score"] >= 0.5) == labels))
print(f"accuracy estimated {accuracy.value:.3f} [{accuracy.low:.3f}, {accuracy.high:.3f}], later {realised:.3f}")
