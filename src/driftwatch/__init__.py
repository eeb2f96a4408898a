"""DriftWatch: which features of a table or tensor drifted, by how much, and whether to act."""

from typing import TYPE_CHECKING

from driftwatch._lazy import attach

if TYPE_CHECKING:  # what `attach` gives at run time, for type checkers and editors
    from driftwatch import datasets, errors, kernels, performance, sequential, simulate, training
    from driftwatch.arrays.schema import FeatureKind, Role
    from driftwatch.detectors.base import BaseDetector
    from driftwatch.detectors.chi_squared import ChiSquaredDetector
    from driftwatch.detectors.classifier import ClassifierDetector
    from driftwatch.detectors.dimension_ks import DimensionKSDetector
    from driftwatch.detectors.jensenshannon import JensenShannonDetector
    from driftwatch.detectors.ks import KSDetector
    from driftwatch.detectors.mmd import MMDDetector
    from driftwatch.detectors.psi import PSIDetector
    from driftwatch.detectors.sliced import SlicedWassersteinDetector
    from driftwatch.detectors.total_variation import TotalVariationDetector
    from driftwatch.detectors.wasserstein import WassersteinDetector
    from driftwatch.monitor.assertion import assert_no_drift
    from driftwatch.monitor.monitor import Monitor
    from driftwatch.ops.warmup import warmup
    from driftwatch.report.model import DriftReport
    from driftwatch.sequential.monitor import SequentialMonitor

__all__ = [
    "BaseDetector",
    "ChiSquaredDetector",
    "ClassifierDetector",
    "DimensionKSDetector",
    "DriftReport",
    "FeatureKind",
    "JensenShannonDetector",
    "KSDetector",
    "MMDDetector",
    "Monitor",
    "PSIDetector",
    "Role",
    "SequentialMonitor",
    "SlicedWassersteinDetector",
    "TotalVariationDetector",
    "WassersteinDetector",
    "assert_no_drift",
    "datasets",
    "errors",
    "kernels",
    "performance",
    "sequential",
    "simulate",
    "training",
    "warmup",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        "BaseDetector": "driftwatch.detectors.base",
        "ChiSquaredDetector": "driftwatch.detectors.chi_squared",
        "ClassifierDetector": "driftwatch.detectors.classifier",
        "DimensionKSDetector": "driftwatch.detectors.dimension_ks",
        "DriftReport": "driftwatch.report.model",
        "FeatureKind": "driftwatch.arrays.schema",
        "JensenShannonDetector": "driftwatch.detectors.jensenshannon",
        "KSDetector": "driftwatch.detectors.ks",
        "MMDDetector": "driftwatch.detectors.mmd",
        "Monitor": "driftwatch.monitor.monitor",
        "PSIDetector": "driftwatch.detectors.psi",
        "Role": "driftwatch.arrays.schema",
        "SequentialMonitor": "driftwatch.sequential.monitor",
        "SlicedWassersteinDetector": "driftwatch.detectors.sliced",
        "TotalVariationDetector": "driftwatch.detectors.total_variation",
        "WassersteinDetector": "driftwatch.detectors.wasserstein",
        "assert_no_drift": "driftwatch.monitor.assertion",
        "datasets": "driftwatch.datasets",
        "errors": "driftwatch.errors",
        "kernels": "driftwatch.kernels",
        "performance": "driftwatch.performance",
        "sequential": "driftwatch.sequential",
        "simulate": "driftwatch.simulate",
        "training": "driftwatch.training",
        "warmup": "driftwatch.ops.warmup",
    },
)
