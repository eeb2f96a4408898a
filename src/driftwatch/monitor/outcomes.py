"""What the verdict rests on in one window, kept so that it can be judged again by other settings (layer 4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from driftwatch.kernels.design_effects import corrected
from driftwatch.kernels.multiplicity import adjust
from driftwatch.monitor.verdict import cuts_of, tests_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from driftwatch.monitor.evidence import Evidence
    from driftwatch.monitor.plan import Plan

__all__ = ["MISSING", "Outcome", "Test", "matrix", "outcome_of"]

MISSING = "missing"


class Test(NamedTuple):
    """One p-value of the family: the feature and the name of the test."""

    feature: str
    name: str


Test.__test__ = False  # type: ignore[attr-defined]  # the name begins with "Test": pytest must not take it for one


@dataclass(frozen=True, slots=True)
class Outcome:
    """The p-values and the material legs of one window.

    Attributes
    ----------
    pvalues : mapping of Test to float
        The family, as the detectors gave it.
    strength : mapping of (feature, part) to float
        How large the measure is that decides about materiality, over its cut: 1 or more is material. The part is
        "values" or "missing".
    """

    pvalues: Mapping[Test, float]
    strength: Mapping[tuple[str, str], float]

    def corrected(self, effects: Mapping[Test, float]) -> Outcome:
        """Return the outcome with p-values that the design effects are taken out of."""
        family = list(self.pvalues)
        raw = corrected(list(self.pvalues.values()), [effects.get(test, 1.0) for test in family])
        return Outcome(dict(zip(family, raw.tolist(), strict=True)), self.strength)

    def levels(self, correction: str, *, factor: float = 1.0) -> dict[str, float]:
        """Return, for each feature that is material, the smallest alpha at which it is an alarm.

        Parameters
        ----------
        correction : str
            For multiple tests.
        factor : float
            By which all cuts are multiplied.
        """
        adjusted = dict(zip(self.pvalues, adjust(list(self.pvalues.values()), correction).tolist(), strict=True))
        found: dict[str, float] = {}
        for (feature, part), strength in self.strength.items():
            if strength >= factor:
                own = [p for test, p in adjusted.items() if test.feature == feature and _part(test) == part]
                # a part without any p-value is decided by its material leg alone
                found[feature] = min(found.get(feature, 1.0), min(own, default=0.0))
        return found

    def replaced(self, feature: str, other: Outcome) -> Outcome:
        """Return this outcome with what another one found for one feature in the place of its own."""
        pvalues = {test: p for test, p in self.pvalues.items() if test.feature != feature}
        pvalues |= {test: p for test, p in other.pvalues.items() if test.feature == feature}
        return Outcome(pvalues, {key: value for key, value in other.strength.items() if key[0] == feature})


def _part(test: Test) -> str:
    return MISSING if test.name == MISSING else "values"


def outcome_of(evidence: Iterable[Evidence], plan: Plan) -> Outcome:
    """Return what the verdict on the evidence rests on."""
    pvalues: dict[Test, float] = {}
    strength: dict[tuple[str, str], float] = {}
    for item in evidence:
        for name, finding in tests_of(item, plan):
            if finding.pvalue is not None:
                pvalues[Test(item.name, name)] = finding.pvalue
        for part, cuts in cuts_of(item, plan).items():
            strength[item.name, part] = _strength(cuts)
    return Outcome(pvalues, strength)


def _strength(cuts: Sequence[tuple[float | None, float]]) -> float:
    """Return the largest value over its cut; a cut of 0 is always reached."""
    found = [np.inf if cut == 0.0 else value / cut for value, cut in cuts if value is not None]
    return max(found, default=0.0)


def matrix(outcomes: Sequence[Outcome]) -> tuple[list[Test], NDArray[Any]]:
    """Return every test that some outcome has, and the p-values `(b, k)`, NaN where an outcome has none."""
    tests = list(dict.fromkeys(test for outcome in outcomes for test in outcome.pvalues))
    table = [[outcome.pvalues.get(test, np.nan) for test in tests] for outcome in outcomes]
    return tests, np.asarray(table, dtype=np.float64).reshape(len(outcomes), len(tests))
