"""Stores with reports in them, for the tests of metrics: checks that happened, and what they counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from driftwatch.store import Run, WindowKey
from report_samples import HOSTILE_NAME, drifted, feature, report

if TYPE_CHECKING:
    from driftwatch.report.model import DriftReport
    from driftwatch.store import Store

__all__ = ["CREATED", "HOSTILE_NAMES", "WINDOW", "add_check", "hostile_report"]

CREATED = 1_700_000_000_000_000
WINDOW = WindowKey(CREATED - 300_000_000, CREATED)
HOSTILE_NAMES = (
    HOSTILE_NAME,
    "",
    'a"} 1\nforged_metric{x="y',
    "\\",
    "\\n",
    "\x00\x01\x7f",
    "\u2028",
    "é 漢字 🎉",
    "a" * 5_000,
)


def hostile_report() -> DriftReport:
    """Return a report whose feature names try to leave their quotes."""
    return report([drifted(HOSTILE_NAMES[0]), *(feature(name) for name in HOSTILE_NAMES[1:])])


def add_check(
    store: Store, stream: str, what: DriftReport | str, *, key: WindowKey = WINDOW, created: int = CREATED
) -> int:
    """Store a check as a judge does, a failed one where the report is text; return its id."""
    text, verdict = (what, "error") if isinstance(what, str) else (what.to_json(), what.verdict.value)
    with store.transaction() as transaction:
        transaction.register(stream, "{}")
        transaction.count(stream, {"rows": 1_000, "windows": 1, f"checks_{verdict}": 1, "check_microseconds": 2_500})
        return transaction.add_run(Run(stream, key, created, 1_000, verdict), text)
