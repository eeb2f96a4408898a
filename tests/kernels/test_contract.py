"""Every kernel of the catalog on every backend: value against a slow loop, namespace, dtype, shape and device."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import array_api_compat
import numpy as np
import pytest

import driftwatch.kernels
from driftwatch.errors import InputError
from driftwatch.kernels._catalog import CATALOG, KernelSpec
from kernel_cases import COUNTS_CASES, SAMPLE_CASES, counts_answers, rows, sample_answers, sample_case_answers
from kernel_oracles import COUNTS_ORACLES, SAMPLE_ORACLES
from row_oracles import ROW_CASES, row_answers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from backends import Backend

SAMPLE_ROWS = rows("samples")
COUNTS_ROWS = rows("counts")
OF_SAMPLES = [spec for spec in CATALOG.values() if spec.takes == "samples"]
OF_COUNTS = [spec for spec in CATALOG.values() if spec.takes == "counts"]


def _name(spec: KernelSpec) -> str:
    return spec.name


def _skip_unsupported(spec: KernelSpec, backend: Backend) -> None:
    if backend.library in spec.unsupported:
        pytest.skip(spec.unsupported[backend.library])


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
        np.testing.assert_allclose(
            backend.to_host(array), answers[field], rtol=spec.rtol[dtype], atol=spec.atol[dtype], err_msg=field
        )


# The catalog


def test_catalog_has_a_row_for_every_public_kernel() -> None:
    assert sorted(CATALOG) == driftwatch.kernels.__all__


def test_every_kernel_has_an_oracle() -> None:
    assert {spec.name for spec in OF_SAMPLES} == set(SAMPLE_ORACLES)
    assert {spec.name for spec in OF_COUNTS} == set(COUNTS_ORACLES)


@pytest.mark.parametrize("spec", CATALOG.values(), ids=_name)
def test_row_names_the_public_function_and_its_options(spec: KernelSpec) -> None:
    parameters = inspect.signature(spec.function).parameters
    assert spec.function is getattr(driftwatch.kernels, spec.name)
    assert {option for options in spec.options for option in options} <= set(parameters)
    assert spec.options[0] == {}


@pytest.mark.parametrize("spec", CATALOG.values(), ids=_name)
def test_arrays_are_positional_only_and_the_rest_is_keyword_only_with_xp_last(spec: KernelSpec) -> None:
    parameters = list(inspect.signature(spec.function).parameters.values())
    assert [p.kind for p in parameters[:2]] == [inspect.Parameter.POSITIONAL_ONLY] * 2
    assert {p.kind for p in parameters[2:]} == {inspect.Parameter.KEYWORD_ONLY}
    assert parameters[-1].name == "xp"


# Kernels of two samples


@pytest.mark.parametrize("case", SAMPLE_CASES)
@pytest.mark.parametrize("row", SAMPLE_ROWS)
def test_samples_kernel_equals_the_slow_loop(backend: Backend, row: str, case: str) -> None:
    spec, options = SAMPLE_ROWS[row]
    _skip_unsupported(spec, backend)
    reference, current = (backend.asarray(x) for x in SAMPLE_CASES[case])
    result = spec.function(reference, current, **options)
    _check(backend, spec, result, sample_case_answers(row, case, backend.statistic_dtype.name))


@pytest.mark.parametrize("dtype", ["float32", "int64", "int32", "uint8", "bool"])
@pytest.mark.parametrize("spec", OF_SAMPLES, ids=_name)
def test_samples_of_any_real_dtype(backend: Backend, spec: KernelSpec, dtype: str) -> None:
    _skip_unsupported(spec, backend)
    rng = np.random.default_rng(3)
    pair = tuple((10.0 * rng.random((n, 3))).astype(dtype) for n in (36, 29))
    result = spec.function(*(backend.asarray(x) for x in pair))
    _check(backend, spec, result, sample_answers(spec.name, {}, pair))


@pytest.mark.parametrize("dtypes", [("float32", "float64"), ("float64", "float32"), ("int32", "float32")])
@pytest.mark.parametrize("spec", OF_SAMPLES, ids=_name)
def test_samples_of_two_dtypes(backend: Backend, spec: KernelSpec, dtypes: tuple[str, str]) -> None:
    _skip_unsupported(spec, backend)
    rng = np.random.default_rng(4)
    # Multiples of 1/8 are the same number in every dtype.
    pair = tuple((rng.integers(0, 400, (n, 2)) / 8).astype(dtype) for n, dtype in zip((36, 29), dtypes, strict=True))
    result = spec.function(*(backend.asarray(x) for x in pair))
    _check(backend, spec, result, sample_answers(spec.name, {}, pair))


@pytest.mark.parametrize(
    ("shape", "axis"), [((), 0), ((), -1), ((4,), 1), ((4,), -1), ((2, 3), 0), ((2, 3), 1), ((2, 3), -1)]
)
@pytest.mark.parametrize("spec", OF_SAMPLES, ids=_name)
def test_samples_lie_along_any_axis_of_any_number_of_dimensions(
    backend: Backend, spec: KernelSpec, shape: tuple[int, ...], axis: int
) -> None:
    _skip_unsupported(spec, backend)
    rng = np.random.default_rng(5)
    pair = tuple(rng.normal(size=(n, *shape)) for n in (30, 22))
    result = spec.function(*(backend.asarray(np.moveaxis(x, 0, axis)) for x in pair), axis=axis)
    flat = tuple(x.reshape(x.shape[0], -1).astype(backend.statistic_dtype) for x in pair)
    answers = sample_answers(spec.name, {}, flat)
    _check(backend, spec, result, {field: values.reshape(shape) for field, values in answers.items()})


@pytest.mark.parametrize(
    "view", [lambda x: x[::2, ::-1], lambda x: x[::-1, 1:], np.asfortranarray], ids=["strided", "reversed", "fortran"]
)
@pytest.mark.parametrize("spec", OF_SAMPLES, ids=_name)
def test_views_of_any_strides(backend: Backend, spec: KernelSpec, view: Callable[[NDArray[Any]], NDArray[Any]]) -> None:
    _skip_unsupported(spec, backend)
    pair = tuple(view(x.astype(backend.statistic_dtype)) for x in SAMPLE_CASES["missing"])
    _check(backend, spec, spec.function(*map(backend.asarray, pair)), sample_answers(spec.name, {}, pair))


@pytest.mark.parametrize("case", ["missing", "infinite", "continuous"])
@pytest.mark.parametrize("spec", OF_SAMPLES, ids=_name)
def test_inputs_are_left_as_they_were(backend: Backend, spec: KernelSpec, case: str) -> None:
    _skip_unsupported(spec, backend)
    # Ordered in memory as the kernels want it, so that nothing needs a copy first.
    arrays = [backend.asarray(np.ascontiguousarray(x.T)) for x in SAMPLE_CASES[case]]
    before = [backend.to_host(x).tobytes() for x in arrays]
    spec.function(*arrays, axis=1)
    assert [backend.to_host(x).tobytes() for x in arrays] == before


@pytest.mark.parametrize("case", ["missing", "empty_after_omission", "infinite_and_missing", "continuous"])
@pytest.mark.parametrize("spec", OF_SAMPLES, ids=_name)
def test_propagate_makes_a_feature_with_missing_values_nan_and_no_other(
    backend: Backend, spec: KernelSpec, case: str
) -> None:
    _skip_unsupported(spec, backend)
    pair = SAMPLE_CASES[case]
    result = spec.function(*map(backend.asarray, pair), nan_policy="propagate")
    missing = np.isnan(pair[0]).any(axis=0) | np.isnan(pair[1]).any(axis=0)
    answers = sample_case_answers(spec.name, case, backend.statistic_dtype.name)
    _check(backend, spec, result, {field: np.where(missing, np.nan, values) for field, values in answers.items()})


@pytest.mark.parametrize("spec", OF_SAMPLES, ids=_name)
def test_raise_names_the_first_feature_with_missing_values(backend: Backend, spec: KernelSpec) -> None:
    _skip_unsupported(spec, backend)
    reference, current = map(backend.asarray, SAMPLE_CASES["missing"])
    with pytest.raises(InputError, match=r"NaN in feature 1 .*'omit'"):
        spec.function(reference, current, nan_policy="raise")


@pytest.mark.parametrize("spec", OF_SAMPLES, ids=_name)
def test_raise_does_nothing_where_nothing_is_missing(backend: Backend, spec: KernelSpec) -> None:
    _skip_unsupported(spec, backend)
    result = spec.function(*map(backend.asarray, SAMPLE_CASES["infinite"]), nan_policy="raise")
    _check(backend, spec, result, sample_case_answers(spec.name, "infinite", backend.statistic_dtype.name))


@pytest.mark.parametrize("spec", OF_SAMPLES, ids=_name)
def test_no_feature_at_all_gives_no_answer_at_all(backend: Backend, spec: KernelSpec) -> None:
    _skip_unsupported(spec, backend)
    result = spec.function(backend.asarray(np.zeros((5, 0))), backend.asarray(np.zeros((4, 0))))
    _check(backend, spec, result, dict.fromkeys(spec.fields, np.zeros(0)))


@pytest.mark.parametrize("spec", CATALOG.values(), ids=_name)
def test_reference_follows_current_to_its_library_and_device(backend: Backend, spec: KernelSpec) -> None:
    _skip_unsupported(spec, backend)
    if spec.takes == "samples":
        pair, answers = SAMPLE_CASES["continuous"], sample_case_answers(spec.name, "continuous", "float64")
        reference = pair[0].astype(backend.statistic_dtype)
    elif spec.takes == "rows":
        pair = ROW_CASES["continuous"]
        reference = pair[0].astype(backend.statistic_dtype)
        answers = row_answers(spec.name, {}, reference, pair[1].astype(backend.statistic_dtype))
    else:
        pair, answers = COUNTS_CASES["plain"], counts_answers(spec.name, {}, COUNTS_CASES["plain"])
        reference = pair[0]
    _check(backend, spec, spec.function(reference, backend.asarray(pair[1]), xp=backend.xp), answers)


@pytest.mark.parametrize("spec", OF_SAMPLES, ids=_name)
def test_two_thousand_features_at_once(spec: KernelSpec) -> None:
    rng = np.random.default_rng(6)
    pair = rng.normal(size=(9, 2000)), rng.normal(size=(12, 2000))
    whole = spec.arrays(spec.function(*pair))
    some = [0, 1, 999, 1999]
    answers = sample_answers(spec.name, {}, (pair[0][:, some], pair[1][:, some]))
    for field, values in whole.items():
        np.testing.assert_allclose(values[some], answers[field], rtol=spec.rtol["float64"], atol=spec.atol["float64"])


# Kernels of counts


@pytest.mark.parametrize("case", COUNTS_CASES)
@pytest.mark.parametrize("row", COUNTS_ROWS)
def test_counts_kernel_equals_the_slow_loop(backend: Backend, row: str, case: str) -> None:
    spec, options = COUNTS_ROWS[row]
    _skip_unsupported(spec, backend)
    pair = COUNTS_CASES[case]
    result = spec.function(*map(backend.asarray, pair), **options)
    _check(backend, spec, result, counts_answers(spec.name, options, pair))


@pytest.mark.parametrize("dtype", ["int32", "uint8", "float32", "float64"])
@pytest.mark.parametrize("spec", OF_COUNTS, ids=_name)
def test_counts_of_any_real_dtype(backend: Backend, spec: KernelSpec, dtype: str) -> None:
    _skip_unsupported(spec, backend)
    pair = tuple(x.astype(dtype) for x in COUNTS_CASES["plain"])
    result = spec.function(*map(backend.asarray, pair))
    _check(backend, spec, result, counts_answers(spec.name, {}, COUNTS_CASES["plain"]))


@pytest.mark.parametrize("spec", OF_COUNTS, ids=_name)
def test_counts_are_left_as_they_were(backend: Backend, spec: KernelSpec) -> None:
    _skip_unsupported(spec, backend)
    arrays = [backend.asarray(x.astype(backend.statistic_dtype)) for x in COUNTS_CASES["empty_side"]]
    before = [backend.to_host(x).tobytes() for x in arrays]
    spec.function(*arrays)
    assert [backend.to_host(x).tobytes() for x in arrays] == before
