"""Checks of settings that several parts share (layer 0)."""

from __future__ import annotations

import math
from numbers import Integral, Real
from typing import Any

from driftwatch.errors import ConfigError

__all__ = ["check_count", "is_amount", "is_text"]


def is_amount(value: Any, kind: type[Any] = Real) -> bool:
    """Return whether a value is a finite number of at least 0, of Python's or of NumPy's types."""
    return not isinstance(value, bool) and isinstance(value, kind) and 0.0 <= float(value) < math.inf


def is_text(value: Any) -> bool:
    """Return whether a value is text with more than space in it."""
    return isinstance(value, str) and bool(value.strip())


def check_count(name: str, value: Any, what: str = "a positive integer", *, least: int = 1) -> None:
    """Raise `ConfigError` unless a value is an integer of at least `least`."""
    if not is_amount(value, Integral) or value < least:
        raise ConfigError(f"`{name}` must be {what}, got {value!r}.")
