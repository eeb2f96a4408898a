"""A gate in a pipeline or a test suite: stop where the data drifted, say why, go on where they did not.

Run: python examples/pipeline_step.py
"""

from driftwatch import assert_no_drift, datasets
from driftwatch.errors import DriftDetectedError

market = datasets.load("elec2")
first, second = market.reference.slice(0, 5_000), market.reference.slice(5_000)

try:
    assert_no_drift(market.reference, market.current)
except DriftDetectedError as error:
    print(f"stopped: {len(error.report.drifted_features)} features drifted")

report = assert_no_drift(first, second, features=["period"])
print(f"went on: {report.n_features} feature, no drift")
