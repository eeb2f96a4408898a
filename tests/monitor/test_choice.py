"""Settings that follow from windows without drift."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from driftwatch import Monitor
from driftwatch.detectors import PSIDetector
from driftwatch.kernels.design_effects import corrected
from driftwatch.monitor.choice import Choice, choose, left_out_alarms, lowered
from driftwatch.monitor.outcomes import Outcome, Test

PLAN = Monitor({"x": np.arange(100.0) % 7, "y": np.arange(100.0) % 5}).plan
X, Y = Test("x", "ks"), Test("y", "ks")


def outcome(x: float, y: float = 0.5, *, strength: float = 2.0) -> Outcome:
    return Outcome({X: x, Y: y}, {("x", "values"): strength, ("y", "values"): 0.5})


def outcomes(n: int, seed: int = 0) -> list[Outcome]:
    return [outcome(*pair) for pair in np.random.default_rng(seed).random((n, 2)).tolist()]


def test_settings_for_a_window_follow_from_all_others() -> None:
    found = outcomes(20)
    choices, _ = left_out_alarms(found, PLAN, 0.1)
    # a window that shouts changes the settings of all others and not its own
    loud = [outcome(1e-40), *found[1:]]
    again, alarms = left_out_alarms(loud, PLAN, 0.1)
    assert again[0] == choices[0]
    assert all(after != before for after, before in zip(again[1:], choices[1:], strict=True))
    assert alarms[0]


def test_level_is_the_smallest_alpha_of_an_alarm() -> None:
    choice = Choice(0.05, "bonferroni")
    assert choice.level(outcome(0.01)) == pytest.approx(0.02)
    assert choice.level(outcome(0.01, strength=0.9)) == math.inf  # nothing is material
    assert choice.alarms(outcome(0.01)) == {"x"}
    assert choice.alarms(outcome(0.03)) == set()
    calm = replace(choice, effects={X: 4.0})
    assert calm.level(outcome(1e-4)) == pytest.approx(2.0 * corrected(1e-4, 4.0), rel=1e-6)


def test_rule_without_a_level_needs_only_the_material_leg() -> None:
    assert Choice(None, "holm").alarms(outcome(0.9)) == {"x"}
    assert Choice(None, "holm", factor=2.1).alarms(outcome(0.9)) == set()


def test_cuts_grow_to_the_quantile_of_what_windows_show() -> None:
    found = [outcome(0.5, strength=float(s)) for s in range(1, 101)]
    plan = replace(PLAN, alpha=None)
    assert choose(found, plan, 0.1).factor == pytest.approx(90.0)
    assert sum(bool(choose(found, plan, 0.1).alarms(o)) for o in found) == 10
    beyond = choose(found, plan, 0.001).factor
    # the mean excess over the median of 50.5 is 25, and the median is exceeded half of the time
    assert beyond == pytest.approx(50.5 + 25.0 * math.log(0.5 / 0.001))
    assert choose([outcome(0.5, strength=0.2)] * 10, plan, 0.1).factor == 1.0


def test_level_is_lowered_only_where_windows_leave_no_doubt() -> None:
    choice = Choice(0.05, "none")
    calm = outcomes(50)
    assert lowered(choice, [choice] * 50, calm, 0.05) is None
    loud = [outcome(1e-9 * (i + 1)) for i in range(25)] + calm[25:]
    found = lowered(choice, [choice] * 50, loud, 0.05)
    assert found is not None
    lower, alarms = found
    assert lower.is_lowered
    assert lower.alpha is not None
    assert lower.alpha < 2.6e-8
    assert 0 < sum(alarms) < 12


def test_every_cut_is_multiplied() -> None:
    monitor = Monitor(
        {"x": np.arange(100.0) % 7, "y": np.arange(100.0) % 5},
        detectors=[PSIDetector()],
        thresholds={"psi": 0.1},
        min_effect=0.2,
        per_feature={"x": {"thresholds": {"psi": 0.3}, "min_effect": 0.4}},
    )
    scaled = monitor.plan.scaled(2.0)
    assert scaled.thresholds_of("y") == {"missing": pytest.approx(0.4), "psi": pytest.approx(0.2)}
    assert scaled.thresholds_of("x")["psi"] == pytest.approx(0.6)
    assert (scaled.min_effect_of("x"), scaled.min_effect_of("y")) == (0.8, 0.4)
    assert monitor.plan.scaled(10.0).min_effect == 1.0  # an effect lies in [0, 1]
