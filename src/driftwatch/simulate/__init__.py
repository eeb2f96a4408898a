"""Drift made on purpose: shifts of a table, schedules of a stream, and what a monitor sees of them (layer 4)."""

from typing import TYPE_CHECKING

from driftwatch._lazy import attach

if TYPE_CHECKING:  # what `attach` gives at run time, for type checkers and editors
    from driftwatch.simulate.catalog import SHIFTS
    from driftwatch.simulate.dependence import correlation_rotation, feature_swap
    from driftwatch.simulate.levels import category_swap, level_shift, new_category, prior_shift
    from driftwatch.simulate.numeric import mean_shift, noise, quantile_shift, scale, truncation, unit_change
    from driftwatch.simulate.power import PowerCurve, power_curve
    from driftwatch.simulate.quality import missing_values, outliers, stuck_sensor
    from driftwatch.simulate.schedule import Schedule, gradual, incremental, recurring, sudden
    from driftwatch.simulate.shift import Shift

__all__ = [
    "SHIFTS",
    "PowerCurve",
    "Schedule",
    "Shift",
    "category_swap",
    "correlation_rotation",
    "feature_swap",
    "gradual",
    "incremental",
    "level_shift",
    "mean_shift",
    "missing_values",
    "new_category",
    "noise",
    "outliers",
    "power_curve",
    "prior_shift",
    "quantile_shift",
    "recurring",
    "scale",
    "stuck_sensor",
    "sudden",
    "truncation",
    "unit_change",
]

_NUMERIC = "driftwatch.simulate.numeric"
_LEVELS = "driftwatch.simulate.levels"
_QUALITY = "driftwatch.simulate.quality"
_DEPENDENCE = "driftwatch.simulate.dependence"
_SCHEDULE = "driftwatch.simulate.schedule"
_POWER = "driftwatch.simulate.power"
__getattr__, __dir__ = attach(
    __name__,
    {
        "PowerCurve": _POWER,
        "SHIFTS": "driftwatch.simulate.catalog",
        "Schedule": _SCHEDULE,
        "Shift": "driftwatch.simulate.shift",
        "category_swap": _LEVELS,
        "correlation_rotation": _DEPENDENCE,
        "feature_swap": _DEPENDENCE,
        "gradual": _SCHEDULE,
        "incremental": _SCHEDULE,
        "level_shift": _LEVELS,
        "mean_shift": _NUMERIC,
        "missing_values": _QUALITY,
        "new_category": _LEVELS,
        "noise": _NUMERIC,
        "outliers": _QUALITY,
        "power_curve": _POWER,
        "prior_shift": _LEVELS,
        "quantile_shift": _NUMERIC,
        "recurring": _SCHEDULE,
        "scale": _NUMERIC,
        "stuck_sensor": _QUALITY,
        "sudden": _SCHEDULE,
        "truncation": _NUMERIC,
        "unit_change": _NUMERIC,
    },
)
