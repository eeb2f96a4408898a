"""`driftwatch check --profile` (layer 5): a profile and files of any size in, one report out."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from driftwatch.cli.check import read_calibration
from driftwatch.cli.conclusion import conclude
from driftwatch.cli.counting import counted
from driftwatch.cli.monitors import monitor_of_profile
from driftwatch.cli.progress import DelayedProgress
from driftwatch.cli.settings import resolve
from driftwatch.cli.streams import check_destination, is_interactive
from driftwatch.errors import InputError, shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["run_check_profile"]


def run_check_profile(
    sources: Sequence[str],
    *,
    profile_file: str,
    flags: Mapping[str, object],
    config_file: str | None,
    calibration: str | None = None,
    kept_in: tuple[str, str] | None = None,
    output: str | None,
    quiet: bool,
) -> int:
    """Count files on a profile, deliver the report and return the exit code.

    Parameters
    ----------
    sources : sequence of str
        Files, folders, patterns, URLs, and windows.
    profile_file : str
    flags : mapping
        Settings given on the command line, by key; None where not given.
    config_file, calibration, output : str, optional
        Paths.
    kept_in : tuple, optional
        A store and the name of a stream in it, which keep the report.
    quiet : bool
        Write nothing to standard output; a file given by `output` is written all the same.
    """
    settings = resolve(flags, config_file).settings
    check_destination(output, [*sources, profile_file], settings.format)

    from driftwatch.profile.profile import Profile

    profile = Profile.load(profile_file)
    monitor = monitor_of_profile(profile, settings)
    known = read_calibration(calibration)
    if known is not None:
        monitor.use(known)
    with DelayedProgress(enabled=is_interactive(sys.stderr) and not quiet) as progress:
        window = counted(profile, sources, progress)
        if not window.n_rows:
            raise InputError(
                f"rows were expected in {shown(sources)}, but there are none. Check the query behind them."
            )
        progress.phase("comparing", total=len(monitor.feature_names))
        report = monitor.check(window, progress=progress.advance)

    return conclude(report, settings, kept_in=kept_in, output=output, quiet=quiet)
