"""Pipelines of scikit-learn whose steps keep each column by itself: their model explains them (layer 4)."""

from __future__ import annotations

from typing import Any

__all__ = ["split_pipeline"]

# Each output column is a function of the input column in its place, and of no other.
ONE_TO_ONE = frozenset(
    {"MaxAbsScaler", "MinMaxScaler", "PowerTransformer", "QuantileTransformer", "RobustScaler", "StandardScaler"}
)


def split_pipeline(model: Any) -> tuple[Any, Any]:
    """Return the steps before the model, and the model; None and what was given where it cannot be taken apart."""
    steps = getattr(model, "steps", None)
    if not isinstance(steps, list) or len(steps) < 2:
        return None, model
    before = [step for _, step in steps[:-1]]
    if not all(step in (None, "passthrough") or type(step).__name__ in ONE_TO_ONE for step in before):
        return None, model
    return model[:-1], steps[-1][1]
