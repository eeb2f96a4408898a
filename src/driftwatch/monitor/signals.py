"""What stands out beside the statistics, and what weakens a verdict: informational, never a verdict (layer 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from driftwatch.kernels.signals import N_PICKS, chance_outside, count_equal, longest_run, outside_counts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from driftwatch.profile.sample import NumericSample

__all__ = ["DROPPED_ROWS", "OUTSIDE_SHARE", "NumericSignals", "autocorrelated", "numeric_signals", "row_flags"]

SIGNAL_LEVEL = 1e-3  # probability of a signal of one feature without drift
OUTSIDE_SHARE = 1e-3  # a smaller share outside the reference's range is not worth a line
STUCK_COHENS_H = 0.2  # Cohen (1988): a small effect, as for missing shares
# Normal quantile of SIGNAL_LEVEL over the N_PICKS values that could have been the most frequent one (Bonferroni).
STUCK_Z = 3.9
FEW_SAMPLES = 30  # D must reach 0.35 to be significant at 30 rows a side
DROPPED_SHARE = 0.1
DROPPED_ROWS = "dropped_rows"
LAG_CUT = 0.1  # the variance of a mean is then 22 % larger than p-values take it to be
TIED_PICKS = N_PICKS // 2


class NumericSignals(NamedTuple):
    """Per feature: the share outside the reference's range, and that of a value that jumped (0: nothing to say)."""

    outside: NDArray[np.float64]
    stuck: NDArray[np.float64]
    tied: NDArray[np.bool_]


def numeric_signals(sample: NumericSample) -> NumericSignals:
    """Return the signals of a block of numeric features, shape `(d,)` each."""
    n, m = sample.n_reference, sample.n_current
    rows = np.maximum(m, 1)
    at_least = np.maximum(chance_outside(n, m, SIGNAL_LEVEL / 2.0), np.ceil(OUTSIDE_SHARE * m).astype(np.int64))
    block = sample.reference
    outside = outside_counts(sample.ordered, block.low, block.high, at_least, xp=sample.xp).sum(axis=-1) / rows

    runs, values = longest_run(sample.picks)
    reference_runs, _ = longest_run(block.picks)
    # of fewer values than picks some are picked twice
    runs, reference_runs = np.where(m < N_PICKS, 0, runs), np.where(n < N_PICKS, 0, reference_runs)
    stuck = np.zeros(len(n))
    if (runs > 1).any():
        seen = count_equal(sample.ordered, values, xp=sample.xp) / rows
        before = count_equal(block.ordered, values, xp=sample.xp) / np.maximum(n, 1)
        h = 2.0 * (np.arcsin(np.sqrt(seen)) - np.arcsin(np.sqrt(before)))
        with np.errstate(divide="ignore"):
            noise = np.sqrt(1.0 / rows + 1.0 / np.maximum(n, 1))
        stuck = np.where((runs > 1) & (h >= np.maximum(STUCK_COHENS_H, STUCK_Z * noise)), seen, 0.0)
    return NumericSignals(outside, stuck, np.maximum(runs, reference_runs) >= TIED_PICKS)


def autocorrelated(sample: NumericSample) -> NDArray[np.bool_]:
    """Return which features have rows, on either side, that depend on the row before, shape `(d,)`."""
    sides = (sample.reference.lag, sample.lag)
    suspected: NDArray[np.bool_] = np.any([lag.value >= np.maximum(LAG_CUT, lag.bound) for lag in sides], axis=0)
    return suspected


def row_flags(n_reference: int, n_current: int, missing_reference: int, missing_current: int) -> list[str]:
    """Return the flags of a feature that its numbers of rows raise."""
    flags = ["few_samples"] if min(n_reference, n_current) < FEW_SAMPLES else []
    shares = (
        missing / max(n + missing, 1) for n, missing in ((n_reference, missing_reference), (n_current, missing_current))
    )
    return [*flags, *([DROPPED_ROWS] if max(shares) >= DROPPED_SHARE else [])]
