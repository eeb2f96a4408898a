"""`driftwatch report` (layer 5): a saved report rendered again."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from driftwatch.cli.exitcodes import exit_code
from driftwatch.cli.rendering import deliver
from driftwatch.cli.settings import resolve
from driftwatch.cli.streams import STDIO, check_destination
from driftwatch.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["run_report"]


def run_report(file: str, *, flags: Mapping[str, object], config_file: str | None, output: str | None) -> int:
    """Render the saved report `file` (`-` for standard input) and return the exit code.

    Rendering is not judging: only a `fail_on` among `flags` makes drift fail, one from a file or the environment does
    not.
    """
    from driftwatch.report.model import DriftReport

    settings = resolve(flags, config_file).settings
    check_destination(output, (file,), settings.format)

    try:
        report = DriftReport.from_json(_read(file))
    except InputError as error:
        raise InputError(f"{file!r} is not a saved report: {error}") from error

    deliver(report, settings.format, output=output, quiet=False)
    if flags.get("fail_on") is None:
        return 0
    return exit_code(report, fail_on=settings.fail_on, on_insufficient=settings.on_insufficient)


def _read(file: str) -> bytes:
    if file != STDIO:
        return Path(file).read_bytes()
    if sys.stdin is None:
        raise InputError("standard input is closed. Pipe a report into it, or name a file.")
    return sys.stdin.buffer.read()
