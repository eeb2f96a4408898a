"""`driftwatch explain` (layer 5): two sources in, one report with its explanation out."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from driftwatch.cli.check import read_calibration
from driftwatch.cli.exitcodes import exit_code
from driftwatch.cli.monitors import build_monitor
from driftwatch.cli.options import count
from driftwatch.cli.progress import DelayedProgress
from driftwatch.cli.rendering import deliver
from driftwatch.cli.settings import resolve
from driftwatch.cli.streams import STDIO, check_destination, is_interactive
from driftwatch.errors import ConfigError, InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["Wanted", "run_explain"]


class Wanted(NamedTuple):
    """What is to be explained, as it stands on the command line."""

    top: str
    importance: str | None
    model: str | None
    segments: bool
    separation: bool


def run_explain(
    reference: str,
    current: str,
    *,
    wanted: Wanted,
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
    check_destination(output, (reference, current, *filter(None, (wanted.importance, wanted.model))))
    max_features = count("--top", wanted.top, least=1)
    weights = None if wanted.importance is None else read_importance(wanted.importance)

    from driftwatch import io
    from driftwatch.explain import Explainer, read_model

    model = None if wanted.model is None else read_model(wanted.model)

    with DelayedProgress(enabled=is_interactive(sys.stderr) and not quiet) as progress:
        progress.phase("reading")
        monitor = build_monitor(reference, settings)
        known = read_calibration(calibration)
        if known is not None:
            monitor.use(known)
        explainer = Explainer(
            monitor,
            model=model,
            importance=weights,
            max_features=max_features,
            segments=wanted.segments,
            separation=wanted.separation,
        )
        table = io.read(current)
        progress.phase("comparing", total=len(monitor.feature_names))
        report = monitor.check(table, progress=progress.advance)
        progress.phase("explaining")
        report = explainer.explain(table, report=report)

    deliver(report, settings.format, output=output, quiet=quiet)
    if flags.get("fail_on") is None:
        return 0
    return exit_code(report, fail_on=settings.fail_on, on_insufficient=settings.on_insufficient)


def read_importance(file: str) -> dict[str, float]:
    """Return the numbers of a file by name: a JSON object, or CSV with a name and a number in each line.

    Raises
    ------
    InputError
        If it holds something else.
    """
    path = Path(file)
    try:
        text = path.read_text(encoding="utf-8-sig")
        pairs = json.loads(text).items() if path.suffix.lower() == ".json" else _lines_of(text)
        return {str(name): _number(value) for name, value in pairs}
    except (
        ValueError,
        AttributeError,
        TypeError,
    ) as error:  # a JSONDecodeError and a UnicodeDecodeError are ValueErrors
        raise InputError(
            f"{file!r} must hold a number for each feature, as {{'age': 0.7}} in JSON or `age,0.7` in CSV: {error}."
        ) from error


def _lines_of(text: str) -> Iterator[tuple[str, str]]:
    """Yield name and number of each line; a first line whose second word is no number is a header."""
    for place, row in enumerate(csv.reader(text.splitlines())):
        if not row:
            continue
        if len(row) != 2:
            raise ValueError(f"line {place + 1} has {len(row)} fields in place of 2")
        try:
            float(row[1])
        except ValueError:
            if place == 0:
                continue
            raise
        yield row[0].strip(), row[1]


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise TypeError(f"{value!r} is no number")
    return float(value)
