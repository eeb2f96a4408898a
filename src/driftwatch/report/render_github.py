"""The report as GitHub Actions annotations (layer 4): workflow commands that a step prints to its log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from driftwatch.report.model import Status, Verdict
from driftwatch.report.text import join_names, printable
from driftwatch.report.wording import notes, sentence, settings, split, verdict_line
from driftwatch.report.wording_performance import metric_sentence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from driftwatch.report.model import DriftReport

__all__ = ["MAX_ANNOTATIONS", "render_github"]

MAX_ANNOTATIONS = 10  # GitHub shows no more of one level from one step
LEVELS = {Verdict.DRIFT: "error", Verdict.NO_VERDICT: "warning", Verdict.NO_DRIFT: "notice"}
TITLE = "Data drift"
NAMES_SHOWN = 10


def render_github(report: DriftReport) -> str:
    """Return one workflow command a line: the verdict, then the drifted features, then what could not be tested.

    No level has more than ten, for GitHub would drop the rest without a word; the last one says how many more there
    are.
    """
    drifted, _, untested = split(report)
    verdict = " ".join([verdict_line(report), "; ".join(settings(report)) + "."])
    commands: dict[str, list[tuple[str, str]]] = {"error": [], "warning": [], "notice": []}
    commands[LEVELS[report.verdict]].append((TITLE, verdict))
    commands["error"] += [(f"{TITLE} in {printable(f.name)}", sentence(f, report)) for f in drifted]
    dropped = [] if report.performance is None else [m for m in report.performance.metrics.values() if m.drop_detected]
    commands["error"] += [(f"Performance dropped: {metric.name}", metric_sentence(metric)) for metric in dropped]
    for feature in untested:
        level = "notice" if feature.status is Status.SKIPPED else "warning"
        reason = printable(feature.reason or feature.status.value)
        commands[level].append((f"Not tested: {printable(feature.name)}", reason))
    commands["warning"] += [(title, join_names(names, NAMES_SHOWN)) for title, names in notes(report)]
    # the level of the verdict first
    order = sorted(commands, key=lambda level: level != LEVELS[report.verdict])
    return "".join(f"{line}\n" for level in order for line in _lines(level, commands[level]))


def _lines(level: str, commands: Sequence[tuple[str, str]]) -> list[str]:
    shown = list(commands[:MAX_ANNOTATIONS])
    if len(commands) > MAX_ANNOTATIONS:
        shown[-1] = (f"{len(commands) - MAX_ANNOTATIONS + 1:,} more", "The whole report names them.")
    return [f"::{level} title={_property(title)}::{_data(text)}" for title, text in shown]


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
