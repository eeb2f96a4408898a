"""The evidence of one feature, row by row in plain Python, from the definition alone: an oracle."""

from __future__ import annotations

import bisect
import itertools
import math
from typing import TYPE_CHECKING

from scipy.stats import norm

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["log_evidence"]

Pair = tuple[float, float]
SHIFTS = (-2.0, -1.0, -0.5, -0.25, 0.25, 0.5, 1.0, 2.0)
SPREADS = (0.5, 0.67, 0.8, 1.25, 1.5, 2.0)
QUANTILES = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
RATIOS = (1 / 3, 1 / 1.8, 1.8, 3.0)


def _fixed_bets(urn: Sequence[int]) -> list[list[float]]:
    """Return the probability of every cell under every fixed bet."""
    total = sum(urn)
    below = [sum(urn[: k + 1]) / total for k in range(len(urn) - 1)]
    bets = []
    for shift, spread in [(s, 1.0) for s in SHIFTS] + [(0.0, s) for s in SPREADS]:
        bets.append([float(norm.cdf(norm.ppf(u), shift, spread)) for u in below])
    for quantile in QUANTILES:
        for ratio in RATIOS:
            above = ratio * (1 - quantile) / (quantile + ratio * (1 - quantile))
            bets.append(
                [
                    u / quantile * (1 - above) if u <= quantile else 1 - above + (u - quantile) / (1 - quantile) * above
                    for u in below
                ]
            )
    cells = [[b - a for a, b in zip([0.0, *bet], [*bet, 1.0], strict=True)] for bet in bets]
    return [[(1 - 1e-6) * q + 1e-6 * w / total for q, w in zip(bet, urn, strict=True)] for bet in cells]


def log_evidence(reference: Sequence[Pair], batches: Sequence[Sequence[Pair]]) -> Iterator[float]:
    """Yield the logarithm of the evidence after every batch of pairs (value, tie key)."""
    n = len(reference)
    n_cells = min(64, max((n + 1) // 4, 2))
    ranks = [0, *(math.floor(k * (n + 1) / n_cells + 0.5) for k in range(1, n_cells)), n + 1]
    edges = [sorted(reference)[r - 1] for r in ranks[1:-1]]
    urn = [b - a for a, b in itertools.pairwise(ranks)]
    n_groups = min(10, n_cells)
    group = [sum(k >= math.ceil(g * n_cells / n_groups) for g in range(1, n_groups)) for k in range(n_cells)]
    seen = [0.0] * n_groups
    bets, due = _fixed_bets(urn), sum(urn) + math.ceil(sum(urn) / 16)
    weights = [0.5 / 14] * 14 + [0.3 / 28] * 28 + [0.2]
    capital, waiting = [0.0] * 43, 1.0

    for number, batch in enumerate(batches, 1):
        still_waiting = 1 / (1 + math.log(1 + number))
        capital = [c + (waiting - still_waiting) * w for c, w in zip(capital, weights, strict=True)]
        waiting = still_waiting
        pending = [0] * n_groups
        for i, pair in enumerate(batch):
            total = sum(urn)
            if i == 0 or total == due:  # a new piece: late rows join the histogram, and bets may be placed anew
                seen = [s * 0.9 ** (sum(pending) / 20) + p for s, p in zip(seen, pending, strict=True)]
                pending = [0] * n_groups
                by_group = [sum(w for w, g in zip(urn, group, strict=True) if g == h) for h in range(n_groups)]
                share = [w / total for w in by_group]
                late = [(s + 5 * p) / (sum(seen) + 5) for s, p in zip(seen, share, strict=True)]
                histogram = [0.1 * p + 0.9 * q for p, q in zip(share, late, strict=True)]
            if total == due:
                bets, due = _fixed_bets(urn), total + math.ceil(total / 16)
            cell = bisect.bisect_left(edges, pair)
            chance = urn[cell] / total
            in_group = sum(w for w, g in zip(urn, group, strict=True) if g == group[cell]) / total
            gains = [bet[cell] / chance for bet in bets] + [histogram[group[cell]] / in_group]
            capital = [c * gain for c, gain in zip(capital, gains, strict=True)]
            urn[cell] += 1
            pending[group[cell]] += 1
        seen = [s * 0.9 ** (sum(pending) / 20) + p for s, p in zip(seen, pending, strict=True)]
        yield math.log(waiting + sum(capital))
