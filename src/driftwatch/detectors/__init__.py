"""Detectors: a kernel plus what a verdict needs of it, over the profile and the current sample (layer 3)."""

from driftwatch._lazy import attach

__all__ = [
    "BaseDetector",
    "BinnedChiSquaredDetector",
    "ChiSquaredDetector",
    "JensenShannonDetector",
    "KSDetector",
    "MissingShareDetector",
    "PSIDetector",
    "Score",
    "TotalVariationDetector",
    "WassersteinDetector",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        "BaseDetector": "driftwatch.detectors.base",
        "BinnedChiSquaredDetector": "driftwatch.detectors.binned_chi_squared",
        "ChiSquaredDetector": "driftwatch.detectors.chi_squared",
        "JensenShannonDetector": "driftwatch.detectors.jensenshannon",
        "KSDetector": "driftwatch.detectors.ks",
        "MissingShareDetector": "driftwatch.detectors.missing",
        "PSIDetector": "driftwatch.detectors.psi",
        "Score": "driftwatch.detectors.base",
        "TotalVariationDetector": "driftwatch.detectors.total_variation",
        "WassersteinDetector": "driftwatch.detectors.wasserstein",
    },
)
