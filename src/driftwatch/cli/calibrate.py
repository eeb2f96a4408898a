"""`driftwatch calibrate` (layer 5): a reference in, the settings that keep its false alarms rare out."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

from driftwatch.cli.monitors import build_monitor
from driftwatch.cli.progress import DelayedProgress
from driftwatch.cli.rendering import FALLBACK_WIDTH
from driftwatch.cli.settings import resolve
from driftwatch.cli.streams import STDIO, check_destination, is_interactive, note, write_data, write_file
from driftwatch.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["FORMATS", "run_calibrate"]

FORMATS = ("table", "json")
_NUMBERS = {"checks_per_day": float, "false_alarms_per_month": float, "power": float}


def run_calibrate(
    reference: str,
    *,
    asked: Mapping[str, str],
    flags: Mapping[str, object],
    config_file: str | None,
    format_name: str,
    output: str | None,
    quiet: bool,
) -> int:
    """Calibrate a monitor of a reference, deliver the result and return the exit code.

    Parameters
    ----------
    reference : str
        A path, or `-` for standard input.
    asked : mapping of str to str
        What `Monitor.calibrate` takes, as text.
    flags : mapping
        Settings given on the command line, by key; None where not given.
    config_file, output : str, optional
        Paths.
    format_name : str
        One of `FORMATS`.
    quiet : bool
        Write nothing to standard output.
    """
    if format_name not in FORMATS:
        raise ConfigError(f"`--format` must be one of {', '.join(map(repr, FORMATS))}, got {format_name!r}.")
    options = {name: _parsed(name, text) for name, text in asked.items()}
    settings = resolve(flags, config_file).settings
    check_destination(output, (reference,))

    with DelayedProgress(enabled=is_interactive(sys.stderr) and not quiet) as progress:
        progress.phase("reading")
        monitor = build_monitor(reference, settings)
        progress.phase("calibrating")
        result = monitor.calibrate(**options, progress=progress.advance)  # type: ignore[arg-type]

    in_file = output is not None and output != STDIO
    width = FALLBACK_WIDTH if in_file else shutil.get_terminal_size((FALLBACK_WIDTH, 24)).columns
    text = result.to_json(indent=2) if format_name == "json" else result.summary(width=width)
    if output is not None and in_file:
        write_file(output, text)
        if not quiet:
            note(f"wrote {output}")
    elif not quiet:
        write_data(text)
    return 0


def _parsed(name: str, text: str) -> float | int:
    kind = _NUMBERS.get(name, int)
    try:
        return kind(text)
    except ValueError:
        what = "a number" if kind is float else "a whole number"
        raise ConfigError(f"`--{name.replace('_', '-')}` must be {what}, got {text!r}.") from None
