"""Reports for the tests of the HTML page: with everything that it draws, hostile, and large."""

from __future__ import annotations

from typing import TYPE_CHECKING

import report_samples as samples
from driftwatch.report.history import History, window_report
from driftwatch.report.model import Bins, Status, TestResult
from driftwatch.report.performance import Interval, MetricReport, PerformanceReport
from driftwatch.report.pictures import Histogram, Projection

if TYPE_CHECKING:
    from driftwatch.report.model import DriftReport, FeatureReport

__all__ = ["HOSTILE_NAMES", "complete", "history", "hostile", "large", "plain"]

STATISTICS = ("ks", "wasserstein", "psi", "jensenshannon", "total_variation")
HOSTILE_NAMES = (
    samples.HOSTILE_NAME,
    "<img src=x onerror=\"touched='img'\">",
    "</script><script>touched='script'</script>",
    "<!--<script>",
    "</noscript><iframe srcdoc='<script>parent.touched=1</script>'></iframe>",
    "{{report}} {{scripts}} ${touched='template'} \\u003c",
    "'\"><svg onload=touched='svg'>",
    "javascript:touched='link'",
    "\u202eevil\u202c \u2066name\u2069 \u200b\ufeff",
    "\ud800 lone",
    "x" * 10_000,
    "__proto__",
    "constructor",
    "touched",
    "10",
    "2",
    "",
    " ",
    "a&b=c#d?e%20",
    "日本語の特徴量 🎈 \U0001f468\u200d\U0001f469\u200d\U0001f467",
)


def complete() -> DriftReport:
    """Return a report with a feature for every picture, performance, and intervals."""
    return samples.report(
        [
            *samples.realistic().features.values(),
            samples.drifted(
                "price",
                histogram=Histogram(
                    low=0.0,
                    high=40.0,
                    reference=(0, 300, 1200, 2600, 3000, 1800, 800, 250, 50, 0),
                    current=(0, 100, 500, 1300, 2000, 2100, 1400, 700, 250, 50),
                ),
                bins=Bins(
                    reference=(1000,) * 10,
                    current=(90, 160, 250, 380, 560, 800, 1090, 1400, 1700, 1970),
                    edges=(8.0, 9.2, 10.4, 11.3, 12.1, 12.9, 13.7, 14.9, 16.2),
                    psi=(0.2, 0.13, 0.08, 0.04, 0.01, 0.0, 0.01, 0.04, 0.1, 0.18),
                ),
                intervals={"ks": Interval(0.411, 0.39, 0.43), "mean_shift": Interval(3.4, 3.2, 3.6)},
                missing_reference=40,
                missing_current=180,
                signals=("outside_range",),
                signal_values={"outside_range": 0.0123},
                flags=("autocorrelated_rows", "a_flag_of_tomorrow"),
            ),
            samples.drifted(
                "sentence",
                kind="embedding",
                reference=None,
                current=None,
                bins=None,
                direction="changed",
                projection=Projection(
                    low=(-1.0, -1.0),
                    high=(1.0, 1.0),
                    reference=tuple(tuple(max(0, 40 - 4 * (x - 8) ** 2 - (y - 12) ** 2) for x in range(24)) for y in range(24)),
                    current=tuple(tuple(max(0, 40 - 4 * (x - 15) ** 2 - (y - 12) ** 2) for x in range(24)) for y in range(24)),
                ),
            ),
            samples.feature("score", role="prediction"),
        ],
        confidence=0.95,
        performance=PerformanceReport(
            prediction="score",
            target="label",
            task="scores",
            n_reference=10_000,
            n_labelled_reference=10_000,
            n_current=8_400,
            n_labelled=2_100,
            metrics={
                "roc_auc": MetricReport(
                    "roc_auc", Status.OK, None, True, False, Interval(0.91, 0.90, 0.92), Interval(0.84, 0.82, 0.86),
                    0.07, 0.02, 1e-9, 2e-9, "delong", True, True,
                )
            },
        ),
    )  # fmt: skip


def history(report: DriftReport, n_windows: int = 12) -> History:
    """Return a past in which every third window was like the report, and the others calm."""
    calm = samples.report([samples.feature(name) for name in report.features])
    windows = (
        window_report(f"2026-{month + 1:02}-01", f"2026-{month + 2:02}-01", calm if month % 3 else report, keep=False)
        for month in range(n_windows)
    )
    return History(tuple(windows), "reference", 0.05)


def hostile() -> DriftReport:
    """Return a report whose names, levels, reasons and settings try to run."""
    evil = HOSTILE_NAMES[1]
    levels = Bins(reference=(10, 20, 30), current=(30, 20, 10), labels=(evil, HOSTILE_NAMES[2], HOSTILE_NAMES[0]))
    features: list[FeatureReport] = [samples.drifted(name) for name in HOSTILE_NAMES]
    features += [
        samples.drifted("levels", kind="categorical", bins=levels, reference=None, current=None, flags=(evil,)),
        samples.without_verdict("reason", Status.ERROR, evil, kind=evil),
    ]
    return samples.report(
        features, only_in_current=HOSTILE_NAMES, correction=evil, reference_hash=evil, created_at=evil, driftwatch_version=evil
    )  # fmt: skip


def plain(n_features: int) -> DriftReport:
    """Return a report of many features with one test each and no pictures: what counts is how many there are."""
    tests = {"ks": TestResult(0.4, is_test=True, pvalue=1e-9, pvalue_adjusted=1e-8)}
    return samples.report(
        [
            samples.drifted(f"feature_{i:05}", tests=tests, bins=None, effect=0.4 + 0.5 * i / n_features)
            for i in range(n_features)
        ]
    )


def large(n_features: int) -> DriftReport:
    """Return a report of many features, a tenth of them drifted, whose counts and statistics all differ."""
    import random

    rng = random.Random(0)

    def result(*, test: bool) -> TestResult:
        p = rng.random() if test else None
        expected, null_q99, excess = rng.random(), rng.random(), rng.random()
        return TestResult(rng.random(), test, p, p, expected=expected, null_q99=null_q99, excess=excess)

    def counts(n: int) -> tuple[int, ...]:
        return tuple(rng.randrange(500, 1500) for _ in range(n))

    found = []
    for i in range(n_features):
        make = samples.drifted if i % 10 == 0 else samples.feature
        bins = Bins(
            counts(10),
            counts(10),
            tuple(sorted(rng.gauss(12, 3) for _ in range(9))),
            psi=tuple(rng.random() for _ in range(10)),
        )
        tests = {name: result(test=name == "ks") for name in STATISTICS}
        histogram = Histogram(rng.random(), 10 + rng.random(), counts(26), counts(26))
        found.append(make(f"feature_{i:05}", effect=rng.random(), bins=bins, tests=tests, histogram=histogram))
    return samples.report(found)
