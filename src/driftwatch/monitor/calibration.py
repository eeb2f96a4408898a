"""`Monitor.calibrate`: rate of false alarms, level and smallest drifts, from the reference alone (layer 4)."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch._checks import check_count, is_amount
from driftwatch.errors import ConfigError, InputError
from driftwatch.kernels.proportions import clopper_pearson
from driftwatch.monitor.choice import Choice, choose, left_out_alarms, lowered
from driftwatch.monitor.detectable import injections, search
from driftwatch.monitor.left_out import folds, n_folds, spread
from driftwatch.monitor.outcomes import outcome_of
from driftwatch.report.calibration import Calibration, FeatureCalibration, RateEstimate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from driftwatch._typing import Progress
    from driftwatch.arrays.table import Table
    from driftwatch.monitor.injection import Injection
    from driftwatch.monitor.monitor import Monitor
    from driftwatch.monitor.outcomes import Outcome
    from driftwatch.monitor.plan import Plan

__all__ = ["DAYS_PER_MONTH", "calibrate", "calibrated", "check_analytic"]

NDArray = np.ndarray[Any, Any]

DAYS_PER_MONTH = 365.25 / 12.0
FEW_WINDOWS = 20
LARGE_EFFECT = 1.5  # a design effect from which the result warns
QUANTILE = 1.959964  # of the normal distribution, for intervals of 95 %


def calibrate(
    monitor: Monitor,
    plan: Plan,
    *,
    window: int,
    checks_per_day: float,
    false_alarms_per_month: float,
    power: float,
    n_windows: int,
    seed: int,
    progress: Progress | None,
) -> Calibration:
    """Return the calibration of the rule `plan`; `Monitor.calibrate` says what the parameters mean."""
    rows = monitor._rows  # noqa: SLF001 - held for this
    if rows is None:
        raise InputError("calibration needs the rows of the reference. Make the monitor with keep_rows=True.")
    check_count("window", window)
    check_count("n_windows", n_windows)
    if not is_amount(power) or not 0.0 < power < 1.0:
        raise ConfigError(f"`power` must be a number between 0 and 1, got {power!r}.")
    target = _target(checks_per_day, false_alarms_per_month)

    bench = _Bench(monitor, plan, rows, window, n_windows)
    outcomes = [outcome for _, _, outcome in bench.windows()]
    as_it_was = Choice(plan.alpha, plan.correction)
    choice = choose(outcomes, plan, target)
    choices, alarms = left_out_alarms(outcomes, plan, target)
    choice, alarms = lowered(choice, choices, outcomes, target) or (choice, alarms)

    drifts, reasons = injections(monitor.profile, rows)
    smallest = bench.smallest(choice, drifts, {test.name for o in outcomes for test in o.pvalues}, seed, progress)
    features = {}
    for name, feature in monitor.profile.features.items():
        effects = {test.name: effect for test, effect in choice.effects.items() if test.feature == name}
        features[name] = FeatureCalibration(
            str(feature.kind),
            effects,
            n_effective=window / max(effects.values()) if effects else None,
            **_smallest(drifts.get(name), smallest.get(name), power, reasons.get(name)),
        )
    after = _rate(alarms)
    return Calibration(
        window=int(window),
        checks_per_day=float(checks_per_day),
        false_alarms_per_month=float(false_alarms_per_month),
        target_rate=target,
        alpha_before=plan.alpha,
        alpha=choice.alpha,
        factor=choice.factor,
        before=_rate([bool(as_it_was.alarms(outcome)) for outcome in outcomes]),
        after=after,
        power=float(power),
        features=features,
        n_reference=rows.n_rows,
        n_folds=n_folds(rows.n_rows, window),
        seed=int(seed),
        warnings=tuple(_warnings(target, after, features, is_lowered=choice.is_lowered)),
    )


def calibrated(plan: Plan, calibration: Calibration, names: Sequence[str]) -> Plan:
    """Return a plan with the level, the factor and the design effects of a calibration.

    Raises
    ------
    ConfigError
        If the calibration is of other features, or of a rule with a level where this one has none, or of other p-values.
    """
    check_analytic(plan)
    if set(names) != set(calibration.features):
        raise ConfigError(
            f"the calibration is of other features ({len(calibration.features)}) than those of this monitor "
            f"({len(names)}). Calibrate this one."
        )
    if (plan.alpha is None) != (calibration.alpha is None):
        raise ConfigError("the calibration is of a rule with `alpha` and this one has none, or the other way round.")
    effects = {
        name: {test: effect for test, effect in found.design_effects.items() if effect > 1.0}
        for name, found in calibration.features.items()
    }
    scaled = plan if calibration.factor == 1.0 else plan.scaled(calibration.factor)
    own = {name: tests for name, tests in effects.items() if tests}
    return replace(scaled, alpha=calibration.alpha, design_effects=own, calibrated=True)


def check_analytic(plan: Plan) -> None:
    """Raise `ConfigError` if the p-values of a plan are permutation p-values, which take dependent rows into account."""
    if plan.resampling is not None:
        raise ConfigError(
            "a calibration corrects analytic p-values for dependent rows, and permutation p-values need no such "
            "correction. Make the monitor with pvalues='analytic'."
        )


@dataclass(frozen=True, slots=True)
class _Bench:
    """Looks at windows of the reference, each against the rest."""

    monitor: Monitor
    plan: Plan
    rows: Table
    window: int
    n_windows: int

    def windows(self) -> Iterator[tuple[Monitor, Table, Outcome]]:
        """Yield a monitor of the rest, a window and what it finds: windows do not overlap, and are spread evenly."""
        quotas = spread(self.n_windows, n_folds(self.rows.n_rows, self.window))
        for fold, quota in zip(folds(self.monitor, self.rows, window=self.window), quotas, strict=True):
            fits = (fold.stop - fold.start) // self.window
            for place in np.linspace(0, fits - 1, min(quota, fits)).astype(int).tolist():
                start = fold.start + place * self.window
                block = self.rows.take(slice(start, start + self.window))
                fold.monitor.plan = self.plan
                yield fold.monitor, block, self.look(fold.monitor, block, fold.monitor.feature_names)

    def look(self, monitor: Monitor, block: Table, names: Sequence[str]) -> Outcome:
        """Return what some features of one window show."""
        evidence, _ = monitor._compare(block, names)  # noqa: SLF001 - before any decision
        return outcome_of(evidence, self.plan)

    def smallest(
        self,
        choice: Choice,
        drifts: Mapping[str, Injection],
        tests: set[str],
        seed: int,
        progress: Progress | None,
    ) -> dict[str, NDArray]:
        """Return, for each feature, the smallest strength that is seen in each window."""
        cut = {key for name in drifts for key in self.plan.thresholds_of(name)}
        # the other detectors describe and decide nothing
        needed = tuple(d for d in self.plan.detectors if d.name in tests or d.effect_kinds or cut & set(d.measures))
        found: list[dict[str, float]] = []
        for monitor, block, raw in self.windows():
            calm = raw.corrected(choice.effects)
            # with the level of the checks to come, as p-values from permutations get as fine as it needs
            monitor.plan = replace(self.plan, detectors=needed, alpha=choice.alpha)

            def look(table: Table, names: Sequence[str], monitor: Monitor = monitor) -> Outcome:
                return self.look(monitor, table, names).corrected(choice.effects)

            def sees(name: str, outcome: Outcome, calm: Outcome = calm) -> bool:
                return name in choice.alarms(calm.replaced(name, outcome))

            found.append(search(block, drifts, look, sees, np.random.default_rng([seed, len(found)])))
            if progress is not None:
                progress(1)
        return {name: np.asarray([own[name] for own in found]) for name in drifts}


def _target(checks_per_day: float, false_alarms_per_month: float) -> float:
    for name, value in (("checks_per_day", checks_per_day), ("false_alarms_per_month", false_alarms_per_month)):
        if not is_amount(value) or value <= 0.0:
            raise ConfigError(f"`{name}` must be a finite number above 0, got {value!r}.")
    target = float(false_alarms_per_month) / (float(checks_per_day) * DAYS_PER_MONTH)
    if target >= 1.0:
        raise ConfigError(
            f"`false_alarms_per_month` must be fewer than the {checks_per_day * DAYS_PER_MONTH:g} checks of a month, "
            f"got {false_alarms_per_month!r}."
        )
    return target


def _rate(alarms: Sequence[bool]) -> RateEstimate:
    low, high = clopper_pearson(sum(alarms), len(alarms))
    return RateEstimate(sum(alarms), len(alarms), sum(alarms) / len(alarms), low, high)


def _smallest(drift: Injection | None, found: NDArray | None, power: float, reason: str | None) -> dict[str, Any]:
    """Return the quantile of the strengths that are seen, and its interval from the ranks around it."""
    if drift is None or found is None:
        return {"reason": reason}
    ordered = np.sort(found)
    n = len(ordered)
    half = QUANTILE * math.sqrt(n * power * (1.0 - power))

    def at(rank: float) -> float | None:
        place = math.ceil(rank) - 1
        value = float(ordered[place]) if 0 <= place < n else math.inf
        return value if math.isfinite(value) else None

    smallest = at(power * n)
    if smallest is None:
        reason = f"less than {power:.0%} of windows show a drift of {drift.high:g}, the largest that was tried"
    return {
        "shift": drift.shift,
        "unit": drift.unit,
        "smallest": smallest,
        "low": None if smallest is None else at(power * n - half),
        "high": None if smallest is None else at(power * n + half + 1.0),
        "reason": reason,
    }


def _warnings(
    target: float, after: RateEstimate, features: Mapping[str, FeatureCalibration], *, is_lowered: bool
) -> Iterator[str]:
    n = after.n_windows
    if n < FEW_WINDOWS:
        yield f"only {n} windows fit into the reference, so the rates and the smallest drifts are rough"
    if target * n < 1.0:
        yield (
            f"a rate of {target:.2g} is less than {n} windows can show: it rests on the p-values, and on the rows being "
            "as dependent as in the reference"
        )
    dependent = [
        name for name, found in features.items() if max(found.design_effects.values(), default=1.0) > LARGE_EFFECT
    ]
    if dependent:
        yield (
            f"rows hang together in {len(dependent)} of {len(features)} features: a window is worth fewer rows than it "
            "has, as `n_effective` says"
        )
    if is_lowered:
        yield "the reference changes on the way: alpha was lowered until its own windows raise no more alarms than wanted"
