"""A bad column costs itself: its status, its reason, and the verdict of all the others."""

from __future__ import annotations

import decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from driftwatch import Monitor
from driftwatch.monitor import comparison as comparison_module
from driftwatch.report.model import DriftReport, FeatureReport, Verdict

RNG = np.random.default_rng(0)
N = 60
GOOD = RNG.normal(size=N)


def check(reference: Any, current: Any, **settings: Any) -> FeatureReport:
    """Check the column beside a good one, which must keep its verdict, and return its report."""
    report = Monitor({"x": reference, "good": GOOD}, **settings).check({"x": current, "good": GOOD + 2.0})
    assert report.drifted_features[-1] == "good" or "good" in report.drifted_features
    assert report.features["good"].status == "ok"
    assert DriftReport.from_json(report.to_json()) == report
    assert report.summary()
    return report.features["x"]


CASES: dict[str, tuple[Any, Any, str, str]] = {
    "all null": ([None] * N, [None] * N, "insufficient", "no values in 60 rows in reference"),
    "nine values": ([1.0] * 9 + [None] * 51, GOOD, "insufficient", "9 values in 60 rows in reference, at least 10"),
    "one value": (GOOD, [1.0] + [None] * 59, "insufficient", "1 value in 60 rows in current"),
    "dates": (["2024-01-01"] * N, ["2025-01-01"] * N, "skipped", "timestamps move on"),
    "row numbers": (np.arange(N), np.arange(N) + 99, "skipped", "identifiers are new in every row"),
    "sentences": ([f"a long story {i}" for i in range(N)], ["a long story"] * N, "skipped", "free text"),
    "lists": ([[1], [1, 2]] * 30, [[1], [1, 2]] * 30, "skipped", "(list) are not compared"),
    "mixed types": ([1, "a"] * 30, [1, "a"] * 30, "skipped", "values of several types (int, str) are not compared"),
    "numbers, then text": (GOOD, ["a"] * N, "error", "reference holds number (float64), current holds string (str)"),
    "text, then numbers": (["a"] * N, GOOD, "error", "reference holds string (str), current holds number (float64)"),
    "booleans, then text": ([True, False] * 30, ["a"] * N, "error", "the type changed"),
    "durations, then numbers": ((np.arange(N) % 7).astype("m8[s]"), GOOD, "error", "the type changed"),
    "numbers, then times": (GOOD, np.arange(N).astype("M8[D]"), "error", "the type changed"),
    "numbers, then mixed": (GOOD, [1, "a"] * 30, "error", "current holds mixed (int, str)"),
    "integers beyond floats": ([10**400, 1] * 30, GOOD, "error", "could not be read: OverflowError"),
    "integers beyond floats now": (GOOD, [10**400, 1] * 30, "error", "could not be read: OverflowError"),
}


@pytest.mark.parametrize(("reference", "current", "status", "reason"), CASES.values(), ids=list(CASES))
def test_column_without_a_comparison_says_why(reference: Any, current: Any, status: str, reason: str) -> None:
    found = check(reference, current)
    assert found.status == status
    assert reason in str(found.reason)


@pytest.mark.parametrize(
    "name", [name for name, case in CASES.items() if "type changed" in case[3] or "holds" in case[3]]
)
def test_change_of_type_is_a_signal(name: str) -> None:
    found = check(*CASES[name][:2])
    assert (found.signals, found.drift_detected, found.tests) == (("type_changed",), False, {})


FINE: dict[str, tuple[Any, Any, bool]] = {
    "infinite values": (np.r_[GOOD, np.inf, -np.inf], np.r_[GOOD, np.inf, -np.inf], False),
    "all infinite": ([np.inf] * N, [np.inf] * N, False),
    "infinite, then minus infinite": ([np.inf] * N, [-np.inf] * N, True),
    "huge values": (np.array([1e308, -1e308] * 30), np.array([1.7e308, -1.7e308] * 30), True),
    "huge values of the other sign": ([1.7e308] * N, [-1.7e308] * N, True),
    "huge values of both signs": ([1.7e308, -1.7e308] * 30, [np.inf, -np.inf] * 30, True),
    "single huge values": (np.full(N, 3e38, "f4"), np.full(N, -3e38, "f4"), True),
    "half huge values": (np.full(N, 6e4, "f2"), np.full(N, -6e4, "f2"), True),
    "tiny values": (np.array([5e-324, 0.0] * 30), np.array([5e-324, 0.0] * 30), False),
    "large offset": (GOOD + 1e12, GOOD + 1e12 + 3, True),
    "decimals": ([decimal.Decimal(i % 7) for i in range(N)], [decimal.Decimal(i % 7 + 5) for i in range(N)], True),
    "decimals, then floats": ([decimal.Decimal(i % 7) for i in range(N)], [float(i % 7) for i in range(N)], False),
    "integers, then booleans": ([0, 1] * 30, [False, True] * 30, False),
    "durations": (
        pd.Series(pd.to_timedelta(np.arange(N), "h")),
        pl.Series(np.arange(N).astype("m8[ms]") * 3_600_000),
        False,
    ),
    "empty strings": ([""] * N, [""] * N, False),
    "null strings": (["a"] * N, ["a", None] * 30, True),
    "strings, then none": (["a"] * N, [None] * N, True),
    "booleans with nulls": ([True, False] * 30, [True, False, None] * 20, True),
}


@pytest.mark.parametrize(("reference", "current", "drift"), FINE.values(), ids=list(FINE))
def test_odd_values_are_compared_without_a_warning(reference: Any, current: Any, drift: bool) -> None:
    # warnings are errors in this suite
    report = Monitor({"x": reference}).check({"x": current})
    assert report.features["x"].drift_detected is drift
    assert DriftReport.from_json(report.to_json()) == report
    assert report.summary()


def test_huge_integers_are_compared_and_flagged() -> None:
    found = check([2**60, 2**60 + 1] * 30, [2**60, 2**60 + 1] * 30)
    assert (found.status, found.flags, found.effect) == ("ok", ("many_ties", "rounded_integers"), 0.0)


def test_infinite_values_leave_the_moments_undefined() -> None:
    found = check(np.r_[GOOD[:-1], np.inf], GOOD)
    assert found.reference is not None
    assert (found.reference.mean, found.reference.std, found.reference.maximum) == (None, None, None)
    assert "not finite" in str(found.tests["wasserstein"].reason) or found.tests["wasserstein"].statistic is not None


def test_columns_on_one_side_are_named() -> None:
    report = Monitor({"a": GOOD, "b": GOOD}).check({"b": GOOD, "c": GOOD})
    assert (report.only_in_reference, report.only_in_current, list(report.features)) == (("a",), ("c",), ["b"])


def test_order_of_the_columns_does_not_matter() -> None:
    reference = {"a": GOOD, "b": GOOD.astype("f4"), "c": ["x", "y"] * 30}
    current = {"c": ["y", "y"] * 30, "a": GOOD + 1, "b": GOOD.astype("f4")}
    monitor = Monitor(reference)
    backwards = monitor.check(dict(reversed(current.items())))
    assert backwards.features == monitor.check(current).features
    assert list(backwards.features) == ["a", "b", "c"]


def test_missing_values_of_a_skipped_column_are_counted_on_both_sides() -> None:
    dates = ["2024-01-01", None] * 30
    found = Monitor({"x": dates, "good": GOOD}).check({"x": dates, "good": GOOD}).features["x"]
    assert (found.missing_reference, found.missing_current) == (30, 30)
    assert (found.n_reference, found.n_current) == (30, 30)


def test_too_few_rows_give_no_verdict() -> None:
    report = Monitor({"x": GOOD}).check({"x": GOOD[:9]})
    assert report.verdict is Verdict.NO_VERDICT
    assert report.features["x"].reason == "9 values in current, at least 10 are needed"
    assert report.features["x"].tests["ks"].statistic is not None


def test_ten_rows_are_enough() -> None:
    assert Monitor({"x": GOOD}).check({"x": GOOD[:10]}).verdict is Verdict.NO_DRIFT


def test_nothing_but_skipped_columns_gives_no_verdict() -> None:
    data = {"id": np.arange(N), "at": ["2024-01-01"] * N}
    assert Monitor(data).check(data).verdict is Verdict.NO_VERDICT


class _Broken:
    """A value whose conversion fails in a way of its own."""

    def __float__(self) -> float:
        raise RuntimeError("boom")

    def __str__(self) -> str:
        raise RuntimeError("boom")


def test_column_that_cannot_be_read_is_an_error_of_that_column() -> None:
    found = check([_Broken()] * N, [_Broken()] * N, schema={"x": "categorical"})
    assert (found.status, found.reason) == ("error", "reference: could not be read: RuntimeError: boom")


def test_column_that_can_no_longer_be_read_is_an_error_of_that_column(monkeypatch: pytest.MonkeyPatch) -> None:
    data = {"x": ["a", "b"] * 30, "good": GOOD}
    monitor = Monitor(data)

    def broken(*_: object) -> None:
        raise OSError("gone")

    monkeypatch.setattr(comparison_module, "levels_of", broken)
    features = monitor.check(data).features
    assert (features["x"].status, features["x"].reason) == ("error", "current: could not be read: OSError: gone")
    assert features["good"].status == "ok"


def test_progress_counts_every_feature() -> None:
    reference = {"n": GOOD, "c": ["a", "b"] * 30, "at": ["2024-01-01"] * N, "bad": GOOD, "worse": GOOD}
    current = {**reference, "bad": [10**400, 1] * 30, "worse": ["a"] * N}
    steps: list[int] = []
    report = Monitor(reference).check(current, progress=steps.append)
    assert sum(steps) == report.n_features == 5


def test_ten_thousand_columns_simply_work() -> None:
    x = RNG.normal(size=(12, 10_000))
    report = Monitor(x).check(x)
    assert (report.n_features, report.verdict) == (10_000, Verdict.NO_DRIFT)
