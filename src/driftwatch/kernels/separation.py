"""How well a score tells current rows from reference rows: the area under the ROC curve (layer 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from driftwatch.arrays.namespace import device_of, statistic_dtype
from driftwatch.ops import rank, sort_last

if TYPE_CHECKING:
    from driftwatch._typing import Array, Namespace

__all__ = ["N_SCORED", "area_under_curve", "separation"]

N_SCORED = 64  # relabelings whose separation is looked at for its noise: known to a tenth


def area_under_curve(scores: Array, is_current: Array, /, *, xp: Namespace) -> Array:
    """Return the probability that a current row scores above a reference row, ties counting half, shape `(k,)`.

    Parameters
    ----------
    scores : array, shape (n + m, k)
    is_current : array of 0 and 1, shape (n + m, k)

    Notes
    -----
    Mann-Whitney's U over n m, from the mid-ranks of the current rows.
    """
    wide = statistic_dtype(xp, device_of(scores))
    rows, marks = (xp.permute_dims(x, (1, 0)) for x in (scores, is_current))
    ordered = sort_last(rows, xp=xp)[0]
    below, up_to = (xp.astype(rank(ordered, rows, side=side, xp=xp), wide) for side in ("left", "right"))
    marks = xp.astype(marks, wide)
    m = xp.sum(marks, axis=-1)
    n = marks.shape[-1] - m
    midranks = xp.sum(marks * (0.5 * (below + up_to) + 0.5), axis=-1)
    return (midranks - 0.5 * m * (m + 1.0)) / (n * m)


def separation(affinity: Array, is_current: Array, /, *, xp: Namespace) -> Array:
    """Return `max(0, 2 AUC - 1)` in [0, 1] for scores that are meant to be larger for current rows, shape `(k,)`."""
    return xp.clip(2.0 * area_under_curve(affinity, is_current, xp=xp) - 1.0, 0.0, None)
