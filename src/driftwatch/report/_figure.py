"""A figure of matplotlib that shows itself in a notebook (layer 4): the one file here that imports matplotlib."""

from __future__ import annotations

import io

from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

__all__ = ["ReportFigure", "ramp"]

DPI = 144  # sharp on screens of twice the usual density


class ReportFigure(Figure):
    """A figure that belongs to nobody else: no window, no global state, and in a notebook a picture.

    The formatters of a notebook know figures only after `matplotlib.pyplot` was imported there.
    """

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        self.savefig(buffer, format="png", dpi=DPI)
        return buffer.getvalue()


def ramp(*colours: str) -> LinearSegmentedColormap:
    """Return the colours between these, for a map."""
    return LinearSegmentedColormap.from_list("driftwatch", list(colours))
