"""Numbers at the precision of a page (layer 4): six significant digits, which take a third of the space."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["rounded"]

DIGITS = 6
# Bounds of cells keep six digits of their spread: seconds since 1970 agree in their first six.
BOUNDS = frozenset({"edges", "low", "high"})
ROUNDED = frozenset({float, list, dict})


def rounded(value: Any) -> Any:
    """Return plain data with every float at six significant digits; counts stay exact.

    Examples
    --------
    >>> rounded({"effect": 0.12345678, "n": 123456789, "edges": [1.7e9 + 0.125, 1.7e9 + 4.0]})
    {'effect': 0.123457, 'n': 123456789, 'edges': [1700000000.125, 1700000004.0]}
    """
    kind = type(value)
    if kind is float:
        return float(f"{value:.{DIGITS}g}")
    # a call only where there is something to round: a large report has a million counts
    if kind is list:
        return [rounded(item) if type(item) in ROUNDED else item for item in value]
    if kind is dict:
        bounds = _bounds(value)
        return {
            key: bounds[key] if key in bounds else rounded(item) if type(item) in ROUNDED else item
            for key, item in value.items()
        }
    return value


def _bounds(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the bounds in one object, rounded by how far they lie apart."""
    # a feature may have such a name
    if BOUNDS.isdisjoint(data):
        return {}
    found = {key: data[key] for key in BOUNDS if key in data and not isinstance(data[key], dict)}
    if not found:
        return {}
    numbers = [item for value in found.values() for item in _numbers(value)]
    span = max(numbers, default=0.0) - min(numbers, default=0.0)
    if not span or not math.isfinite(span):
        return {key: _items(value, None) for key, value in found.items()}
    return {key: _items(value, DIGITS - 1 - math.floor(math.log10(span))) for key, value in found.items()}


def _numbers(value: Any) -> Sequence[float]:
    if isinstance(value, list):
        return [item for part in value for item in _numbers(part)]
    return [value] if isinstance(value, int | float) else []


def _items(value: Any, places: int | None) -> Any:
    if isinstance(value, list):
        return [_items(item, places) for item in value]
    if not isinstance(value, float):
        return value
    return rounded(value) if places is None else round(value, places)
