"""What pictures are drawn from, in reports: the same numbers as the statistics, and through JSON unchanged."""

from __future__ import annotations

from typing import Any

import jsonschema
import numpy as np
import pytest

import report_samples as samples
from driftwatch import DriftReport, Monitor, Window
from driftwatch.errors import InputError
from driftwatch.report import json_schema
from driftwatch.report.pictures import Histogram, Projection


@pytest.fixture(scope="module")
def sides() -> tuple[dict[str, Any], dict[str, Any]]:
    rng = np.random.default_rng(3)
    reference = {
        "price": rng.normal(20, 4, 3000),
        "constant": np.full(3000, 7.0),
        "city": rng.choice([f"city {i}" for i in range(25)], 3000),
        "vector": rng.normal(size=(3000, 6)),
    }
    current = {
        "price": rng.normal(23, 4, 2000),
        "constant": np.full(2000, 7.0),
        "city": rng.choice([f"city {i}" for i in range(5, 30)], 2000),
        "vector": rng.normal(0.4, 1, (2000, 6)),
    }
    return reference, current


@pytest.fixture(scope="module")
def report(sides: tuple[dict[str, Any], dict[str, Any]]) -> DriftReport:
    return Monitor(sides[0]).check(sides[1])


@pytest.mark.parametrize("name", ["price", "constant", "city"])
def test_psi_terms_add_up_to_the_statistic(report: DriftReport, name: str) -> None:
    feature = report.features[name]
    assert feature.bins is not None
    assert len(feature.bins.psi) == len(feature.bins.reference)
    assert min(feature.bins.psi) >= 0.0
    assert sum(feature.bins.psi) == pytest.approx(feature.tests["psi"].statistic, rel=1e-12, abs=1e-15)


def test_a_window_has_the_same_terms(report: DriftReport, sides: tuple[dict[str, Any], dict[str, Any]]) -> None:
    monitor = Monitor(sides[0])
    feature = monitor.check(Window(monitor.profile).update(sides[1])).features["price"]
    assert feature.bins == report.features["price"].bins
    assert feature.histogram is not None
    assert sum(feature.histogram.current) == 2000


def test_histograms_and_projections_count_every_value(report: DriftReport) -> None:
    price, vector = report.features["price"].histogram, report.features["vector"].projection
    assert price is not None
    assert vector is not None
    assert (sum(price.reference), sum(price.current)) == (3000, 2000)
    assert (np.sum(vector.reference), np.sum(vector.current)) == (2000, 2000)  # rows that are kept at most
    assert report.features["city"].histogram is None
    assert report.features["price"].projection is None


def test_a_side_without_values_has_no_terms() -> None:
    missing = Monitor({"x": np.arange(100.0)}).check({"x": np.full(50, np.nan)}).features["x"]
    assert missing.bins is not None
    assert missing.bins.psi == ()
    assert missing.histogram is None


def test_json_keeps_pictures_and_follows_the_schema(report: DriftReport) -> None:
    jsonschema.validate(report.to_dict(), json_schema())
    assert DriftReport.from_json(report.to_json()) == report


def test_reports_without_pictures_are_read() -> None:
    old = samples.report([samples.feature()])
    assert "histogram" not in old.to_dict()["features"]["price"]
    assert "psi" not in old.to_dict()["features"]["price"]["bins"]
    assert DriftReport.from_json(old.to_json()) == old


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("histogram", {"low": 0.0, "high": 1.0, "reference": [1, 2, 3]}),
        ("histogram", {"low": "a", "high": 1.0, "reference": [1, 2, 3], "current": [1, 2, 3]}),
        ("projection", {"low": [0.0], "high": [1.0, 1.0], "reference": [[1]], "current": [[1]]}),
        ("projection", {"low": [0.0, 0.0], "high": [1.0, 1.0], "reference": [[0.5]], "current": [[1]]}),
    ],
)
def test_a_picture_that_is_none_is_refused(key: str, value: dict[str, Any]) -> None:
    data = samples.report([samples.feature()]).to_dict()
    data["features"]["price"][key] = value
    with pytest.raises(InputError, match=key):
        DriftReport.from_dict(data)


def test_numpy_numbers_become_plain_ones() -> None:
    histogram = Histogram(np.float64(0), np.float64(1), (np.int64(1),) * 3, (np.int64(2),) * 3)  # type: ignore[arg-type]
    assert [type(value) for value in (histogram.low, *histogram.reference)] == [float, int, int, int]
    projection = Projection((0, 0), (1, 1), ((np.int64(1),),), ((2,),))  # type: ignore[arg-type]
    assert type(projection.reference[0][0]) is int
