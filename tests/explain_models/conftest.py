"""These tests need the libraries of the models that they explain: `nox -s explain` installs them."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

import pytest

MISSING = [name for name in ("lightgbm", "xgboost", "catboost", "shap", "sklearn") if find_spec(name) is None]
HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without the libraries the tests are skipped, with the reason; where the session asked for them, they fail."""
    if MISSING and not os.environ.get("DRIFTWATCH_EXPLAIN"):
        reason = pytest.mark.skip(reason=f"not installed: {', '.join(MISSING)} (nox -s explain)")
        for item in items:
            if HERE in item.path.parents:
                item.add_marker(reason)
