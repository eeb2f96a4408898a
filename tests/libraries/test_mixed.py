"""A reference of one library and current data of another: everything follows current; the reference crosses once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import array_api_compat
import numpy as np
import pytest

from driftwatch import Monitor
from driftwatch.arrays.namespace import device_of, move_to, namespace_of, to_host
from driftwatch.kernels._catalog import CATALOG
from driftwatch.profile import block as block_module

if TYPE_CHECKING:
    from backends import Backend

FLAVOURS_LEFT_OUT = frozenset({"jit", "jit_x64"})  # nothing here is compiled

RNG = np.random.default_rng(9)


def _base() -> np.ndarray[Any, Any]:
    return np.arange(24.0).reshape(6, 4)


def _read_only(x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    x.flags.writeable = False
    return x


HOST_ARRAYS = {
    "float64": _base(),
    "float32": _base().astype("f4"),
    "float16": _base().astype("f2"),
    "int64": _base().astype("i8"),
    "uint8": _base().astype("u1"),
    "bool": _base() > 3,
    "read-only": _read_only(_base()),
    "negative strides": _base()[::-1, ::-1],
    "strided": _base()[::2, 1:],
    "transposed": _base().T,
    "big-endian": _base().astype(">f8"),
    "unaligned": np.frombuffer(b"x" + _base().tobytes(), offset=1, dtype="f8"),
    "empty": np.zeros((0, 3)),
}


@pytest.mark.parametrize("name", HOST_ARRAYS)
def test_numpy_moves_with_its_values_and_shape(backend: Backend, name: str) -> None:
    x = HOST_ARRAYS[name]
    like = backend.xp.zeros((1,), dtype=backend.xp.float32, device=backend.device)
    moved = move_to(x, like=like)
    assert namespace_of(moved) is backend.xp
    assert device_of(moved) == backend.device
    assert tuple(moved.shape) == x.shape
    np.testing.assert_array_equal(backend.to_host(moved), x)


def test_integers_that_the_device_has_not_become_floats(backend: Backend) -> None:
    x = np.array([2**40, -5])
    like = backend.xp.zeros((1,), device=backend.device)
    np.testing.assert_allclose(backend.to_host(move_to(x, like=like)), x, rtol=1e-7)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "int32", "bool"])
def test_array_moves_to_numpy(backend: Backend, dtype: str) -> None:
    x = backend.xp.astype(backend.asarray(_base()[:, ::2]), getattr(backend.xp, dtype))
    moved = move_to(x, like=np.zeros(1))
    assert isinstance(moved, np.ndarray)
    np.testing.assert_array_equal(moved, backend.to_host(x).astype(moved.dtype))
    assert moved.shape == (6, 2)


@pytest.mark.parametrize("kernel", [name for name, spec in CATALOG.items() if spec.takes == "samples"])
def test_kernels_follow_current(backend: Backend, kernel: str) -> None:
    pair = RNG.normal(size=(41, 3)).astype("f4"), RNG.normal(size=(31, 3)).astype("f4")
    spec = CATALOG[kernel]
    answers = spec.arrays(spec.function(*pair))
    to_library = spec.arrays(spec.function(pair[0], backend.asarray(pair[1])))
    from_library = spec.arrays(spec.function(backend.asarray(pair[0]), pair[1]))
    for field, wanted in answers.items():
        assert array_api_compat.array_namespace(to_library[field]) is backend.xp
        assert device_of(to_library[field]) == backend.device
        assert isinstance(from_library[field], np.ndarray)
        if backend.flavour != "bfloat16":
            np.testing.assert_allclose(backend.to_host(to_library[field]), wanted, rtol=2e-3, atol=1e-4)
            np.testing.assert_allclose(from_library[field], wanted, rtol=2e-3, atol=1e-4)


def test_the_reference_crosses_once_however_often_it_is_compared(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monitor = Monitor(RNG.normal(size=(50, 3)))
    crossings: list[int] = []

    def counted(x: Any, *, like: Any) -> Any:
        if namespace_of(x) is not namespace_of(like):
            crossings.append(int(np.prod(x.shape)))
        return move_to(x, like=like)

    monkeypatch.setattr(block_module, "move_to", counted)
    current = backend.asarray(RNG.normal(size=(40, 3)))
    first = monitor.check(current)
    assert 150 in crossings  # the reference's values
    crossings.clear()
    again = monitor.check(current)
    assert crossings == []
    assert [f.tests for f in again.features.values()] == [f.tests for f in first.features.values()]


def test_what_is_kept_for_a_device_does_not_hold_the_current_data(backend: Backend) -> None:
    monitor = Monitor(RNG.normal(size=(50, 3)))
    monitor.check(backend.asarray(RNG.normal(size=(400_000, 3))))
    (block,) = monitor.profile.blocks
    (copy,) = block._copies.values()
    assert copy._derived is not None
    held = [cell.cell_contents for cell in copy._derived[1].__closure__ or ()]
    assert max(int(np.prod(x.shape)) for x in held if hasattr(x, "shape")) == 0


def test_report_is_that_of_the_same_numbers_in_numpy(backend: Backend) -> None:
    reference, current = RNG.normal(size=(80, 3)), RNG.normal([0, 1, 0], size=(71, 3))
    current[::6, 2] = np.nan
    wanted = Monitor(backend.rounded(reference)).check(backend.rounded(current))
    found = Monitor(backend.asarray(reference)).check(backend.asarray(current))
    assert found.drifted_features == wanted.drifted_features
    for name, feature in wanted.features.items():
        other = found.features[name]
        assert (other.n_current, other.missing_current) == (feature.n_current, feature.missing_current)
        for test, outcome in feature.tests.items():
            found_statistic, wanted_statistic = other.tests[test].statistic, outcome.statistic
            assert found_statistic is not None
            assert wanted_statistic is not None
            tolerance = 0.05 if backend.flavour == "bfloat16" else 1e-3  # bins of float32 and float64 may part a tie
            assert found_statistic == pytest.approx(wanted_statistic, rel=tolerance, abs=1e-6)


def test_gradients_are_left_behind(backend: Backend) -> None:
    if backend.library != "torch":
        pytest.skip("only PyTorch's tensors carry a graph")
    reference = backend.asarray(RNG.normal(size=(50, 2))).requires_grad_()
    monitor = Monitor(reference)
    assert monitor.check(reference * 1.0).n_features == 2
    assert not monitor.profile.blocks[0].stored.values.requires_grad
    assert isinstance(move_to(reference, like=np.zeros(1)), np.ndarray)
    assert to_host(reference).shape == (50, 2)
