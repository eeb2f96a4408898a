"""`driftwatch check` (layer 5): two sources in, one report out."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from driftwatch.cli.conclusion import conclude
from driftwatch.cli.monitors import build_monitor
from driftwatch.cli.progress import DelayedProgress
from driftwatch.cli.settings import resolve
from driftwatch.cli.streams import STDIO, check_destination, is_interactive, one_line
from driftwatch.errors import ConfigError, InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from driftwatch.config import Settings
    from driftwatch.report.calibration import Calibration
    from driftwatch.report.model import DriftReport

__all__ = ["read_calibration", "run_check"]


def run_check(
    reference: str,
    current: str,
    *,
    flags: Mapping[str, object],
    config_file: str | None,
    calibration: str | None = None,
    kept_in: tuple[str, str] | None = None,
    output: str | None,
    quiet: bool,
) -> int:
    """Compare two sources, deliver the report and return the exit code.

    Parameters
    ----------
    reference, current : str
        Paths, or `-` for standard input on one side.
    flags : mapping
        Settings given on the command line, by key; None where not given.
    config_file, calibration, output : str, optional
        Paths.
    kept_in : tuple, optional
        A store and the name of a stream in it, which keep the report.
    quiet : bool
        Write nothing to standard output; a file given by `output` is written all the same.
    """
    if reference == STDIO == current:
        raise ConfigError("standard input can be one side only, got `-` twice. Give a file for the other side.")
    settings = resolve(flags, config_file).settings
    check_destination(output, (reference, current), settings.format)

    with DelayedProgress(enabled=is_interactive(sys.stderr) and not quiet) as progress:
        report = _compare(reference, current, settings, progress, read_calibration(calibration))

    return conclude(report, settings, kept_in=kept_in, output=output, quiet=quiet)


def read_calibration(file: str | None) -> Calibration | None:
    """Return the calibration that `driftwatch calibrate` wrote."""
    if file is None:
        return None
    from driftwatch.report.calibration import Calibration

    try:
        return Calibration.from_json(Path(file).read_bytes())
    except InputError as error:
        raise InputError(f"{file!r} is not a saved calibration: {error}") from error


def _compare(
    reference: str, current: str, settings: Settings, progress: DelayedProgress, calibration: Calibration | None
) -> DriftReport:
    from driftwatch import io

    if current != STDIO and not Path(current).exists():
        io.read(current)  # says what is wrong before minutes are spent on the other side

    progress.phase(f"reading {_label(reference)}")
    monitor = build_monitor(reference, settings, keep_rows=False)
    if calibration is not None:
        monitor.use(calibration)

    progress.phase(f"reading {_label(current)}")
    table = io.read(current)

    progress.phase("comparing", total=len(monitor.feature_names))
    return monitor.check(table, progress=progress.advance)


def _label(source: str) -> str:
    return "standard input" if source == STDIO else one_line(Path(source).name)
