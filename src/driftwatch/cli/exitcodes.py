"""The exit codes (layer 5): a contract with scripts and pipelines, each of them tested."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from driftwatch.report.model import DriftReport

__all__ = ["ExitCode", "exit_code"]


class ExitCode(IntEnum):
    """What the process ends with.

    Python ends with 1 after an exception that nobody caught, which would read as drift: `main` turns every one into
    `ERROR`. The last two are 128 + the number of the signal, as shells report it.
    """

    OK = 0
    DRIFT = 1
    ERROR = 2
    NO_VERDICT = 3
    INTERRUPTED = 130
    BROKEN_PIPE = 141


def exit_code(report: DriftReport, *, fail_on: str, on_insufficient: str) -> ExitCode:
    """Return the exit code that `report` asks for under the two settings."""
    from driftwatch.report.model import Verdict

    if report.verdict is Verdict.NO_VERDICT:
        return {"pass": ExitCode.OK, "fail": ExitCode.DRIFT}.get(on_insufficient, ExitCode.NO_VERDICT)
    return ExitCode.DRIFT if report.verdict is Verdict.DRIFT and fail_on == "drift" else ExitCode.OK
