"""What the alarm promises, by simulation at a small scale: ranks, false alarms, delays. All seeds are fixed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scipy import stats

from driftwatch import SequentialMonitor
from driftwatch.sequential.evidence import Evidence
from driftwatch.sequential.goal import Goal
from driftwatch.sequential.tie_keys import feature_keys, tie_keys
from driftwatch.sequential.urn import cells_of, cut
from sequential_runs import first_alarms, median_delay

if TYPE_CHECKING:
    from collections.abc import Callable

    from sequential_runs import NDArray

N_REFERENCE, N_FEATURES, N_ROWS = 100, 400, 400
SURE = 1e-4  # a test that holds fails in one seed of ten thousand


def _normal(rng: np.random.Generator, shape: tuple[int, int]) -> NDArray:
    return rng.normal(size=shape)


def _lognormal(rng: np.random.Generator, shape: tuple[int, int]) -> NDArray:
    return rng.lognormal(size=shape)


def _whole(rng: np.random.Generator, shape: tuple[int, int]) -> NDArray:
    return rng.poisson(1.0, size=shape).astype(np.float64)


def _zeros(rng: np.random.Generator, shape: tuple[int, int]) -> NDArray:
    return np.where(rng.random(shape) < 0.1, rng.exponential(size=shape), 0.0)


def _missing(rng: np.random.Generator, shape: tuple[int, int]) -> NDArray:
    return np.where(rng.random(shape) < 0.2, np.nan, rng.normal(size=shape))


def _correlated(rng: np.random.Generator, shape: tuple[int, int]) -> NDArray:
    common = np.repeat(rng.normal(size=(shape[0], shape[1] // 3)), 3, axis=1)
    return math.sqrt(0.9) * common + math.sqrt(0.1) * rng.normal(size=shape)


DRAWS = [_normal, _lognormal, _whole, _zeros, _missing, _correlated]


def _ranks(draw: Callable[..., NDArray], *, learns: bool = True) -> NDArray:
    """Return the randomised ranks of all rows, shape `(N_FEATURES, N_ROWS)`: uniform if the chances are right."""
    rng = np.random.default_rng(8)
    keys = feature_keys(0, map(str, range(N_FEATURES)))
    reference = np.nan_to_num(draw(rng, (N_REFERENCE, N_FEATURES)).T, nan=np.inf)
    edges, gaps = cut(reference, tie_keys(keys, np.zeros(N_FEATURES, np.int64), N_REFERENCE))
    evidence = Evidence.start(Goal(0.05), gaps, N_FEATURES)
    every = np.arange(N_FEATURES)
    ranks = np.empty((N_FEATURES, N_ROWS))
    for row in range(N_ROWS):
        values = np.nan_to_num(draw(rng, (1, N_FEATURES)).T, nan=np.inf)
        first = np.full(N_FEATURES, N_REFERENCE + row)
        cells = cells_of(edges, values, tie_keys(keys, first, 1))
        urn = evidence.counts / evidence.counts.sum(axis=-1, keepdims=True)
        below = np.cumsum(urn, axis=-1) - urn
        at = (every, cells[:, 0])
        ranks[:, row] = below[at] + rng.random(N_FEATURES) * urn[at]
        if learns:
            evidence.update(every, cells)
    return ranks


def _variance_of_sums(ranks: NDArray) -> float:
    return float(np.var((ranks - 0.5).sum(axis=-1)) / (N_ROWS / 12.0))


# chi-squared of 400 sums: the range that holds the ratio in all but SURE of seeds
LOW, HIGH = (float(stats.chi2.ppf(p, N_FEATURES - 1)) / N_FEATURES for p in (SURE / 2, 1 - SURE / 2))


@pytest.mark.parametrize("draw", DRAWS[:5])
def test_ranks_are_uniform_and_independent(draw: Callable[..., NDArray]) -> None:
    ranks = _ranks(draw)
    counts = np.histogram(ranks, bins=20, range=(0.0, 1.0))[0]
    assert stats.chisquare(counts).pvalue > SURE
    pairs = np.histogram2d(ranks[:, 0::2].ravel(), ranks[:, 1::2].ravel(), bins=5, range=[(0, 1), (0, 1)])[0]
    assert stats.chisquare(pairs.ravel()).pvalue > SURE
    apart = np.histogram2d(ranks[:, :200].ravel(), ranks[:, 200:].ravel(), bins=5, range=[(0, 1), (0, 1)])[0]
    assert stats.chisquare(apart.ravel()).pvalue > SURE
    assert LOW < _variance_of_sums(ranks) < HIGH


def test_ranks_against_a_fixed_reference_would_be_found_out() -> None:
    # Their sum has variance T / 12 (1 + T / n): the reference's own error is in every rank.
    ratio = _variance_of_sums(_ranks(_normal, learns=False))
    assert ratio > HIGH
    assert ratio == pytest.approx(1 + N_ROWS / N_REFERENCE, rel=0.3)


@pytest.mark.parametrize("draw", DRAWS)
def test_share_of_runs_that_ever_alarm_is_within_alpha(draw: Callable[..., NDArray]) -> None:
    n_runs = 60
    alarms = first_alarms(n_runs, 3, 200, draw, n_reference=200)
    assert np.count_nonzero(alarms) <= stats.binom.ppf(1 - SURE, n_runs, 0.05)


def test_alarms_within_a_time_keep_to_the_run_length_that_was_asked() -> None:
    n_runs, arl, n_batches = 120, 400, 100
    alarms = first_alarms(n_runs, 1, n_batches, _normal, n_reference=200, arl=arl)
    assert np.count_nonzero(alarms) <= stats.binom.ppf(1 - SURE, n_runs, n_batches / arl)


def test_rare_levels_raise_no_alarm() -> None:
    # One row in five has a level that the reference lacks: without drift, as the levels are so many.
    rng = np.random.default_rng(2)
    n_alarms = 0
    for _ in range(8):
        levels = np.char.add("id", (rng.pareto(0.6, size=2200) * 10).astype(np.int64).astype(str))
        reference, stream = levels[:200], levels[200:]
        assert np.isin(stream, reference, invert=True).mean() > 0.2
        monitor = SequentialMonitor({"level": reference}, schema={"level": "categorical"})
        for part in np.split(stream, 100):
            n_alarms += (result := monitor.update({"level": part})).drift_detected
            if result.drift_detected:
                break
    assert n_alarms <= 2


def _up(x: NDArray) -> NDArray:
    return x + 0.5


def _one_up(x: NDArray, d: int) -> NDArray:
    return np.where(np.arange(x.shape[1]) % d == 0, x + 0.5, x)


DELAYS: list[tuple[str, int, int, Callable[[NDArray], NDArray], Any, int, int]] = [
    ("0.5 sigma in all of 3, soon", 3, 20, _up, _normal, 40, 6),
    ("0.5 sigma in all of 3, late", 3, 500, _up, _normal, 25, 8),
    ("0.5 sigma in one of 3, soon", 3, 20, lambda x: _one_up(x, 3), _normal, 40, 8),
    ("0.5 sigma in one of 50, soon", 50, 20, lambda x: _one_up(x, 50), _normal, 10, 10),
    ("sd x 1.5, soon", 3, 20, lambda x: x * 1.5, _normal, 40, 5),
]


@pytest.mark.parametrize(
    ("d", "clean", "change", "draw", "n_runs", "bound"), [case[1:] for case in DELAYS], ids=[case[0] for case in DELAYS]
)
def test_drift_is_seen_within_the_promised_number_of_batches(
    d: int, clean: int, change: Callable[[NDArray], NDArray], draw: Any, n_runs: int, bound: int
) -> None:
    alarms = first_alarms(n_runs, d, clean + 40, draw, change=change, clean=clean)
    assert median_delay(alarms, clean) <= bound


def test_fewer_zeros_are_seen_within_the_promised_number_of_batches() -> None:
    def draw(rng: np.random.Generator, shape: tuple[int, int]) -> NDArray:
        draw.calls += 1  # type: ignore[attr-defined]
        share = 0.1 if draw.calls <= 21 else 0.27  # type: ignore[attr-defined]
        return np.where(rng.random(shape) < share, rng.exponential(size=shape), 0.0)

    draw.calls = 0  # type: ignore[attr-defined]
    assert median_delay(first_alarms(40, 3, 60, draw), 20) <= 8


@pytest.mark.parametrize("share", [0.1, 0.05])
def test_missing_values_are_drift(share: float) -> None:
    rng = np.random.default_rng(3)
    monitor = SequentialMonitor(rng.normal(size=(1000, 1)))
    for _ in range(40):
        x = np.where(rng.random((20, 1)) < share, np.nan, rng.normal(size=(20, 1)))
        result = monitor.update(x)
    assert result.drift_detected
