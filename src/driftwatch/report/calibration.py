"""The plain data of a calibration (layer 4): what was measured on a reference, and the settings that follow."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any

from driftwatch.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Calibration", "FeatureCalibration", "RateEstimate"]

VERSION = 1


@dataclass(frozen=True, slots=True)
class RateEstimate:
    """How many of so many windows without drift were alarms; `low` and `high` bound the rate with 95 % confidence."""

    n_alarms: int
    n_windows: int
    rate: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class FeatureCalibration:
    """What a calibration found for one feature.

    Attributes
    ----------
    kind : str
    design_effects : mapping of str to float
        For each test by how much fewer rows count than there are, 1 for independent ones: its p-values are corrected by it.
    n_effective : float or None
        Independent rows that a window is worth.
    shift : str or None
        The drift of which `smallest` is an amount: "mean_shift", "level_shift" or "correlation_rotation" of
        `driftwatch.simulate`; of embeddings "mean_shift" along their first principal direction.
    unit : str or None
    smallest : float or None
        The smallest drift that is seen with the stated power; None where there is none, and `reason` says why.
    low, high : float or None
        Its 95 % interval over the windows it was measured on; None where a bound lies beyond what was tried.
    """

    kind: str
    design_effects: Mapping[str, float] = field(default_factory=dict)
    n_effective: float | None = None
    shift: str | None = None
    unit: str | None = None
    smallest: float | None = None
    low: float | None = None
    high: float | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Calibration:
    """The result of `Monitor.calibrate`.

    Attributes
    ----------
    window : int
        Rows in a check.
    checks_per_day, false_alarms_per_month : float
        What was asked for.
    target_rate : float
        The share of checks that may be false alarms.
    alpha_before, alpha : float or None
        The level before and after; None where the rule has none.
    factor : float
        By which thresholds and smallest effects were multiplied; 1 where there is a level.
    before, after : RateEstimate
        False alarms on windows left out of the reference, with the settings before and after. For `after` no window
        takes part in the correction that it is judged by.
    power : float
        With which probability the smallest drifts are seen.
    features : mapping of str to FeatureCalibration
    n_reference, n_folds : int
        Rows of the reference, and parts that were left out of it one at a time.
    seed : int
    warnings : tuple of str
        What the numbers rest on where that is little.
    """

    window: int
    checks_per_day: float
    false_alarms_per_month: float
    target_rate: float
    alpha_before: float | None
    alpha: float | None
    factor: float
    before: RateEstimate
    after: RateEstimate
    power: float
    features: Mapping[str, FeatureCalibration]
    n_reference: int
    n_folds: int
    seed: int
    warnings: tuple[str, ...] = ()

    def alarms_per_month(self, rate: float) -> float:
        """Return how many alarms a month a rate for each check comes to."""
        return rate / self.target_rate * self.false_alarms_per_month

    def rows(self) -> list[dict[str, Any]]:
        """Return one dict for each feature: name, kind, independent rows, and the smallest drift that is seen."""
        keys = ("kind", "n_effective", "shift", "smallest", "unit", "low", "high", "reason")
        return [
            {"feature": name, **{key: getattr(found, key) for key in keys}} for name, found in self.features.items()
        ]

    def summary(self, *, width: int = 80) -> str:
        """Return what was asked for, what was measured and what was set, as lines of at most `width` columns."""
        from driftwatch.report.render_calibration import render_calibration

        return render_calibration(self, width=width)

    def to_dict(self) -> dict[str, Any]:
        """Return the calibration as plain data for strict JSON."""
        return {"calibration_version": VERSION, **asdict(self), "warnings": list(self.warnings)}

    def to_json(self, indent: int | None = None) -> str:
        """Return the calibration as strict JSON."""
        return json.dumps(self.to_dict(), indent=indent, allow_nan=False)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Calibration:
        """Return the calibration that `to_dict` described; unknown keys are ignored.

        Raises
        ------
        InputError
            If it is of another version, or a key is missing.
        """
        if not isinstance(data, dict) or data.get("calibration_version") != VERSION:
            found = data.get("calibration_version") if isinstance(data, dict) else type(data).__name__
            raise InputError(
                f"a calibration of version {VERSION} is wanted, got {found!r}. Pass what `Calibration.to_dict` returned."
            )
        try:
            values = {item.name: data[item.name] for item in fields(cls)}
            values |= {side: _known(RateEstimate, data[side]) for side in ("before", "after")}
            values["features"] = {name: _known(FeatureCalibration, x) for name, x in data["features"].items()}
        except (KeyError, TypeError, AttributeError) as error:
            raise InputError(f"a calibration must hold all of its keys; missing or wrong: {error}.") from error
        return cls(**{**values, "warnings": tuple(values["warnings"])})

    @classmethod
    def from_json(cls, text: str | bytes) -> Calibration:
        """Return the calibration that `to_json` wrote.

        Raises
        ------
        InputError
            If the text is not JSON, or as for `from_dict`.
        """
        try:
            data = json.loads(text)
        except ValueError as error:
            raise InputError(f"a calibration is JSON, and this does not parse: {error}.") from error
        return cls.from_dict(data)


def _known(cls: type[Any], data: Mapping[str, Any]) -> Any:
    return cls(**{item.name: data[item.name] for item in fields(cls) if item.name in data})
