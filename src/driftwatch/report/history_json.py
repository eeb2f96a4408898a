"""The answer for a window out of its stored report (layer 4), without building all of the report again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from driftwatch.errors import InputError
from driftwatch.report.history import WindowReport, reason_of, share
from driftwatch.report.model import SCHEMA_VERSION, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from driftwatch._typing import JSONScalar

__all__ = ["window_report_from_dict"]


def window_report_from_dict(start: str | int, stop: str | int, data: Mapping[str, Any]) -> WindowReport:
    """Return what `window_report` makes of the report that `DriftReport.to_dict` described.

    Parameters
    ----------
    start, stop : str or int
    data : mapping
        As it was stored; only what a history shows is looked at.

    Raises
    ------
    InputError
        If it is no report, or one of another version.
    """
    try:
        if data["schema_version"] != SCHEMA_VERSION:
            raise InputError(f"a report of schema version {SCHEMA_VERSION} is wanted, got {data['schema_version']!r}.")
        features: Mapping[str, Mapping[str, Any]] = data["features"]
        verdict = Verdict(data["verdict"])
        return WindowReport(
            start,
            stop,
            int(data["n_current"]),
            verdict,
            reason_of(verdict, (feature["reason"] for feature in features.values())),
            int(data["n_reference"]),
            tuple(sorted((name for name in features if features[name]["drift_detected"]), key=_by_rank(features))),
            {name: _statistics_of(feature) for name, feature in features.items()},
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"what is stored is no report: {error!r}.") from error


def _by_rank(features: Mapping[str, Mapping[str, Any]]) -> Callable[[str], float]:
    """Return the key that puts the features of `DriftReport.ranked` first."""
    return lambda name: -(features[name].get("weight", 1.0) * (features[name]["effect"] or 0.0))


def _statistics_of(feature: Mapping[str, Any]) -> dict[str, JSONScalar]:
    tests: Mapping[str, Mapping[str, Any]] = feature["tests"]
    adjusted = [test["pvalue_adjusted"] for test in tests.values() if test.get("pvalue_adjusted") is not None]
    missing = feature["missing_current"]
    return {
        **{key: feature[key] for key in ("status", "drift_detected", "significant", "material", "effect")},
        "pvalue_adjusted": min(adjusted, default=None),
        "missing_share": share(missing, feature["n_current"] + missing),
        **{name: test["statistic"] for name, test in tests.items()},
    }
