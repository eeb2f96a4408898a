"""Alarms over a stream: evidence that holds at every time, and the classic online detectors (layer 4)."""

from typing import TYPE_CHECKING

from driftwatch._lazy import attach

if TYPE_CHECKING:  # what `attach` gives at run time, for type checkers and editors
    from driftwatch.sequential.adwin import ADWIN
    from driftwatch.sequential.cusum import CUSUM
    from driftwatch.sequential.ddm import DDM
    from driftwatch.sequential.ewma import EWMA
    from driftwatch.sequential.monitor import SequentialMonitor
    from driftwatch.sequential.online import OnlineDetector
    from driftwatch.sequential.page_hinkley import PageHinkley
    from driftwatch.sequential.result import FeatureEvidence, SequentialResult

__all__ = [
    "ADWIN",
    "CUSUM",
    "DDM",
    "EWMA",
    "FeatureEvidence",
    "OnlineDetector",
    "PageHinkley",
    "SequentialMonitor",
    "SequentialResult",
]

_RESULT = "driftwatch.sequential.result"
__getattr__, __dir__ = attach(
    __name__,
    {
        "ADWIN": "driftwatch.sequential.adwin",
        "CUSUM": "driftwatch.sequential.cusum",
        "DDM": "driftwatch.sequential.ddm",
        "EWMA": "driftwatch.sequential.ewma",
        "FeatureEvidence": _RESULT,
        "OnlineDetector": "driftwatch.sequential.online",
        "PageHinkley": "driftwatch.sequential.page_hinkley",
        "SequentialMonitor": "driftwatch.sequential.monitor",
        "SequentialResult": _RESULT,
    },
)
