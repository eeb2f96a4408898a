"""Evidently's DataDriftPreset with the KS test for every column; it keeps no fitted reference."""

import pandas as pd
from evidently import DataDefinition, Dataset, Report
from evidently.presets import DataDriftPreset

PACKAGES = ("evidently", "pandas", "scipy", "numpy")
DOES = "KS with p-value, report with histograms"


def table(array):
    return pd.DataFrame(array, columns=[f"x{i}" for i in range(array.shape[1])])


def fit(reference):
    definition = DataDefinition(numerical_columns=list(reference.columns))
    known = Dataset.from_pandas(reference, data_definition=definition)
    report = Report([DataDriftPreset(method="ks")])

    def check(current):
        found = report.run(Dataset.from_pandas(current, data_definition=definition), known).dict()
        return {"metrics": len(found["metrics"])}

    return check
