"""`Explainer`: the parts of an explanation put into a report, none at the cost of another (layer 4)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from driftwatch.arrays.table import read_table
from driftwatch.errors import ConfigError, DriftwatchError, UnknownNameError
from driftwatch.explain.moved_parts import explain_counts, explain_rows
from driftwatch.profile.counted import count
from driftwatch.profile.window import Window
from driftwatch.report.explanation import Explanation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from driftwatch.monitor.monitor import Monitor
    from driftwatch.report.explanation import FeatureExplanation
    from driftwatch.report.model import DriftReport

__all__ = ["Explainer"]

T = TypeVar("T")


class Explainer:
    """Says of a check which part of each feature moved.

    Parameters
    ----------
    monitor : Monitor
        The one whose reports are explained.
    features : sequence of str, optional
        Features to explain; by default those that drifted, the largest `weight * effect` first.
    max_features : int
        How many of those that drifted are explained.

    Raises
    ------
    ConfigError, UnknownNameError
        If a setting is out of range or names something that does not exist.

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
        *,
        features: Sequence[str] | None = None,
        max_features: int = 20,
    ) -> None:
        if max_features < 1:
            raise ConfigError(f"`max_features` must be at least 1, got {max_features!r}.")
        self.monitor = monitor
        self.features = None if features is None else _known(features, monitor)
        self.max_features = int(max_features)

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
            The same, with an `explanation`. A part that could not be given has its reason there.

        Raises
        ------
        DriftwatchError
            As `Monitor.check`, where no report is given.
        """
        report = self.monitor.check(current) if report is None else report
        reasons: dict[str, str] = {}
        names = self._chosen(report)
        features = _attempt("features", reasons, lambda: self._moved(current, names))
        return replace(report, explanation=Explanation(features or {}, reasons=reasons))

    def _chosen(self, report: DriftReport) -> list[str]:
        if self.features is not None:
            return [name for name in self.features if name in report.features]
        return report.drifted_features[: self.max_features]

    def _moved(self, current: Any, names: Sequence[str]) -> Mapping[str, FeatureExplanation]:
        if isinstance(current, Window):
            return explain_counts(self.monitor, current.counts_on(self.monitor.profile), names)
        table = read_table(current, role="current")
        if not self.monitor.profile.has_rows:
            return explain_counts(self.monitor, count(self.monitor.profile, table), names)
        return explain_rows(self.monitor, table, names)


def _attempt(part: str, reasons: dict[str, str], compute: Callable[[], T]) -> T | None:
    """Return a part, or None with its reason: one that fails must not cost the others."""
    try:
        return compute()
    except DriftwatchError as error:
        reasons[part] = str(error)
    except Exception as error:  # noqa: BLE001 - models and estimators of others may raise anything
        reasons[part] = f"{type(error).__name__}: {error}"
    return None


def _known(features: Sequence[str], monitor: Monitor) -> list[str]:
    if isinstance(features, str):
        raise ConfigError(f"`features` must be a sequence of names, got {features!r}. Pass [{features!r}].")
    names = list(dict.fromkeys(map(str, features)))
    unknown = [name for name in names if name not in monitor.profile.features]
    if unknown:
        raise UnknownNameError.from_names("feature", unknown, monitor.feature_names)
    return names
