"""Features by how much they drifted and how much a model uses them (layer 4)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch._checks import is_amount
from driftwatch.arrays.schema import Role
from driftwatch.errors import ConfigError, InputError, UnknownNameError, shown
from driftwatch.explain._linear import coefficients
from driftwatch.explain._model_rows import model_rows, n_rows_of
from driftwatch.explain._pipeline import split_pipeline
from driftwatch.explain.contributions import Contributions, family_of, fields_of
from driftwatch.report.attribution import ImportanceRanking, RankedFeature

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from driftwatch.report.model import DriftReport

__all__ = ["Importance", "importance_of", "rank_by_importance"]


@dataclass(frozen=True)
class Importance:
    """What each feature is worth to a model, as shares that sum to 1, and where they are from."""

    source: str
    shares: Mapping[str, float]


def importance_of(given: Any, /, *, features: Sequence[str] | None = None, reference: Any = None) -> Importance:
    """Return importances as shares that sum to 1.

    Parameters
    ----------
    given : mapping of str to number, Contributions or fitted model
        Weights; contributions, of which the mean absolute ones count; or a model: the gain of LightGBM and XGBoost,
        CatBoost's PredictionValuesChange, `feature_importances_`, or `|coef_|` times the standard deviation of the column.
    features : sequence of str, optional
        Of a mapping, the features that it has to name, all of them. Of a model, its columns in its order, where it does
        not know their names.
    reference : table, optional
        For `coef_`: the rows whose standard deviations are taken.

    Raises
    ------
    UnknownNameError
        If a mapping names no feature.
    ConfigError
        If a mapping lacks a feature or holds anything but amounts, nothing is important, or a model states no importance.
    InputError
        If the number of features is not that of the model, or the reference lacks one.

    Examples
    --------
    >>> importance_of({"age": 3, "income": 1}).shares
    {'age': 0.75, 'income': 0.25}
    """
    if isinstance(given, Mapping):
        return _shares("weights", _weights(given, features))
    if isinstance(given, Contributions):
        sizes = np.abs(given.by_feature).mean(axis=(0, 2))
        return _shares("mean |contribution|", dict(zip(given.features, map(float, sizes), strict=True)))
    source, values, columns = _of_model(given, features, reference)
    return _shares(source, dict(zip(columns, map(float, values), strict=True)))


def rank_by_importance(report: DriftReport, importance: Importance, /) -> ImportanceRanking:
    """Return the features of a report by falling `effect * importance`.

    A feature that drifted and that the model does not use comes behind one that drifted a little and that everything
    hangs on. Features without an effect size come last, the important ones first. Predictions and targets take no part.

    Examples
    --------
    >>> import numpy as np
    >>> from driftwatch import Monitor
    >>> rng = np.random.default_rng(0)
    >>> report = Monitor(rng.normal(size=(1000, 2))).check(rng.normal([0.3, 1.0], size=(1000, 2)))
    >>> ranking = rank_by_importance(report, importance_of({"f0": 0.9, "f1": 0.1}))
    >>> [feature.feature for feature in ranking.features]
    ['f0', 'f1']
    """
    compared = {name: found for name, found in report.features.items() if found.role == Role.FEATURE}
    ranked = [
        RankedFeature(
            feature=name,
            importance=share,
            drift_detected=compared[name].drift_detected,
            effect=compared[name].effect,
            product=None if compared[name].effect is None else (compared[name].effect or 0.0) * share,
        )
        for name, share in importance.shares.items()
        if name in compared
    ]
    ranked.sort(key=lambda found: (found.product is None, -(found.product or 0.0), -found.importance))
    return ImportanceRanking(
        source=importance.source,
        features=tuple(ranked),
        unknown=tuple(name for name in importance.shares if name not in report.features),
        without=tuple(name for name in compared if name not in importance.shares),
    )


def _weights(given: Mapping[Any, Any], features: Sequence[str] | None) -> dict[str, float]:
    weights = {str(name): value for name, value in given.items()}
    wrong = {name: value for name, value in weights.items() if not is_amount(value)}
    if wrong:
        name, value = next(iter(wrong.items()))
        raise ConfigError(f"`importance` must hold numbers of at least 0, got {value!r} for {name!r}.")
    if features is not None:
        unknown = [name for name in weights if name not in set(features)]
        if unknown:
            raise UnknownNameError.from_names("feature in `importance`", unknown, features)
        absent = [name for name in features if name not in weights]
        if absent:
            raise ConfigError(
                f"`importance` must name every feature, but lacks {shown(absent)}. Give 0 to those that do not matter."
            )
    return {name: float(value) for name, value in weights.items()}


def _shares(source: str, values: Mapping[str, float]) -> Importance:
    total = math.fsum(values.values())
    if not (math.isfinite(total) and total > 0.0):
        raise ConfigError(
            f"importances must have a positive sum, got {total!r} from {source}. Pass weights, as `{{'age': 1.0}}`."
        )
    return Importance(source, {name: value / total for name, value in values.items()})


def _of_model(
    model: Any, features: Sequence[str] | None, reference: Any
) -> tuple[str, NDArray[np.float64], Sequence[str]]:
    fields = fields_of(model)
    columns = features if features is not None else fields.names
    before, last = split_pipeline(model)
    family = family_of(last)
    if family is not None:
        source, values = family.gain(last)
    elif getattr(last, "feature_importances_", None) is not None:
        source, values = "feature_importances_", np.asarray(last.feature_importances_, dtype=np.float64)
    elif (stated := coefficients(last)) is not None:
        source, values = "|coef_| x standard deviation", np.abs(stated[0]).mean(axis=0)
    else:
        raise ConfigError(
            f"an importance is needed, but {type(model).__name__} states none. Pass a mapping of weights, or `Contributions`."
        )
    if columns is None or len(columns) != len(values):
        raise InputError(
            f"the model has {len(values)} features, got {'no names' if columns is None else shown(columns)}. "
            "Pass `features` with the names of its columns, in its order."
        )
    if source.startswith("|coef_|"):
        values = values * _spread(before, reference, columns, framed=fields.names is not None)
    return source, values, columns


def _spread(before: Any, reference: Any, columns: Sequence[str], *, framed: bool) -> NDArray[np.float64]:
    """Return the standard deviation of each column as the coefficients see it."""
    if reference is None:
        raise ConfigError(
            "coefficients depend on the units of their columns: pass `reference`, so that each counts by the standard "
            "deviation of its column."
        )
    rows = np.arange(n_rows_of(reference, role="reference"))
    values = model_rows(reference, columns, rows=rows, framed=framed, role="reference")
    scaled = np.asarray(values if before is None else before.transform(values), dtype=np.float64)
    spread: NDArray[np.float64] = np.nanstd(scaled, axis=0)
    return spread
