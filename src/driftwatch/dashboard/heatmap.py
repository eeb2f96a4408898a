"""Features x time (layer 5): which features drifted in which windows, and by how much, of a bounded size."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from driftwatch.dashboard.findings import DRIFT
from driftwatch.dashboard.stored import run_dict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from driftwatch.dashboard.findings import Findings
    from driftwatch.store.model import Run

__all__ = ["heatmap"]

ABSENT = " "  # a feature that a check did not have


def heatmap(checks: Sequence[tuple[Run, Findings]], *, n_features: int, matching: str | None) -> dict[str, Any]:
    """Return the heatmap of some checks: the features that drifted most often first, then by their largest effect.

    Parameters
    ----------
    checks : sequence of pairs
        In the order of the columns.
    n_features : int
        Rows, at most.
    matching : str, optional
        Only features whose names contain this, in whatever case.
    """
    places: dict[str, int] = {}
    n_drifted: list[int] = []
    largest: list[float] = []
    wanted = None if matching is None else matching.casefold()
    for _, found in checks:
        for name, state, effect in zip(found.names, found.states, found.effects, strict=True):
            place = places.get(name)
            if place is None:
                place = places[name] = len(places)
                n_drifted.append(0)
                largest.append(-1.0)
            n_drifted[place] += state == DRIFT
            largest[place] = max(largest[place], effect)  # in this order: NaN is never the larger one
    names = [name for name in places if wanted is None or wanted in name.casefold()]
    shown = sorted(names, key=lambda name: (-n_drifted[places[name]], -largest[places[name]]))[:n_features]
    rows: dict[str, tuple[list[float | None], list[str]]] = {
        name: ([None] * len(checks), [ABSENT] * len(checks)) for name in shown
    }
    for column, (_, found) in enumerate(checks):
        for name, state, effect in zip(found.names, found.states, found.effects, strict=True):
            row = rows.get(name)
            if row is not None:
                effects, states = row
                effects[column] = None if math.isnan(effect) else effect
                states[column] = state
    return {
        "n_features": len(places),
        "n_matching": len(names),
        "windows": [
            {
                **run_dict(run),
                "n_features": len(found.names),
                "n_drifted": found.n_drifted,
                "reason": found.reason,
            }
            for run, found in checks
        ],
        "features": [
            {
                "name": name,
                "n_drifted": n_drifted[places[name]],
                "max_effect": None if largest[places[name]] < 0 else largest[places[name]],
                "effects": rows[name][0],
                "states": "".join(rows[name][1]),
            }
            for name in shown
        ],
    }
