"""What a profile holds, in words and numbers for people (layer 3)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch.profile.labels import is_hashed

if TYPE_CHECKING:
    from driftwatch.profile.frozen import FrozenBlock
    from driftwatch.profile.labels import LevelTally
    from driftwatch.profile.profile import Profile

__all__ = ["describe", "diff"]

LEVELS_DESCRIBED = 10


def describe(profile: Profile) -> dict[str, dict[str, Any]]:
    """Return what is known of every feature."""
    described: dict[str, dict[str, Any]] = {}
    for name, feature in profile.features.items():
        described[name] = {
            "kind": str(feature.kind),
            "dtype": feature.dtype,
            "n_rows": profile.n_rows,
            "missing": profile.missing.get(name),
            **({"problem": feature.problem} if feature.problem else {}),
        }
    for block in profile.summary.blocks:
        for i, name in enumerate(block.names):
            described[name] |= _numbers(block, i)
    for name, tally in profile.summary.levels.items():
        described[name] |= _levels(tally)
    return described


def diff(before: Profile, after: Profile) -> dict[str, Any]:
    """Return how `after` differs from `before`."""
    old, new = describe(before), describe(after)
    changed: dict[str, dict[str, Any]] = {}
    for name in old.keys() & new.keys():
        own: dict[str, Any] = {
            key: {"before": old[name].get(key), "after": new[name].get(key)}
            for key in ("kind", "dtype", "missing", "mean", "std", "min", "median", "max", "n_levels")
            if old[name].get(key) != new[name].get(key)
        }
        if "mean" in own and old[name]["std"]:
            own["shift"] = _finite((new[name]["mean"] - old[name]["mean"]) / old[name]["std"])
        if own:
            changed[name] = own
    return {
        "n_rows": {"before": before.n_rows, "after": after.n_rows},
        "removed": [name for name in old if name not in new],
        "added": [name for name in new if name not in old],
        "changed": {name: changed[name] for name in old if name in changed},
    }


def _numbers(block: FrozenBlock, i: int) -> dict[str, Any]:
    tally = block.tally
    return {
        "mean": _finite(block.mean[i]),
        "std": _finite(block.std[i]),
        "min": _finite(tally.low[i]),
        "median": _finite(block.median[i]),
        "max": _finite(tally.high[i]),
        "points": int(np.count_nonzero(np.isfinite(block.points.values[i]))),
        "exact": not tally.cells[i, ::2].any(),
    }


def _levels(tally: LevelTally) -> dict[str, Any]:
    shown = sorted(tally.counts, key=lambda label: (-tally.counts[label], label))
    return {
        "n_levels": len(tally.counts),
        "hashed": sum(map(is_hashed, tally.counts)),
        "pooled_rows": tally.pooled,
        "levels": {label: tally.counts[label] for label in shown[:LEVELS_DESCRIBED]},
    }


def _finite(value: Any) -> float | None:
    number = float(value)
    return number if math.isfinite(number) else None
