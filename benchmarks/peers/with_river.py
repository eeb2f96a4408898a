"""River's ADWIN, one per feature, fed value by value: it watches a stream, which is another question than a batch."""

import copy

from river import drift

PACKAGES = ("river", "numpy")
DOES = "ADWIN on the stream of values (another question: a change of the mean over time)"
FED = 5_000  # reference values that each detector has seen before


def fit(reference):
    fed = []
    for column in reference[:FED].T.tolist():
        detector = drift.ADWIN()
        for value in column:
            detector.update(value)
        fed.append(detector)

    def check(current):
        found = []
        for detector, column in zip(copy.deepcopy(fed), current.T.tolist()):
            drifted = False
            for value in column:
                detector.update(value)
                drifted = drifted or detector.drift_detected
            found.append(drifted)
        return {"drifted": sum(found)}

    return check
