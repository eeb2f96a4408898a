"""Settings under which windows without drift raise no more alarms than wanted (layer 4)."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from driftwatch.kernels.design_effects import design_effects, squared_quantiles
from driftwatch.kernels.proportions import clopper_pearson
from driftwatch.monitor.outcomes import matrix

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from driftwatch.monitor.outcomes import Outcome, Test
    from driftwatch.monitor.plan import Plan

__all__ = ["Choice", "choose", "left_out_alarms", "lowered"]

SURE = 0.999


@dataclass(frozen=True, slots=True)
class Choice:
    """Settings of a rule.

    Attributes
    ----------
    alpha : float or None
    correction : str
    effects : mapping of Test to float
        Design effects.
    factor : float
        By which all cuts are multiplied.
    is_lowered : bool
        Whether alpha is below what the design effects ask for.
    """

    alpha: float | None
    correction: str
    effects: Mapping[Test, float] = field(default_factory=dict)
    factor: float = 1.0
    is_lowered: bool = False

    def alarms(self, outcome: Outcome) -> set[str]:
        """Return the features that are alarms, of an outcome that the design effects are taken out of."""
        levels = outcome.levels(self.correction, factor=self.factor)
        return {name for name, level in levels.items() if self.alpha is None or level <= self.alpha}

    def level(self, outcome: Outcome) -> float:
        """Return the smallest alpha at which a raw outcome has an alarm; infinite where it has none at any."""
        levels = outcome.corrected(self.effects).levels(self.correction, factor=self.factor)
        return min(levels.values(), default=math.inf)


def choose(outcomes: Sequence[Outcome], plan: Plan, target: float) -> Choice:
    """Return settings whose rate of alarms is the target, from windows without drift.

    With a level, p-values are freed of the design effects and the level becomes the target: corrections hold it for all
    features together, and without a correction it is shared out among the tests. Without a level the cuts grow.
    """
    if plan.alpha is None:
        return Choice(None, plan.correction, factor=_factor([_strongest(outcome) for outcome in outcomes], target))
    tests, pvalues = matrix(outcomes)
    effects = dict(zip(tests, design_effects(squared_quantiles(pvalues)).tolist(), strict=True))
    n_tests = max((len(outcome.pvalues) for outcome in outcomes), default=1)
    alpha = 1.0 - (1.0 - target) ** (1.0 / max(n_tests, 1)) if plan.correction == "none" else target
    return Choice(alpha, plan.correction, effects)


def left_out_alarms(outcomes: Sequence[Outcome], plan: Plan, target: float) -> tuple[list[Choice], list[bool]]:
    """Return for each window the settings that follow from all others, and whether it is an alarm under them."""
    choices = [choose([*outcomes[:i], *outcomes[i + 1 :]], plan, target) for i in range(len(outcomes))]
    alarms = [bool(own.alarms(outcome.corrected(own.effects))) for own, outcome in zip(choices, outcomes, strict=True)]
    return choices, alarms


def lowered(
    choice: Choice, choices: Sequence[Choice], outcomes: Sequence[Outcome], target: float
) -> tuple[Choice, list[bool]] | None:
    """Return settings with a lower alpha where windows still raise clearly more alarms than wanted, and the alarms left.

    A reference that changes on the way has windows that no design effect explains. Alpha is then put below the levels of
    all of them but as many as the target allows. None where there is nothing to do.
    """
    levels = [own.level(outcome) for own, outcome in zip(choices, outcomes, strict=True)]
    alpha = choice.alpha
    if alpha is None or _allowed(sum(level <= alpha for level in levels), len(levels), target):
        return None
    most = max(k for k in range(len(levels)) if _allowed(k, len(levels), target))
    alpha = float(np.nextafter(sorted(levels)[most], 0.0))
    return replace(choice, alpha=alpha, is_lowered=True), [level <= alpha for level in levels]


def _allowed(n_alarms: int, n_windows: int, target: float) -> bool:
    """Return whether so many alarms may be chance at the target rate: more happen once in 2,000 calibrations."""
    return clopper_pearson(n_alarms, n_windows, level=SURE).low <= target


def _strongest(outcome: Outcome) -> float:
    return max(outcome.strength.values(), default=0.0)


def _factor(strengths: Sequence[float], target: float) -> float:
    """Return by what cuts must grow, at least 1, so that no more than the target share of strengths reaches them.

    Within what the windows show it is their quantile; beyond, the tail above the median is taken as exponential, which
    is too heavy rather than too light for distances and about right for divergences.
    """
    ordered = np.sort(np.asarray(strengths, dtype=np.float64))
    ordered = ordered[np.isfinite(ordered)]
    if not ordered.size:
        return 1.0
    allowed = math.floor(target * ordered.size)
    if allowed:
        return max(1.0, float(np.nextafter(ordered[-allowed - 1], math.inf)))
    median = float(np.median(ordered))
    tail = median + float(np.mean(ordered[ordered >= median] - median)) * math.log(0.5 / target)
    return max(1.0, tail, float(np.nextafter(ordered[-1], math.inf)))
