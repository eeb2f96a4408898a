"""The statistics, each written once over `ops`, for all features at once, on any array library (layer 2)."""

from typing import TYPE_CHECKING

from driftwatch._lazy import attach

if TYPE_CHECKING:  # what `attach` gives at run time, for type checkers and editors
    from driftwatch.kernels.divergences import jensenshannon, jensenshannon_from_counts, psi, psi_from_counts
    from driftwatch.kernels.ecdf import ks_2samp, wasserstein_distance
    from driftwatch.kernels.homogeneity import chi2_2samp
    from driftwatch.kernels.multivariate import energy_2samp, mmd_2samp, mmd_random_features
    from driftwatch.kernels.share_distances import total_variation, total_variation_from_counts
    from driftwatch.kernels.sliced import sliced_ks_2samp, sliced_wasserstein_2samp

__all__ = [
    "chi2_2samp",
    "energy_2samp",
    "jensenshannon",
    "jensenshannon_from_counts",
    "ks_2samp",
    "mmd_2samp",
    "mmd_random_features",
    "psi",
    "psi_from_counts",
    "sliced_ks_2samp",
    "sliced_wasserstein_2samp",
    "total_variation",
    "total_variation_from_counts",
    "wasserstein_distance",
]

_DIVERGENCES = "driftwatch.kernels.divergences"
_ECDF = "driftwatch.kernels.ecdf"
_HOMOGENEITY = "driftwatch.kernels.homogeneity"
_MULTIVARIATE = "driftwatch.kernels.multivariate"
_SHARES = "driftwatch.kernels.share_distances"
_SLICED = "driftwatch.kernels.sliced"
__getattr__, __dir__ = attach(
    __name__,
    {
        "chi2_2samp": _HOMOGENEITY,
        "energy_2samp": _MULTIVARIATE,
        "jensenshannon": _DIVERGENCES,
        "jensenshannon_from_counts": _DIVERGENCES,
        "ks_2samp": _ECDF,
        "mmd_2samp": _MULTIVARIATE,
        "mmd_random_features": _MULTIVARIATE,
        "psi": _DIVERGENCES,
        "psi_from_counts": _DIVERGENCES,
        "sliced_ks_2samp": _SLICED,
        "sliced_wasserstein_2samp": _SLICED,
        "total_variation": _SHARES,
        "total_variation_from_counts": _SHARES,
        "wasserstein_distance": _ECDF,
    },
)
