"""Paths into documents, against the documents that they were written for."""

from __future__ import annotations

from typing import Any

import pytest

from driftwatch.errors import ConfigError
from driftwatch.middleware.paths import JSONPath

DOCUMENT = {
    "features": {"age": 3, "a b": [1, 2], "x-y": 5, "é": 6},
    "rows": [{"x": [{"v": 1}, {"v": 2}]}, {"x": [{"v": 3}]}],
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$", DOCUMENT),
        ("$.features.age", 3),
        ("$.features['a b'][0]", 1),
        ('$.features["a b"][-1]', 2),
        ("$.features.x-y", 5),
        ("$.features.é", 6),
        ("$.rows[*].x[0].v", [1, 3]),
        ("$.rows[*].x[*].v", [1, 2, 3]),
        (" $.rows[1].x ", [{"v": 3}]),
    ],
)
def test_a_path_finds_what_stands_there(text: str, expected: Any) -> None:
    assert JSONPath.parse(text).find(DOCUMENT) == expected


@pytest.mark.parametrize(
    "text", ["$.nothing", "$.rows[7]", "$.rows.x", "$.features[0]", "$.features[*]", "$.features.age.x"]
)
def test_what_is_not_there_is_a_lookup_error(text: str) -> None:
    with pytest.raises(LookupError):
        JSONPath.parse(text).find(DOCUMENT)


@pytest.mark.parametrize("text", ["", "features", "$features", "$..x", "$.x[", "$.x[?(@)]", "$.rows[0:2]", "$."])
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="a path begins with"):
        JSONPath.parse(text)
