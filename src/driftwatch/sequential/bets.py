"""Bets on the cell that the next row falls into: for every kind of change, a distribution over cells (layer 4)."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from driftwatch.sequential.tie_keys import HostArray

__all__ = [
    "LOG_WEIGHTS",
    "N_FIXED_BETS",
    "expected_groups",
    "group_starts",
    "log_bets",
    "log_histogram_bet",
    "remembered",
]

# Normal scores moved by so many standard deviations, or spread by so much: changes of location and scale.
SHIFTS = (-2.0, -1.0, -0.5, -0.25, 0.25, 0.5, 1.0, 2.0)
SPREADS = (0.5, 0.67, 0.8, 1.25, 1.5, 2.0)
# The odds of lying above a quantile times a ratio: 0/1 data and piles of equal values.
QUANTILES = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
RATIOS = (1 / 3, 1 / 1.8, 1.8, 3.0)

NORMAL = np.asarray([(shift, 1.0) for shift in SHIFTS] + [(0.0, spread) for spread in SPREADS])
STEPS = np.asarray(list(itertools.product(QUANTILES, RATIOS)))
NORMAL_SHARE, STEP_SHARE, HISTOGRAM_SHARE = 0.5, 0.3, 0.2  # of the capital at the start; chosen by simulation
N_FIXED_BETS = len(NORMAL) + len(STEPS)
LOG_WEIGHTS = np.log(
    np.concatenate(
        [
            np.full(len(NORMAL), NORMAL_SHARE / len(NORMAL)),
            np.full(len(STEPS), STEP_SHARE / len(STEPS)),
            [HISTOGRAM_SHARE],
        ]
    )
)
# Share of every bet that is no bet: where a bet gives a cell less than a float holds, its logarithm stays finite.
NO_BET = 1e-6

# The histogram bet is for shapes: two humps, a sensor that is stuck.
N_GROUPS = 10
HISTOGRAM_NO_BET = 0.1
PRIOR_ROWS = 5.0  # half a row per group (Krichevsky and Trofimov 1981)
KEPT_PER_ROW = 0.9 ** (1 / 20)  # a row's weight halves after 130 rows


def log_bets(counts: HostArray) -> HostArray:
    """Return the logarithm of the probability that every fixed bet gives every cell, shape `(d, n_bets, n_cells)`.

    Parameters
    ----------
    counts : array of integers, shape (d, n_cells)
        The urn: its shares are the probabilities without drift.
    """
    from scipy.special import ndtr, ndtri

    total = counts.sum(axis=-1, keepdims=True)
    below = np.cumsum(counts, axis=-1)[:, None, :-1] / total[..., None]
    scores = ndtri(below)
    cumulative = np.empty((len(counts), N_FIXED_BETS, counts.shape[-1] + 1))
    cumulative[..., 0], cumulative[..., -1] = 0.0, 1.0
    shift, spread = NORMAL.T[..., None]
    cumulative[:, : len(NORMAL), 1:-1] = ndtr((scores - shift) / spread)
    quantile, ratio = STEPS.T[..., None]
    height = 1.0 / (quantile + ratio * (1.0 - quantile))
    rest = np.maximum(below - quantile, 0.0)
    cumulative[:, len(NORMAL) :, 1:-1] = height * (np.minimum(below, quantile) + ratio * rest)
    bets = np.diff(cumulative, axis=-1)
    bets *= 1.0 - NO_BET
    bets += NO_BET * (counts / total)[:, None, :]
    return np.log(bets, out=bets)


def group_starts(n_cells: int) -> HostArray:
    """Return the first cell of each group of the histogram bet, shape `(n_groups,)`."""
    n_groups = min(N_GROUPS, n_cells)
    return -(-np.arange(n_groups) * n_cells // n_groups)


def expected_groups(counts: HostArray, starts: HostArray) -> HostArray:
    """Return the urn by group, shape `(d, n_groups)`."""
    return np.add.reduceat(counts, starts, axis=-1)


def log_histogram_bet(urn_groups: HostArray, seen: HostArray) -> HostArray:
    """Return the logarithm of the probability that the histogram of late rows gives each group, shape `(d, n_groups)`.

    Parameters
    ----------
    urn_groups : array of integers, shape (d, n_groups)
    seen : array, shape (d, n_groups)
        Rows of each group, late ones weighing more.
    """
    expected = urn_groups / urn_groups.sum(axis=-1, keepdims=True)
    histogram = (seen + PRIOR_ROWS * expected) / (seen.sum(axis=-1, keepdims=True) + PRIOR_ROWS)
    log_bet: HostArray = np.log(HISTOGRAM_NO_BET * expected + (1.0 - HISTOGRAM_NO_BET) * histogram)
    return log_bet


def remembered(seen: HostArray, new: HostArray, n_rows: int) -> HostArray:
    """Return the histogram after `n_rows` rows more."""
    return seen * KEPT_PER_ROW**n_rows + new
