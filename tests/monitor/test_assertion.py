"""`assert_no_drift`: raises, returns, or says that it cannot know."""

from __future__ import annotations

import copy
import pickle
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from driftwatch import assert_no_drift
from driftwatch.errors import DriftDetectedError, InputError, UnknownNameError

if TYPE_CHECKING:
    from numpy.typing import NDArray

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(100, 2)), RNG.normal([0.0, 3.0], 1.0, size=(90, 2))


def test_returns_the_report_where_nothing_drifted() -> None:
    report = assert_no_drift(X, X)
    assert (report.drift_detected, report.n_features) == (False, 2)


def test_raises_an_assertion_error_with_the_report() -> None:
    with pytest.raises(AssertionError) as caught:
        assert_no_drift(X, Y)
    assert isinstance(caught.value, DriftDetectedError)
    assert caught.value.report.drifted_features == ["f1"]
    assert str(caught.value) == caught.value.report.summary()


def test_passes_the_settings_on() -> None:
    assert assert_no_drift(X, Y, features=["f0"]).n_features == 1
    with pytest.raises(UnknownNameError, match="unknown feature: 'f7'"):
        assert_no_drift(X, Y, features=["f7"])


@pytest.mark.parametrize("current", [X[:5], np.full((50, 2), np.nan)[:5]], ids=["rows", "values"])
def test_refuses_where_no_verdict_is_possible(current: NDArray[Any]) -> None:
    with pytest.raises(InputError, match="a verdict was asked for and none is possible"):
        assert_no_drift(X, current)


@pytest.mark.parametrize(
    "transfer", [copy.copy, lambda error: pickle.loads(pickle.dumps(error))], ids=["copy", "pickle"]
)
def test_error_travels_between_processes(transfer: object) -> None:
    assert callable(transfer)
    with pytest.raises(DriftDetectedError) as caught:
        assert_no_drift(X, Y)
    moved = transfer(caught.value)
    assert isinstance(moved, DriftDetectedError)
    assert (moved.report, str(moved)) == (caught.value.report, str(caught.value))
