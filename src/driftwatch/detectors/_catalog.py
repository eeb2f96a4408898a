"""One row per detector that ships with the library, by the name under which it is in a report (layer 3)."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from driftwatch.errors import UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from driftwatch.detectors.base import BaseDetector

__all__ = ["DEFAULT_NAMES", "DETECTORS", "default_detectors", "detector_by_name"]

# Name to module and class; imported when chosen. The missing share is always tested, and cannot be chosen.
DETECTORS: Mapping[str, tuple[str, str]] = {
    "ks": ("ks", "KSDetector"),
    "wasserstein": ("wasserstein", "WassersteinDetector"),
    "chi2": ("chi_squared", "ChiSquaredDetector"),
    "psi": ("psi", "PSIDetector"),
    "jensenshannon": ("jensenshannon", "JensenShannonDetector"),
    "total_variation": ("total_variation", "TotalVariationDetector"),
    "mmd": ("mmd", "MMDDetector"),
    "anderson_darling": ("anderson_darling", "AndersonDarlingDetector"),
    "chi2_bins": ("binned_chi_squared", "BinnedChiSquaredDetector"),
    "classifier": ("classifier", "ClassifierDetector"),
    "cramers_v": ("cramers_v", "CramersVDetector"),
    "cramervonmises": ("cramer_von_mises", "CramerVonMisesDetector"),
    "dimension_ks": ("dimension_ks", "DimensionKSDetector"),
    "energy": ("energy", "EnergyDistanceDetector"),
    "fisher_exact": ("fisher_exact", "FisherExactDetector"),
    "g_test": ("g_test", "GTestDetector"),
    "hellinger": ("hellinger", "HellingerDetector"),
    "kl": ("kl", "KLDetector"),
    "kuiper": ("kuiper", "KuiperDetector"),
    "l_infinity": ("l_infinity", "LInfinityDetector"),
    "mannwhitney": ("mann_whitney", "MannWhitneyDetector"),
    "multivariate_energy": ("multivariate_energy", "MultivariateEnergyDetector"),
    "sliced_wasserstein": ("sliced", "SlicedWassersteinDetector"),
}

# What a `Monitor` computes that was given no detectors; the order is the order of a feature's tests.
DEFAULT_NAMES = ("ks", "wasserstein", "chi2", "psi", "jensenshannon", "total_variation", "mmd")


def default_detectors() -> tuple[BaseDetector[Any], ...]:
    """Return the detectors of a `Monitor` that was given none."""
    return tuple(map(detector_by_name, DEFAULT_NAMES))


def detector_by_name(name: str) -> BaseDetector[Any]:
    """Return the detector of that name with its default settings.

    Raises
    ------
    UnknownNameError
        If there is none.

    Examples
    --------
    >>> detector_by_name("hellinger")
    HellingerDetector(n_bins=10)
    """
    if name not in DETECTORS:
        raise UnknownNameError.from_names("detector", [name], DETECTORS)
    module, cls = DETECTORS[name]
    detector: BaseDetector[Any] = getattr(import_module(f"driftwatch.detectors.{module}"), cls)()
    return detector
