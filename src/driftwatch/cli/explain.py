"""`driftwatch explain` (layer 5): two sources in, one report with its explanation out."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from driftwatch.cli.check import read_calibration
from driftwatch.cli.exitcodes import exit_code
from driftwatch.cli.monitors import build_monitor
from driftwatch.cli.options import count
from driftwatch.cli.progress import DelayedProgress
from driftwatch.cli.rendering import deliver
from driftwatch.cli.settings import resolve
from driftwatch.cli.streams import STDIO, check_destination, is_interactive
from driftwatch.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["run_explain"]


def run_explain(
    reference: str,
    current: str,
    *,
    top: str,
    flags: Mapping[str, object],
    config_file: str | None,
    calibration: str | None,
    output: str | None,
    quiet: bool,
) -> int:
    """Compare two sources, explain what drifted, deliver the report and return the exit code.

    Explaining is not judging: only a `fail_on` among `flags` makes drift fail, one from a file or the environment does
    not.
    """
    if reference == STDIO == current:
        raise ConfigError("standard input can be one side only, got `-` twice. Give a file for the other side.")
    settings = resolve(flags, config_file).settings
    check_destination(output, (reference, current))
    max_features = count("--top", top, least=1)

    from driftwatch import io
    from driftwatch.explain import Explainer

    with DelayedProgress(enabled=is_interactive(sys.stderr) and not quiet) as progress:
        progress.phase("reading")
        monitor = build_monitor(reference, settings)
        known = read_calibration(calibration)
        if known is not None:
            monitor.use(known)
        explainer = Explainer(monitor, max_features=max_features)
        table = io.read(current)
        progress.phase("comparing", total=len(monitor.feature_names))
        report = monitor.check(table, progress=progress.advance)
        progress.phase("explaining")
        report = explainer.explain(table, report=report)

    deliver(report, settings.format, output=output, quiet=quiet)
    if flags.get("fail_on") is None:
        return 0
    return exit_code(report, fail_on=settings.fail_on, on_insufficient=settings.on_insufficient)
