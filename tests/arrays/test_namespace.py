"""Which library and device an array is of, and how it moves between them."""

from __future__ import annotations

import array_api_compat
import array_api_strict as strict
import numpy as np
import pytest

from driftwatch.arrays.namespace import (
    backend_name,
    device_of,
    is_traced,
    move_to,
    namespace_of,
    statistic_dtype,
    to_host,
)


def test_backend_has_a_name() -> None:
    assert backend_name(namespace_of(np.zeros(1))) == "numpy"
    assert backend_name(namespace_of(strict.zeros(1))) == "other"


def test_namespace_that_is_given_wins() -> None:
    assert namespace_of(np.zeros(1), xp=strict) is strict


@pytest.mark.parametrize("device", ["CPU_DEVICE", "device1", "device2"])
def test_array_of_any_device_reaches_the_host(device: str) -> None:
    x = strict.asarray([1.0, 2.0], device=strict.Device(device))
    assert to_host(x).tolist() == [1.0, 2.0]


def test_move_gives_the_namespace_and_device_of_the_other() -> None:
    like = strict.zeros(1, device=strict.Device("device1"))
    moved = move_to(np.asarray([1.0]), like=like)
    assert array_api_compat.array_namespace(moved) is array_api_compat.array_namespace(like)
    assert device_of(moved) == device_of(like)


def test_move_to_the_same_place_is_no_copy() -> None:
    x = np.zeros(3)
    assert move_to(x, like=np.ones(1)) is x


def test_statistics_are_float64_where_the_device_has_it() -> None:
    xp = namespace_of(strict.zeros(1))
    assert statistic_dtype(xp, strict.Device("CPU_DEVICE")) == strict.float64
    assert statistic_dtype(xp, strict.Device("no_float64")) == strict.float32


def test_values_of_numpy_are_never_traced() -> None:
    assert not is_traced(np.zeros(1))
