"""Drift of what a model makes of its features: the tests of a monitor on contributions (layer 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch._checks import is_amount
from driftwatch.errors import ConfigError, MissingExtraError
from driftwatch.explain.separation import separating_features
from driftwatch.explain.shift import check_comparable
from driftwatch.monitor.monitor import Monitor
from driftwatch.report.attribution import ContributionDrift, ContributionTest

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from driftwatch.explain.contributions import Contributions
    from driftwatch.report.attribution import Separation

__all__ = ["contribution_drift"]

LITTLE_USED = "the model makes too little of it for a drift to matter"


def contribution_drift(
    reference: Contributions,
    current: Contributions,
    /,
    *,
    min_share: float = 0.02,
    classifier: bool = True,
    seed: int = 0,
    **settings: Any,
) -> ContributionDrift:
    """Compare the contributions of both sides as a monitor compares features: explanation shift.

    Drift of a feature that the model does not use leaves its contributions alone, and a change of how features hang
    together moves those of a model with interactions though no feature has moved.

    Parameters
    ----------
    reference, current : Contributions
    min_share : float
        A feature is left out whose mean absolute contribution to an output is smaller than this part of the largest one, on
        both sides. Tests know no size: without it, the smallest coefficient would make a drift of its feature one of the model.
    classifier : bool
        Whether a classifier is trained to tell the contributions of both sides apart, which needs scikit-learn; where it
        is missing, the result says so.
    seed : int
        Seed of the classifier's halves.
    **settings
        As for `Monitor`: `alpha`, `correction`, `min_effect`, `detectors`, ...

    Raises
    ------
    InputError
        If the two are not about the same features and outputs.
    ConfigError, UnknownNameError
        If a setting of the monitor is out of range.

    References
    ----------
    Mougan, C. et al. (2023), "Explanation shift: how did the distribution shift impact the model?", arXiv:2303.08081.

    Examples
    --------
    >>> import numpy as np
    >>> from driftwatch.explain import ModelContributions
    >>> rng = np.random.default_rng(0)
    >>> rows = rng.normal(size=(500, 2))
    >>> model = ModelContributions.fit(lambda rows: rows[:, 0], rows)
    >>> second_moved = model.of(rows + [0, 3])
    >>> contribution_drift(model.reference, second_moved, classifier=False).drift_detected
    False
    """
    check_comparable(reference, current)
    sides = _columns(reference), _columns(current)
    if not is_amount(min_share) or min_share > 1.0:
        raise ConfigError(f"`min_share` must be a number from 0 to 1, got {min_share!r}. 0.02 is usual.")
    pairs = [(name, output) for name in reference.features for output in reference.outputs]
    shares, used = _sizes(reference, current, min_share)
    kept = np.flatnonzero(used)
    monitor = Monitor(sides[0][:, kept], **settings)
    report = monitor.check(sides[1][:, kept])
    tests = [
        ContributionTest(*pair, drift_detected=False, share=share, reason=LITTLE_USED)
        for pair, share, is_used in zip(pairs, shares, used, strict=True)
        if not is_used
    ]
    for place, found in zip(kept, report.features.values(), strict=True):
        feature, output = pairs[place]
        adjusted = [test.pvalue_adjusted for test in found.tests.values() if test.pvalue_adjusted is not None]
        tests.append(
            ContributionTest(
                feature=feature,
                output=output,
                drift_detected=found.drift_detected,
                share=shares[place],
                effect=found.effect,
                pvalue_adjusted=min(adjusted, default=None),
                direction=found.direction,
                reason=found.reason,
            )
        )
    tests.sort(
        key=lambda test: (not test.drift_detected, -(test.share or 0.0) * (test.effect or 0.0), -(test.share or 0.0))
    )
    separation, reason = _separation(sides, pairs, len(reference.outputs), seed) if classifier else (None, None)
    return ContributionDrift(
        method=reference.method,
        scale=reference.scale,
        drift_detected=report.drift_detected,
        n_drifted=report.n_drifted,
        alpha=report.alpha,
        correction=report.correction,
        min_effect=report.min_effect,
        n_reference=reference.n_rows,
        n_current=current.n_rows,
        tests=tuple(tests),
        global_pvalue=report.global_pvalue,
        separation=separation,
        reason=reason,
    )


def _sizes(reference: Contributions, current: Contributions, min_share: float) -> tuple[list[float], NDArray[np.bool_]]:
    """Return the share of each contribution in its output, feature by feature, and which are large enough to test."""
    sizes = np.maximum(*(np.abs(side.by_feature).mean(axis=0) for side in (reference, current)))
    shares = sizes / np.maximum(sizes.sum(axis=0), np.finfo(np.float64).tiny)
    used = sizes >= min_share * sizes.max(axis=0)
    return [float(share) for share in shares.ravel()], used.ravel()


def _columns(side: Contributions) -> NDArray[Any]:
    return side.by_feature.reshape(side.n_rows, -1)


def _separation(
    sides: tuple[NDArray[Any], NDArray[Any]], pairs: list[tuple[str, str]], n_outputs: int, seed: int
) -> tuple[Separation | None, str | None]:
    """Return how a classifier tells the contributions apart, or why there is none."""
    names = [feature if n_outputs == 1 else f"{feature} ({output})" for feature, output in pairs]
    reference, current = (dict(zip(names, side.T, strict=True)) for side in sides)
    try:
        return separating_features(reference, current, features=names, seed=seed), None
    except MissingExtraError as error:
        return None, str(error)
