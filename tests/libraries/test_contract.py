"""Every kernel of the catalog on PyTorch, JAX and CuPy: value against the slow loop, namespace, dtype, shape, device."""

from __future__ import annotations

import inspect
from functools import cache
from typing import TYPE_CHECKING, Any

import array_api_compat
import numpy as np
import pytest

from backends import Backend
from driftwatch.kernels._catalog import CATALOG, KernelSpec
from kernel_cases import COUNTS_CASES, SAMPLE_CASES, counts_answers, rows, sample_answers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

SAMPLE_ROWS = rows("samples")
COUNTS_ROWS = rows("counts")
OF_SAMPLES = [spec for spec in CATALOG.values() if spec.takes == "samples"]

OPTION_CASES = ("continuous", "missing")

Pair = tuple["NDArray[Any]", "NDArray[Any]"]


def _name(spec: KernelSpec) -> str:
    return spec.name


def _skip_unsupported(spec: KernelSpec, backend: Backend) -> None:
    if backend.library in spec.unsupported:
        pytest.skip(spec.unsupported[backend.library])
    if backend.traces and spec.eager_only:
        pytest.skip(f"cannot be compiled: {spec.eager_only}")


def _answers(
    backend: Backend, spec: KernelSpec, options: Mapping[str, Any], pair: Pair
) -> dict[str, NDArray[np.float64]]:
    """Return the answers for two samples as the backend holds them."""
    if backend is Backend.TORCH_BFLOAT16 and "n_bins" in inspect.signature(spec.function).parameters:
        # Bfloat16 has so few numbers that an edge between two is often a third, but for the rounding of float64, which
        # the slow loop has and float32 does not: here the answers are NumPy's for the same numbers in float32.
        reference, current = (x.astype(np.float32) for x in pair)
        return spec.arrays(spec.function(reference, current, **options))
    return sample_answers(spec.name, _options_there(spec, backend, options), pair)


def _options_there(spec: KernelSpec, backend: Backend, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of the oracle: under a trace some are given, as the exact distributions need the host."""
    return {**options, **spec.traced} if backend.traces else dict(options)


@cache
def _rounded_case(backend: Backend, case: str) -> Pair:
    reference, current = SAMPLE_CASES[case]
    return backend.rounded(reference), backend.rounded(current)


# Without x64 JAX's incomplete gamma function is single precision throughout.
GAMMA_SINGLE = {"pvalue": 5e-3}


def _check(backend: Backend, spec: KernelSpec, result: Any, answers: Mapping[str, NDArray[np.float64]]) -> None:
    """Assert value, namespace, dtype, shape and device of everything that a kernel returned."""
    arrays = spec.arrays(result)
    assert set(arrays) == set(answers)
    dtype = backend.statistic_dtype.name
    for field, array in arrays.items():
        assert array_api_compat.array_namespace(array) is backend.xp, field
        assert array.dtype == getattr(backend.xp, dtype), field
        assert array_api_compat.device(array) == backend.device, field
        assert tuple(array.shape) == answers[field].shape, field
        rtol = spec.rtol[dtype]
        if backend.value == "jax:jit":
            rtol = GAMMA_SINGLE.get(field, rtol)
        np.testing.assert_allclose(
            backend.to_host(array), answers[field], rtol=rtol, atol=spec.atol[dtype], err_msg=field
        )


# Every new shape is compiled by JAX once more: all cases with the default options, two with each of the others.
CASES = [
    (row, case) for row, (_, options) in SAMPLE_ROWS.items() for case in (OPTION_CASES if options else SAMPLE_CASES)
]


@pytest.mark.parametrize(("row", "case"), CASES)
def test_samples_kernel_equals_the_slow_loop(backend: Backend, row: str, case: str) -> None:
    spec, options = SAMPLE_ROWS[row]
    _skip_unsupported(spec, backend)
    arrays = (backend.asarray(x) for x in SAMPLE_CASES[case])
    answers = _answers(backend, spec, options, _rounded_case(backend, case))
    _check(backend, spec, backend.run(spec.function, *arrays, **options), answers)


@pytest.mark.parametrize("case", COUNTS_CASES)
@pytest.mark.parametrize("row", COUNTS_ROWS)
def test_counts_kernel_equals_the_slow_loop(backend: Backend, row: str, case: str) -> None:
    spec, options = COUNTS_ROWS[row]
    _skip_unsupported(spec, backend)
    pair = COUNTS_CASES[case]
    result = backend.run(spec.function, *map(backend.asarray, pair), **options)
    _check(backend, spec, result, counts_answers(spec.name, options, pair))


@pytest.mark.parametrize("spec", OF_SAMPLES, ids=_name)
def test_two_thousand_features_at_once(backend: Backend, spec: KernelSpec) -> None:
    _skip_unsupported(spec, backend)
    rng = np.random.default_rng(6)
    pair = rng.normal(size=(9, 2000)), rng.normal(size=(12, 2000))
    pair[1][::2, 7] = np.nan
    whole = spec.arrays(backend.run(spec.function, *map(backend.asarray, pair)))
    some = [0, 7, 999, 1999]
    rounded = backend.rounded(pair[0][:, some]), backend.rounded(pair[1][:, some])
    answers = _answers(backend, spec, {}, rounded)
    dtype = backend.statistic_dtype.name
    for field, values in whole.items():
        assert tuple(values.shape) == (2000,)
        np.testing.assert_allclose(
            backend.to_host(values)[some], answers[field], rtol=spec.rtol[dtype], atol=spec.atol[dtype]
        )


@pytest.mark.parametrize("turn", [lambda x: x[::2, 1:], lambda x: x.T[1:, :].T], ids=["strided", "transposed"])
@pytest.mark.parametrize("spec", OF_SAMPLES, ids=_name)
def test_views_of_any_strides(backend: Backend, spec: KernelSpec, turn: Callable[[Any], Any]) -> None:
    _skip_unsupported(spec, backend)
    pair = SAMPLE_CASES["missing"]
    result = backend.run(spec.function, *(turn(backend.asarray(x)) for x in pair))
    rounded = turn(backend.rounded(pair[0])), turn(backend.rounded(pair[1]))
    _check(backend, spec, result, _answers(backend, spec, {}, rounded))


@pytest.mark.parametrize("case", ["missing", "infinite", "continuous"])
@pytest.mark.parametrize("spec", OF_SAMPLES, ids=_name)
def test_inputs_are_left_as_they_were(backend: Backend, spec: KernelSpec, case: str) -> None:
    _skip_unsupported(spec, backend)
    # Ordered in memory as the kernels want it, so that nothing needs a copy first.
    arrays = [backend.asarray(np.ascontiguousarray(x.T)) for x in SAMPLE_CASES[case]]
    before = [backend.to_host(x).tobytes() for x in arrays]
    backend.run(spec.function, *arrays, axis=1)
    assert [backend.to_host(x).tobytes() for x in arrays] == before


@pytest.mark.parametrize("case", ["missing", "empty_after_omission", "continuous"])
@pytest.mark.parametrize("spec", OF_SAMPLES, ids=_name)
def test_propagate_makes_a_feature_with_missing_values_nan_and_no_other(
    backend: Backend, spec: KernelSpec, case: str
) -> None:
    _skip_unsupported(spec, backend)
    result = backend.run(spec.function, *map(backend.asarray, SAMPLE_CASES[case]), nan_policy="propagate")
    pair = _rounded_case(backend, case)
    missing = np.isnan(pair[0]).any(axis=0) | np.isnan(pair[1]).any(axis=0)
    answers = _answers(backend, spec, {}, pair)
    _check(backend, spec, result, {field: np.where(missing, np.nan, values) for field, values in answers.items()})
