"""Monitor.check with every default statistic: KS with p-value, Wasserstein, PSI, Jensen-Shannon, total variation."""

import pandas as pd

from driftwatch import Monitor, warmup

PACKAGES = ("driftwatch", "numpy", "pandas")
DOES = "KS with p-value, Wasserstein, PSI, Jensen-Shannon, total variation, missing share, verdict"


def table(array):
    return pd.DataFrame(array, columns=[f"x{i}" for i in range(array.shape[1])])


def fit(reference):
    warmup()
    monitor = Monitor(reference)

    def check(current):
        report = monitor.check(current)
        return {"ks": [feature.tests["ks"].statistic for feature in report.features.values()]}

    return check
