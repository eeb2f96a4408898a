"""Stores with reports in them, for the tests of metrics: checks that happened, and what they counted."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from driftwatch.report.model import Status, TestResult
from driftwatch.report.performance import Interval, MetricReport, PerformanceReport
from driftwatch.store import Letter, Position, Run, WindowKey
from report_samples import HOSTILE_NAME, drifted, feature, report

if TYPE_CHECKING:
    from driftwatch.report.model import DriftReport
    from driftwatch.store import Store

__all__ = ["CREATED", "HOSTILE_NAMES", "WINDOW", "add_check", "fill", "hostile_report", "report_with_everything"]

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


def report_with_everything(*, drift: bool = True) -> DriftReport:
    """Return a report that has a sample of every family: thresholds, missing values, performance."""
    tests = {"psi": TestResult(0.83, threshold=0.2), "ks": TestResult(0.41, True, 1e-9, 1e-8)}
    accuracy = MetricReport(
        *("accuracy", Status.OK, None, True, False, Interval(0.9), Interval(0.7), 0.2, 0.05),
        significant=drift,
        material=True,
    )
    performance = PerformanceReport(*("p", "y", "labels", 100, 100, 100, 100), metrics={"accuracy": accuracy})
    price = (drifted if drift else feature)("price", tests=tests, missing_current=40)
    return report([price, feature("age")], performance=performance)


def fill(store: Store) -> None:
    """Store something for every family: two models, dropped rows, events, letters that wait and are dead."""
    add_check(store, "shop", report_with_everything())
    add_check(store, "loans", report([feature("income")]))
    with store.transaction() as transaction:
        transaction.count("shop", {"late_rows": 5, "dropped_queue_full": 3, "duplicates": 2})
        transaction.set_watermark("shop", CREATED)
        transaction.move("shop", "0", Position(1, event_time=CREATED), expected=None)
        transaction.put_note("lag/shop", "0", json.dumps({"messages": 4, "at": CREATED}))
        for name in ("1", "2"):
            transaction.enqueue(Letter(name, "slack", "{}", CREATED, CREATED))
        transaction.settle("2", state="dead", now=CREATED, error="410")
