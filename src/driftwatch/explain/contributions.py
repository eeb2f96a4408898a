"""Contributions: what each feature adds to each score of a model, for many rows at once (layer 4)."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from driftwatch._checks import check_count
from driftwatch.errors import ConfigError
from driftwatch.explain._adapter import Adapter, ModelFields, Parts
from driftwatch.explain._catboost import CATBOOST
from driftwatch.explain._lightgbm import LIGHTGBM
from driftwatch.explain._linear import linear_adapter
from driftwatch.explain._model_rows import matched, model_rows, n_rows_of
from driftwatch.explain._pipeline import split_pipeline
from driftwatch.explain._sampled import sampled_adapter
from driftwatch.explain._shap import has_trees, tree_adapter
from driftwatch.explain._xgboost import XGBOOST

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from driftwatch.explain._adapter import Family

__all__ = ["Contributions", "ModelContributions", "family_of", "fields_of"]

FAMILIES = (LIGHTGBM, XGBOOST, CATBOOST)
METHODS = ("auto", "native", "tree", "sampled")
MAX_ROWS = 2000  # of a side: the mean of so many is known to 2 % of the spread of a contribution
MAX_EVALUATIONS = 1_000_000  # predictions that a sampled method may ask for on each side
FEWEST_ROWS = 50  # whatever they cost: fewer say nothing about a mean
BACKGROUND_ROWS = 500


@dataclass(frozen=True, eq=False)
class Contributions:
    """Scores of n rows, and what each of d features contributes to them.

    Parameters
    ----------
    by_feature : array, shape (n, d, k)
        Contributions to each of the k outputs: SHAP values.
    base : array, shape (k,)
        The score that the contributions start from.
    scores : array, shape (n, k)
        What the model gave, on `scale`.
    features, outputs : tuple of str
    method, scale : str
        How the contributions were computed, and what a score is.
    n_evaluations : int, optional
        Predictions that a sampled method asked for.
    """

    by_feature: NDArray[np.float64] = field(repr=False)
    base: NDArray[np.float64]
    scores: NDArray[np.float64] = field(repr=False)
    features: tuple[str, ...]
    outputs: tuple[str, ...]
    method: str
    scale: str
    n_evaluations: int | None = None

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return len(self.scores)

    @property
    def gap(self) -> float:
        """The largest distance of a score from the base and its contributions together."""
        return float(np.max(np.abs(self.by_feature.sum(axis=1) + self.base - self.scores), initial=0.0))


@dataclass(frozen=True, eq=False)
class ModelContributions:
    """A model beside its reference, whose contributions are computed once; make it with `ModelContributions.fit`.

    Attributes
    ----------
    reference : Contributions
    """

    reference: Contributions
    _adapter: Adapter = field(repr=False)
    _framed: bool = field(repr=False)
    _max_rows: int = field(repr=False)
    _seed: int = field(repr=False)

    @classmethod
    def fit(
        cls,
        model: Any,
        reference: Any,
        /,
        *,
        features: Sequence[str] | None = None,
        method: str = "auto",
        max_rows: int = MAX_ROWS,
        max_evaluations: int = MAX_EVALUATIONS,
        seed: int = 0,
    ) -> Self:
        """Return the contributions of the reference, ready for those of current data.

        Parameters
        ----------
        model : fitted model, or function of rows
            LightGBM, XGBoost and CatBoost explain themselves, linear models follow from their coefficients, trees of
            scikit-learn are explained by shap where it is installed, and all others by sampling their predictions. A
            pipeline whose other steps scale columns is its last step on scaled columns.
        reference : anything that a monitor takes
            With the columns that the model was fitted on, of the same types.
        features : sequence of str, optional
            Columns of the model in its order, where the model does not know their names.
        method : {"auto", "native", "tree", "sampled"}
            "native" takes the model's own contributions or coefficients, "tree" shap, "sampled" nothing but predictions;
            "auto" the first of them that can explain the model.
        max_rows : int
            Rows of each side; of more rows a seeded sample is drawn.
        max_evaluations : int
            Predictions that "sampled" may ask for on each side: it explains fewer rows where they would not suffice, but
            at least 50.
        seed : int

        Raises
        ------
        ConfigError
            If a setting is out of range, or the method cannot explain the model.
        InputError
            If the reference lacks columns of the model, or the model predicts no numbers.
        MissingExtraError
            If "tree" was asked for, and shap is not installed.

        Examples
        --------
        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> found = ModelContributions.fit(lambda rows: rows[:, 0] * rows[:, 1], rng.normal(size=(200, 3)))
        >>> found.reference.method, found.reference.by_feature.shape
        ('sampled Shapley values', (200, 3, 1))
        """
        if method not in METHODS:
            raise ConfigError(f"`method` must be one of {', '.join(map(repr, METHODS))}, got {method!r}.")
        check_count("max_rows", max_rows, "an integer of at least 2", least=2)
        check_count("max_evaluations", max_evaluations)
        known = fields_of(model)
        names = tuple(matched(known.names, known.n_features, reference, features))
        framed = known.names is not None
        chosen = _drawn(n_rows_of(reference, role="reference"), max_rows, [seed, 0])
        rows = model_rows(reference, names, rows=chosen, framed=framed, role="reference")
        adapter = _adapted(model, rows, method, np.random.default_rng([seed, 2]))
        if adapter.per_row is not None:
            max_rows = min(max_rows, max(FEWEST_ROWS, max_evaluations // adapter.per_row))
            rows = rows[:0] if not len(rows) else _some(rows, max_rows, [seed, 0])
        return cls(_contributions(adapter, names, rows), adapter, framed, max_rows, seed)

    def of(self, current: Any, /) -> Contributions:
        """Return the contributions of current data.

        Raises
        ------
        InputError
            If the data lack columns of the model.
        """
        names = self.reference.features
        chosen = _drawn(n_rows_of(current, role="current"), self._max_rows, [self._seed, 1])
        rows = model_rows(current, names, rows=chosen, framed=self._framed, role="current")
        return _contributions(self._adapter, names, rows)


def fields_of(model: Any) -> ModelFields:
    """Return the columns that a model was fitted on, as far as it knows them."""
    family = family_of(model)
    if family is not None:
        return family.fields(model)
    names = getattr(model, "feature_names_in_", None)
    n_features = getattr(model, "n_features_in_", None)
    return ModelFields(
        None if names is None else tuple(map(str, names)), None if n_features is None else int(n_features)
    )


def family_of(model: Any) -> Family | None:
    """Return the library that a model is from, if its models explain themselves."""
    return next((family for family in FAMILIES if family.recognises(model)), None)


def _adapted(model: Any, rows: Any, method: str, rng: np.random.Generator) -> Adapter:
    """Return how a model is explained, on rows of the reference."""
    if method != "sampled":
        before, last = split_pipeline(model)
        scaled = rows if before is None else before.transform(rows)
        found = _known(last, scaled, method)
        if found is not None:
            return found if before is None else _after(before, found)
        if method == "native":
            raise ConfigError(
                f"method 'native' needs a model of LightGBM, XGBoost or CatBoost, or a linear one, got "
                f"{type(model).__name__}. Leave `method` out."
            )
    return sampled_adapter(model, rows, rng)


def _known(model: Any, rows: Any, method: str) -> Adapter | None:
    if method != "tree":
        family = family_of(model)
        found = family.adapter(model) if family is not None else linear_adapter(model, rows)
        if found is not None or method == "native":
            return found
    if method == "auto":
        from importlib.util import find_spec

        if not has_trees(model) or find_spec("shap") is None:
            return None
    try:
        return tree_adapter(model, rows[:BACKGROUND_ROWS])
    except ConfigError:
        if method == "tree":
            raise
        return None


def _after(before: Any, adapter: Adapter) -> Adapter:
    """Return the adapter of a model behind the steps that scale its columns."""
    return Adapter(adapter.method, adapter.scale, adapter.outputs, partial(_scaled_parts, before, adapter.parts))


def _scaled_parts(before: Any, parts: Callable[[Any], Parts], rows: Any) -> Parts:
    return parts(before.transform(rows))


def _contributions(adapter: Adapter, names: tuple[str, ...], rows: Any) -> Contributions:
    values, base, scores = adapter.parts(rows)
    return Contributions(
        by_feature=values,
        base=base,
        scores=scores,
        features=names,
        outputs=adapter.outputs,
        method=adapter.method,
        scale=adapter.scale,
        n_evaluations=None if adapter.per_row is None else adapter.per_row * len(scores),
    )


def _drawn(n: int, k: int, seed: list[int]) -> NDArray[np.intp]:
    """Return k of n positions, drawn without replacement, ascending; all where there are no more."""
    if n <= k:
        return np.arange(n)
    return np.sort(np.random.default_rng(seed).permutation(n)[:k])


def _some(rows: Any, k: int, seed: list[int]) -> Any:
    chosen = _drawn(len(rows), k, seed)
    return rows.iloc[chosen] if hasattr(rows, "iloc") else rows[chosen]
