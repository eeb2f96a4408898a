"""Detectors: a kernel plus what a verdict needs of it, over the profile and the current sample (layer 3)."""

from typing import TYPE_CHECKING

from driftwatch._lazy import attach

if TYPE_CHECKING:  # what `attach` gives at run time, for type checkers and editors
    from driftwatch.detectors.base import BaseDetector, Score
    from driftwatch.detectors.binned_chi_squared import BinnedChiSquaredDetector
    from driftwatch.detectors.chi_squared import ChiSquaredDetector
    from driftwatch.detectors.classifier import ClassifierDetector
    from driftwatch.detectors.dimension_ks import DimensionKSDetector
    from driftwatch.detectors.jensenshannon import JensenShannonDetector
    from driftwatch.detectors.ks import KSDetector
    from driftwatch.detectors.missing import MissingShareDetector
    from driftwatch.detectors.mmd import MMDDetector
    from driftwatch.detectors.psi import PSIDetector
    from driftwatch.detectors.sliced import SlicedWassersteinDetector
    from driftwatch.detectors.total_variation import TotalVariationDetector
    from driftwatch.detectors.wasserstein import WassersteinDetector

__all__ = [
    "BaseDetector",
    "BinnedChiSquaredDetector",
    "ChiSquaredDetector",
    "ClassifierDetector",
    "DimensionKSDetector",
    "JensenShannonDetector",
    "KSDetector",
    "MMDDetector",
    "MissingShareDetector",
    "PSIDetector",
    "Score",
    "SlicedWassersteinDetector",
    "TotalVariationDetector",
    "WassersteinDetector",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        "BaseDetector": "driftwatch.detectors.base",
        "BinnedChiSquaredDetector": "driftwatch.detectors.binned_chi_squared",
        "ChiSquaredDetector": "driftwatch.detectors.chi_squared",
        "ClassifierDetector": "driftwatch.detectors.classifier",
        "DimensionKSDetector": "driftwatch.detectors.dimension_ks",
        "JensenShannonDetector": "driftwatch.detectors.jensenshannon",
        "KSDetector": "driftwatch.detectors.ks",
        "MMDDetector": "driftwatch.detectors.mmd",
        "MissingShareDetector": "driftwatch.detectors.missing",
        "PSIDetector": "driftwatch.detectors.psi",
        "Score": "driftwatch.detectors.base",
        "SlicedWassersteinDetector": "driftwatch.detectors.sliced",
        "TotalVariationDetector": "driftwatch.detectors.total_variation",
        "WassersteinDetector": "driftwatch.detectors.wasserstein",
    },
)
