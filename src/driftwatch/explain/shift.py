"""Why the mean score of a model changed, feature by feature (layer 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from driftwatch.errors import InputError
from driftwatch.explain.bootstrap import bootstrap_means, check_bootstrap, percentiles
from driftwatch.report.attribution import FeatureShift, OutputShift, ScoreShift
from driftwatch.report.performance import Interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from driftwatch.explain.contributions import Contributions

__all__ = ["check_comparable", "score_shift"]

TOLERANCE = 1e-6  # of the largest score, of at least 1: what single precision leaves of a sum


def score_shift(
    reference: Contributions,
    current: Contributions,
    /,
    *,
    level: float = 0.95,
    n_resamples: int = 1000,
    seed: int = 0,
) -> ScoreShift:
    """Return by how much each feature moved the mean score: its mean contribution on both sides, and their difference.

    As the contributions of a row sum to its score, the differences sum to the change of the mean score. Whether they do
    is checked on the scores that the model itself gave.

    Parameters
    ----------
    reference, current : Contributions
    level : float
        Confidence level of the intervals.
    n_resamples : int
        Resamples of the rows of each side.
    seed : int

    Raises
    ------
    InputError
        If the two are not about the same features and outputs, or a side has fewer than two rows.
    ConfigError
        If a setting is out of range.

    References
    ----------
    Lundberg, S. et al. (2020), "From local explanations to global understanding with explainable AI for trees", 2.8, for
    monitoring by SHAP values; Efron, B. (1979), "Bootstrap methods: another look at the jackknife", for the intervals.

    Examples
    --------
    >>> import numpy as np
    >>> from driftwatch.explain import ModelContributions
    >>> rng = np.random.default_rng(0)
    >>> model = ModelContributions.fit(lambda rows: 2 * rows[:, 0], rng.normal(size=(500, 2)))
    >>> (score,) = score_shift(model.reference, model.of(rng.normal(1, 1, size=(500, 2)))).outputs
    >>> [(feature.feature, round(feature.shift.value)) for feature in score.features]
    [('f0', 2), ('f1', 0)]
    """
    check_bootstrap(level, n_resamples)
    check_comparable(reference, current)
    sides = [_columns(side) for side in (reference, current)]
    means = [side.mean(axis=0) for side in sides]
    change = means[1] - means[0]
    rngs = [np.random.default_rng([seed, place]) for place in range(2)]
    resampled = [bootstrap_means(side, n_resamples, rng) for side, rng in zip(sides, rngs, strict=True)]
    low, high = percentiles(resampled[1] - resampled[0], level)

    n_features, n_outputs = len(reference.features), len(reference.outputs)
    outputs = []
    for k, output in enumerate(reference.outputs):
        places = [j * n_outputs + k for j in range(n_features)]
        score = n_features * n_outputs + k
        shifts = [
            FeatureShift(
                feature=name,
                shift=Interval(change[place], low[place], high[place]),
                reference=float(means[0][place]),
                current=float(means[1][place]),
            )
            for name, place in zip(reference.features, places, strict=True)
        ]
        outputs.append(
            OutputShift(
                output=output,
                reference=float(means[0][score]),
                current=float(means[1][score]),
                change=Interval(change[score], low[score], high[score]),
                gap=float(abs(change[places].sum() - change[score])),
                features=tuple(sorted(shifts, key=lambda shift: -abs(shift.shift.value))),
            )
        )
    largest = max(float(np.max(np.abs(side.scores))) for side in (reference, current))
    tolerance = TOLERANCE * max(1.0, largest)
    evaluations = (reference.n_evaluations, current.n_evaluations)
    return ScoreShift(
        method=reference.method,
        scale=reference.scale,
        n_reference=reference.n_rows,
        n_current=current.n_rows,
        level=float(level),
        n_resamples=int(n_resamples),
        tolerance=tolerance,
        outputs=tuple(outputs),
        reason=_gap_reason(max(found.gap for found in outputs), tolerance, reference.method),
        n_evaluations=sum(count for count in evaluations if count is not None) or None,
    )


def check_comparable(reference: Contributions, current: Contributions) -> None:
    """Raise `InputError` unless both sides are about the same features and outputs, with two rows or more."""
    for name in ("features", "outputs", "method"):
        sides = getattr(reference, name), getattr(current, name)
        if sides[0] != sides[1]:
            raise InputError(
                f"`reference` and `current` must have the same {name}, got {sides[0]!r} and {sides[1]!r}. "
                "Take both from one `ModelContributions`."
            )
    fewest = min(reference.n_rows, current.n_rows)
    if fewest < 2:
        raise InputError(f"at least two rows of each side are needed, got {fewest}. Pass more rows.")


def _columns(side: Contributions) -> NDArray[np.float64]:
    """Return contributions, feature by feature, and then scores as columns of one matrix."""
    return np.concatenate([side.by_feature.reshape(side.n_rows, -1), side.scores], axis=1)


def _gap_reason(gap: float, tolerance: float, method: str) -> str | None:
    if gap <= tolerance:
        return None
    return (
        f"the shifts miss the change of the mean score by {gap:.3g}, where rounding explains {tolerance:.3g}: "
        f"{method} does not add up to the scores of this model"
    )
