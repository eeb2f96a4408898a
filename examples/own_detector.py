"""A detector of one's own: the shift of the mean in standard deviations of the reference.

Run: python examples/own_detector.py
"""

import numpy as np

from driftwatch import BaseDetector, FeatureKind, KSDetector, Monitor
from driftwatch.detectors import Score
from driftwatch.profile.sample import NumericSample


class MeanShiftDetector(BaseDetector[NumericSample]):
    """Absolute difference of the means over the reference's standard deviation."""

    name = "mean_shift"
    kinds = frozenset({FeatureKind.NUMERIC})
    needs = "ordering"

    def score(self, sample: NumericSample) -> Score:
        """Return one distance per feature; a distance has no p-value."""
        return Score(abs(sample.moments[0] - sample.reference.mean) / sample.reference.std)


rng = np.random.default_rng(0)
reference = rng.normal(size=(2_000, 3))
current = rng.normal([0.0, 0.3, 1.0], size=(500, 3))

monitor = Monitor(reference, detectors=[KSDetector(), MeanShiftDetector()], thresholds={"mean_shift": 0.5})
report = monitor.check(current)
for name, feature in report.features.items():
    shift = feature.tests["mean_shift"].statistic
    print(f"{name}: mean shift {shift:.2f}, drift {feature.drift_detected}")
