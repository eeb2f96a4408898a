"""Names that MLflow takes, and the way back."""

from __future__ import annotations

import posixpath
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.errors import InputError
from driftwatch.integrations.mlflow_names import MAX_KEY, metric_key, original_name, safe_name

# what the server of MLflow checks on Windows, where it takes fewest
TAKEN = re.compile(r"[/\w.\- ]*", re.ASCII)
ANY_TEXT = st.text(st.characters(categories=None, exclude_categories=()))


@given(ANY_TEXT)
def test_every_name_comes_back(name: str) -> None:
    assert original_name(safe_name(name)) == name


@given(ANY_TEXT, ANY_TEXT)
def test_every_key_is_one_that_mlflow_takes(first: str, second: str) -> None:
    key = metric_key("driftwatch", first, second)
    assert TAKEN.fullmatch(key)
    assert len(key) <= MAX_KEY
    assert posixpath.normpath(key) == key
    assert key.count("/") == 2 or "--" in key


@given(ANY_TEXT, ANY_TEXT)
def test_two_names_are_two_keys(first: str, second: str) -> None:
    assert (metric_key("m", first) == metric_key("m", second)) == (first == second)


@pytest.mark.parametrize("name", ["price", "dep_delay", "v1.2", "a b"])
def test_plain_names_stay_as_they_are(name: str) -> None:
    assert safe_name(name) == name


@pytest.mark.parametrize(
    ("name", "safe"), [("", "-"), (".", "-2E"), ("..", "-2E-2E"), ("a-b", "a-2Db"), ("\udc80", "-ED-B2-80")]
)
def test_what_a_path_would_take_for_something_else_is_escaped(name: str, safe: str) -> None:
    assert safe_name(name) == safe


def test_a_long_name_is_cut_and_keeps_apart_from_its_like() -> None:
    first, second = metric_key("m", "x" * 400 + "1"), metric_key("m", "x" * 400 + "2")
    assert first != second
    assert len(first) == MAX_KEY
    with pytest.raises(InputError, match="was cut to what MLflow stores"):
        original_name(first)
