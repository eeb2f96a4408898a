"""Frouros' KSTest, one detector per feature as its documentation does."""

from frouros.detectors.data_drift import KSTest

PACKAGES = ("frouros", "scipy", "numpy")
DOES = "KS with p-value"


def fit(reference):
    detectors = []
    for column in reference.T:
        detector = KSTest()
        detector.fit(X=column)
        detectors.append(detector)

    def check(current):
        found = [detector.compare(X=column)[0] for detector, column in zip(detectors, current.T)]
        return {"ks": [float(result.statistic) for result in found]}

    return check
