"""Rows to counts of windows, and closed windows to stored reports (layer 4): what streams and services share."""

from typing import TYPE_CHECKING

from driftwatch._lazy import attach

if TYPE_CHECKING:  # what `attach` gives at run time, for type checkers and editors
    from driftwatch.scoring.judging import ClosedWindow, Judge
    from driftwatch.scoring.keeping import keep_report
    from driftwatch.scoring.profile_scorer import ProfileScorer
    from driftwatch.scoring.scored import Row, Scored, Scorer, State
    from driftwatch.scoring.windows import Windows

__all__ = [
    "ClosedWindow",
    "Judge",
    "ProfileScorer",
    "Row",
    "Scored",
    "Scorer",
    "State",
    "Windows",
    "keep_report",
]

_JUDGING = "driftwatch.scoring.judging"
_SCORED = "driftwatch.scoring.scored"
__getattr__, __dir__ = attach(
    __name__,
    {
        "ClosedWindow": _JUDGING,
        "Judge": _JUDGING,
        "ProfileScorer": "driftwatch.scoring.profile_scorer",
        "Row": _SCORED,
        "Scored": _SCORED,
        "Scorer": _SCORED,
        "State": _SCORED,
        "Windows": "driftwatch.scoring.windows",
        "keep_report": "driftwatch.scoring.keeping",
    },
)
