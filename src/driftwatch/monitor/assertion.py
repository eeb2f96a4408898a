"""`assert_no_drift`: a check as one line of a test suite or a pipeline step (layer 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from driftwatch.errors import DriftDetectedError, InputError
from driftwatch.monitor.monitor import Monitor
from driftwatch.report.model import Verdict

if TYPE_CHECKING:
    from driftwatch.report.model import DriftReport

__all__ = ["assert_no_drift"]


def assert_no_drift(reference: Any, current: Any, *, current_groups: Any = None, **options: Any) -> DriftReport:
    """Raise if current data drifted from the reference, else return the report.

    Parameters
    ----------
    reference, current
        As for `Monitor` and `Monitor.check`.
    current_groups : sequence of labels, optional
        `groups` of `Monitor.check`, where `groups` in the options are labels too.
    **options
        Settings of `Monitor`.

    Raises
    ------
    DriftDetectedError
        An `AssertionError` whose message is the summary; `error.report` holds the whole report.
    InputError
        If no verdict is possible: an assertion that cannot fail would say nothing.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.linspace(0.0, 1.0, 200)[:, None]
    >>> assert_no_drift(x, x).drift_detected
    False
    """
    report = Monitor(reference, **options).check(current, groups=current_groups)
    if report.verdict is Verdict.NO_VERDICT:
        raise InputError(f"a verdict was asked for and none is possible. {report.summary()}")
    if report.drift_detected:
        raise DriftDetectedError(report)
    return report
