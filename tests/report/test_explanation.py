"""The explanation of a report as JSON and back, against the JSON Schema (oracle: jsonschema)."""

from __future__ import annotations

import json
import re
from dataclasses import fields, is_dataclass, replace

import jsonschema
import pytest

import report_samples as samples
from driftwatch.errors import InputError
from driftwatch.report import DriftReport, attribution, explanation, json_schema
from driftwatch.report._codec import from_plain, to_plain
from driftwatch.report._fields import Fields
from driftwatch.report.attribution import (
    ContributionDrift,
    ContributionTest,
    DriftDirection,
    FeatureShift,
    ImportanceRanking,
    OutputShift,
    RankedFeature,
    RowExample,
    ScoreShift,
    SeparatingFeature,
    Separation,
)
from driftwatch.report.explanation import (
    Cell,
    Condition,
    Decomposition,
    Explanation,
    FeatureExplanation,
    Flow,
    LocalDrift,
    Segment,
    Segments,
    Term,
)
from driftwatch.report.performance import Interval

SEPARATION = Separation(
    "forest",
    Interval(0.9, 0.8, 1.0),
    0.001,
    100,
    90,
    0.95,
    500,
    5,
    (SeparatingFeature("age", Interval(0.2, 0.1, 0.3)),),
)
EXPLANATION = Explanation(
    features={
        "distance": FeatureExplanation(
            (
                Decomposition(
                    "psi",
                    "bin",
                    0.3,
                    (Term(0.1, high=2.0, reference=0.5), Term(0.2, low=2.0, current=0.7, signed=-0.2)),
                ),
                Decomposition("chi2", "level", 3.0, (Term(3.0, label="a"),), error_bound=0.5),
            ),
            (Flow(0.18, Cell(2.0, 5.0), Cell(low=20.0)), Flow(0.1, Cell(label="card"), None)),
            moved=0.28,
        )
    },
    segments=Segments(
        (Segment((Condition("city", label="Oslo"), Condition("age", low=3.0)), 0, 12, 0.0, 0.1, 1e-9, remaining=0.2),),
        (LocalDrift("price", (Condition("city", missing=True),), 30, 40, 0.4, 0.0, 0.001),),
        n_searched=40,
        n_reference=100,
        n_current=120,
        alpha=0.05,
    ),
    ranking=ImportanceRanking("weights", (RankedFeature("age", 0.7, True, 0.2, 0.14), RankedFeature("x", 0.3, False))),
    score_shift=ScoreShift(
        "LightGBM pred_contrib",
        "log-odds",
        100,
        90,
        0.95,
        500,
        1e-6,
        (
            OutputShift(
                "score", 0.1, 0.3, Interval(0.2), 0.0, (FeatureShift("age", Interval(0.2, 0.1, 0.3), 0.0, 0.2),)
            ),
        ),
    ),
    contribution_drift=ContributionDrift(
        "exact", "log-odds", True, 1, None, "fdr_bh", 0.05, 100, 90, (ContributionTest("age", "score", True, 0.3),)
    ),
    separation=SEPARATION,
    directions={
        "text": DriftDirection("text", 2.5, 0.9, 10, 9, (RowExample(3, -0.5, "a"),), (), (RowExample(1, 0.1),), ())
    },
    reasons={"nearest": "no rows"},
)


def test_an_explained_report_comes_back_from_json_as_it_was_and_fits_the_schema() -> None:
    report = replace(samples.realistic(), explanation=EXPLANATION)

    jsonschema.validate(json.loads(report.to_json()), json_schema())
    assert DriftReport.from_json(report.to_json()).explanation == EXPLANATION


def test_a_report_without_an_explanation_has_no_such_key() -> None:
    assert "explanation" not in samples.realistic().to_dict()


def test_the_schema_names_every_field_of_every_part() -> None:
    parts = {name: getattr(module, name) for module in (explanation, attribution) for name in module.__all__}
    for name, cls in parts.items():
        assert is_dataclass(cls)
        shape = json_schema()["$defs"][re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()]
        assert set(shape["properties"]) == {item.name for item in fields(cls)}
        required = {item.name for item in fields(cls) if item.default is not None}
        assert set(shape.get("required", ())) == required


@pytest.mark.parametrize(
    ("path", "value", "complaint"),
    [
        (("features",), None, "explanation.features"),
        (("features", "distance", "flows", 0, "share"), "much", r"flows\.0\.share"),
        (("features", "distance", "decompositions", 1, "terms", 0, "term"), True, r"terms\.0\.term"),
        (("segments", "n_searched"), 1.5, "segments.n_searched"),
        (("reasons", "nearest"), 3, "reasons.nearest"),
    ],
    ids=lambda value: ".".join(map(str, value)) if isinstance(value, tuple) else None,
)
def test_a_wrong_value_is_named_by_its_path(path: tuple[str | int, ...], value: object, complaint: str) -> None:
    data = json.loads(json.dumps(to_plain(EXPLANATION)))
    at = data
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value

    with pytest.raises(InputError, match=complaint):
        from_plain(Explanation, Fields(data, "explanation"))


def test_a_missing_key_is_named_and_an_unknown_one_is_passed_over() -> None:
    data = {**to_plain(EXPLANATION), "more": 1}
    assert from_plain(Explanation, Fields(data, "explanation")) == EXPLANATION

    del data["segments"]["alpha"]
    with pytest.raises(InputError, match="alpha"):
        from_plain(Explanation, Fields(data, "explanation"))


def test_a_number_that_is_not_finite_becomes_null() -> None:
    assert to_plain(Term(float("nan"), high=float("inf"))) == {"term": None}
