"""Evidence against "no change so far": capital of bets that start afresh after every batch, by feature (layer 4)."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from driftwatch.sequential.bets import (
    LOG_WEIGHTS,
    N_FIXED_BETS,
    expected_groups,
    group_starts,
    log_bets,
    log_histogram_bet,
    remembered,
)
from driftwatch.sequential.urn import count_cells, log_chance

if TYPE_CHECKING:
    from driftwatch.sequential.goal import Goal
    from driftwatch.sequential.tie_keys import HostArray

__all__ = ["Evidence"]


@dataclass(eq=False)
class Evidence:
    """Urns, bets and capital of d features; nothing in it grows with the number of rows.

    Parameters
    ----------
    goal : Goal
    counts : array of integers, shape (d, n_cells)
        The urns. Row totals count the rows: n + 1 at the start.
    bet_counts : array of integers, shape (d, n_cells)
        The urns when the bets were last placed.
    log_capital : array, shape (d, n_bets)
    seen : array, shape (d, n_groups)
        Late rows by group of cells, for the histogram bet.
    n_batches : array of integers, shape (d,)
        Batches in which each feature had rows.
    """

    # Bets are placed anew when the urn has grown by this share. A rule that sees only the number of rows keeps them
    # fair, and the same however rows are cut into batches; half of it gains nothing (simulated).
    GROWTH: ClassVar[float] = 1 / 16

    goal: Goal
    counts: HostArray
    bet_counts: HostArray
    log_capital: HostArray
    seen: HostArray
    n_batches: HostArray
    _tables: HostArray = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._tables = log_bets(self.bet_counts)
        self._totals = self.counts.sum(axis=-1)
        self._due = _due(self.bet_counts.sum(axis=-1))
        self._groups = group_starts(self.counts.shape[-1])
        self._group_of = np.searchsorted(self._groups, np.arange(self.counts.shape[-1]), side="right") - 1

    @classmethod
    def start(cls, goal: Goal, gaps: HostArray, n_features: int) -> Evidence:
        """Return the state before the first row: `gaps` of every cell, shape `(n_cells,)`."""
        counts = np.tile(gaps.astype(np.int64), (n_features, 1))
        capital = np.full((n_features, len(LOG_WEIGHTS)), -math.inf)
        seen = np.zeros((n_features, len(group_starts(len(gaps)))))
        return cls(goal, counts, counts.copy(), capital, seen, np.zeros(n_features, dtype=np.int64))

    @property
    def log_evidence(self) -> HostArray:
        """Logarithm of the evidence of every feature, shape `(d,)`: 0 at the start, -inf for a run-length goal."""
        all_capital = np.concatenate([self.log_capital, self.goal.log_waiting(self.n_batches)[:, None]], axis=-1)
        total: HostArray = np.logaddexp.reduce(all_capital, axis=-1)
        return total

    def n_rows_of(self, features: HostArray) -> HostArray:
        """Return how many rows each feature has seen, those of the reference included."""
        rows: HostArray = self._totals[features] - 1
        return rows

    def arrays(self) -> dict[str, HostArray]:
        """Return the state by the names of the parameters."""
        return {name: getattr(self, name) for name in self.shapes(1, 2)}

    @staticmethod
    def shapes(n_features: int, n_cells: int) -> dict[str, tuple[str, tuple[int, ...]]]:
        """Return the dtype kind and shape of every array of the state."""
        return {
            "counts": ("i", (n_features, n_cells)),
            "bet_counts": ("i", (n_features, n_cells)),
            "log_capital": ("f", (n_features, len(LOG_WEIGHTS))),
            "seen": ("f", (n_features, len(group_starts(n_cells)))),
            "n_batches": ("i", (n_features,)),
        }

    def update(self, features: HostArray, cells: HostArray) -> None:
        """Take in one batch.

        Parameters
        ----------
        features : array of integers, shape (p,)
            The features that the batch has.
        cells : array of integers, shape (p, b)
            The cell of every row, b > 0.
        """
        self.n_batches[features] += 1
        start = self.goal.log_start(self.n_batches[features])[:, None] + LOG_WEIGHTS
        self.log_capital[features] = np.logaddexp(self.log_capital[features], start)
        totals = self._totals[features]
        if (totals == totals[0]).all():
            self._bet(features, cells)
            return
        for total in np.unique(totals):  # features that were missing from some batches: their urns are behind
            behind = totals == total
            self._bet(features[behind], cells[behind])

    def _bet(self, features: HostArray, cells: HostArray) -> None:
        """Bet on the rows of features whose urns hold the same total, in pieces between two placements of the bets."""
        position, n_rows = 0, cells.shape[-1]
        while position < n_rows:
            total, due = int(self._totals[features[0]]), int(self._due[features[0]])
            if total >= due:
                self._place(features)
                continue
            stop = min(n_rows, position + due - total)
            self._bet_piece(features, np.sort(cells[:, position:stop], axis=-1))
            position = stop

    def _place(self, features: HostArray) -> None:
        self.bet_counts[features] = self.counts[features]
        self._tables[features] = log_bets(self.counts[features])
        self._due[features] = _due(self._totals[features])

    def _bet_piece(self, features: HostArray, ordered: HostArray) -> None:
        counts, n_rows = self.counts[features], ordered.shape[-1]
        new = count_cells(ordered, counts.shape[-1])
        tables = self._tables if len(features) == len(self._tables) else self._tables[features]
        fixed = np.matmul(tables, new[..., None].astype(np.float64))[..., 0] - log_chance(counts, ordered)[:, None]

        urn_groups = expected_groups(counts, self._groups)
        new_groups = expected_groups(new, self._groups)
        histogram = (new_groups * log_histogram_bet(urn_groups, self.seen[features])).sum(axis=-1)
        histogram -= log_chance(urn_groups, self._group_of[ordered])

        self.log_capital[features, :N_FIXED_BETS] += fixed
        self.log_capital[features, N_FIXED_BETS] += histogram
        self.seen[features] = remembered(self.seen[features], new_groups, n_rows)
        self.counts[features] = counts + new
        self._totals[features] += n_rows


def _due(totals: Any) -> Any:
    """Return the totals at which the bets are placed anew."""
    return totals + np.maximum(np.ceil(totals * Evidence.GROWTH).astype(np.int64), 1)
