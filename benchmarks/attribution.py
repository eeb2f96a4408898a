"""What contributions cost: 2,000 rows of each side, 30 features, 100 trees, as a table in Markdown.

Run: python benchmarks/attribution.py (needs scikit-learn, and what of lightgbm, xgboost, catboost and shap is installed)
The last column is the time over that of the model's own predictions of the same rows, measured in turns.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np
from measure import medians

from driftwatch.explain import ModelContributions, contribution_drift, score_shift, separating_features

if TYPE_CHECKING:
    from collections.abc import Iterator

N_ROWS, N_FEATURES, N_TREES = 2000, 30, 100
RNG = np.random.default_rng(0)
REFERENCE = RNG.normal(size=(N_ROWS, N_FEATURES))
CURRENT = RNG.normal(0.1, 1.0, size=(N_ROWS, N_FEATURES))
TARGET = REFERENCE[:, 0] + REFERENCE[:, 1] * REFERENCE[:, 2] + RNG.normal(size=N_ROWS)


def models() -> Iterator[tuple[str, Any]]:
    """Yield models of every library that is installed, on one thread each."""
    from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor
    from sklearn.linear_model import Ridge

    yield "Ridge", Ridge()
    if find_spec("lightgbm") is not None:
        from lightgbm import LGBMRegressor

        yield "LightGBM", LGBMRegressor(n_estimators=N_TREES, n_jobs=1, verbose=-1)
    if find_spec("xgboost") is not None:
        from xgboost import XGBRegressor

        yield "XGBoost", XGBRegressor(n_estimators=N_TREES, n_jobs=1)
    if find_spec("catboost") is not None:
        from catboost import CatBoostRegressor

        yield "CatBoost", CatBoostRegressor(iterations=N_TREES, thread_count=1, verbose=0, allow_writing_files=False)
    yield "HistGradientBoosting", HistGradientBoostingRegressor(max_iter=N_TREES)
    yield "RandomForest, depth 8", RandomForestRegressor(N_TREES, max_depth=8, n_jobs=1)


def main() -> None:
    print("| model | contributions | rows of a side | seconds, both sides | times a prediction |")
    print("|---|---|---|---|---|")
    for name, model in models():
        model.fit(REFERENCE, TARGET)
        methods = ["auto", "sampled"] if name.startswith("HistGradient") else ["auto"]
        for method in methods:
            line(name, model, method)
    model = ModelContributions.fit(lambda rows: rows[:, 0] * rows[:, 1], REFERENCE)
    reference, current = model.reference, model.of(CURRENT)
    rest = {
        "score_shift, 1,000 resamples": lambda: score_shift(reference, current),
        "contribution_drift without the classifier": lambda: contribution_drift(reference, current, classifier=False),
        "separating_features": lambda: separating_features(REFERENCE, CURRENT),
    }
    print("\n| step | seconds |\n|---|---|")
    for step, seconds in medians(rest, seconds=4.0).items():
        print(f"| {step} | {seconds:.2g} |")


def line(name: str, model: Any, method: str) -> None:
    """Print the row of one model."""
    fitted = ModelContributions.fit(model, REFERENCE, method=method)
    n = fitted.reference.n_rows

    def contributions() -> None:
        ModelContributions.fit(model, REFERENCE, method=method).of(CURRENT)

    def predictions() -> None:
        model.predict(REFERENCE[:n])
        model.predict(CURRENT[:n])

    times = medians({"contributions": contributions, "predictions": predictions}, seconds=3.0)
    ratio = times["contributions"] / times["predictions"]
    print(f"| {name} | {fitted.reference.method} | {n:,} | {times['contributions']:.2g} | {ratio:,.0f} |")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
