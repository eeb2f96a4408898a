"""Shifts of the distribution of numeric features: location, spread, a part of it, its unit (layer 4)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from driftwatch.errors import ConfigError
from driftwatch.simulate.shift import NUMBERS, Edit, Shift

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["mean_shift", "noise", "quantile_shift", "scale", "truncation", "unit_change"]

SIGMAS = "standard deviations of the reference"


def mean_shift(strength: float = 1.0, *, features: Sequence[str] | None = None, share: float = 1.0) -> Shift:
    """Return a shift that adds `strength` standard deviations to the values.

    Parameters
    ----------
    strength : float
        In standard deviations of the reference (population formula); negative moves down. The mean of all rows moves
        by `strength * share` of them.
    features : sequence of str, optional
        Numeric features to touch; all by default.
    share : float
        Share of the rows that are affected, drawn at random.
    """
    return Shift("mean_shift", strength, SIGMAS, NUMBERS, _mean_shift, features, share)


def _mean_shift(edit: Edit) -> None:
    for name, x in edit.columns.items():
        x[edit.rows] += edit.strength * edit.sigma(name)


def scale(strength: float = 1.0, *, features: Sequence[str] | None = None, share: float = 1.0) -> Shift:
    """Return a shift that multiplies the distance from the reference's mean by `1 + strength`.

    Parameters
    ----------
    strength : float
        0.5 makes the standard deviation 1.5 times as large, -0.5 halves it; at least -1, where all values are the mean.
    features, share
        As for `mean_shift`.
    """
    bounds = (-1.0, math.inf)
    unit = "added to a factor of 1"
    return Shift("scale", strength, unit, NUMBERS, _scale, features, share, bounds=bounds)


def _scale(edit: Edit) -> None:
    for name, x in edit.columns.items():
        center = edit.mean(name)
        x[edit.rows] = center + (1.0 + edit.strength) * (x[edit.rows] - center)


def noise(strength: float = 1.0, *, features: Sequence[str] | None = None, share: float = 1.0) -> Shift:
    """Return a shift that adds independent normal noise of `strength` standard deviations.

    Parameters
    ----------
    strength : float
        In standard deviations of the reference: the variance grows by the factor `1 + strength**2`.
    features, share
        As for `mean_shift`.
    """
    return Shift("noise", strength, SIGMAS, NUMBERS, _noise, features, share, bounds=(0.0, math.inf))


def _noise(edit: Edit) -> None:
    for name, x in edit.columns.items():
        x[edit.rows] += edit.strength * edit.sigma(name) * edit.rng.standard_normal(edit.rows.size)


def quantile_shift(
    strength: float = 1.0,
    *,
    low: float = 0.9,
    high: float = 1.0,
    features: Sequence[str] | None = None,
    share: float = 1.0,
) -> Shift:
    """Return a shift that moves the values between two quantiles of the reference and leaves all others.

    Parameters
    ----------
    strength : float
        In standard deviations of the reference.
    low, high : float
        Quantiles, in [0, 1]: by default the upper tenth moves.
    features, share
        As for `mean_shift`.
    """
    if not 0.0 <= low < high <= 1.0:
        raise ConfigError(f"`low` and `high` must be quantiles with 0 <= low < high <= 1, got {low!r} and {high!r}.")
    options = {"low": low, "high": high}
    return Shift("quantile_shift", strength, SIGMAS, NUMBERS, _quantile_shift, features, share, options)


def _quantile_shift(edit: Edit) -> None:
    for name, x in edit.columns.items():
        if edit.reference[name].size:
            low, high = np.quantile(edit.reference[name], [edit.options["low"], edit.options["high"]])
            inside = edit.rows[(x[edit.rows] >= low) & (x[edit.rows] <= high)]
            x[inside] += edit.strength * edit.sigma(name)


TAILS = ("upper", "lower", "both")


def truncation(
    strength: float = 0.1,
    *,
    tail: str = "upper",
    clip: bool = False,
    features: Sequence[str] | None = None,
    share: float = 1.0,
) -> Shift:
    """Return a shift that cuts a share of the reference's distribution off.

    Parameters
    ----------
    strength : float
        Share of the distribution that is cut off, in [0, 1).
    tail : {"upper", "lower", "both"}
        Where; "both" cuts half of it on each side.
    clip : bool
        Whether values beyond the cut become the cut, as of a sensor at the end of its range, which ties them. Otherwise
        values inside of it, drawn from the data at random, take their place, as if such rows no longer came.
    features, share
        As for `mean_shift`.
    """
    if tail not in TAILS:
        raise ConfigError(f"`tail` must be one of {', '.join(map(repr, TAILS))}, got {tail!r}.")
    options = {"tail": tail, "clip": bool(clip)}
    bounds = (0.0, math.nextafter(1.0, 0.0))
    unit = "share of the distribution"
    return Shift("truncation", strength, unit, NUMBERS, _truncation, features, share, options, bounds)


def _truncation(edit: Edit) -> None:
    tail = edit.options["tail"]
    cut = edit.strength / 2.0 if tail == "both" else edit.strength
    for name, x in edit.columns.items():
        reference = edit.reference[name]
        if not reference.size:
            continue
        low = np.quantile(reference, cut) if tail in {"lower", "both"} else -math.inf
        high = np.quantile(reference, 1.0 - cut) if tail in {"upper", "both"} else math.inf
        if edit.options["clip"]:
            x[edit.rows] = np.clip(x[edit.rows], low, high)
            continue
        beyond = edit.rows[(x[edit.rows] < low) | (x[edit.rows] > high)]
        inside = reference[(reference >= low) & (reference <= high)]
        x[beyond] = edit.rng.choice(inside, beyond.size)


def unit_change(
    factor: float = 2.54,
    *,
    offset: float = 0.0,
    strength: float = 1.0,
    features: Sequence[str] | None = None,
    share: float = 1.0,
) -> Shift:
    """Return a shift to another unit: `value * factor + offset`.

    Parameters
    ----------
    factor, offset : float
        2.54 turns inches into centimetres; a factor of 1.8 and an offset of 32 Celsius into Fahrenheit.
    strength : float
        1 is the whole change; between 0 and 1 a part of it, `value * factor**strength + strength * offset`.
    features, share
        As for `mean_shift`.
    """
    if not (0.0 < factor < math.inf and math.isfinite(offset)):
        raise ConfigError(f"`factor` must be positive and `offset` finite, got {factor!r} and {offset!r}.")
    options = {"factor": factor, "offset": offset}
    unit = "part of the change"
    return Shift("unit_change", strength, unit, NUMBERS, _unit_change, features, share, options)


def _unit_change(edit: Edit) -> None:
    factor, offset = edit.options["factor"] ** edit.strength, edit.strength * edit.options["offset"]
    for x in edit.columns.values():
        x[edit.rows] = x[edit.rows] * factor + offset
