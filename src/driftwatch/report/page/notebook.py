"""The page inside a notebook (layer 4): in a frame of its own, and as plain HTML for viewers that show no frames."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from driftwatch.report.page.document import document
from driftwatch.report.render_html import render_html

if TYPE_CHECKING:
    from driftwatch.report.model import DriftReport

__all__ = ["notebook"]

MAX_FEATURES = 100  # a notebook keeps its output in the file
HEIGHT = 720  # pixels
# No `allow-same-origin`: what runs in the frame sees nothing of the notebook around it, which holds the reader's session.
SANDBOX = "allow-scripts allow-downloads"


def notebook(report: DriftReport) -> str:
    """Return the page of the highest ranked features in a frame, and below it the same as a fragment without scripts.

    Web viewers of notebooks take frames and scripts out; they show the fragment, whose first line is the verdict.
    """
    page = escape(document(report, limit=MAX_FEATURES), quote=True)
    frame = (
        f'<iframe title="DriftWatch report" sandbox="{SANDBOX}" srcdoc="{page}" width="100%" height="{HEIGHT}" '
        'style="border:0;border-radius:8px"></iframe>'
    )
    return f"{frame}\n{render_html(report)}"
