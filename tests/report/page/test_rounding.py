"""Six significant digits, and where they are not enough."""

from __future__ import annotations

from driftwatch.report.page.rounding import rounded


def test_floats_keep_six_digits_and_counts_all() -> None:
    assert rounded([1 / 3, 123456.789, 1e-12 / 3, 123456789, True, None, "x"]) == [
        0.333333, 123457.0, 3.33333e-13, 123456789, True, None, "x",
    ]  # fmt: skip


def test_bounds_that_lie_close_together_stay_apart() -> None:
    day = [1_720_000_000.0 + 8_640.0 * i for i in range(11)]
    data = rounded({"edges": day, "histogram": {"low": day[0], "high": day[-1]}})
    assert data == {"edges": day, "histogram": {"low": day[0], "high": day[-1]}}


def test_bounds_of_a_plane_are_pairs() -> None:
    assert rounded({"low": [-1 / 3, -2 / 3], "high": [1 / 3, 2 / 3]})["high"] == [0.33333, 0.66667]


def test_an_edge_at_infinity_stays_null_and_equal_bounds_are_rounded_alone() -> None:
    assert rounded({"edges": [None, 1 / 3]}) == {"edges": [None, 0.333333]}
    assert rounded({"low": None, "high": None, "value": 1 / 3}) == {"low": None, "high": None, "value": 0.333333}


def test_a_feature_may_have_the_name_of_a_bound() -> None:
    data = rounded({"low": {"effect": 1 / 3}, "edges": {"effect": 2 / 3}, "last": 1})
    assert data == {"low": {"effect": 0.333333}, "edges": {"effect": 0.666667}, "last": 1}
    assert list(data) == ["low", "edges", "last"]
