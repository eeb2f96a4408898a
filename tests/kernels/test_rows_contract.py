"""Every kernel of rows on every backend of the host: value against a slow loop, namespace, dtype, shape and device."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import array_api_compat
import numpy as np
import pytest

from driftwatch.errors import ConfigError, InputError, InputTypeError
from driftwatch.kernels._catalog import CATALOG, KernelSpec
from kernel_cases import rows
from row_oracles import ROW_CASES, ROW_ORACLES, row_answers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from backends import Backend

ROWS = rows("rows")
OF_ROWS = [spec for spec in CATALOG.values() if spec.takes == "rows"]
# Options once, all cases with the default ones: a slow loop is slow.
CASES = [(row, case) for row, (_, options) in ROWS.items() for case in (["continuous"] if options else ROW_CASES)]


def _name(spec: KernelSpec) -> str:
    return spec.name


def check(backend: Backend, spec: KernelSpec, result: Any, answers: dict[str, NDArray[np.float64]]) -> None:
    """Assert value, namespace, dtype, shape and device of everything that a kernel returned."""
    arrays = spec.arrays(result)
    assert set(arrays) == set(answers)
    dtype = backend.statistic_dtype.name
    for field, array in arrays.items():
        assert array_api_compat.array_namespace(array) is backend.xp, field
        assert array.dtype == getattr(backend.xp, dtype), field
        assert array_api_compat.device(array) == backend.device, field
        assert tuple(array.shape) == (), field
        np.testing.assert_allclose(
            backend.to_host(array), answers[field], rtol=spec.rtol[dtype], atol=spec.atol[dtype], err_msg=field
        )


def test_every_kernel_has_an_oracle() -> None:
    assert {spec.name for spec in OF_ROWS} == set(ROW_ORACLES)


@pytest.mark.parametrize(("row", "case"), CASES)
def test_kernel_equals_the_slow_loop(backend: Backend, row: str, case: str) -> None:
    spec, options = ROWS[row]
    pair = tuple(x.astype(backend.statistic_dtype) for x in ROW_CASES[case])
    result = spec.function(*map(backend.asarray, pair), **options)
    check(backend, spec, result, row_answers(spec.name, dict(options), *pair))


@pytest.mark.parametrize("dtype", ["float32", "int64", "bool"])
@pytest.mark.parametrize("spec", OF_ROWS, ids=_name)
def test_rows_of_any_real_dtype(spec: KernelSpec, dtype: str) -> None:
    rng = np.random.default_rng(3)
    pair = tuple((3.0 * rng.random((n, 3))).astype(dtype) for n in (16, 12))
    statistic = float(spec.function(*pair).statistic)
    # sums of float32 inputs are made in float32
    assert statistic == pytest.approx(float(row_answers(spec.name, {}, *pair)["statistic"]), rel=1e-4, abs=1e-5)


@pytest.mark.parametrize("spec", OF_ROWS, ids=_name)
def test_the_same_seed_gives_the_same_answer_and_another_one_another(spec: KernelSpec) -> None:
    rng = np.random.default_rng(4)
    pair = rng.normal(size=(40, 2)), rng.normal(size=(30, 2))
    first, again, other = (float(spec.function(*pair, rng=seed).pvalue) for seed in (0, 0, 5))
    assert first == again
    assert first != other


@pytest.mark.parametrize("spec", OF_ROWS, ids=_name)
def test_more_permutations_give_a_finer_p_value(spec: KernelSpec) -> None:
    rng = np.random.default_rng(5)
    pair = rng.normal(size=(40, 2)), rng.normal(2.0, size=(30, 2))
    assert [float(spec.function(*pair, n_permutations=b).pvalue) for b in (19, 499)] == [1 / 20, 1 / 500]


@pytest.mark.parametrize("spec", OF_ROWS, ids=_name)
def test_inputs_are_left_as_they_were(backend: Backend, spec: KernelSpec) -> None:
    arrays = [backend.asarray(x) for x in ROW_CASES["missing"]]
    before = [backend.to_host(x).tobytes() for x in arrays]
    spec.function(*arrays)
    assert [backend.to_host(x).tobytes() for x in arrays] == before


@pytest.mark.parametrize("spec", OF_ROWS, ids=_name)
def test_propagate_makes_the_result_nan_and_raise_names_the_side(spec: KernelSpec) -> None:
    reference, current = ROW_CASES["missing"]
    result = spec.function(reference, current, nan_policy="propagate")
    assert np.isnan(result.statistic)
    assert np.isnan(result.pvalue)
    with pytest.raises(InputError, match=r"`reference` has 2 rows with missing or infinite values"):
        spec.function(reference, current, nan_policy="raise")


@pytest.mark.parametrize("spec", OF_ROWS, ids=_name)
def test_what_is_refused(spec: KernelSpec) -> None:
    x = np.zeros((4, 2))
    with pytest.raises(InputError, match="rows of one length, got 2 and 3 dimensions"):
        spec.function(x, np.zeros((4, 3)))
    with pytest.raises(InputError, match="`current` must hold at least two rows without missing values, got 1"):
        spec.function(x, x[:1])
    with pytest.raises(InputTypeError, match="`reference` must hold real numbers"):
        spec.function(np.full((4, 2), "a"), x)
    with pytest.raises(ConfigError, match="'omit', 'propagate' or 'raise', got 'drop'"):
        spec.function(x, x, nan_policy="drop")
    with pytest.raises(ConfigError, match="`n_permutations` must be at least 1, got 0"):
        spec.function(x, x, n_permutations=0)
