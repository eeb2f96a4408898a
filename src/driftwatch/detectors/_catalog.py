"""One row per detector that ships with the library; the order is the order of a feature's tests (layer 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from driftwatch.detectors.chi_squared import ChiSquaredDetector
from driftwatch.detectors.jensenshannon import JensenShannonDetector
from driftwatch.detectors.ks import KSDetector
from driftwatch.detectors.mmd import MMDDetector
from driftwatch.detectors.psi import PSIDetector
from driftwatch.detectors.total_variation import TotalVariationDetector
from driftwatch.detectors.wasserstein import WassersteinDetector

if TYPE_CHECKING:
    from driftwatch.detectors.base import BaseDetector

__all__ = ["default_detectors"]


def default_detectors() -> tuple[BaseDetector, ...]:  # type: ignore[type-arg]
    """Return the detectors of a `Monitor` that was given none."""
    return (
        KSDetector(),
        WassersteinDetector(),
        ChiSquaredDetector(),
        PSIDetector(),
        JensenShannonDetector(),
        TotalVariationDetector(),
        MMDDetector(),
    )
