"""How large a drift is, with confidence intervals, for every feature of two samples (layer 2, host, float64)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from driftwatch.errors import ConfigError, UnknownNameError
from driftwatch.kernels._host import feature_rows
from driftwatch.kernels._prepare import Ordered
from driftwatch.kernels.bins import ordered_bin_counts, quantile_edges
from driftwatch.kernels.count_intervals import psi_interval, total_variation_interval
from driftwatch.kernels.divergences import PSI_FLOOR
from driftwatch.kernels.order_intervals import mean_shift_interval, order_intervals, quantile_shift_interval

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from driftwatch._typing import Array
    from driftwatch.kernels.count_intervals import EffectInterval

__all__ = ["EFFECTS", "check_confidence", "effect_intervals", "intervals_of_ordered"]

EFFECTS = ("ks", "wasserstein_normalized", "psi", "total_variation", "mean_shift", "quantile_shift")


def effect_intervals(
    reference: Array,
    current: Array,
    /,
    *,
    effects: Sequence[str] = EFFECTS,
    confidence: float = 0.95,
    quantile: float = 0.5,
    n_bins: int = 10,
) -> dict[str, EffectInterval]:
    """Return effect sizes of every feature with confidence intervals, for independent rows.

    Parameters
    ----------
    reference : array, shape (n_reference,) or (n_reference, n_features)
        NaN is missing, and left out feature by feature.
    current : array, shape (n_current,) or (n_current, n_features)
    effects : sequence of str
        Of "ks" (D), "wasserstein_normalized" (W1 over the reference's standard deviation), "psi", "total_variation",
        "mean_shift" and "quantile_shift" (current less reference, in the unit of the feature).
    confidence : float
        Probability that an interval covers the value in the population, in (0, 1).
    quantile : float
        Of "quantile_shift", in (0, 1): the median.
    n_bins : int
        Equal-mass bins of the reference, for "psi" and "total_variation".

    Returns
    -------
    dict of str to EffectInterval
        `estimate`, `low` and `high`, shape `(n_features,)` each. Estimates of distances are corrected for their noise.

    Raises
    ------
    ConfigError, UnknownNameError
        If a setting is out of range or an effect unknown.
    InputError
        If the shapes do not agree or a sample is empty.

    Notes
    -----
    All are closed forms. At 95 % they cover in 92 to 100 % of simulated samples from 100 rows on (tested); less where bins expect
    less than one row (PSI) or values repeat at the quantile. The upper end of a distance starts from its raw
    value, the lower one from the corrected value: between them lies the bias.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> found = effect_intervals(rng.normal(size=2000), rng.normal(0.5, 1.0, size=1000), effects=["ks", "mean_shift"])
    >>> [round(float(x), 2) for (x,) in found["mean_shift"]]
    [0.48, 0.41, 0.56]
    """
    check_confidence("confidence", confidence)
    check_confidence("quantile", quantile)
    unknown = [name for name in effects if name not in EFFECTS]
    if unknown:
        raise UnknownNameError.from_names("effect", unknown, EFFECTS)
    if n_bins < 2:
        raise ConfigError(f"`n_bins` must be at least 2, got {n_bins!r}.")
    before, after = ([np.sort(row[~np.isnan(row)]) for row in rows] for rows in feature_rows(reference, current))
    counts = _counts(before, after, n_bins=n_bins) if {"psi", "total_variation"} & set(effects) else None
    return intervals_of_ordered(before, after, counts, effects=effects, confidence=confidence, quantile=quantile)


def intervals_of_ordered(
    reference: Sequence[NDArray[np.float64]],
    current: Sequence[NDArray[np.float64]],
    counts: tuple[NDArray[np.int64], NDArray[np.int64]] | None,
    *,
    effects: Sequence[str],
    confidence: float,
    quantile: float = 0.5,
) -> dict[str, EffectInterval]:
    """Return the intervals of sorted values without missing ones, and of their counts `(d, k)` in the reference's bins."""
    found: dict[str, EffectInterval] = {}
    if {"ks", "wasserstein_normalized"} & set(effects):
        found |= order_intervals(reference, current, confidence=confidence)._asdict()
    if counts is not None:
        found["psi"] = psi_interval(*counts, confidence=confidence, floor=PSI_FLOOR, reference_bins=True)
        found["total_variation"] = total_variation_interval(*counts, confidence=confidence)
    if "mean_shift" in effects:
        found["mean_shift"] = mean_shift_interval(reference, current, confidence=confidence)
    if "quantile_shift" in effects:
        found["quantile_shift"] = quantile_shift_interval(reference, current, confidence=confidence, quantile=quantile)
    return {name: found[name] for name in effects}


def check_confidence(name: str, value: float) -> None:
    """Raise `ConfigError` unless a value lies in (0, 1)."""
    if not 0.0 < value < 1.0:
        raise ConfigError(f"`{name}` must be a number between 0 and 1, got {value!r}.")


def _counts(
    reference: Sequence[NDArray[np.float64]], current: Sequence[NDArray[np.float64]], *, n_bins: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the counts of both sides in equal-mass bins of the reference, shape `(d, n_bins)`; 0 of empty samples."""
    out = np.zeros((2, len(reference), n_bins), dtype=np.int64)
    for i, (x, y) in enumerate(zip(reference, current, strict=True)):
        if x.size and y.size:
            ordered = Ordered(x[None, :], x.size)
            edges = quantile_edges(ordered, n_bins, xp=np)
            out[0, i] = ordered_bin_counts(ordered, edges, xp=np)[0]
            out[1, i] = ordered_bin_counts(Ordered(y[None, :], y.size), edges, xp=np)[0]
    return out[0], out[1]
