"""Shifts of how features hang together (layer 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from driftwatch.errors import ConfigError, InputError
from driftwatch.kernels.rank_rotation import turned_order
from driftwatch.simulate.shift import CELLS, NUMBERS, Edit, Shift, round_randomly

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["correlation_rotation", "feature_swap"]


def correlation_rotation(strength: float = 0.5, *, features: Sequence[str] | None = None, share: float = 1.0) -> Shift:
    """Return a shift that turns the correlation of pairs of features and keeps every feature's own values.

    The normal scores of two features are two directions whose angle is the arc cosine of their correlation. The second
    is turned towards the first, or away from it, and its values are put into the order of the turned scores. So the
    values of each feature are the same as before, in another order: no look at one feature alone can tell.

    Parameters
    ----------
    strength : float
        Share of a right angle, in [-2, 2]: independent features become equal in rank at 1, and opposite at -1.
    features : sequence of str, optional
        Numeric features, in pairs: the first of each stays as it is. All by default.
    share : float
        Share of the rows among which values are exchanged, drawn at random.
    """
    _check_pairs(features)
    unit, bounds = "right angles", (-2.0, 2.0)
    return Shift("correlation_rotation", strength, unit, NUMBERS, _rotate, features, share, bounds=bounds)


def _rotate(edit: Edit) -> None:
    for a, b in _pairs(edit):
        x, y = edit.columns[a], edit.columns[b]
        rows = edit.rows[~(np.isnan(x[edit.rows]) | np.isnan(y[edit.rows]))]
        y[rows] = turned_order(x[rows], y[rows], edit.strength, edit.rng)


def feature_swap(strength: float = 1.0, *, features: Sequence[str] | None = None, share: float = 1.0) -> Shift:
    """Return a shift that exchanges the values of two features in a row, as swapped columns do.

    Each row keeps the same values, so sums over the pair stay.

    Parameters
    ----------
    strength : float
        Share of the affected rows in which the two are exchanged.
    features : sequence of str, optional
        Features in pairs, numbers by default; the two of a pair must hold the same kind of value.
    share : float
        Share of the rows that are affected, drawn at random.
    """
    _check_pairs(features)
    unit, bounds = "share of the affected rows", (0.0, 1.0)
    touches = NUMBERS if features is None else CELLS
    return Shift("feature_swap", strength, unit, touches, _swap, features, share, bounds=bounds)


def _swap(edit: Edit) -> None:
    rows = edit.rows[: round_randomly(edit.strength * edit.rows.size, edit.rng)]
    for a, b in _pairs(edit):
        x, y = edit.columns[a], edit.columns[b]
        if x.dtype.kind != y.dtype.kind:
            raise InputError(f"feature_swap needs two features of one kind, but {a!r} and {b!r} differ. Name others.")
        x[rows], y[rows] = y[rows].copy(), x[rows].copy()


def _check_pairs(features: Sequence[str] | None) -> None:
    if features is not None and not isinstance(features, str) and len(features) % 2:
        raise ConfigError(f"`features` must be pairs, an even number of names, got {list(features)!r}.")


def _pairs(edit: Edit) -> Iterator[tuple[str, str]]:
    """Yield the features two by two; the last of an odd number stays as it is."""
    names = list(edit.columns)
    if len(names) < 2:
        raise InputError(f"a pair of features is needed, got {len(names)}. Name two with `features`.")
    return zip(names[::2], names[1::2], strict=False)
