"""Axes to draw on, from matplotlib where it is installed (layer 4)."""

from __future__ import annotations

from typing import Any

from driftwatch.errors import MissingExtraError

__all__ = ["new_axes"]


def new_axes() -> Any:
    """Return axes of a figure of their own, which no global state of matplotlib holds on to.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingExtraError.for_feature("`plot`", package="matplotlib", extra="plot") from None
    return Figure(layout="constrained").subplots()
