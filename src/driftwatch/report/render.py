"""The formats of a report by name (layer 4). A new format is a new file and one row here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from driftwatch.errors import UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Callable

    from driftwatch.report.model import DriftReport

__all__ = ["FORMATS", "render"]


def render(report: DriftReport, format: str) -> str:  # noqa: A002 - the word that the command line uses
    """Return the report in a format by name, as text that ends with a line break.

    Parameters
    ----------
    report : DriftReport
        The report.
    format : str
        "json", "table" (80 columns, no colour), "markdown", "html", "junit" or "github".

    Raises
    ------
    UnknownNameError
        If there is no such format.
    """
    if format not in FORMATS:
        raise UnknownNameError.from_names("format", [format], FORMATS)
    text = FORMATS[format](report)
    return text if text.endswith("\n") else text + "\n"


def _json(report: DriftReport) -> str:
    return report.to_json(indent=2)


def _table(report: DriftReport) -> str:
    from driftwatch.report.render_table import render_table

    return render_table(report)


def _markdown(report: DriftReport) -> str:
    from driftwatch.report.render_markdown import render_markdown

    return render_markdown(report)


def _html(report: DriftReport) -> str:
    return report.to_html()


def _junit(report: DriftReport) -> str:
    from driftwatch.report.render_junit import render_junit

    return render_junit(report)


def _github(report: DriftReport) -> str:
    from driftwatch.report.render_github import render_github

    return render_github(report)


FORMATS: dict[str, Callable[[DriftReport], str]] = {
    "json": _json,
    "table": _table,
    "markdown": _markdown,
    "html": _html,
    "junit": _junit,
    "github": _github,
}
