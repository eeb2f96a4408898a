"""NannyML's univariate calculator, the whole current data as one chunk; from 10,000 rows on it bins before KS."""

import nannyml
import pandas as pd

PACKAGES = ("nannyml", "pandas", "scipy", "numpy")
DOES = "KS and Wasserstein on 10,000 equal-width bins, Jensen-Shannon"


def table(array):
    return pd.DataFrame(array, columns=[f"x{i}" for i in range(array.shape[1])])


def fit(reference):
    methods = ["kolmogorov_smirnov", "wasserstein", "jensen_shannon"]
    calculator = nannyml.UnivariateDriftCalculator(
        column_names=list(reference.columns), continuous_methods=methods, chunk_size=len(reference)
    )
    calculator.fit(reference)

    def check(current):
        calculator.calculate(current)
        return {}

    return check
