"""What every kernel of the catalog refuses, with the same words on every backend."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from driftwatch.errors import ConfigError, InputError, InputTypeError
from driftwatch.kernels._catalog import CATALOG, KernelSpec

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from backends import Backend

OF_SAMPLES = [spec for spec in CATALOG.values() if spec.takes == "samples"]
OF_COUNTS = [spec for spec in CATALOG.values() if spec.takes == "counts"]


def _name(spec: KernelSpec) -> str:
    return spec.name


@pytest.mark.parametrize("spec", OF_SAMPLES, ids=_name)
@pytest.mark.parametrize(
    ("shapes", "axis"),
    [(((5, 3), (5, 2)), 0), (((5, 3), (4, 3)), 1), (((5,), (5, 2)), 0), (((5, 2, 2), (5, 4)), 0)],
)
def test_samples_of_other_features_are_refused(
    backend: Backend, spec: KernelSpec, shapes: tuple[tuple[int, ...], ...], axis: int
) -> None:
    with pytest.raises(InputError, match="same shape except along axis"):
        spec.function(*(backend.asarray(np.zeros(shape)) for shape in shapes), axis=axis)


@pytest.mark.parametrize("spec", OF_SAMPLES, ids=_name)
@pytest.mark.parametrize(
    ("shapes", "axis", "named"),
    [
        (((0, 3), (4, 3)), 0, "reference"),
        (((4, 3), (0, 3)), 0, "current"),
        (((4,), (4, 3)), 1, "reference"),
        (((4, 3), (4, 3)), 2, "reference"),
        (((4, 3), (4, 3)), -3, "reference"),
        (((), ()), 0, "reference"),
    ],
)
def test_sample_without_values_along_the_axis_is_refused(
    backend: Backend, spec: KernelSpec, shapes: tuple[tuple[int, ...], ...], axis: int, named: str
) -> None:
    with pytest.raises(InputError, match=rf"`{named}` must hold at least one value along axis {axis}"):
        spec.function(*(backend.asarray(np.zeros(shape)) for shape in shapes), axis=axis)


@pytest.mark.parametrize("spec", OF_SAMPLES, ids=_name)
def test_unknown_nan_policy_is_refused(backend: Backend, spec: KernelSpec) -> None:
    x = backend.asarray(np.zeros((4, 2)))
    with pytest.raises(ConfigError, match="'omit', 'propagate' or 'raise', got 'drop'"):
        spec.function(x, x, nan_policy="drop")


@pytest.mark.parametrize("n_bins", [1, 0, -3])
@pytest.mark.parametrize(
    "name", ["cramers_v", "g_test", "hellinger", "jensenshannon", "kl", "l_infinity", "psi", "total_variation"]
)
def test_fewer_than_two_bins_are_refused(backend: Backend, name: str, n_bins: int) -> None:
    x = backend.asarray(np.zeros((4, 2)))
    with pytest.raises(ConfigError, match=f"at least 2, got {n_bins}"):
        CATALOG[name].function(x, x, n_bins=n_bins)


@pytest.mark.parametrize("spec", OF_SAMPLES, ids=_name)
@pytest.mark.parametrize(
    "values", [np.array(["a", "b"]), np.array([1j, 2j]), np.array([None, 1.0])], ids=["str", "complex", "object"]
)
def test_values_that_are_not_real_numbers_are_refused(spec: KernelSpec, values: NDArray[Any]) -> None:
    with pytest.raises(InputTypeError, match="`current` must hold real numbers or booleans"):
        spec.function(np.zeros(3), values)


@pytest.mark.parametrize("shapes", [((2, 3), (2, 4)), ((2, 3), (3,)), ((3,), (1, 3)), ((2, 3), (2, 1)), ((), ())])
@pytest.mark.parametrize("spec", OF_COUNTS, ids=_name)
def test_counts_of_other_levels_are_refused(
    backend: Backend, spec: KernelSpec, shapes: tuple[tuple[int, ...], ...]
) -> None:
    with pytest.raises(InputError, match="must count the same levels"):
        spec.function(*(backend.asarray(np.ones(shape)) for shape in shapes))
