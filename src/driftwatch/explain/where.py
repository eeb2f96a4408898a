"""Where the drift sits: both searches for slices over the rows of a check (layer 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from driftwatch.arrays.schema import FeatureKind, Role
from driftwatch.explain.local import drifts_inside
from driftwatch.explain.segments import changed_shares, halves
from driftwatch.explain.slices import encode
from driftwatch.report.explanation import Segments

if TYPE_CHECKING:
    from collections.abc import Sequence

    from driftwatch.arrays.table import Table
    from driftwatch.monitor.monitor import Monitor

__all__ = ["MAX_ROWS", "find_segments"]

MAX_ROWS = 20_000  # of each side: more are sampled
MAX_FEATURES = 500  # that conditions are made of: those of the largest effect
MAX_DRIFTED = 10  # features for which a slice is searched in which they drift
MIN_ROWS = 100  # of each side: fewer than that in two halves say nothing
KINDS = frozenset({FeatureKind.NUMERIC, FeatureKind.CATEGORICAL, FeatureKind.BOOLEAN})


def find_segments(
    monitor: Monitor,
    reference: Table,
    current: Table,
    drifted: Sequence[str],
    *,
    ranked: Sequence[str] | None = None,
    alpha: float = 0.05,
    max_rows: int = MAX_ROWS,
    seed: int = 0,
) -> Segments:
    """Return the slices whose share changed, and those inside which a drifted feature moved more than outside.

    Parameters
    ----------
    monitor : Monitor
        It knows what each column is.
    reference, current : Table
        Rows.
    drifted : sequence of str
        Features that drifted, the largest drift first.
    ranked : sequence of str, optional
        All features, those first that slices are to be made of where there are too many; by default in the order of the
        reference.
    alpha : float
        Probability of any slice where there is none, of each of both kinds.
    max_rows : int
        Rows of each side that are searched and tested on; of more a sample is drawn.
    seed : int
        Decides which rows are drawn, and which of them are searched.
    """
    rng = np.random.default_rng(seed)
    sides = [_sampled(table, max_rows, rng) for table in (reference, current)]
    n, m = sides[0].n_rows, sides[1].n_rows
    if min(n, m) < MIN_ROWS:
        return Segments((), (), 0, n, m, alpha, f"{MIN_ROWS} rows on both sides are needed, got {n} and {m}")
    features = monitor.profile.features
    both = set(reference.names) & set(current.names)
    names = [
        name
        for name in (features if ranked is None else ranked)
        if name in both and features[name].kind in KINDS and monitor.plan.options(name).role is Role.FEATURE
    ]
    cells, left_out = encode(features, names[:MAX_FEATURES], *sides)
    search, test = halves(n, m, rng)
    segments, n_shares = changed_shares(cells, search, test, alpha=alpha)
    local, n_local = drifts_inside(cells, drifted[:MAX_DRIFTED], search, test, alpha=alpha)
    reasons = [f"{name} takes no part: {why}" for name, why in left_out.items()]
    if len(names) > MAX_FEATURES:
        reasons.append(f"slices are made of {MAX_FEATURES:,} of {len(names):,} features, those of the largest effect")
    return Segments(segments, local, n_shares + n_local, n, m, alpha, "; ".join(reasons) or None)


def _sampled(table: Table, max_rows: int, rng: np.random.Generator) -> Table:
    if table.n_rows <= max_rows:
        return table
    return table.take(np.sort(rng.choice(table.n_rows, max_rows, replace=False)))
