"""Energy distance: all pairs of values, and its unit."""

from __future__ import annotations

import numpy as np
import pytest

from driftwatch.kernels import energy_distance
from kernel_oracles import plain_energy

RNG = np.random.default_rng(34)


@pytest.mark.parametrize("decimals", [16, 1, 0], ids=["distinct", "some ties", "many ties"])
def test_is_the_mean_distance_between_sides_beyond_those_within(decimals: int) -> None:
    x, y = (np.round(RNG.normal(loc, size=n), decimals) for loc, n in ((0.0, 40), (0.4, 31)))
    between, within_x, within_y = (np.abs(a[:, None] - b).mean() for a, b in ((x, y), (x, x), (y, y)))
    wanted = np.sqrt(2 * between - within_x - within_y)
    assert float(energy_distance(x, y).statistic) == pytest.approx(wanted, rel=1e-12)


@pytest.mark.parametrize("factor", [0.01, 4.0, -3.0])
def test_unit_enters_as_its_root_and_leaves_the_normalized_form(factor: float) -> None:
    x, y = RNG.normal(size=50), RNG.normal(0.5, size=45)
    plain, scaled = energy_distance(x, y), energy_distance(factor * x, factor * y)
    assert float(scaled.statistic) == pytest.approx(np.sqrt(abs(factor)) * float(plain.statistic), rel=1e-12)
    assert float(scaled.normalized) == pytest.approx(float(plain.normalized), rel=1e-12)


def test_infinite_values_on_one_side_only_are_infinitely_far() -> None:
    x = np.append(RNG.normal(size=9), np.inf)
    assert float(energy_distance(x, x[:-1]).statistic) == np.inf
    y = np.append(RNG.normal(size=19), np.inf)
    y[:1] = np.inf
    assert float(energy_distance(x, y).statistic) == pytest.approx(plain_energy(x.tolist(), y.tolist()), rel=1e-12)


def test_constant_reference_has_no_scale() -> None:
    found = energy_distance(np.full(8, 3.0), np.full(5, 7.0))
    assert float(found.statistic) == pytest.approx(np.sqrt(2 * 4.0))
    assert np.isnan(found.normalized)
