"""`Monitor`: a frozen reference and a plan, applied to current data (layer 4)."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from driftwatch._version import version
from driftwatch.arrays.schema import FeatureKind, Role
from driftwatch.arrays.table import read_table
from driftwatch.errors import ConfigError, NoCommonFeaturesError, UnknownNameError
from driftwatch.kernels.multiplicity import global_pvalue
from driftwatch.monitor.comparison import compare, sample_kind
from driftwatch.monitor.design import correct
from driftwatch.monitor.embedding import among, checked_rows, joint_columns
from driftwatch.monitor.permutation import Resampling, permute
from driftwatch.monitor.plan import Plan
from driftwatch.monitor.roles import MeasuredPerformance, PerformanceCheck, late_labels, unlabelled, with_roles
from driftwatch.monitor.verdict import decide, family_pvalues
from driftwatch.monitor.window_comparison import compare_window
from driftwatch.profile.counted import count
from driftwatch.profile.embedding import MAX_ROWS
from driftwatch.profile.profile import Profile
from driftwatch.profile.window import Window
from driftwatch.report.calibration import Calibration
from driftwatch.report.model import DriftReport

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    from driftwatch._typing import Progress
    from driftwatch.arrays.table import Table
    from driftwatch.detectors.base import BaseDetector
    from driftwatch.kernels.permutation import BlockLength
    from driftwatch.monitor.evidence import Evidence
    from driftwatch.profile.counted import WindowCounts
    from driftwatch.report.history import History
    from driftwatch.report.model import FeatureReport
    from driftwatch.store.protocol import Store

__all__ = ["Monitor"]


class _Found(NamedTuple):
    """What a comparison found for the features in `common`, and columns of current data that the reference has not."""

    evidence: list[Evidence]
    settled: dict[str, FeatureReport]
    common: Sequence[str]
    unknown: Sequence[str]
    n_rows: int


class Monitor:
    """Compares current data with a reference, feature by feature, and says which features drifted.

    Parameters
    ----------
    reference : pandas, polars, pyarrow or other narwhals-readable table; mapping of names to columns; 2-D array
        The data that "no drift" means, shape `(n_samples, n_features)`. Columns of an array are named `f0`, `f1`, ...
        It is sorted and binned here, once.
    features : sequence of str, optional
        Features to compare; all by default.
    schema : mapping of str to FeatureKind or str, optional
        Kinds that are not left to inference: "numeric", "boolean", "categorical", "embedding", "time", "text",
        "identifier".
    detectors : sequence of BaseDetector or str, optional
        Statistics to compute: detectors, or names for those with default settings, as `["ks", "chi2", "hellinger"]`. By
        default KS and Wasserstein (numeric), chi-squared (categorical), PSI, Jensen-Shannon and total variation (both).
        The missing share is always tested.
    thresholds : mapping of str to float, optional
        Cuts on raw statistics, as `{"psi": 0.2}`. They replace the material leg for features that have one of these
        statistics. `ks` means D; `wasserstein` is in the feature's unit, `wasserstein_normalized` in standard
        deviations of the reference; `missing` is Cohen's h.
    excess : bool
        Whether thresholds act on what is left of a statistic after its own noise (see `TestResult`), so that one
        threshold serves small and large samples. A statistic of your own that states no noise is cut as it is.
    alpha : float or None
        Significance level over the whole report after `correction`; None drops the significant leg.
    correction : {"fdr_bh", "fdr_by", "bonferroni", "holm", "none"}
        Correction for multiple tests over all features together.
    global_method : {"bonferroni", "simes", "hommel"}
        How the report's `global_pvalue`, of no drift in any feature, is formed of all p-values. The first and the last
        hold whatever the dependence of the features, "simes" for independent and many positively dependent ones.
    pvalues : {"analytic", "permutation"}
        "permutation" replaces the p-values of all features by permutation p-values, from the rows of both sides: for
        rows that depend on each other. Embeddings keep theirs.
    n_permutations : int, optional
        Random permutations; by default 999, and more where there are so many tests that none of them could be
        significant.
    block_length : int or "auto", optional
        Contiguous blocks of so many rows move together: for rows in time order. "auto" estimates it from their
        autocorrelation.
    groups : str or sequence of labels, optional
        Rows that move together, as those of one user or one video: a column whose equal values mark them, which is not
        compared, or a label for each row of the reference. Labels of the current rows then go to `check`.
    seed : int
        Seed of the permutations.
    confidence : float, optional
        With it, as 0.95, the report holds effect sizes with confidence intervals: they take the values to the host.
    min_effect : float
        Smallest material effect: KS D or total variation distance, each corrected for its own noise, in [0, 1].
    min_samples : int
        Fewer values than this on a side give no verdict.
    joint : bool or mapping of str to sequence of str, optional
        Further features, each made of several numeric ones and compared as one block of rows, so that a change in how
        they hang together is found: `{"engine": ["rpm", "torque"]}`; True makes one of all, named "joint".
    max_embedding_rows : int
        Rows of each embedding and joint feature that are kept of the reference, and compared of current data; of more
        rows a seeded sample is drawn.
    block_size : int, optional
        Values of numeric features that are read and sorted at a time, 4,000,000 by default: a smaller block needs less
        memory beside the data, and gives the same report.
    per_feature : mapping of str to mapping, optional
        `{"price": {"kind": ..., "min_effect": ..., "thresholds": ..., "ignore": ..., "weight": ..., "role": ...}}`. A
        weight orders the drifted features by importance and does not touch the verdict.
    roles : mapping of str to Role or str, optional
        What columns are, as `{"score": "prediction", "y": "target", "w": "weight", "ts": "timestamp"}`; every other one
        is a "feature". Predictions and targets are compared as features are, weights (of rows) and timestamps are not.
        With a prediction and a target, the report has the performance too; where there are several predictions, that of
        the first. A target may be missing from current data, in part or wholly: labels come late.
    performance : mapping, optional
        `{"task": ..., "positive": ..., "threshold": ..., "min_drop": ..., "metrics": ...}`, as for
        `driftwatch.performance.compare`.
    keep_rows : bool
        Hold on to the reference that was passed (no copy is made), for what needs its rows. Where False,
        it can be freed, and `check` works all the same.

    Raises
    ------
    InputError, InputTypeError
        If the reference cannot be read as a table.
    ConfigError, UnknownNameError
        If a setting is out of range or names something that does not exist.

    Notes
    -----
    A feature drifts if the difference is significant (p-value after correction) and material (effect of at least
    `min_effect`, or a threshold reached). `check` sorts the current data once, O(n log n) per feature.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> monitor = Monitor({"age": rng.normal(40, 9, 2000), "income": rng.lognormal(10, 1, 2000)})
    >>> report = monitor.check({"age": rng.normal(40, 9, 500), "income": rng.lognormal(10.5, 1, 500)})
    >>> report.drifted_features
    ['income']
    """

    def __init__(
        self,
        reference: Any,
        *,
        features: Sequence[str] | None = None,
        schema: Mapping[str, FeatureKind | str] | None = None,
        detectors: Sequence[BaseDetector[Any] | str] | None = None,
        thresholds: Mapping[str, float] | None = None,
        excess: bool = False,
        alpha: float | None = 0.05,
        correction: str = "fdr_bh",
        global_method: str = "bonferroni",
        pvalues: str = "analytic",
        n_permutations: int | None = None,
        block_length: BlockLength = None,
        groups: Any = None,
        seed: int = 0,
        confidence: float | None = None,
        min_effect: float = 0.05,
        min_samples: int = 10,
        joint: bool | Mapping[str, Sequence[str]] | None = None,
        max_embedding_rows: int = MAX_ROWS,
        block_size: int | None = None,
        per_feature: Mapping[str, Mapping[str, Any]] | None = None,
        roles: Mapping[str, Role | str] | None = None,
        performance: Mapping[str, Any] | None = None,
        keep_rows: bool = True,
    ) -> None:
        table = read_table(reference, role="reference")
        known = table.names
        wanted = set(known) if features is None else _wanted(features, known)
        joined = joint_columns(joint, known)
        self.plan = Plan.build(
            detectors=detectors,
            thresholds=thresholds,
            excess=excess,
            confidence=confidence,
            global_method=global_method,
            alpha=alpha,
            correction=correction,
            min_effect=min_effect,
            min_samples=min_samples,
            block_size=block_size,
            schema=schema,
            per_feature=per_feature,
            roles=roles,
            known=[*known, *joined],
            resampling=Resampling.build(
                pvalues,
                n_permutations=n_permutations,
                block_length=block_length,
                groups=groups,
                seed=seed,
                reference=table,
                keep_rows=keep_rows,
            ),
        )
        outputs = self.plan.columns(Role.PREDICTION) | self.plan.columns(Role.TARGET)
        wanted |= outputs
        marks = None if self.plan.resampling is None else self.plan.resampling.column
        chosen = [name for name in known if name in wanted and name != marks and self.plan.is_compared(name)]
        if not chosen:
            raise ConfigError("there is no feature to compare: `features` is empty, or `per_feature` ignores them all.")
        profile = Profile.fit(
            table,
            kinds=self.plan.kinds,
            names=chosen,
            block_size=block_size,
            joint=among(joined, chosen),
            apart=outputs,
            max_embedding_rows=checked_rows(max_embedding_rows),
        )
        self._watch(profile, table if keep_rows else None, PerformanceCheck.fit(table, self.plan, performance))

    def _watch(self, profile: Profile, rows: Table | None, performance: PerformanceCheck) -> None:
        """Take a reference, for the plan that is there."""
        self.profile = profile
        self._rows = rows
        self._performance = performance
        self._uncalibrated = self.plan
        self.calibration: Calibration | None = None
        for feature in profile.features.values():
            if feature.problem is None and feature.untested_reason is None:
                self.plan.check_decidable(feature.name, sample_kind(feature))

    @classmethod
    def from_profile(
        cls,
        profile: Profile,
        *,
        detectors: Sequence[BaseDetector[Any] | str] | None = None,
        thresholds: Mapping[str, float] | None = None,
        excess: bool = False,
        alpha: float | None = 0.05,
        correction: str = "fdr_bh",
        global_method: str = "bonferroni",
        min_effect: float = 0.05,
        min_samples: int = 10,
        per_feature: Mapping[str, Mapping[str, Any]] | None = None,
        roles: Mapping[str, Role | str] | None = None,
        calibrated: bool = True,
    ) -> Self:
        """Return a monitor whose reference is a profile, as `Profile.load` returns it.

        Where the profile has no rows, current data are compared as counts: `check` takes a `Window` on the profile, or
        counts what it is given into one. A detector that needs more than counts says so in its result.

        Parameters
        ----------
        profile : Profile
        detectors, thresholds, excess, alpha, correction, global_method, min_effect, min_samples, per_feature, roles
            As for `Monitor`; `kind` is what the profile was fitted with.
        calibrated : bool
            Whether the monitor goes by the calibration that the profile carries, if it carries one.

        Raises
        ------
        ConfigError, UnknownNameError
            If a setting is out of range or names something that does not exist.

        Examples
        --------
        >>> import numpy as np
        >>> from driftwatch import Monitor, Profile, Window
        >>> rng = np.random.default_rng(0)
        >>> profile = Profile.fit({"age": rng.normal(40, 9, 2000)})
        >>> window = Window(profile).update({"age": rng.normal(45, 9, 500)})
        >>> Monitor.from_profile(profile).check(window).drifted_features
        ['age']
        """
        monitor = cls.__new__(cls)
        monitor.plan = Plan.build(
            detectors=detectors,
            thresholds=thresholds,
            excess=excess,
            global_method=global_method,
            alpha=alpha,
            correction=correction,
            min_effect=min_effect,
            min_samples=min_samples,
            schema=None,
            per_feature=per_feature,
            roles=roles,
            known=list(profile.features),
        )
        monitor._watch(profile, None, PerformanceCheck())  # noqa: SLF001 - the object is being made
        if profile.calibration is not None and calibrated:
            monitor.use(Calibration.from_dict(profile.calibration))
        return monitor

    @property
    def feature_names(self) -> list[str]:
        """Features that the monitor compares, in the order of the reference."""
        return list(self.profile.features)

    @property
    def reference_rows(self) -> Table | None:
        """The reference that was passed, where the monitor holds on to it; None where it does not."""
        return self._rows

    def check(self, current: Any, *, groups: Any = None, progress: Progress | None = None) -> DriftReport:
        """Compare current data with the reference.

        Parameters
        ----------
        current : anything that the reference can be, or Window
            Shape `(n_samples, n_features)`; columns are matched by name. A window was counted on this monitor's profile.
        groups : sequence of labels, optional
            Which current rows move together, where the monitor was made with such labels for the reference. A label on
            both sides is one group.
        progress : callable, optional
            Called with the number of features just finished.

        Returns
        -------
        DriftReport

        Raises
        ------
        InputError, InputTypeError
            If the data cannot be read as a table, or share no feature with the reference, or the labels of groups are
            not one for each row.
        ConfigError
            If labels of groups are given on one side only.
        """
        if isinstance(current, Window):
            return self._check_counts(current.counts_on(self.profile), progress)
        table = read_table(current, role="current")
        if not self.profile.has_rows:
            return self._check_counts(count(self.profile, table), progress)
        labels = (self.plan.resampling or Resampling()).current_labels(groups, table.n_rows)
        profile = self.profile
        names = set(table.names)
        if names.isdisjoint(profile.features):
            raise NoCommonFeaturesError.from_names(profile.features, table.names)

        names |= {name for name, block in profile.embeddings.items() if block.columns}
        common = [
            name for name in profile.features if name in names or profile.features[name].kind is FeatureKind.JOINT
        ]

        evidence, settled = self._compare(table, common, progress)
        if self._rows is not None:
            permute(evidence, self._rows, table, self.plan, labels)
        measured = self._performance.measure(table)
        unknown = [name for name in table.names if name not in profile.known]
        return self._report(_Found(evidence, settled, common, unknown, table.n_rows), measured)

    def _check_counts(self, counts: WindowCounts, progress: Progress | None) -> DriftReport:
        """Compare what a window has counted."""
        features = self.profile.features
        if not any(counts.rows.get(name) for name in features):
            raise NoCommonFeaturesError.from_names(features, sorted(counts.unknown))
        seen = [name for name in features if counts.rows.get(name)]
        common = [name for name in seen if self.plan.is_compared(name)]
        evidence, settled = compare_window(self.profile, self.plan, counts, common)
        late_labels(evidence, self.plan)
        if progress is not None:
            progress(len(common))
        found = _Found(evidence, settled, common, sorted(counts.unknown), counts.n_rows)
        return self._report(found, MeasuredPerformance())

    def _report(self, found: _Found, measured: MeasuredPerformance) -> DriftReport:
        """Decide over what was found."""
        profile, common = self.profile, found.common
        correct(found.evidence, self.plan)
        family = family_pvalues(found.evidence, self.plan, measured.findings)
        kinds = {name: feature.kind for name, feature in profile.features.items()}
        decided = decide(found.evidence, self.plan, kinds, others=measured.findings)
        absent = self.plan.columns(Role.TARGET).intersection(profile.features).difference(common)
        late = {name: unlabelled(profile, name, found.n_rows) for name in absent}
        settled = with_roles({**found.settled, **decided, **late}, self.plan)
        compared = [name for name in profile.features if self.plan.is_compared(name)]

        return DriftReport(
            driftwatch_version=version(),
            created_at=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            reference_hash=profile.hash,
            alpha=self.plan.alpha,
            correction=self.plan.correction,
            min_effect=self.plan.min_effect,
            excess=self.plan.excess,
            confidence=self.plan.confidence,
            n_tests=family.size,
            global_pvalue=global_pvalue(family, self.plan.global_method),
            global_method=self.plan.global_method,
            n_reference=profile.n_rows,
            n_current=found.n_rows,
            only_in_reference=tuple(name for name in compared if name not in {*common, *absent}),
            only_in_current=tuple(found.unknown),
            features={name: settled[name] for name in profile.features if name in settled},
            calibrated=self.plan.calibrated,
            performance=measured.report(self.plan.alpha),
        )

    def _compare(
        self, table: Table, common: Sequence[str], progress: Progress | None = None
    ) -> tuple[list[Evidence], dict[str, FeatureReport]]:
        """Return the evidence for the features that can be compared, and the reports of the others."""
        evidence, settled = compare(self.profile, self.plan, table, common, progress)
        late_labels(evidence, self.plan)
        return evidence, settled

    def calibrate(
        self,
        *,
        window: int,
        checks_per_day: float,
        false_alarms_per_month: float,
        power: float = 0.8,
        n_windows: int = 100,
        seed: int = 0,
        progress: Progress | None = None,
    ) -> Calibration:
        """Set the level so that checks raise no more false alarms than asked for, and say which drift they will see.

        Everything is measured on the reference alone: contiguous windows of it against the rest of it, so that rows
        that hang together in time show. The monitor uses the result from then on, and holds it as `calibration`.

        Parameters
        ----------
        window : int
            Rows of a check to come.
        checks_per_day, false_alarms_per_month : float
            How many checks there will be, and how many of them may be false alarms.
        power : float
            With which probability the smallest drift that is reported is seen.
        n_windows : int
            Windows that are measured on, at most as many as fit into the reference without an overlap.
        seed : int
            Decides which rows a simulated drift of a category touches.
        progress : callable, optional
            Called with 1 after each window.

        Returns
        -------
        Calibration

        Raises
        ------
        InputError
            If the monitor has no rows, or its reference is shorter than five windows.
        ConfigError
            If a setting is out of range.

        Notes
        -----
        Costs 20 fits of the reference and 11 checks for each window. The error of the rate is that of a share of
        `n_windows`, which the result states; a target below what they can show rests on the p-values.

        For each test a design effect is estimated, by how many times fewer rows count than there are, and p-values are
        corrected by it; then alpha becomes the rate that was asked for. Where `alpha` is None, thresholds and smallest
        effects are multiplied by one factor instead.

        Examples
        --------
        >>> import numpy as np
        >>> monitor = Monitor({"x": np.random.default_rng(0).normal(size=4_000)})
        >>> result = monitor.calibrate(window=200, checks_per_day=1, false_alarms_per_month=1)
        >>> round(monitor.plan.alpha, 4), round(result.features["x"].smallest, 1)
        (0.0329, 0.3)
        """
        from driftwatch.monitor.calibration import calibrate, check_analytic

        check_analytic(self.plan)
        plan = self.plan if self.calibration is None else self._uncalibrated
        result = calibrate(
            self,
            plan,
            window=window,
            checks_per_day=checks_per_day,
            false_alarms_per_month=false_alarms_per_month,
            power=power,
            n_windows=n_windows,
            seed=seed,
            progress=progress,
        )
        self.use(result)
        return result

    def use(self, calibration: Calibration) -> None:
        """Take over the settings of a calibration: of this monitor, or of one with the same features and settings.

        Raises
        ------
        ConfigError
            If it was made for other features, or for another kind of rule.
        """
        from driftwatch.monitor.calibration import calibrated

        plan = self.plan if self.calibration is None else self._uncalibrated
        self.plan = calibrated(plan, calibration, self.feature_names)
        self._uncalibrated, self.calibration = plan, calibration
        self.profile = replace(self.profile, calibration=calibration.to_dict())

    def accept(self, window: Window, *, reason: str, who: str | None = None) -> Profile:
        """Make what a window has counted the reference from now on, and return it as a profile to save.

        Parameters
        ----------
        window : Window
            On this monitor's profile.
        reason : str
            Why what was drift is normal from now on; it stands in the history of the profile.
        who : str, optional
            Who says so.

        Raises
        ------
        InputError
            If the window has no rows, or was counted on another profile.
        ConfigError
            If there is no reason, or the monitor goes by permutations, which need the rows of a reference.

        Examples
        --------
        >>> import numpy as np
        >>> from driftwatch import Window
        >>> monitor = Monitor({"price": np.arange(1000.0)})
        >>> dearer = Window(monitor.profile).update({"price": np.arange(1000.0) + 300})
        >>> monitor.check(dearer).drifted_features
        ['price']
        >>> monitor.accept(dearer, reason="new price list").version
        2
        >>> monitor.check(dearer).drifted_features
        []
        """
        if self.plan.resampling is not None:
            raise ConfigError("a window has no rows, which permutations need. Fit a new monitor on the rows instead.")
        self.profile = self.profile.accept(window, reason=reason, who=who)
        self._rows, self._performance = None, PerformanceCheck()
        return self.profile

    def over_time(
        self,
        frame: Any,
        *,
        timestamp: str | None = None,
        every: Any = None,
        window: Any = None,
        step: int | None = None,
        against: str = "reference",
        n_previous: int = 1,
        season: str = "weekday",
        timezone: str | None = None,
        min_rows: int | None = None,
        keep_reports: bool = False,
        progress: Progress | None = None,
    ) -> History:
        """Check a table window by window, and return the history of the statistics.

        Parameters
        ----------
        frame : anything that the reference can be
        timestamp : str, optional
            Column of timestamps, dates or ISO text. Rows are put into its order; those without one are counted.
        every : str or timedelta, optional
            Windows of time: "15min", "1h", "1d", "1w", "1mo". Days begin at midnight, weeks on Monday.
        window : int or str, optional
            Rows in a window; or with `every` a longer period, in which case windows overlap: `every="1d", window="7d"`.
        step : int, optional
            Rows from one window to the next; by default `window`, so that they do not overlap.
        against : {"reference", "previous", "season"}
            What each window is compared with: the reference; the windows before it; or the rows of the reference of the
            same season, for which the reference needs the column `timestamp` too.
        n_previous : int
            How many windows before it, none of which shares a row with it.
        season : {"weekday", "hour", "weekday_hour"}
            What makes two windows alike.
        timezone : str, optional
            On whose clock days begin, by default that of the column. Timestamps without a zone are taken as they stand.
        min_rows : int, optional
            Windows with fewer rows have no verdict; `min_samples` by default.
        keep_reports : bool
            Keep the `DriftReport` of each window.
        progress : callable, optional
            Called with 1 after each window.

        Returns
        -------
        History

        Raises
        ------
        ConfigError, UnknownNameError
            If a setting is out of range or contradicts another one.
        InputError
            If the timestamps cannot be read, there is no window, or a seasonal reference lacks rows or times.

        Notes
        -----
        Each window is judged by itself, at the level of the monitor: over 100 windows without drift about 100 times
        `alpha` alarms are to be expected, and overlapping windows share them. For a guarantee over time use a
        sequential test. A moving reference costs a fit for each window, a seasonal one a fit for each season.

        Examples
        --------
        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> stream = np.concatenate([rng.normal(size=(600, 1)), rng.normal(1.0, size=(400, 1))])
        >>> history = Monitor(rng.normal(size=(1_000, 1))).over_time(stream, window=200)
        >>> [str(window.verdict) for window in history.windows]
        ['no_drift', 'no_drift', 'no_drift', 'drift', 'drift']
        """
        from driftwatch.monitor.over_time import over_time

        return over_time(
            self,
            frame,
            timestamp=timestamp,
            every=every,
            window=window,
            step=step,
            against=against,
            n_previous=n_previous,
            season=season,
            timezone=timezone,
            min_rows=min_rows,
            keep_reports=keep_reports,
            progress=progress,
        )

    @staticmethod
    def history(
        store: Store | str | os.PathLike[str],
        stream: str | None = None,
        *,
        last: int | None = None,
        since: dt.datetime | None = None,
        until: dt.datetime | None = None,
        keep_reports: bool = False,
    ) -> History:
        """Return the stored checks of a stream, in the order in which they were stored: `driftwatch.store.history`."""
        from driftwatch.store.over_time import history

        return history(store, stream, last=last, since=since, until=until, keep_reports=keep_reports)


def _wanted(features: Sequence[str], known: Sequence[str]) -> set[str]:
    """Return the names that the user asked for."""
    if isinstance(features, str):
        raise ConfigError(f"`features` must be a sequence of names, got {features!r}. Pass [{features!r}].")
    names = dict.fromkeys(map(str, features))
    unknown = names.keys() - set(known)
    if unknown:
        raise UnknownNameError.from_names("feature", [name for name in names if name in unknown], known)
    return set(names)
