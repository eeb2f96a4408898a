"""DriftWatch: which features of a table or tensor drifted, by how much, and whether to act."""

from driftwatch._lazy import attach

__all__ = [
    "BaseDetector",
    "ChiSquaredDetector",
    "DriftReport",
    "FeatureKind",
    "JensenShannonDetector",
    "KSDetector",
    "Monitor",
    "PSIDetector",
    "TotalVariationDetector",
    "WassersteinDetector",
    "assert_no_drift",
    "datasets",
    "errors",
    "kernels",
    "training",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        "BaseDetector": "driftwatch.detectors.base",
        "ChiSquaredDetector": "driftwatch.detectors.chi_squared",
        "DriftReport": "driftwatch.report.model",
        "FeatureKind": "driftwatch.arrays.schema",
        "JensenShannonDetector": "driftwatch.detectors.jensenshannon",
        "KSDetector": "driftwatch.detectors.ks",
        "Monitor": "driftwatch.monitor.monitor",
        "PSIDetector": "driftwatch.detectors.psi",
        "TotalVariationDetector": "driftwatch.detectors.total_variation",
        "WassersteinDetector": "driftwatch.detectors.wasserstein",
        "assert_no_drift": "driftwatch.monitor.assertion",
        "datasets": "driftwatch.datasets",
        "errors": "driftwatch.errors",
        "kernels": "driftwatch.kernels",
        "training": "driftwatch.training",
    },
)
