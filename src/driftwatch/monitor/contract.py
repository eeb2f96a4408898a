"""What a detector must return, checked at run time: users bring their own detectors (layer 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch.arrays.namespace import to_host
from driftwatch.detectors.base import Score
from driftwatch.errors import DriftwatchError
from driftwatch.report.model import TestResult

if TYPE_CHECKING:
    from driftwatch.detectors.base import BaseDetector

__all__ = ["checked"]

_SCALARS = (str, int, float, bool, np.generic, type(None))


def checked(score: object, detector: BaseDetector[Any], d: int) -> Score:
    """Return the score of `d` features if it keeps the contract of `BaseDetector.score`.

    Raises
    ------
    DriftwatchError
        If it does not; the message says what was wanted and what came.
    """
    if not isinstance(score, Score):
        raise DriftwatchError(f"`score` must return a `Score`, got {type(score).__name__}")
    parts = {
        "statistic": score.statistic,
        "pvalue": score.pvalue,
        "effect": score.effect,
        "reasons": score.reasons,
        "flags": score.flags,
        **{f"measures[{key!r}]": values for key, values in (score.measures or {}).items()},
        **({} if score.noise is None else {f"noise.{key}": values for key, values in score.noise._asdict().items()}),
        **{f"excess[{key!r}]": values for key, values in (score.excess or {}).items()},
        **{f"details[{key!r}]": values for key, values in score.details.items()},
    }
    for name, values in parts.items():
        if values is not None and _shape(values) != (d,):
            raise DriftwatchError(f"`{name}` must have one entry per feature, shape ({d},), got {_shape(values)}")

    promised = set(detector.measures) - set(score.measures or {detector.name: score.statistic})
    if promised:
        raise DriftwatchError(f"`measures` must hold the names that the detector declares; missing: {sorted(promised)}")
    if score.pvalue is not None:
        pvalue = np.asarray(to_host(score.pvalue), dtype=np.float64)
        if ((pvalue < 0.0) | (pvalue > 1.0)).any():
            raise DriftwatchError(f"`pvalue` must lie in [0, 1], got {pvalue.tolist()}")
    TestResult(None, details=dict.fromkeys(score.details))  # refuses keys that are names of its own
    for key, values in score.details.items():
        if not all(isinstance(value, _SCALARS) for value in values):
            raise DriftwatchError(f"`details[{key!r}]` must hold plain numbers, strings, booleans or None")
    return score


def _shape(values: Any) -> tuple[int, ...]:
    return tuple(values.shape) if hasattr(values, "shape") else (len(values),)
