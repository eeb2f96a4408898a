"""Shifts of the quality of data: values that go missing, that are absurd, that no longer change (layer 4)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from driftwatch.simulate.numeric import SIGMAS
from driftwatch.simulate.shift import CELLS, NUMBERS, Edit, Shift, round_randomly

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["missing_values", "outliers", "stuck_sensor"]

SHARE_OF_VALUES = "share of the affected rows"


def missing_values(strength: float = 0.2, *, features: Sequence[str] | None = None, share: float = 1.0) -> Shift:
    """Return a shift that makes a share of the values missing, for each feature in rows of its own.

    Parameters
    ----------
    strength : float
        Share of the affected rows whose value goes missing, completely at random.
    features : sequence of str, optional
        Numbers, texts or booleans; all of them by default.
    share : float
        Share of the rows that are affected, drawn at random.
    """
    unit = SHARE_OF_VALUES
    return Shift("missing_values", strength, unit, CELLS, _missing_values, features, share, bounds=(0.0, 1.0))


def _missing_values(edit: Edit) -> None:
    for x in edit.columns.values():
        k = round_randomly(edit.strength * edit.rows.size, edit.rng)
        x[edit.rng.permutation(edit.rows)[:k]] = np.nan if x.dtype.kind == "f" else None


def outliers(strength: float = 10.0, *, features: Sequence[str] | None = None, share: float = 0.01) -> Shift:
    """Return a shift that puts values far from the mean, above or below it at random.

    Parameters
    ----------
    strength : float
        Distance from the mean, in standard deviations of the reference.
    features : sequence of str, optional
        Numeric features to touch; all by default.
    share : float
        Share of the rows that are affected, for each feature rows of its own.
    """
    return Shift("outliers", strength, SIGMAS, NUMBERS, _outliers, features, share, bounds=(0.0, math.inf))


def _outliers(edit: Edit) -> None:
    for name, x in edit.columns.items():
        rows = edit.rng.permutation(x.size)[: edit.rows.size]
        sign = edit.rng.choice([-1.0, 1.0], rows.size)
        x[rows] = edit.mean(name) + sign * edit.strength * edit.sigma(name)


def stuck_sensor(strength: float = 0.2, *, features: Sequence[str] | None = None, share: float = 1.0) -> Shift:
    """Return a shift after which a feature repeats one of its values over a stretch of rows.

    Parameters
    ----------
    strength : float
        Length of the stretch, as a share of the affected rows. It starts where these start.
    features : sequence of str, optional
        Numeric features to touch; all by default.
    share : float
        Share of the rows that are affected: one contiguous range, which starts at random.
    """
    unit = SHARE_OF_VALUES
    bounds = (0.0, 1.0)
    return Shift(
        "stuck_sensor", strength, unit, NUMBERS, _stuck_sensor, features, share, bounds=bounds, contiguous=True
    )


def _stuck_sensor(edit: Edit) -> None:
    stretch = edit.rows[: round_randomly(edit.strength * edit.rows.size, edit.rng)]
    for x in edit.columns.values():
        seen = stretch[~np.isnan(x[stretch])]
        if seen.size:
            x[stretch] = x[seen[0]]
