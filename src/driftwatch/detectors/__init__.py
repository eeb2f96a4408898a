"""Detectors: a kernel plus what a verdict needs of it, over the profile and the current sample (layer 3)."""

from typing import TYPE_CHECKING

from driftwatch._lazy import attach
from driftwatch.detectors._catalog import DETECTORS

if TYPE_CHECKING:  # what ships of what `attach` gives at run time, for type checkers and editors
    from driftwatch.detectors.anderson_darling import AndersonDarlingDetector
    from driftwatch.detectors.base import BaseDetector, Score
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
    from driftwatch.detectors.missing import MissingShareDetector
    from driftwatch.detectors.mmd import MMDDetector
    from driftwatch.detectors.multivariate_energy import MultivariateEnergyDetector
    from driftwatch.detectors.psi import PSIDetector
    from driftwatch.detectors.sliced import SlicedWassersteinDetector
    from driftwatch.detectors.total_variation import TotalVariationDetector
    from driftwatch.detectors.wasserstein import WassersteinDetector

__all__ = [
    "AndersonDarlingDetector",
    "BaseDetector",
    "BinnedChiSquaredDetector",
    "ChiSquaredDetector",
    "ClassifierDetector",
    "CramerVonMisesDetector",
    "CramersVDetector",
    "DimensionKSDetector",
    "EnergyDistanceDetector",
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
    "MissingShareDetector",
    "MultivariateEnergyDetector",
    "PSIDetector",
    "Score",
    "SlicedWassersteinDetector",
    "TotalVariationDetector",
    "WassersteinDetector",
]

# The catalog has the row of every detector that can be chosen, so that none stands here again.
__getattr__, __dir__ = attach(
    __name__,
    {
        "BaseDetector": "driftwatch.detectors.base",
        "MissingShareDetector": "driftwatch.detectors.missing",
        "Score": "driftwatch.detectors.base",
        **{name: f"driftwatch.detectors.{module}" for module, name in DETECTORS.values()},
    },
)
