"""`Explainer`: the parts of an explanation put into a report, none at the cost of another (layer 4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from driftwatch._checks import check_count
from driftwatch.arrays.schema import FeatureKind
from driftwatch.arrays.table import read_table
from driftwatch.errors import ConfigError, DriftwatchError, UnknownNameError
from driftwatch.explain.moved_parts import explain_counts, explain_rows
from driftwatch.explain.where import MAX_ROWS, find_segments
from driftwatch.profile.counted import count
from driftwatch.profile.window import Window
from driftwatch.report.explanation import Explanation

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from driftwatch.arrays.table import Table
    from driftwatch.explain.contributions import ModelContributions
    from driftwatch.explain.importance import Importance
    from driftwatch.monitor.monitor import Monitor
    from driftwatch.report.attribution import DriftDirection
    from driftwatch.report.explanation import FeatureExplanation
    from driftwatch.report.model import DriftReport

__all__ = ["Explainer"]

T = TypeVar("T")
NO_REFERENCE = "it needs the rows of the reference: pass them as `reference`"
NO_CURRENT = "it needs the rows of the current data, and a window holds counts"


class Explainer:
    """Says of a check which part of each feature moved, where in the data the drift sits, and what it matters to a model.

    Parameters
    ----------
    monitor : Monitor
        The one whose reports are explained.
    reference : anything that the monitor takes, optional
        Rows of the reference; by default those that the monitor has kept.
    model : fitted model, or function of rows, optional
        The model that the features are for, as for `ModelContributions.fit`: why its mean score changed, and whether what
        it makes of the features drifted.
    model_features : sequence of str, optional
        Columns of the model in its order, where it does not know their names.
    importance : mapping of str to number, or fitted model, optional
        What each feature is worth, as for `importance_of`; by default what the contributions of `model` say.
    features : sequence of str, optional
        Features to explain; by default those that drifted, the largest `weight * effect` first.
    max_features : int
        How many of those that drifted are explained.
    segments : bool
        Whether slices of the data are searched.
    separation : bool
        Whether a classifier is trained to tell current from reference rows, and says by which features it can: for
        drift that no feature shows alone. Needs scikit-learn.
    alpha : float
        Probability of a slice where there is none.
    max_rows : int
        Rows of each side in which slices are searched; of more rows a seeded sample is drawn.
    seed : int

    Raises
    ------
    InputError, InputTypeError
        If the reference cannot be read as a table.
    ConfigError, UnknownNameError
        If a setting is out of range or names something that does not exist.

    Notes
    -----
    A part that cannot be given leaves its reason in `explanation.reasons`, and costs none of the others. What the
    parts mean, and what they do not, is on the page about explanation.

    Examples
    --------
    >>> import numpy as np
    >>> from driftwatch import Explainer, Monitor
    >>> rng = np.random.default_rng(0)
    >>> monitor = Monitor({"km": rng.exponential(5.0, 4_000)})
    >>> report = Explainer(monitor).explain({"km": rng.exponential(8.0, 2_000)})
    >>> found = report.explanation.features["km"]
    >>> largest = found.flows[0]
    >>> round(largest.share, 2), round(largest.source.high, 1), round(largest.target.low, 1)
    (0.15, 8.2, 8.2)
    """

    def __init__(
        self,
        monitor: Monitor,
        reference: Any = None,
        *,
        model: Any = None,
        model_features: Sequence[str] | None = None,
        importance: Any = None,
        features: Sequence[str] | None = None,
        max_features: int = 20,
        segments: bool = True,
        separation: bool = False,
        alpha: float = 0.05,
        max_rows: int = MAX_ROWS,
        seed: int = 0,
    ) -> None:
        check_count("max_features", max_features)
        check_count("max_rows", max_rows)
        if not 0.0 < alpha < 1.0:
            raise ConfigError(f"`alpha` must be between 0 and 1, got {alpha!r}.")
        self.monitor = monitor
        self.reference = monitor.reference_rows if reference is None else read_table(reference, role="reference")
        self.model = model
        self.model_features = None if model_features is None else list(map(str, model_features))
        self.importance = importance
        self.features = None if features is None else _known(features, monitor)
        self.max_features, self.max_rows = int(max_features), int(max_rows)
        self.segments, self.separation = segments, separation
        self.alpha, self.seed = float(alpha), seed
        if isinstance(importance, Mapping):
            self._importance()  # a wrong weight is misuse, and not one that only a report should tell

    def explain(self, current: Any, *, report: DriftReport | None = None) -> DriftReport:
        """Return the report of a check with its explanation.

        Parameters
        ----------
        current : anything that `Monitor.check` takes
        report : DriftReport, optional
            What the monitor said of these data; it checks them otherwise.

        Returns
        -------
        DriftReport
            The same, with an `explanation`.

        Raises
        ------
        DriftwatchError
            As `Monitor.check`, where no report is given.
        """
        data = current if isinstance(current, Window) else read_table(current, role="current")
        found = self.monitor.check(data) if report is None else report
        names = self._chosen(found)
        reasons: dict[str, str] = {}

        def attempt(part: str, compute: Callable[[], T]) -> T | None:
            try:
                return compute()
            except DriftwatchError as error:
                reasons[part] = str(error)
            except Exception as error:  # noqa: BLE001 - models and estimators of others may raise anything
                reasons[part] = f"{type(error).__name__}: {error}"
            return None

        parts: dict[str, Any] = {"features": attempt("features", lambda: self._moved(data, names)) or {}}
        if self.importance is not None or self.model is not None:
            parts["ranking"] = attempt("ranking", lambda: self._ranking(found))
        for part, compute in self._parts_of_rows(found, names).items():
            lacking = NO_REFERENCE if self.reference is None else NO_CURRENT if isinstance(data, Window) else None
            if lacking is None:
                parts[part] = attempt(part, lambda compute=compute: compute(self.reference, data))  # type: ignore[misc]
            else:
                reasons[part] = lacking
        return replace(found, explanation=Explanation(**parts, reasons=reasons))

    def _parts_of_rows(self, report: DriftReport, names: Sequence[str]) -> dict[str, Callable[[Table, Table], object]]:
        """Return how each part that needs rows is computed, of those that were asked for."""
        parts: dict[str, Callable[[Table, Table], object]] = {}
        if self.segments:
            parts["segments"] = lambda reference, current: find_segments(
                self.monitor,
                reference,
                current,
                names,
                ranked=[feature.name for feature in report.ranked()],
                alpha=self.alpha,
                max_rows=self.max_rows,
                seed=self.seed,
            )
        if self.model is not None:
            parts |= {"score_shift": self._score_shift, "contribution_drift": self._contribution_drift}
        if self.separation:
            parts["separation"] = self._separation
        if any(report.features[name].kind == FeatureKind.EMBEDDING for name in names):
            parts["directions"] = lambda reference, current: self._directions(reference, current, report, names)
        return parts

    def _chosen(self, report: DriftReport) -> list[str]:
        if self.features is not None:
            return [name for name in self.features if name in report.features]
        return report.drifted_features[: self.max_features]

    def _moved(self, data: Window | Table, names: Sequence[str]) -> Mapping[str, FeatureExplanation]:
        if isinstance(data, Window):
            return explain_counts(self.monitor, data.counts_on(self.monitor.profile), names)
        if not self.monitor.profile.has_rows:
            return explain_counts(self.monitor, count(self.monitor.profile, data), names)
        return explain_rows(self.monitor, data, names)

    @cached_property
    def _contributions(self) -> ModelContributions:
        """The model beside the reference, whose contributions are computed once for all checks."""
        from driftwatch.explain.contributions import ModelContributions

        return ModelContributions.fit(self.model, self.reference, features=self.model_features, seed=self.seed)

    def _importance(self) -> Importance:
        from driftwatch.explain.importance import importance_of

        if self.importance is None:
            return importance_of(self._contributions.reference)
        if isinstance(self.importance, Mapping):
            return importance_of(self.importance)
        return importance_of(self.importance, features=self.model_features, reference=self.reference)

    def _ranking(self, report: DriftReport) -> object:
        from driftwatch.explain.importance import rank_by_importance

        if self.importance is None and self.reference is None:
            raise ConfigError(NO_REFERENCE)
        return rank_by_importance(report, self._importance())

    def _score_shift(self, reference: Table, current: Table) -> object:  # noqa: ARG002 - its contributions are kept
        from driftwatch.explain.shift import score_shift

        return score_shift(self._contributions.reference, self._contributions.of(current), seed=self.seed)

    def _contribution_drift(self, reference: Table, current: Table) -> object:  # noqa: ARG002 - as above
        from driftwatch.explain.contribution_tests import contribution_drift

        plan = self.monitor.plan
        return contribution_drift(
            self._contributions.reference,
            self._contributions.of(current),
            classifier=self.separation,
            seed=self.seed,
            alpha=plan.alpha,
            correction=plan.correction,
            min_effect=plan.min_effect,
        )

    def _separation(self, reference: Table, current: Table) -> object:
        from driftwatch.explain.separation import separating_features

        return separating_features(reference, current, seed=self.seed)

    def _directions(
        self, reference: Table, current: Table, report: DriftReport, names: Sequence[str]
    ) -> dict[str, DriftDirection]:
        from driftwatch.explain.nearest import drift_direction

        embedded = [name for name in names if report.features[name].kind == FeatureKind.EMBEDDING]
        return {name: drift_direction(reference, current, feature=name, seed=self.seed) for name in embedded}


def _known(features: Sequence[str], monitor: Monitor) -> list[str]:
    if isinstance(features, str):
        raise ConfigError(f"`features` must be a sequence of names, got {features!r}. Pass [{features!r}].")
    names = list(dict.fromkeys(map(str, features)))
    unknown = [name for name in names if name not in monitor.profile.features]
    if unknown:
        raise UnknownNameError.from_names("feature", unknown, monitor.feature_names)
    return names
