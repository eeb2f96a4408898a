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
from driftwatch.report.explanation import Explanation, Term
from explanation_samples import EXPLANATION


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
