"""Every shift by name: what the command line offers and the contract tests run over (layer 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from driftwatch.simulate.dependence import correlation_rotation, feature_swap
from driftwatch.simulate.levels import category_swap, level_shift, new_category, prior_shift
from driftwatch.simulate.numeric import mean_shift, noise, quantile_shift, scale, truncation, unit_change
from driftwatch.simulate.quality import missing_values, outliers, stuck_sensor

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from driftwatch.simulate.shift import Shift

__all__ = ["SHIFTS"]

SHIFTS: Mapping[str, Callable[..., Shift]] = {
    shift.__name__: shift
    for shift in (
        mean_shift,
        scale,
        noise,
        quantile_shift,
        truncation,
        unit_change,
        missing_values,
        outliers,
        stuck_sensor,
        category_swap,
        level_shift,
        new_category,
        prior_shift,
        correlation_rotation,
        feature_swap,
    )
}
