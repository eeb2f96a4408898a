"""Two stored checks side by side (layer 5): what each found in every feature, the largest difference first."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from driftwatch.dashboard.asking import RefusedError
from driftwatch.dashboard.stored import run_dict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from driftwatch.store.model import Run

__all__ = ["compared", "compared_feature", "report_document"]

_SAID = ("kind", "status", "reason", "drift_detected", "effect", "direction", "missing_current", "n_current")
_SHAPES = ("kind", "reference", "current", "bins", "histogram")


def report_document(run: Run, text: str) -> Mapping[str, Any]:
    """Return a stored report as JSON has it.

    Raises
    ------
    RefusedError
        If the check failed, or its report cannot be read.
    """
    try:
        found: Mapping[str, Any] = json.loads(text)
        if isinstance(found["features"], dict):
            return found
    except (ValueError, KeyError, TypeError, RecursionError):
        pass
    raise RefusedError(409, "no_report", f"check {run.id} has no report: it failed, or it cannot be read")


def compared(
    left: tuple[Run, Mapping[str, Any]], right: tuple[Run, Mapping[str, Any]], *, offset: int, limit: int
) -> dict[str, Any]:
    """Return both checks and what they found in each feature.

    Features come by how far their effects are apart; what one check does not have, or could not measure, counts as 0.
    """
    sides = {"left": left, "right": right}
    features = {side: document["features"] for side, (_, document) in sides.items()}
    names = list(dict.fromkeys([*features["left"], *features["right"]]))
    changes = {name: _effect(features["right"], name) - _effect(features["left"], name) for name in names}
    names.sort(key=lambda name: -abs(changes[name]))
    last = offset + limit
    return {
        **{side: run_dict(run) for side, (run, _) in sides.items()},
        "same_reference": left[1].get("reference_hash") == right[1].get("reference_hash"),
        "n_features": len(names),
        "features": [
            {
                "name": name,
                "change": changes[name],
                **{side: _part(features[side].get(name), _SAID) for side in sides},
            }
            for name in names[offset:last]
        ],
        "next": last if last < len(names) else None,
    }


def compared_feature(
    left: tuple[Run, Mapping[str, Any]], right: tuple[Run, Mapping[str, Any]], name: str
) -> dict[str, Any]:
    """Return the counts of one feature in both checks, beside those of the reference.

    Raises
    ------
    RefusedError
        If neither has it.
    """
    sides = {"left": left[1]["features"].get(name), "right": right[1]["features"].get(name)}
    if not any(sides.values()):
        raise RefusedError(404, "unknown_feature", "neither check has that feature")
    return {"name": name, **{side: _part(feature, (*_SAID, *_SHAPES)) for side, feature in sides.items()}}


def _part(feature: Mapping[str, Any] | None, keys: tuple[str, ...]) -> dict[str, Any] | None:
    return None if feature is None else {key: feature.get(key) for key in keys}


def _effect(features: Mapping[str, Any], name: str) -> float:
    return float((features.get(name) or {}).get("effect") or 0.0)
