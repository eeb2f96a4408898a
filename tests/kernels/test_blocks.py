"""Block lengths: independent rows need none, dependent ones longer blocks the longer they depend."""

from __future__ import annotations

import numpy as np
import pytest

from driftwatch.kernels.blocks import block_lengths


def autoregressive(rho: float, n: int, d: int, seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(size=(n + 200, d))
    x = np.zeros_like(noise)
    for i in range(1, len(x)):
        x[i] = rho * x[i - 1] + noise[i]
    return np.asarray(x[200:].T)


def test_independent_rows_need_no_blocks() -> None:
    x = np.random.default_rng(0).normal(size=(200, 1000))
    assert np.mean(block_lengths(x) == 1) > 0.9


@pytest.mark.parametrize(("rho", "wanted"), [(0.4, 19), (0.6, 38)])
def test_the_length_leaves_five_percent_of_the_long_run_variance(rho: float, wanted: int) -> None:
    # AR(1): G / (0.05 g) = 2 rho / (1 - rho^2) / 0.05; estimated over 100 series
    assert 2 * rho / (1 - rho**2) / 0.05 == pytest.approx(wanted, abs=1)
    assert np.median(block_lengths(autoregressive(rho, 4000, 100, 1))) == pytest.approx(wanted, rel=0.3)


def test_longer_dependence_gives_longer_blocks_up_to_a_tenth_of_the_rows() -> None:
    lengths = [np.median(block_lengths(autoregressive(rho, 1000, 50, 2))) for rho in (0.2, 0.5, 0.8, 0.98)]
    assert lengths == sorted(lengths)
    assert lengths[-1] == 100


def test_heavy_tails_and_missing_values_do_not_disturb() -> None:
    x = autoregressive(0.6, 2000, 20, 3)
    plain = np.median(block_lengths(x))
    assert np.median(block_lengths(np.exp(3.0 * x))) == plain  # of ranks
    x[:, ::50] = np.nan
    assert np.median(block_lengths(x)) == pytest.approx(plain, rel=0.35)


def test_alternating_rows_and_constants_and_few_rows_need_no_blocks() -> None:
    alternating = np.tile([0.0, 1.0], 500)
    assert block_lengths([alternating, np.ones(1000)]).tolist() == [1, 1]
    assert block_lengths(np.arange(12.0)[None, :]).tolist() == [1]
