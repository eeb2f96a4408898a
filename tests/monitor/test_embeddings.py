"""Embeddings and joint features in a check: from every kind of table to one report."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import jsonschema
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from driftwatch import DimensionKSDetector, KSDetector, MMDDetector, Monitor
from driftwatch.errors import ConfigError, UnknownNameError
from driftwatch.report import DriftReport, json_schema

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

N, M, D = 200, 120, 8
RNG = np.random.default_rng(0)
AGE = RNG.normal(40.0, 9.0, N), RNG.normal(40.0, 9.0, M)
TEXT = RNG.normal(size=(N, D)).astype("f4"), RNG.normal(0.5, 1.0, size=(M, D)).astype("f4")
SAME = RNG.normal(size=(M, D)).astype("f4")
FAST = MMDDetector(n_permutations=199, max_permutations=199)

FRAMES: dict[str, Callable[[NDArray[Any]], Any]] = {
    "2-D array": lambda x: x,
    "list of lists": lambda x: x.tolist(),
    "polars array": lambda x: pl.Series(x.tolist(), dtype=pl.Array(pl.Float32, D)),
    "arrow fixed-size list": lambda x: pa.FixedSizeListArray.from_arrays(pa.array(x.reshape(-1)), D),
    "pandas column of arrays": lambda x: pd.Series(list(x)),
}


def tables(side: int, text: NDArray[Any]) -> dict[str, Any]:
    return {"age": AGE[side][: len(text)], "text": text}


def check(reference: Any, current: Any, **options: Any) -> DriftReport:
    return Monitor(reference, detectors=[KSDetector(), FAST], **options).check(current)


def test_embedding_stands_beside_the_other_features_in_one_family() -> None:
    report = check(tables(0, TEXT[0]), tables(1, TEXT[1]))
    text = report.features["text"]
    assert report.drifted_features == ["text"]
    assert (text.kind, text.direction, text.status) == ("embedding", "changed", "ok")
    assert (text.n_reference, text.n_current) == (N, M)
    assert text.tests["mmd"].pvalue == 1 / 200
    assert text.tests["mmd"].pvalue_adjusted == 2 / 200  # of two p-values in the report
    assert text.effect is not None
    assert 0.3 < text.effect <= 1.0


def test_no_drift_is_no_drift() -> None:
    assert not check(tables(0, TEXT[0]), tables(1, SAME)).drift_detected


@pytest.mark.parametrize("make", FRAMES.values(), ids=list(FRAMES))
def test_every_kind_of_column_gives_the_same_report(make: Callable[[NDArray[Any]], Any]) -> None:
    found = check({"text": make(TEXT[0])}, {"text": make(TEXT[1])}).features["text"]
    wanted = check({"text": TEXT[0]}, {"text": TEXT[1]}).features["text"]
    assert found.kind == "embedding"
    assert found.tests["mmd"].statistic == pytest.approx(wanted.tests["mmd"].statistic, rel=1e-4)


@pytest.mark.parametrize(
    "frame",
    [
        lambda x: pl.DataFrame({"text": pl.Series(x.tolist(), dtype=pl.Array(pl.Float32, D))}),
        lambda x: pa.table({"text": pa.FixedSizeListArray.from_arrays(pa.array(x.reshape(-1)), D)}),
        lambda x: pd.DataFrame({"text": list(x)}),
    ],
    ids=["polars", "arrow", "pandas"],
)
def test_tables_with_a_column_of_vectors(frame: Callable[[NDArray[Any]], Any]) -> None:
    assert check(frame(TEXT[0]), frame(TEXT[1])).drifted_features == ["text"]


def test_two_dimensional_array_stays_a_table_of_features() -> None:
    assert list(Monitor(TEXT[0]).check(TEXT[1]).features) == [f"f{i}" for i in range(D)]


def test_rows_with_a_missing_number_are_missing() -> None:
    current = TEXT[1].copy()
    current[:30, 2] = np.nan
    current[40, 0] = np.inf
    text = check(tables(0, TEXT[0]), tables(1, current)).features["text"]
    assert (text.n_current, text.missing_current) == (M - 31, 31)
    assert "missing_share" in text.signals


def test_rows_of_another_length_are_an_error_of_that_feature_alone() -> None:
    report = check(tables(0, TEXT[0]), tables(1, TEXT[1][:, :5]))
    assert report.features["text"].status == "error"
    assert "its rows have 5 dimensions, those of the reference 8" in str(report.features["text"].reason)
    assert report.features["age"].status == "ok"


def test_column_that_is_no_vector_any_more_is_a_change_of_type() -> None:
    report = check(tables(0, TEXT[0]), {"age": AGE[1], "text": AGE[1]})
    text = report.features["text"]
    assert (text.status, text.signals) == ("error", ("type_changed",))
    assert "reference holds vector (float32[8]), current holds number (float64)" in str(text.reason)


def test_column_that_became_a_vector_is_a_change_of_type() -> None:
    assert check({"x": AGE[0]}, {"x": TEXT[1]}).features["x"].signals == ("type_changed",)


def test_numbers_that_are_called_embedding_are_an_error_of_that_column() -> None:
    feature = check({"x": AGE[0], "y": AGE[0]}, {"x": AGE[1], "y": AGE[1]}, schema={"x": "embedding"}).features["x"]
    assert feature.status == "error"
    assert "vectors of one length are needed" in str(feature.reason)


def test_too_few_rows_give_no_verdict() -> None:
    text = check({"text": TEXT[0]}, {"text": TEXT[1][:4]}).features["text"]
    assert (text.status, text.reason) == ("insufficient", "4 values in current, at least 10 are needed")


def test_single_row_gives_no_verdict_either() -> None:
    assert check({"text": TEXT[0]}, {"text": TEXT[1][:1]}).features["text"].status == "insufficient"


def test_rows_beyond_the_limit_are_sampled_and_that_is_said() -> None:
    report = check({"text": TEXT[0]}, {"text": TEXT[1]}, max_embedding_rows=50)
    text = report.features["text"]
    assert text.flags == ("subsampled",)
    assert (text.n_reference, text.n_current) == (N, M)
    details = text.tests["mmd"].details
    assert (details["n_compared_reference"], details["n_compared_current"]) == (50, 50)
    assert check({"text": TEXT[0]}, {"text": TEXT[1]}).features["text"].flags == ()


def test_report_is_valid_against_the_schema_and_comes_back() -> None:
    report = check(tables(0, TEXT[0]), tables(1, TEXT[1]), joint=False)
    data = json.loads(report.to_json())
    jsonschema.validate(data, json_schema())
    assert DriftReport.from_dict(data) == report
    assert "MMD2" in report.summary()
    assert "`text`" in report.to_markdown()


def test_effect_and_threshold_decide_the_material_leg() -> None:
    reference, current = {"text": TEXT[0]}, {"text": TEXT[1]}
    assert not check(reference, current, min_effect=0.99).drift_detected
    assert not check(reference, current, thresholds={"mmd": 0.9}).drift_detected
    assert check(reference, current, min_effect=0.99, thresholds={"mmd": 0.001}).drift_detected


def test_embedding_among_many_features_gets_as_many_permutations_as_their_correction_needs() -> None:
    rng = np.random.default_rng(7)
    columns = {f"f{i}": rng.normal(size=N) for i in range(59)}
    current = {name: rng.normal(size=M) for name in columns}
    patient = MMDDetector(n_permutations=99, max_permutations=9999)
    monitor = Monitor({**columns, "text": TEXT[0]}, detectors=[KSDetector(), patient])
    report = monitor.check({**current, "text": TEXT[1]})
    assert report.drifted_features == ["text"]
    # twice the 120 p-values that 60 features can have, over alpha
    assert report.features["text"].tests["mmd"].details["n_permutations"] == 4800


def test_detector_of_choice_takes_the_place_of_the_default() -> None:
    report = Monitor({"text": TEXT[0]}, detectors=[DimensionKSDetector()]).check({"text": TEXT[1]})
    assert set(report.features["text"].tests) == {"dimension_ks"}


def test_hash_of_the_reference_covers_the_embedding() -> None:
    other = TEXT[0].copy()
    other[3, 3] += 1.0
    assert Monitor({"text": TEXT[0]}).profile.hash != Monitor({"text": other}).profile.hash


@pytest.mark.parametrize(("setting", "flags"), [({}, ()), ({"block_length": 5}, ("dependence_ignored",))])
def test_blocks_that_an_embedding_does_not_permute_are_said(setting: dict[str, Any], flags: tuple[str, ...]) -> None:
    report = check(tables(0, TEXT[0]), tables(1, SAME), pvalues="permutation", n_permutations=99, **setting)
    assert report.features["text"].flags == flags
    assert "dependence_ignored" not in report.features["age"].flags


# Joint features


def turned(n: int, correlation: float, seed: int) -> NDArray[np.float64]:
    turn = np.array([[1.0, correlation], [0.0, math.sqrt(1 - correlation**2)]])
    rows: NDArray[np.float64] = np.random.default_rng(seed).normal(size=(n, 2)) @ turn
    return rows


def test_correlation_that_turns_is_found_by_the_joint_feature_alone() -> None:
    report = check(turned(400, 0.6, 1), turned(300, -0.6, 2), joint=True)
    assert report.drifted_features == ["joint"]
    assert report.features["joint"].kind == "joint"


def test_joint_features_are_named_and_made_of_the_columns_that_were_asked_for() -> None:
    reference, current = turned(400, 0.6, 1), turned(300, -0.6, 2)
    names = ("a", "b", "c")
    tables = [
        dict(zip(names, [*x.T, np.random.default_rng(len(x)).normal(size=len(x))], strict=True))
        for x in (reference, current)
    ]
    report = check(tables[0], tables[1], joint={"ab": ["a", "b"], "bc": ["b", "c"]})
    assert list(report.features) == ["a", "b", "c", "ab", "bc"]
    assert report.drifted_features == ["ab"]
    assert report.only_in_reference == report.only_in_current == ()


def test_unit_of_a_column_has_no_bearing_on_a_joint_feature() -> None:
    reference, current = turned(300, 0.5, 3), turned(200, 0.0, 4)
    scale = np.array([1.0, 1e6])
    found = [check(reference * s, current * s, joint=True).features["joint"].tests["mmd"].pvalue for s in (1.0, scale)]
    assert found[0] == found[1]


def test_rows_that_miss_a_value_are_left_out_of_a_joint_feature_without_a_test_of_their_share() -> None:
    reference, current = turned(300, 0.5, 3), turned(200, 0.5, 4)
    current[:50, 1] = np.nan
    joint = check(reference, current, joint=True).features["joint"]
    assert (joint.n_current, joint.missing_current) == (150, 50)
    assert set(joint.tests) == {"mmd"}


def test_joint_feature_of_columns_that_are_gone_or_changed_is_an_error_of_itself() -> None:
    reference = dict(zip("ab", turned(100, 0.5, 3).T, strict=True))
    current = dict(zip("ab", turned(100, 0.5, 4).T, strict=True))
    monitor = Monitor(reference, joint=True)
    gone = monitor.check({"a": current["a"]}).features["joint"]
    assert (gone.status, gone.reason) == ("error", "current has no 'b', which the joint feature is made of")
    changed = monitor.check({"a": current["a"], "b": ["x"] * 100}).features["joint"]
    assert "the type of 'b' changed" in str(changed.reason)


def test_joint_feature_of_columns_that_are_not_numeric_is_an_error_of_itself() -> None:
    data = {"a": RNG.normal(size=50), "b": ["x", "y"] * 25}
    feature = check(data, data, joint={"ab": ["a", "b"]}).features["ab"]
    assert (feature.status, "which 'b' is not" in str(feature.reason)) == ("error", True)
    alone = check({"a": data["a"]}, {"a": data["a"]}, joint=True).features["joint"]
    assert "at least two numeric features" in str(alone.reason)


@pytest.mark.parametrize(
    ("joint", "message"),
    [
        ("all", "must be True or a mapping"),
        ({"ab": "a"}, "must be True or a mapping"),
        ({"ab": ["a"]}, "must name at least two columns"),
        ({"a": ["a", "b"]}, "need names that no column has, got 'a'"),
        ({"ac": ["a", "c"]}, "made of columns that are not compared: 'c'"),
    ],
)
def test_joint_setting_that_makes_no_sense_is_refused(joint: Any, message: str) -> None:
    data = {name: RNG.normal(size=30) for name in "abc"}
    with pytest.raises(ConfigError, match=message):
        Monitor(data, features=["a", "b"], joint=joint)


def test_joint_feature_of_an_unknown_column_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(UnknownNameError, match=r"unknown column in `joint\['x'\]`: 'aeg' \(did you mean 'age'\?\)"):
        Monitor({"age": AGE[0], "b": AGE[0]}, joint={"x": ["aeg", "b"]})


@pytest.mark.parametrize("rows", [9, 2.5, True, "many"])
def test_limit_of_rows_that_is_none_is_refused(rows: Any) -> None:
    with pytest.raises(ConfigError, match="`max_embedding_rows` must be"):
        Monitor({"text": TEXT[0]}, max_embedding_rows=rows)


def test_per_feature_options_hold_for_a_joint_feature() -> None:
    reference, current = turned(400, 0.6, 1), turned(300, -0.6, 2)
    report = check(reference, current, joint=True, per_feature={"joint": {"min_effect": 0.99}})
    assert report.drifted_features == []
