"""What the distances in the unit of a feature share (layer 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["unscaled_reasons"]


def unscaled_reasons(statistic: npt.NDArray[np.floating], std: npt.NDArray[np.floating]) -> list[str | None]:
    """Return, per feature, why a distance or its scale-free form is not defined; None where both are."""
    reasons: list[str | None] = []
    for distance, spread in zip(statistic.tolist(), std.tolist(), strict=True):
        if not np.isfinite(distance):
            reasons.append("not finite: the data hold infinite or huge values")
        elif spread == 0.0:
            reasons.append("normalized is not defined: the reference is constant")
        else:
            reasons.append(None if np.isfinite(spread) else "normalized is not defined: infinite values")
    return reasons
