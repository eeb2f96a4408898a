"""A window out of a stored report: the one that is made of the whole report is the oracle."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from driftwatch import DriftReport, Monitor
from driftwatch.errors import InputError
from driftwatch.report.history import window_report
from driftwatch.report.history_json import window_report_from_dict

if TYPE_CHECKING:
    from collections.abc import Callable


def reference() -> dict[str, Any]:
    rng = np.random.default_rng(0)
    numbers = {f"f{i}": rng.normal(size=400) for i in range(8)}
    return {**numbers, "kind": rng.choice(["a", "b"], 400), "same": np.ones(400)}


def drifted() -> DriftReport:
    today = reference()
    for i in range(6):
        today[f"f{i}"] = today[f"f{i}"] + (i * 7 % 5)
    today["f6"] = np.where(np.arange(400) % 3, np.nan, today["f6"])
    report = Monitor(reference()).check(today)
    features = {
        name: replace(feature, weight=0.2 if name == "f1" else 1.0) for name, feature in report.features.items()
    }
    return replace(report, features=features)


def unjudged() -> DriftReport:
    return Monitor(reference()).check({name: values[:3] for name, values in reference().items()})


def untested() -> DriftReport:
    return Monitor(reference(), alpha=None).check(reference())


def without_any_value() -> DriftReport:
    return Monitor({"a": np.arange(50.0)}).check({"a": np.full(50, np.nan)})


@pytest.mark.parametrize("made", [drifted, unjudged, untested, without_any_value])
def test_it_says_what_the_whole_report_says(made: Callable[[], DriftReport]) -> None:
    report = made()
    # as it is read back: text explains what is None in memory
    whole = DriftReport.from_json(report.to_json())
    assert window_report_from_dict("a", "b", json.loads(report.to_json())) == window_report("a", "b", whole, keep=False)


def test_drifted_features_are_ranked() -> None:
    report = drifted()
    assert len(report.drifted_features) > 3
    assert list(window_report_from_dict(0, 1, report.to_dict()).drifted) == report.drifted_features


@pytest.mark.parametrize(
    "damage",
    [
        lambda _: [],
        lambda _: {"error": "x"},
        lambda data: {**data, "schema_version": 99},
        lambda data: {**data, "verdict": "perhaps"},
        lambda data: {**data, "features": {"a": 3}},
        lambda data: {**data, "features": {"a": {}}},
        lambda data: {**data, "n_current": None},
    ],
)
def test_what_is_no_report_is_an_input_error(damage: Callable[[Any], Any]) -> None:
    with pytest.raises(InputError):
        window_report_from_dict(0, 1, damage(drifted().to_dict()))
