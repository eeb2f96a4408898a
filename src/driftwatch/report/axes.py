"""Figures and axes to draw on, from matplotlib where it is installed (layer 4)."""

from __future__ import annotations

from typing import Any

from driftwatch.errors import MissingExtraError

__all__ = ["LINES", "PLAIN", "legend_of_names", "new_axes", "new_figure", "ramp"]

# Okabe and Ito (2008): told apart with every common kind of colour vision
LINES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
# How a text with a name in it is drawn: as it stands. `$` starts no formula, and no TeX is run.
PLAIN: dict[str, Any] = {"parse_math": False, "usetex": False}


def new_figure(width: float | None = None, height: float | None = None) -> Any:
    """Return an empty figure, which no global state of matplotlib holds on to.

    Parameters
    ----------
    width, height : float, optional
        In inches; by default as matplotlib is set.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    """
    try:
        from driftwatch.report._figure import ReportFigure
    except ImportError:
        raise MissingExtraError.for_feature("`plot`", package="matplotlib", extra="plot") from None
    size = None if width is None or height is None else (width, height)
    return ReportFigure(figsize=size, layout="constrained")


def new_axes() -> Any:
    """Return axes of a figure of their own.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    """
    return new_figure().subplots()


def legend_of_names(ax: Any, **options: Any) -> None:
    """Explain the lines of axes by their labels, which are names that somebody else wrote."""
    for text in ax.legend(fontsize="small", frameon=False, **options).get_texts():
        text.set(**PLAIN)


def ramp(*colours: str) -> Any:
    """Return a colour map from the first colour over those between to the last, where there are axes to draw it on."""
    from driftwatch.report._figure import ramp as between

    return between(*colours)
