"""Type aliases used across layers (layer 0); no run-time import of any array library."""

from __future__ import annotations

from typing import Any, Protocol, TypeAlias

__all__ = ["Array", "Device", "JSONScalar", "Namespace", "Progress"]

# Arrays of four libraries share no base class and no typed protocol; the aliases say what is meant.
Array: TypeAlias = Any
Namespace: TypeAlias = Any
Device: TypeAlias = Any
JSONScalar: TypeAlias = "str | int | float | bool | None"


class Progress(Protocol):
    """A progress callback: called with the number of features just finished."""

    def __call__(self, n_features: int, /) -> None: ...
