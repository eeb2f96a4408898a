"""DriftWatch: which features of a table or tensor drifted, by how much, and whether to act."""

from typing import TYPE_CHECKING

from driftwatch._lazy import attach

if TYPE_CHECKING:  # what `attach` gives at run time, for type checkers and editors
    from driftwatch import datasets, errors, kernels, performance, sequential, simulate, store, streaming, training
    from driftwatch._version import __version__
    from driftwatch.arrays.schema import FeatureKind, Role
    from driftwatch.detectors.anderson_darling import AndersonDarlingDetector
    from driftwatch.detectors.base import BaseDetector
    from driftwatch.detectors.binned_chi_squared import BinnedChiSquaredDetector
    from driftwatch.detectors.chi_squared import ChiSquaredDetector
    from driftwatch.detectors.classifier import ClassifierDetector
    from driftwatch.detectors.cramer_von_mises import CramerVonMisesDetector
    from driftwatch.detectors.cramers_v import CramersVDetector
    from driftwatch.detectors.dimension_ks import DimensionKSDetector
    from driftwatch.detectors.energy import EnergyDistanceDetector
    from driftwatch.detectors.fisher_exact import FisherExactDetector
    from driftwatch.detectors.g_test import GTestDetector
    from driftwatch.detectors.hellinger import HellingerDetector
    from driftwatch.detectors.jensenshannon import JensenShannonDetector
    from driftwatch.detectors.kl import KLDetector
    from driftwatch.detectors.ks import KSDetector
    from driftwatch.detectors.kuiper import KuiperDetector
    from driftwatch.detectors.l_infinity import LInfinityDetector
    from driftwatch.detectors.mann_whitney import MannWhitneyDetector
    from driftwatch.detectors.mmd import MMDDetector
    from driftwatch.detectors.psi import PSIDetector
    from driftwatch.detectors.sliced import SlicedWassersteinDetector
    from driftwatch.detectors.total_variation import TotalVariationDetector
    from driftwatch.detectors.wasserstein import WassersteinDetector
    from driftwatch.explain.explainer import Explainer
    from driftwatch.kernels.effect_intervals import effect_intervals
    from driftwatch.kernels.permutation import permutation_test
    from driftwatch.monitor.assertion import assert_no_drift
    from driftwatch.monitor.monitor import Monitor
    from driftwatch.ops.warmup import warmup
    from driftwatch.profile.profile import Profile
    from driftwatch.profile.window import Window
    from driftwatch.report.model import DriftReport
    from driftwatch.sequential.monitor import SequentialMonitor

__all__ = [
    "AndersonDarlingDetector",
    "BaseDetector",
    "BinnedChiSquaredDetector",
    "ChiSquaredDetector",
    "ClassifierDetector",
    "CramerVonMisesDetector",
    "CramersVDetector",
    "DimensionKSDetector",
    "DriftReport",
    "EnergyDistanceDetector",
    "Explainer",
    "FeatureKind",
    "FisherExactDetector",
    "GTestDetector",
    "HellingerDetector",
    "JensenShannonDetector",
    "KLDetector",
    "KSDetector",
    "KuiperDetector",
    "LInfinityDetector",
    "MMDDetector",
    "MannWhitneyDetector",
    "Monitor",
    "PSIDetector",
    "Profile",
    "Role",
    "SequentialMonitor",
    "SlicedWassersteinDetector",
    "TotalVariationDetector",
    "WassersteinDetector",
    "Window",
    "__version__",
    "assert_no_drift",
    "datasets",
    "effect_intervals",
    "errors",
    "kernels",
    "performance",
    "permutation_test",
    "sequential",
    "simulate",
    "store",
    "streaming",
    "training",
    "warmup",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        "AndersonDarlingDetector": "driftwatch.detectors.anderson_darling",
        "BaseDetector": "driftwatch.detectors.base",
        "BinnedChiSquaredDetector": "driftwatch.detectors.binned_chi_squared",
        "ChiSquaredDetector": "driftwatch.detectors.chi_squared",
        "ClassifierDetector": "driftwatch.detectors.classifier",
        "CramerVonMisesDetector": "driftwatch.detectors.cramer_von_mises",
        "CramersVDetector": "driftwatch.detectors.cramers_v",
        "DimensionKSDetector": "driftwatch.detectors.dimension_ks",
        "DriftReport": "driftwatch.report.model",
        "EnergyDistanceDetector": "driftwatch.detectors.energy",
        "Explainer": "driftwatch.explain.explainer",
        "FeatureKind": "driftwatch.arrays.schema",
        "FisherExactDetector": "driftwatch.detectors.fisher_exact",
        "GTestDetector": "driftwatch.detectors.g_test",
        "HellingerDetector": "driftwatch.detectors.hellinger",
        "JensenShannonDetector": "driftwatch.detectors.jensenshannon",
        "KLDetector": "driftwatch.detectors.kl",
        "KSDetector": "driftwatch.detectors.ks",
        "KuiperDetector": "driftwatch.detectors.kuiper",
        "LInfinityDetector": "driftwatch.detectors.l_infinity",
        "MMDDetector": "driftwatch.detectors.mmd",
        "MannWhitneyDetector": "driftwatch.detectors.mann_whitney",
        "Monitor": "driftwatch.monitor.monitor",
        "PSIDetector": "driftwatch.detectors.psi",
        "Profile": "driftwatch.profile.profile",
        "Role": "driftwatch.arrays.schema",
        "SequentialMonitor": "driftwatch.sequential.monitor",
        "SlicedWassersteinDetector": "driftwatch.detectors.sliced",
        "TotalVariationDetector": "driftwatch.detectors.total_variation",
        "WassersteinDetector": "driftwatch.detectors.wasserstein",
        "Window": "driftwatch.profile.window",
        "__version__": "driftwatch._version",
        "assert_no_drift": "driftwatch.monitor.assertion",
        "datasets": "driftwatch.datasets",
        "effect_intervals": "driftwatch.kernels.effect_intervals",
        "errors": "driftwatch.errors",
        "kernels": "driftwatch.kernels",
        "performance": "driftwatch.performance",
        "permutation_test": "driftwatch.kernels.permutation",
        "sequential": "driftwatch.sequential",
        "simulate": "driftwatch.simulate",
        "store": "driftwatch.store",
        "streaming": "driftwatch.streaming",
        "training": "driftwatch.training",
        "warmup": "driftwatch.ops.warmup",
    },
)
