"""Every kernel of rows on PyTorch, JAX and CuPy: value against the slow loop, namespace, dtype, shape and device."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import array_api_compat
import numpy as np
import pytest

from driftwatch.kernels._catalog import CATALOG
from kernel_cases import rows
from row_oracles import ROW_CASES, row_answers

if TYPE_CHECKING:
    from backends import Backend

ROWS = rows("rows")
# Under a trace rows cannot be left out, and every new shape is compiled once more.
TRACED = ("continuous", "repeated")
CASES = [
    (row, case)
    for row, (_, options) in ROWS.items()
    for case in (["continuous"] if options else ["continuous", "missing", "far_from_zero", "repeated"])
]
BFLOAT16_RTOL = 5e-3  # the values are rounded first, and then computed with in float32


@pytest.mark.parametrize(("row", "case"), CASES)
def test_kernel_equals_the_slow_loop(backend: Backend, row: str, case: str) -> None:
    spec, options = ROWS[row]
    if backend.traces and case not in TRACED:
        pytest.skip("rows cannot be left out under a trace")
    pair = ROW_CASES[case]
    result = backend.run(spec.function, *map(backend.asarray, pair), **options)
    answers = row_answers(spec.name, dict(options), *map(backend.rounded, pair))
    dtype = backend.statistic_dtype.name
    single = dtype == "float32" or backend.flavour in {"float32", "bfloat16"}
    for field, array in spec.arrays(result).items():
        assert array_api_compat.array_namespace(array) is backend.xp, field
        assert array.dtype == getattr(backend.xp, dtype), field
        assert array_api_compat.device(array) == backend.device, field
        name = "float32" if single else dtype
        np.testing.assert_allclose(
            backend.to_host(array), answers[field], rtol=spec.rtol[name], atol=spec.atol[name], err_msg=field
        )


@pytest.mark.parametrize("name", [spec.name for spec in CATALOG.values() if spec.takes == "rows"])
def test_rows_with_a_missing_value_make_a_traced_result_nan(backend: Backend, name: str) -> None:
    if not backend.traces:
        pytest.skip("eager code leaves such rows out")
    arrays: Any = map(backend.asarray, ROW_CASES["missing"])
    assert np.isnan(backend.to_host(backend.run(CATALOG[name].function, *arrays).statistic))
