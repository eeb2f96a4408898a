"""Runs inside a peer's own environment: how often its defaults raise an alarm on stacks of tables without drift.

Command: python false_alarms.py LIBRARY reference.npy current.npy   (arrays of shape (replicates, rows, features))
Standard library and numpy only, for Python 3.9 and later; prints JSON.
"""

from __future__ import annotations

import json
import logging
import sys
import warnings
from importlib import metadata

import numpy as np

ALPHA = 0.05
PSI_CUT = 0.2
FLOOR = 1e-4
MIN_CHUNKS = 5


def table(array):
    import pandas as pd

    return pd.DataFrame(array, columns=[f"x{i}" for i in range(array.shape[1])])


def evidently(reference, current):
    """DataDriftPreset: a method by size and kind for each column, the table has drifted if half of its columns have."""
    from evidently import DataDefinition, Dataset, Report
    from evidently.presets import DataDriftPreset

    names = list(table(reference).columns)
    sides = [
        Dataset.from_pandas(table(side), data_definition=DataDefinition(numerical_columns=names))
        for side in (current, reference)
    ]
    metrics = Report([DataDriftPreset()]).run(*sides).dict()["metrics"]
    value = next(m["value"] for m in metrics if "DriftedColumnsCount" in str(m.get("metric_id", m.get("metric_name"))))
    return value["count"], value["share"] >= 0.5


def alibi_detect(reference, current):
    """KSDrift: Bonferroni over the features."""
    from alibi_detect.cd import KSDrift

    found = KSDrift(reference, p_val=ALPHA).predict(current, drift_type="batch", return_p_val=True)["data"]
    return int((np.asarray(found["p_val"]) < found["threshold"]).sum()), bool(found["is_drift"])


def frouros(reference, current):
    """KSTest for each feature, as its documentation does: an alarm where p < alpha."""
    from frouros.detectors.data_drift import KSTest

    count = 0
    for before, after in zip(reference.T, current.T):
        detector = KSTest()
        detector.fit(X=before)
        count += detector.compare(X=after)[0].p_value < ALPHA
    return int(count), count > 0


def nannyml(reference, current):
    """UnivariateDriftCalculator with its default method and threshold, the current data as one chunk."""
    if len(reference) < MIN_CHUNKS * len(current):
        raise ValueError(
            "its thresholds come from chunks of the reference, which must hold several of the current size"
        )
    import nannyml as nml

    names = list(table(reference).columns)
    calculator = nml.UnivariateDriftCalculator(column_names=names, chunk_size=len(current))
    calculator.fit(table(reference))
    found = calculator.calculate(table(current)).filter(period="analysis").to_df()
    alerts = [column for column in found.columns if column[-1] == "alert"]
    count = int(found[alerts].to_numpy().astype(bool).any(axis=0).sum())
    return count, count > 0


def ks_loop(reference, current):
    """The loop of many scripts: `ks_2samp` for each feature, an alarm where p < alpha."""
    from scipy.stats import ks_2samp

    count = sum(ks_2samp(before, after).pvalue < ALPHA for before, after in zip(reference.T, current.T))
    return int(count), count > 0


def psi_loop(reference, current):
    """PSI in ten quantile bins for each feature, an alarm from 0.2 on."""
    count = 0
    for before, after in zip(reference.T, current.T):
        inner = np.quantile(before, np.arange(1, 10) / 10)
        sides = [np.bincount(np.searchsorted(inner, x, side="right"), minlength=10) / len(x) for x in (before, after)]
        expected, actual = (np.maximum(side, FLOOR) for side in sides)
        count += ((actual - expected) * np.log(actual / expected)).sum() >= PSI_CUT
    return int(count), count > 0


def driftwatch(reference, current):
    """Monitor with its defaults."""
    from driftwatch import Monitor

    report = Monitor(reference).check(current)
    return report.n_drifted, report.drift_detected


LIBRARIES = {
    "evidently": (evidently, "evidently"),
    "alibi-detect": (alibi_detect, "alibi-detect"),
    "frouros": (frouros, "frouros"),
    "nannyml": (nannyml, "nannyml"),
    "ks_2samp loop": (ks_loop, "scipy"),
    "PSI loop": (psi_loop, "numpy"),
    "driftwatch": (driftwatch, "driftwatch"),
}


def main():
    name, *paths = sys.argv[1:]
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    check, package = LIBRARIES[name]
    features = alarms = 0
    reference, current = (np.load(path) for path in paths)
    for pair in zip(reference, current):
        count, alarm = check(*pair)
        features += count
        alarms += bool(alarm)
    found = {"features": features, "alarms": alarms, "version": metadata.version(package), "does": check.__doc__}
    sys.stdout.write("\n" + json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
