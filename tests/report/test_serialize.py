"""Strict JSON out and in, against the JSON Schema of the package (oracle: jsonschema)."""

from __future__ import annotations

import copy
import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

import report_samples as samples
from driftwatch.errors import InputError
from driftwatch.report import json_schema
from driftwatch.report.model import Bins, DriftReport, FeatureReport, SideSummary, Status, TestResult

TOP_KEYS = [
    "schema_version", "driftwatch_version", "created_at", "reference_hash", "drift_detected", "verdict", "n_features",
    "n_drifted", "alpha", "correction", "min_effect", "n_reference", "n_current", "only_in_reference",
    "only_in_current", "features",
]  # fmt: skip
FEATURE_KEYS = {
    "kind", "status", "reason", "drift_detected", "significant", "material", "effect", "signals", "flags",
    "n_reference", "n_current", "missing_reference", "missing_current", "tests",
}  # fmt: skip

names = st.text(min_size=1, max_size=8)
any_float = st.floats(allow_nan=True, allow_infinity=True)
counts = st.integers(0, 10**9)
reasons = st.text(min_size=1, max_size=8)
detail_names = st.sampled_from(["dof", "pvalue_method", "normalized", "smallest_expected"])
details = st.dictionaries(
    detail_names, st.none() | st.booleans() | st.integers(-9, 9) | any_float | st.text(max_size=4)
)


def unit() -> st.SearchStrategy[float]:
    return st.floats(0, 1) | st.just(float("nan"))


results = st.builds(
    TestResult,
    statistic=st.none() | any_float,
    threshold=st.none() | any_float,
    reason=reasons,
    details=st.just({}),
    expected=st.none() | any_float,
    null_q99=st.none() | any_float,
    excess=st.none() | st.floats(0.0),
) | st.builds(
    TestResult,
    statistic=st.none() | any_float,
    is_test=st.just(True),
    pvalue=st.none() | unit(),
    pvalue_adjusted=st.none() | unit(),
    reason=reasons,
    details=st.just({"dof": 3, "pvalue_method": "pooled"}),
)
sides = st.builds(SideSummary, mean=any_float, std=st.floats(0), minimum=any_float, median=any_float, maximum=any_float)
bins = st.builds(
    Bins,
    reference=st.lists(counts, max_size=3),
    current=st.lists(counts, max_size=3),
    edges=st.lists(any_float, max_size=3),
    labels=st.lists(st.text(max_size=3), max_size=3),
)
features = st.builds(
    FeatureReport,
    name=names,
    kind=st.sampled_from(["numeric", "categorical", "time"]),
    status=st.sampled_from(Status),
    reason=reasons,
    drift_detected=st.booleans(),
    significant=st.none() | st.booleans(),
    material=st.none() | st.booleans(),
    effect=st.none() | any_float,
    signals=st.lists(names, max_size=2),
    flags=st.lists(names, max_size=2),
    n_reference=counts,
    n_current=counts,
    missing_reference=counts,
    missing_current=counts,
    tests=st.dictionaries(names, results, max_size=3),
    weight=st.floats(0, 100),
    direction=st.none() | st.sampled_from(["up", "down"]),
    reference=st.none() | sides,
    current=st.none() | sides,
    bins=st.none() | bins,
    signal_values=st.dictionaries(names, st.floats(0.0, 1.0), max_size=2),
)
reports = st.builds(
    samples.report,
    st.lists(features, max_size=3),
    alpha=st.none() | st.floats(0, 1),
    only_in_reference=st.lists(names, max_size=2),
    excess=st.booleans(),
    n_tests=st.integers(1, 10**9),
    global_pvalue=st.none() | unit(),
    global_method=st.sampled_from(["bonferroni", "simes"]),
)


def test_the_schema_is_itself_valid() -> None:
    jsonschema.Draft202012Validator.check_schema(json_schema())


def test_the_realistic_report_fits_the_schema() -> None:
    jsonschema.validate(samples.realistic().to_dict(), json_schema())


@given(reports)
def test_every_report_is_strict_json_that_fits_the_schema(report: DriftReport) -> None:
    jsonschema.validate(json.loads(report.to_json(), parse_constant=pytest.fail), json_schema())


@given(reports)
def test_a_report_comes_back_equal_from_its_json(report: DriftReport) -> None:
    assert DriftReport.from_json(report.to_json()) == report


@given(reports)
def test_the_json_of_a_report_that_came_back_is_the_same_text(report: DriftReport) -> None:
    assert DriftReport.from_json(report.to_json()).to_json() == report.to_json()


@given(details)
def test_details_come_back_as_they_were(values: dict[str, Any]) -> None:
    report = samples.report([samples.feature(tests={"x": TestResult(statistic=1.0, reason="why", details=values)})])
    assert DriftReport.from_json(report.to_json()) == report


def test_keys_come_in_a_fixed_order() -> None:
    assert list(samples.realistic().to_dict()) == TOP_KEYS


def test_every_feature_has_the_keys_of_version_one() -> None:
    features = samples.realistic().to_dict()["features"].values()
    assert all(set(feature) >= FEATURE_KEYS for feature in features)


def test_a_test_has_pvalues_and_its_details_beside_the_statistic() -> None:
    chi2 = samples.realistic().to_dict()["features"]["carrier"]["tests"]["chi2"]
    assert chi2 == {
        "statistic": 812.4,
        "pvalue": 1e-120,
        "pvalue_adjusted": 3e-120,
        "dof": 4,
        "pvalue_method": "pooled",
    }


def test_a_statistic_has_its_noise_beside_it_where_it_is_known() -> None:
    tests = {"psi": TestResult(statistic=0.3, expected=0.1, null_q99=0.25, excess=0.2)}
    written = samples.report([samples.feature(tests=tests)]).to_dict()["features"]["price"]["tests"]["psi"]
    assert written == {"statistic": 0.3, "expected": 0.1, "null_q99": 0.25, "excess": 0.2}


def test_the_test_of_the_whole_report_is_written_where_there_is_one() -> None:
    written = samples.report([], n_tests=3, global_pvalue=0.01, global_method="simes", excess=True).to_dict()
    assert {key: written[key] for key in ("excess", "n_tests", "global_pvalue", "global_method")} == {
        "excess": True,
        "n_tests": 3,
        "global_pvalue": 0.01,
        "global_method": "simes",
    }
    assert written["global_significant"] is True


def test_a_distance_has_no_pvalue_keys() -> None:
    tests = samples.realistic().to_dict()["features"]["price"]["tests"]
    assert tests["wasserstein"] == {"statistic": 3.2, "normalized": 1.07}


def test_a_test_without_pvalue_says_null_and_why() -> None:
    test = TestResult(statistic=0.1, is_test=True, reason="too few values")
    report = samples.report([samples.feature(tests={"ks": test})])
    data = report.to_dict()["features"]["price"]["tests"]["ks"]
    assert data == {"statistic": 0.1, "pvalue": None, "pvalue_adjusted": None, "reason": "too few values"}


def test_a_null_that_nobody_explained_gets_a_reason() -> None:
    report = samples.report([samples.feature(tests={"ks": TestResult(statistic=None)})])
    assert report.to_dict()["features"]["price"]["tests"]["ks"] == {"statistic": None, "reason": "not computed"}


def test_a_missing_effect_that_nobody_explained_gets_a_reason() -> None:
    report = samples.report([samples.feature(effect=None)])
    assert report.to_dict()["features"]["price"]["reason"] == "effect not computed"


def test_a_threshold_is_written_where_there_is_one() -> None:
    report = samples.report([samples.feature(tests={"psi": TestResult(statistic=0.3, threshold=0.2)})])
    assert report.to_dict()["features"]["price"]["tests"]["psi"] == {"statistic": 0.3, "threshold": 0.2}


def test_json_is_ascii_so_that_names_cannot_act_on_a_terminal() -> None:
    report = samples.report([samples.drifted(samples.HOSTILE_NAME)])
    text = report.to_json()
    assert text.isascii()
    assert text.isprintable()
    assert DriftReport.from_json(text) == report


def test_json_can_be_indented() -> None:
    report = samples.realistic()
    assert json.loads(report.to_json(indent=2)) == report.to_dict()
    assert "\n  " in report.to_json(indent=2)


def test_ten_thousand_features_come_back() -> None:
    report = samples.report([samples.feature(f"f{index}") for index in range(10_000)])
    assert DriftReport.from_json(report.to_json()).n_features == 10_000


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("schema_version",), 2),
        (("verdict",), "maybe"),
        (("drift_detected",), False),
        (("n_drifted",), -1),
        (("n_features",), 1.5),
        (("alpha",), "0.05"),
        (("only_in_reference",), [1]),
        (("features",), []),
        (("features", "price", "status"), "fine"),
        (("features", "price", "status"), "skipped"),
        (("features", "price", "effect"), None),
        (("features", "price", "significant"), "yes"),
        (("features", "price", "n_current"), "8400"),
        (("features", "price", "tests", "ks", "statistic"), None),
        (("features", "price", "tests", "ks", "pvalue"), 1.5),
        (("features", "price", "bins", "edges"), ["a"]),
        (("features", "price", "reference", "mean"), None),
    ],
)
def test_the_schema_rejects_a_wrong_value(path: tuple[str, ...], value: object) -> None:
    data = samples.realistic().to_dict()
    _parent(data, path)[path[-1]] = value
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(data, json_schema())


@pytest.mark.parametrize("key", [*TOP_KEYS])
def test_the_schema_rejects_a_report_without(key: str) -> None:
    data = samples.realistic().to_dict()
    del data[key]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(data, json_schema())


@pytest.mark.parametrize("key", sorted(FEATURE_KEYS))
def test_the_schema_rejects_a_feature_without(key: str) -> None:
    data = samples.realistic().to_dict()
    del data["features"]["price"][key]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(data, json_schema())


@pytest.mark.parametrize("path", [(), ("features", "price"), ("features", "price", "bins")])
def test_unknown_keys_are_ignored_and_allowed_by_the_schema(path: tuple[str, ...]) -> None:
    report = samples.realistic()
    data = report.to_dict()
    _parent(data, (*path, "new"))["new"] = {"anything": [1, None]}
    jsonschema.validate(data, json_schema())
    assert DriftReport.from_dict(data) == report


def test_additive_keys_may_be_absent() -> None:
    data = samples.report([samples.feature(direction="up")]).to_dict()
    for key in ("weight", "direction", "reference", "current", "bins"):
        del data["features"]["price"][key]
    del data["verdict"]
    expected = samples.report([samples.feature(reference=None, current=None, bins=None)])
    assert DriftReport.from_dict(data) == expected


def test_an_object_beside_a_statistic_is_ignored() -> None:
    report = samples.realistic()
    data = report.to_dict()
    data["features"]["price"]["tests"]["ks"]["new"] = {"anything": 1}
    assert DriftReport.from_dict(data) == report


@pytest.mark.parametrize("version", [0, 2, 99])
def test_an_unknown_schema_version_is_refused(version: int) -> None:
    data = samples.realistic().to_dict() | {"schema_version": version}
    with pytest.raises(InputError, match=f"got version {version}"):
        DriftReport.from_dict(data)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("schema_version",), True, r"`report.schema_version` must be an integer, got True"),
        (("schema_version",), "1", r"`report.schema_version` must be an integer, got '1'"),
        (("features",), [], r"`report.features` must be an object, got \[\]"),
        (("features", "price"), 3, r"`features\['price'\]` must be an object, got 3"),
        (("n_current",), -1, r"`report.n_current` must be a count, not negative"),
        (("min_effect",), None, r"`report.min_effect` must be a number, got None"),
        (("min_effect",), 10**400, r"`report.min_effect` must be a number, got .*too large"),
        (("only_in_current",), [1], r"`report.only_in_current` must be an array of str, got 1"),
        (("features", "price", "status"), "fine", r"`features\['price'\].status` must be one of ok, skipped"),
        (("features", "price", "effect"), "big", r"`features\['price'\].effect` must be a number, got 'big'"),
        (("features", "price", "tests", "ks"), 1, r"`features\['price'\].tests\['ks'\]` must be an object, got 1"),
        (("features", "price", "bins", "edges"), ["a"], r"`features\['price'\].bins.edges` must be an array of"),
        (("features", "price", "name"), "x" * 99, None),
    ],
)
def test_a_wrong_value_is_named_with_its_path(path: tuple[str, ...], value: object, message: str | None) -> None:
    data = copy.deepcopy(samples.realistic().to_dict())
    _parent(data, path)[path[-1]] = value
    if message is None:
        assert DriftReport.from_dict(data) == samples.realistic()
        return
    with pytest.raises(InputError, match=message):
        DriftReport.from_dict(data)


def test_a_missing_key_is_named() -> None:
    data = samples.realistic().to_dict()
    del data["created_at"]
    with pytest.raises(InputError, match="`report` has no 'created_at'"):
        DriftReport.from_dict(data)


@pytest.mark.parametrize(
    "text",
    ["", "{", '{"schema_version": NaN}', '{"schema_version": Infinity}', b"\xff\xfe\xfa", "[" * 100_000, "9" * 5_000],
    ids=["empty", "cut", "nan", "infinity", "binary", "deep", "huge"],
)
def test_text_that_is_not_strict_json_is_refused(text: str | bytes) -> None:
    with pytest.raises(InputError, match="strict JSON"):
        DriftReport.from_json(text)


@pytest.mark.parametrize("text", ["[]", "1", "null", '"x"'])
def test_json_that_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="`report` must be an object"):
        DriftReport.from_json(text)


def test_a_number_beyond_floats_in_the_text_becomes_null_as_in_the_model() -> None:
    text = samples.realistic().to_json().replace('"effect": 0.411', '"effect": 1e999')
    assert DriftReport.from_json(text).features["price"].effect is None


def _parent(data: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    for key in path[:-1]:
        data = data[key]
    return data
