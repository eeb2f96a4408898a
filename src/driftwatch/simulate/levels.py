"""Shifts of categories and labels: levels swapped, a level never seen, another mix of classes (layer 4)."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch.errors import ConfigError, InputError
from driftwatch.simulate.shift import CATEGORIES, CELLS, Edit, Shift, Values, round_randomly

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["category_swap", "level_shift", "new_category", "prior_shift"]

SHARE_OF_ROWS = "share of the affected rows"


def category_swap(
    strength: float = 1.0,
    *,
    levels: tuple[Any, Any] | None = None,
    features: Sequence[str] | None = None,
    share: float = 1.0,
) -> Shift:
    """Return a shift that exchanges two levels, as a changed encoding does.

    Parameters
    ----------
    strength : float
        Share of the affected rows in which the levels are exchanged.
    levels : pair, optional
        The two levels; the most and the least frequent one of each feature by default.
    features : sequence of str, optional
        Features that hold text or booleans, all by default; numbers that stand for categories where they are named.
    share : float
        Share of the rows that are affected, drawn at random.
    """
    if levels is not None and len(levels) != 2:
        raise ConfigError(f"`levels` must be two levels, got {levels!r}. Leave it out for the first and the last.")
    options = {"levels": None if levels is None else tuple(levels)}
    unit, bounds = SHARE_OF_ROWS, (0.0, 1.0)
    return Shift("category_swap", strength, unit, CATEGORIES, _category_swap, features, share, options, bounds)


def _category_swap(edit: Edit) -> None:
    for name, x in edit.columns.items():
        counts = _ranked(edit.reference[name])
        if edit.options["levels"] is None and len(counts) < 2:
            raise InputError(f"category_swap needs two levels or more, but {name!r} has {len(counts)}. Leave it out.")
        a, b = edit.options["levels"] or (counts[0], counts[-1])
        rows = edit.rows[: round_randomly(edit.strength * edit.rows.size, edit.rng)]
        is_a, is_b = rows[x[rows] == a], rows[x[rows] == b]
        x[is_a], x[is_b] = b, a


def new_category(
    strength: float = 0.1, *, level: Any = "new", features: Sequence[str] | None = None, share: float = 1.0
) -> Shift:
    """Return a shift that turns values into a level that was never seen.

    Parameters
    ----------
    strength : float
        Share of the affected rows that get the level.
    level : str or number
        The level; for a number that stands for a category one more than the largest, unless it is a number.
    features, share
        As for `category_swap`.
    """
    unit, bounds = SHARE_OF_ROWS, (0.0, 1.0)
    options = {"level": level}
    return Shift("new_category", strength, unit, CATEGORIES, _new_category, features, share, options, bounds)


def _new_category(edit: Edit) -> None:
    level = edit.options["level"]
    for name, x in edit.columns.items():
        value = level
        if x.dtype.kind == "f" and isinstance(level, str):
            value = edit.reference[name].max(initial=0.0) + 1.0
        if value in set(edit.reference[name].tolist()):
            raise InputError(f"new_category needs a level that {name!r} does not have, got {value!r}. Pass `level`.")
        x[edit.rows[: round_randomly(edit.strength * edit.rows.size, edit.rng)]] = value


def level_shift(
    strength: float = 0.1, *, level: Any = None, features: Sequence[str] | None = None, share: float = 1.0
) -> Shift:
    """Return a shift that turns values into one level that is already there.

    Parameters
    ----------
    strength : float
        Share of the affected rows that get the level.
    level : optional
        The level; the least frequent one of each feature by default.
    features, share
        As for `category_swap`.
    """
    unit, options = SHARE_OF_ROWS, {"level": level}
    return Shift("level_shift", strength, unit, CATEGORIES, _level_shift, features, share, options, (0.0, 1.0))


def _level_shift(edit: Edit) -> None:
    for name, x in edit.columns.items():
        ranked = _ranked(edit.reference[name])
        level = edit.options["level"]
        if level is None and ranked:
            level = ranked[-1]
        if level not in ranked:
            raise InputError(f"level_shift needs a level that {name!r} has, got {level!r}. Pass another `level`.")
        x[edit.rows[: round_randomly(edit.strength * edit.rows.size, edit.rng)]] = level


def prior_shift(strength: float = 0.2, *, target: str, level: Any = None, share: float = 1.0) -> Shift:
    """Return a shift of the mix of classes: whole rows are exchanged for rows of one class, or for rows of the others.

    Within a class the features keep their distribution: what changes is how often each class comes.

    Parameters
    ----------
    strength : float
        In [-1, 1]. Above 0, this share of the affected rows of other classes become rows of `level`, drawn from the
        data; below 0, this share of the rows of `level` become rows of other classes.
    target : str
        The feature that holds the class.
    level : optional
        The class; the least frequent one by default.
    share : float
        Share of the rows that are affected, drawn at random.
    """
    unit, options = SHARE_OF_ROWS, {"level": level}
    return Shift("prior_shift", strength, unit, CELLS, _prior_shift, (target,), share, options, (-1.0, 1.0))


def _prior_shift(edit: Edit) -> Values:
    ((name, x),) = edit.columns.items()
    ranked = _ranked(edit.reference[name])
    level = edit.options["level"]
    if level is None and ranked:
        level = ranked[-1]
    of_level = np.asarray(x == level, dtype=bool)
    grows = edit.strength > 0
    givers, takers = np.flatnonzero(of_level == grows), edit.rows[of_level[edit.rows] != grows]
    if takers.size and not givers.size:
        raise InputError(
            f"prior_shift needs rows with {name!r} {'equal to' if grows else 'other than'} {level!r}, and there are "
            "none. Pass another `level`."
        )
    rows = np.arange(x.size)
    taken = takers[: round_randomly(abs(edit.strength) * takers.size, edit.rng)]
    if taken.size:
        rows[taken] = edit.rng.choice(givers, taken.size)
    return rows


def _ranked(values: Values) -> list[Any]:
    """Return the levels, the most frequent first, in the order of their names where equal."""
    counts = Counter(values.tolist())
    return sorted(counts, key=lambda level: (-counts[level], str(level)))
