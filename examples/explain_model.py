"""Which of the drifted features matter to a model: arrival delays of flights, January against July.

Run: python examples/explain_model.py (needs scikit-learn and pandas)
"""

from __future__ import annotations

from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from driftwatch import Monitor, datasets
from driftwatch.explain import ModelContributions, importance_of, rank_by_importance, score_shift, separating_features

FEATURES = ["dep_delay", "air_time", "distance", "hour"]

flights = datasets.load("flights")
january, july = (
    side.to_pandas().dropna(subset=[*FEATURES, "arr_delay"]) for side in (flights.reference, flights.current)
)
model = make_pipeline(StandardScaler(), LinearRegression()).fit(january[FEATURES], january["arr_delay"])

report = Monitor(january, features=FEATURES).check(july)
ranking = rank_by_importance(report, importance_of(model, reference=january))
print("drift x importance")
for found in ranking.features:
    print(f"  {found.feature:<10} {found.effect:.3f} x {found.importance:.3f} = {found.product:.4f}")

# The parts of the change of the mean prediction, which sum to it.
contributions = ModelContributions.fit(model, january, max_rows=30_000)  # coefficients cost nothing
(score,) = score_shift(contributions.reference, contributions.of(july)).outputs
print(f"mean predicted delay: {score.reference:.1f} -> {score.current:.1f} minutes, of which")
for part in score.features:
    print(f"  {part.feature:<10} {part.shift.value:+6.2f} [{part.shift.low:+.2f}, {part.shift.high:+.2f}]")

# All features together: in summer the same distance is flown in less time.
separation = separating_features(january, july, features=FEATURES)
names = ", ".join(found.feature for found in separation.features[:2])
print(f"a classifier tells January from July with an AUC of {separation.auc.value:.2f}, mostly by {names}")
