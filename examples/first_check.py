"""The main job in Python: which features of the bundled flights data drifted between January and July.

Run: python examples/first_check.py
"""

from driftwatch import Monitor, datasets

flights = datasets.load("flights")
monitor = Monitor(flights.reference, per_feature={"month": {"ignore": True}, "day": {"ignore": True}})
report = monitor.check(flights.current)

print(report.summary())
for name in report.drifted_features:
    feature = report.features[name]
    print(f"{name}: effect {feature.effect:.3f}, {feature.direction}")
