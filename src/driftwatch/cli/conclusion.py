"""What becomes of a report at the end of a check (layer 5): delivered, kept in a store, turned into an exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from driftwatch.cli.exitcodes import exit_code
from driftwatch.cli.rendering import deliver
from driftwatch.cli.stores import keep
from driftwatch.errors import DriftwatchError

if TYPE_CHECKING:
    from driftwatch.config import Settings
    from driftwatch.report.history import History
    from driftwatch.report.model import DriftReport

__all__ = ["conclude"]

MAX_CHECKS = 100  # of a stream on a page: each is read from the store


def conclude(
    report: DriftReport, settings: Settings, *, kept_in: tuple[str, str] | None, output: str | None, quiet: bool
) -> int:
    """Deliver a report, keep it where that was asked for, and return the exit code.

    A page shows the earlier checks of the stream, this one the last of them. Where the store fails, the report is
    delivered all the same, before the error is raised.
    """
    shown = settings.format == "html" and not (quiet and output is None)
    if kept_in is not None and shown:
        try:
            keep(report, *kept_in)
            history = _history(*kept_in)
        except DriftwatchError:
            deliver(report, settings.format, output=output, quiet=quiet)
            raise
        deliver(report, settings.format, output=output, quiet=quiet, history=history)
    else:
        deliver(report, settings.format, output=output, quiet=quiet)
        if kept_in is not None:
            keep(report, *kept_in)
    return exit_code(report, fail_on=settings.fail_on, on_insufficient=settings.on_insufficient)


def _history(address: str, stream: str) -> History:
    from driftwatch.store.over_time import history

    return history(address, stream, last=MAX_CHECKS)
