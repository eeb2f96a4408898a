"""Counts on a profile, judged by a monitor (layer 4): what streams and services are for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from driftwatch.monitor.monitor import Monitor
from driftwatch.profile.window import Window
from driftwatch.scoring.columns import columns_of
from driftwatch.scoring.scored import Scored, summary_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from driftwatch.profile.profile import Profile
    from driftwatch.scoring.scored import Row

__all__ = ["ProfileScorer"]


class ProfileScorer:
    """Counts rows in windows of a profile, and judges them as `Monitor.from_profile` does.

    Parameters
    ----------
    profile : Profile
        Fitted or loaded.
    **options
        Of `Monitor.from_profile`, such as `alpha` or `thresholds`.

    Examples
    --------
    >>> import numpy as np
    >>> from driftwatch import Profile
    >>> scorer = ProfileScorer(Profile.fit({"age": np.random.default_rng(0).normal(40, 9, 2000)}))
    >>> counts = scorer.count([{"age": 61.0 + i % 7} for i in range(50)])
    >>> scorer.score(counts + counts).summary
    'drift in 1 of 1 features: age'
    """

    def __init__(self, profile: Profile, **options: Any) -> None:
        self._profile = profile
        self._monitor = Monitor.from_profile(profile, **options)
        self.fingerprint = profile.summary.frame

    @classmethod
    def of_monitor(cls, monitor: Monitor) -> Self:
        """Return a scorer that judges by this monitor, with all of its settings."""
        scorer = cls.__new__(cls)
        scorer._profile, scorer._monitor = monitor.profile, monitor  # noqa: SLF001 - the object is being made
        scorer.fingerprint = monitor.profile.summary.frame
        return scorer

    def count(self, rows: Sequence[Row]) -> Window:
        """Return the counts of some rows."""
        return Window(self._profile).update(columns_of(rows, self._profile))

    def load(self, data: bytes) -> Window:
        """Return the counts that `to_bytes` wrote."""
        return Window.from_bytes(data, self._profile)

    def score(self, state: Window) -> Scored:
        """Judge the counts of a window."""
        report = self._monitor.check(state)
        return Scored(report.verdict.value, report.to_json(), summary_of(report), report)
