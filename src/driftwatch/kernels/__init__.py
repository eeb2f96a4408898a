"""The statistics, each written once over `ops`, for all features at once, on any array library (layer 2)."""

from typing import TYPE_CHECKING

from driftwatch._lazy import attach

if TYPE_CHECKING:  # what `attach` gives at run time, for type checkers and editors
    from driftwatch.kernels.counts import (
        chi2_2samp,
        jensenshannon,
        jensenshannon_from_counts,
        psi,
        psi_from_counts,
        total_variation,
        total_variation_from_counts,
    )
    from driftwatch.kernels.ecdf import ks_2samp, wasserstein_distance

__all__ = [
    "chi2_2samp",
    "jensenshannon",
    "jensenshannon_from_counts",
    "ks_2samp",
    "psi",
    "psi_from_counts",
    "total_variation",
    "total_variation_from_counts",
    "wasserstein_distance",
]

_COUNTS = "driftwatch.kernels.counts"
_ECDF = "driftwatch.kernels.ecdf"
__getattr__, __dir__ = attach(
    __name__,
    {
        "chi2_2samp": _COUNTS,
        "jensenshannon": _COUNTS,
        "jensenshannon_from_counts": _COUNTS,
        "ks_2samp": _ECDF,
        "psi": _COUNTS,
        "psi_from_counts": _COUNTS,
        "total_variation": _COUNTS,
        "total_variation_from_counts": _COUNTS,
        "wasserstein_distance": _ECDF,
    },
)
