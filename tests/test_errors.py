"""The messages that users read, and the classes that they catch."""

from __future__ import annotations

import pickle

import pytest

from driftwatch import errors
from driftwatch.errors import (
    ConfigError,
    DeliveryError,
    DriftDetectedError,
    DriftwatchError,
    InputError,
    InputTypeError,
    MissingExtraError,
    NoCommonFeaturesError,
    UnknownNameError,
    shown,
)


@pytest.mark.parametrize(
    ("error", "builtin"),
    [
        (InputError, ValueError),
        (NoCommonFeaturesError, ValueError),
        (ConfigError, ValueError),
        (UnknownNameError, ValueError),
        (InputTypeError, TypeError),
        (MissingExtraError, ImportError),
        (DeliveryError, RuntimeError),
        (DriftDetectedError, AssertionError),
    ],
)
def test_every_error_is_ours_and_python_s(error: type[Exception], builtin: type[Exception]) -> None:
    assert issubclass(error, DriftwatchError)
    assert issubclass(error, builtin)


def test_every_public_error_stands_in_the_tree_of_the_module() -> None:
    tree = str(errors.__doc__)
    assert [name for name in errors.__all__ if name not in tree] == []


def test_unknown_name_comes_with_the_nearest_and_all_known_ones() -> None:
    error = UnknownNameError.from_names("feature", ["prise", "zzz"], ["price", "day"])
    assert str(error) == "unknown feature: 'prise' (did you mean 'price'?), 'zzz'. Known: 'price', 'day'."


def test_unknown_name_may_be_no_string() -> None:
    assert "unknown feature: 3" in str(UnknownNameError.from_names("feature", [3], ["a"]))  # type: ignore[list-item]


def test_no_common_features_shows_both_sides() -> None:
    message = str(NoCommonFeaturesError.from_names(["a"], ["b;c"]))
    assert "Reference has 'a'; current has 'b;c'" in message
    assert "delimiter" in message


def test_missing_extra_says_what_to_type() -> None:
    message = str(MissingExtraError.for_feature("reading Parquet", package="pyarrow", extra="cli"))
    assert message == "reading Parquet needs pyarrow. Install it with: pip install 'driftwatch[cli]'"


@pytest.mark.parametrize(
    ("names", "text"),
    [
        ([], "none"),
        (["a", "b"], "'a', 'b'"),
        ([str(i) for i in range(20)], ", ".join(repr(str(i)) for i in range(20))),
        (list("x" * 10_000), ", ".join(["'x'"] * 20) + " and 9980 more"),
    ],
    ids=["none", "two", "twenty", "many"],
)
def test_names_stay_one_readable_line(names: list[str], text: str) -> None:
    assert shown(names) == text


@pytest.mark.parametrize("error", [InputError("a"), ConfigError("b"), UnknownNameError.from_names("x", ["a"], ["b"])])
def test_errors_survive_pickling(error: Exception) -> None:
    moved = pickle.loads(pickle.dumps(error))
    assert (type(moved), str(moved)) == (type(error), str(error))
