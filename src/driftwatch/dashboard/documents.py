"""Files and documents that are served whole (layer 5): scripts, sheets, and the page of a stored report."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from driftwatch.dashboard.asking import RefusedError
from driftwatch.errors import InputError
from driftwatch.report.model import DriftReport
from driftwatch.report.page.assets import asset, policy
from driftwatch.store.over_time import history

if TYPE_CHECKING:
    from driftwatch.dashboard.views import Views

__all__ = ["OWN_FILES", "REPORT_POLICY", "report_document", "static_file"]

# What the page of a report forbids by itself, and what only a header can forbid
REPORT_POLICY = f"{policy()}; frame-ancestors 'none'"
OWN_FILES = (
    "dashboard.css",
    "requests.js",
    "parts.js",
    "heatmap.js",
    "pages.js",
    "compare.js",
    "dashboard.js",
    "icon.svg",
)
_OF_REPORT = ("core.js", "charts.js", "style.css")
MAX_HISTORY = 60  # checks before it, of which the page draws the effects
MAX_HISTORY_CELLS = 30_000  # features of all of them: each report has to be read


@cache
def static_file(name: str) -> bytes | None:
    """Return a script or a sheet, None where there is none of that name."""
    if name in _OF_REPORT:
        return asset(name).encode()
    return files("driftwatch.dashboard").joinpath("static", name).read_bytes() if name in OWN_FILES else None


def report_document(views: Views, run_id: int) -> bytes:
    """Return the page of a stored report, with the checks of the stream up to it.

    Raises
    ------
    RefusedError
        If there is no such check, or it has no report.
    """
    run, text = views.report(run_id)
    try:
        report = DriftReport.from_json(text)
    except InputError:
        reason = views.run(run_id)["reason"] or "its report cannot be read"
        raise RefusedError(409, "no_report", f"check {run_id} has no report: {reason}") from None
    last = min(MAX_HISTORY, MAX_HISTORY_CELLS // max(report.n_features, 1))
    before = None
    if last > 1:
        before = views.source.read(lambda store: history(store, run.stream, last=last, below=run.id + 1))
    return report.to_html(history=before).encode("utf-8", "backslashreplace")
