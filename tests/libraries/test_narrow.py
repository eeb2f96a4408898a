"""Halves and small integers: sorted as they are, widened block by block, the same answers as after a cast."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from driftwatch import Monitor
from driftwatch.kernels import _prepare
from driftwatch.kernels._catalog import CATALOG, KernelSpec
from driftwatch.ops import _dispatch
from driftwatch.profile import block as block_module

if TYPE_CHECKING:
    from backends import Backend

FLAVOURS_LEFT_OUT = frozenset({"float32", "bfloat16", "x64", "jit_x64"})  # the dtypes are given here

RNG = np.random.default_rng(5)
OF_SAMPLES = [spec for spec in CATALOG.values() if spec.takes == "samples"]
DTYPES = ["float16", "bfloat16", "int8", "uint8", "int16", "bool"]
N, D = 61, 12  # deciles of 61 values are values: nothing is interpolated, and so nothing rounded


def _pair() -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    return 20.0 * RNG.normal(size=(N, D)).clip(-3, 3), 20.0 * RNG.normal(0.4, size=(N - 7, D)).clip(-3, 3)


def _narrow(backend: Backend, x: np.ndarray[Any, Any], dtype: str) -> Any:
    x = np.abs(x) if dtype in {"uint8", "bool"} else x
    x = x > 15.0 if dtype == "bool" else x
    return backend.xp.astype(backend.asarray(np.asarray(x)), getattr(backend.xp, dtype))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("spec", OF_SAMPLES, ids=lambda spec: spec.name)
def test_answers_are_those_of_the_same_numbers_widened(backend: Backend, spec: KernelSpec, dtype: str) -> None:
    arrays = [_narrow(backend, x, dtype) for x in _pair()]
    # NumPy on the same numbers, in the type that a block is widened to.
    wide = [backend.to_host(x).astype(np.float32 if "float" in dtype else backend.statistic_dtype) for x in arrays]
    answers = spec.arrays(spec.function(*wide, **({"method": "limit"} if spec.name == "ks_2samp" else {})))
    result = spec.arrays(
        backend.run(spec.function, *arrays, **({"method": "limit"} if spec.name == "ks_2samp" else {}))
    )
    for field, array in result.items():
        name = backend.statistic_dtype.name
        np.testing.assert_allclose(
            backend.to_host(array), answers[field], rtol=spec.rtol[name], atol=spec.atol[name], err_msg=field
        )


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_missing_values_of_halves(backend: Backend, dtype: str) -> None:
    reference, current = _pair()
    reference[::3, 0], current[::4, 1], current[:, 2] = np.nan, np.copysign(np.nan, -1.0), np.nan
    arrays = [_narrow(backend, x, dtype) for x in (reference, current)]
    spec = CATALOG["wasserstein_distance"]
    answers = spec.function(*(backend.to_host(x).astype(np.float32) for x in arrays)).statistic
    found = backend.run(spec.function, *arrays).statistic
    np.testing.assert_allclose(backend.to_host(found), answers, rtol=1e-4)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "int8", "uint8"])
@pytest.mark.parametrize("what", ["kernels", "monitor"])
def test_no_more_than_a_block_is_widened_at_once(
    backend: Backend, what: str, dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if backend.traces:
        pytest.skip("the compiler plans the memory of what it compiles")
    block = 2 * N
    for module in (_prepare, block_module):
        monkeypatch.setattr(module, "MAX_BLOCK_VALUES", block)
    arrays = [_narrow(backend, x, dtype) for x in _pair()]
    cast, sorted_dtypes = [], []
    widen, sort = _prepare._widened, _dispatch.sort_last

    def counted_widen(values: Any, **options: Any) -> Any:
        wide = widen(values, **options)
        cast.append(values.shape[0] * values.shape[1] if wide is not values else 0)
        return wide

    def counted_sort(values: Any, **options: Any) -> Any:
        sorted_dtypes.append(values.dtype)
        return sort(values, **options)

    monkeypatch.setattr(_prepare, "_widened", counted_widen)
    monkeypatch.setattr(_prepare, "sort_last", counted_sort)
    if what == "monitor":
        Monitor(arrays[0]).check(arrays[1])
    else:
        for spec in OF_SAMPLES:
            spec.function(*arrays)
    assert 0 < max(cast) <= block
    assert set(sorted_dtypes) == {arrays[0].dtype}


def test_monitor_keeps_a_narrow_reference_narrow(backend: Backend) -> None:
    reference = _narrow(backend, _pair()[0], "bfloat16")
    (block,) = Monitor(reference).profile.blocks
    assert block.stored.values.dtype == backend.xp.bfloat16
