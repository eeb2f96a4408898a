"""Counts on a grid against the raw values: equal on the deciles, within the bound elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

from driftwatch import kernels
from driftwatch.errors import ConfigError, InputError
from driftwatch.profile.grid import fit_grid, start, update
from driftwatch.profile.tallied import TalliedSample, grid_sample
from known_answers import cases

if TYPE_CHECKING:
    from numpy.typing import NDArray

NUMERIC = [case for case in cases() if case.kind == "numeric" and case.pair in {"drift", "null"}]


def sample_of(reference: NDArray[Any], current: NDArray[Any], n_cells: int = 100) -> TalliedSample:
    grid = fit_grid(reference[:, None], n_cells=n_cells, n_fingerprints=0)
    return grid_sample(["x"], grid, update(grid, start(grid), current[:, None]))


def ks_of(sample: TalliedSample) -> float:
    return float(max(sample.distances.above[0], sample.distances.below[0]))


@pytest.mark.parametrize("case", NUMERIC, ids=lambda case: case.id)
def test_counts_in_deciles_are_those_of_the_raw_values(case: Any) -> None:
    expected, actual = sample_of(case.reference, case.current).counts(10)
    # Oracle: PSI and the like from raw values, which have known answers of their own.
    for name in ("psi", "jensenshannon", "total_variation"):
        exact = getattr(kernels, name)(case.reference[:, None], case.current[:, None]).statistic
        np.testing.assert_allclose(getattr(kernels, f"{name}_from_counts")(expected, actual), exact, rtol=1e-12)


@pytest.mark.parametrize("case", NUMERIC, ids=lambda case: case.id)
def test_known_ks_statistic_lies_within_the_bound(case: Any) -> None:
    sample = sample_of(case.reference, case.current)
    known = case.expected["ks"]["statistic"]
    assert ks_of(sample) <= known + 1e-12
    assert known <= ks_of(sample) + sample.error_bounds["ks"][0] + 1e-12


values = st.one_of(
    hnp.arrays(np.float32, st.integers(1, 80), elements=st.integers(-3, 3).map(float)),
    hnp.arrays(np.float64, st.integers(1, 80), elements=st.floats(-10, 10, allow_subnormal=False)),
)


@given(values, values, st.sampled_from([10, 30]))
@settings(deadline=None)
def test_exact_ks_is_never_below_nor_beyond_the_bound(
    reference: NDArray[Any], current: NDArray[Any], n_cells: int
) -> None:
    current = current.astype(reference.dtype)
    current[np.abs(current) < np.finfo(reference.dtype).smallest_normal] = 0.0  # as compiled code may read them
    sample = sample_of(reference, current, n_cells)
    # scipy warns of its p-value on such small samples, so the distance is taken at every value by itself.
    exact = max(abs((reference <= x).mean() - (current <= x).mean()) for x in (*reference, *current))
    assert ks_of(sample) - 1e-12 <= exact <= ks_of(sample) + sample.error_bounds["ks"][0] + 1e-12


def test_bound_is_about_one_cell_for_continuous_values() -> None:
    rng = np.random.default_rng(0)
    sample = sample_of(rng.normal(size=20_000), rng.normal(0.1, size=20_000))
    assert 0.0 < sample.error_bounds["ks"][0] < 0.015


def test_ks_of_values_with_cells_of_their_own_is_exact() -> None:
    rng = np.random.default_rng(0)
    reference, current = rng.integers(0, 4, 3_000) * 1.0, rng.integers(0, 5, 2_000) * 1.0
    sample = sample_of(reference, current)
    assert sample.error_bounds["ks"][0] < 1e-12 or ks_of(sample) == pytest.approx(stats.ks_2samp(reference, current)[0])


def test_missing_values_are_counted_apart() -> None:
    sample = sample_of(np.asarray([1.0, np.nan, 2.0]), np.asarray([np.nan, np.nan, 1.5, 1.0]))
    assert (sample.n_reference[0], sample.missing_reference[0]) == (2, 1)
    assert (sample.n_current[0], sample.missing_current[0]) == (2, 2)


def test_distances_are_nan_where_a_side_is_empty() -> None:
    sample = sample_of(np.asarray([1.0, 2.0]), np.asarray([np.nan]))
    assert np.isnan(sample.distances.above[0])


def test_other_bins_than_deciles_are_refused() -> None:
    with pytest.raises(ConfigError, match="held in 10 quantile bins, got n_bins=20"):
        sample_of(np.arange(100.0), np.arange(100.0)).counts(20)


def test_tally_of_another_grid_is_refused() -> None:
    grid, other = (fit_grid(np.arange(100.0)[:, None], n_cells=n) for n in (10, 20))
    with pytest.raises(InputError, match="Pass a tally that was started on this grid"):
        grid_sample(["x"], grid, start(other))
