"""The smallest drift of each feature that a rule sees in a window (layer 4)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch.arrays.editing import Editable
from driftwatch.arrays.schema import FeatureKind, Storage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from driftwatch.arrays.table import Table
    from driftwatch.monitor.outcomes import Outcome
    from driftwatch.profile.profile import Profile

__all__ = ["Injection", "injections", "search"]

NDArray = np.ndarray[Any, Any]

N_HALVINGS = 8  # of the logarithm of the range: the answer is within 4 % of the smallest strength seen
TIED = 0.5  # with fewer distinct values than this share of the rows, values are taken to lie on a grid
SIGMA, SHARE = "sigma", "share of rows"


@dataclass(frozen=True, slots=True)
class Injection:
    """A drift of one feature that can be made as strong as is needed.

    Attributes
    ----------
    shift, unit : str
        The drift and what it is measured in.
    low, high : float
        Strengths that are tried.
    step : float
        Numbers: what a standard deviation is in the feature's unit. Categories: not used.
    grid : float
        Numbers that lie on a grid stay on it: so many of them move by one more cell that the mean moves by what is
        wanted. 0 where values are continuous.
    level : object
        Categories: the level that values become.
    """

    shift: str
    unit: str
    low: float
    high: float
    step: float = 0.0
    grid: float = 0.0
    level: Any = None

    def into(self, values: NDArray, strength: float, draws: NDArray) -> NDArray:
        """Return values with the drift; `draws` are uniform numbers, the same for every strength."""
        if self.unit == SIGMA:
            wanted = strength * self.step
            moved = self.grid * np.floor(wanted / self.grid + draws) if self.grid else wanted
            return np.asarray((values + moved).astype(values.dtype))
        out = values.copy()
        out[np.argsort(draws)[: round(self.settled(strength, len(values)) * len(values))]] = self.level
        return out

    def settled(self, strength: float, n_rows: int) -> float:
        """Return the strength that is really there: a share is one of whole rows."""
        return strength if self.unit == SIGMA else math.ceil(strength * n_rows) / n_rows


def injections(profile: Profile, rows: Table) -> tuple[dict[str, Injection], dict[str, str]]:
    """Return a drift for every feature of a reference that is tested, and for the others the reason that there is none."""
    found: dict[str, Injection] = {}
    reasons: dict[str, str] = {}
    table = Editable(rows)
    for name, feature in profile.features.items():
        if feature.problem is not None or feature.untested_reason is not None:
            reasons[name] = feature.problem or feature.untested_reason or ""
        elif feature.kind is FeatureKind.NUMERIC and feature.storage is Storage.NUMBER:
            values = table.values(name).astype(np.float64)
            values = values[np.isfinite(values)]
            sigma = float(np.std(values)) if values.size else 0.0
            if sigma > 0.0:
                found[name] = Injection("mean_shift", SIGMA, 0.003, 10.0, sigma, _grid(values, sigma))
            else:
                reasons[name] = "constant in the reference"
        elif name in profile.levels and len(profile.levels[name].counts) > 1:
            present = [value for value in table.values(name).tolist() if value is not None and value == value]  # noqa: PLR0124
            found[name] = Injection("level_shift", SHARE, 0.001, 1.0, level=_rarest(present))
        elif name in profile.levels:
            reasons[name] = "one level only in the reference"
        else:
            reasons[name] = f"no drift is simulated for {feature.kind} features that hold {feature.storage}"
    return found, reasons


def _grid(values: NDArray, sigma: float) -> float:
    """Return the width of the cells that values lie on: 1 for whole numbers, one sigma where many are equal, else 0."""
    if bool((values == np.rint(values)).all()):
        return 1.0
    return sigma if len(np.unique(values)) < TIED * len(values) else 0.0


def _rarest(values: list[Any]) -> Any:
    counts: dict[Any, int] = {}
    for value in values:
        counts[value] = counts.get(value, 0) + 1
    return min(counts, key=lambda level: (counts[level], str(level)))


def search(
    block: Table,
    drifts: Mapping[str, Injection],
    look: Callable[[Table], Outcome],
    sees: Callable[[str, Outcome], bool],
    rng: np.random.Generator,
) -> dict[str, float]:
    """Return the smallest strength of each feature's drift that is seen in one window; infinite where none is.

    All features drift in one look, each at a strength of its own, and each is judged as if the others had not.

    Parameters
    ----------
    block : Table
        The window, without drift.
    drifts : mapping of str to Injection
    look : callable
        Takes a table and returns its outcome.
    sees : callable
        Takes the name of a feature and an outcome, and returns whether the feature is an alarm.
    rng : numpy.random.Generator
    """
    table = Editable(block)
    values = {name: table.values(name) for name in drifts}
    draws = {name: rng.random(block.n_rows) for name in drifts}

    def seen(strengths: Mapping[str, float]) -> dict[str, bool]:
        edited = {name: drifts[name].into(values[name], strength, draws[name]) for name, strength in strengths.items()}
        outcome = look(table.rebuild(edited))
        return {name: sees(name, outcome) for name in strengths}

    answer = dict.fromkeys(drifts, np.inf)
    found = seen({name: drift.high for name, drift in drifts.items()}) if drifts else {}
    low = {name: float(np.log(drift.low)) for name, drift in drifts.items() if found[name]}
    high = {name: float(np.log(drifts[name].high)) for name in low}
    for _ in range(N_HALVINGS if low else 0):
        middle = {name: (low[name] + high[name]) / 2.0 for name in low}
        for name, hit in seen({name: float(np.exp(x)) for name, x in middle.items()}).items():
            (high if hit else low)[name] = middle[name]
    return answer | {name: drifts[name].settled(float(np.exp(x)), block.n_rows) for name, x in high.items()}
