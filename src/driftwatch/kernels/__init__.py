"""The statistics, each written once over `ops`, for all features at once, on any array library (layer 2)."""

from typing import TYPE_CHECKING

from driftwatch._lazy import attach

if TYPE_CHECKING:  # what `attach` gives at run time, for type checkers and editors
    from driftwatch.kernels.anderson_darling import anderson_darling_2samp
    from driftwatch.kernels.association import cramers_v, cramers_v_from_counts, fisher_exact
    from driftwatch.kernels.cramer_von_mises import cramervonmises_2samp
    from driftwatch.kernels.divergences import (
        jensenshannon,
        jensenshannon_from_counts,
        kl,
        kl_from_counts,
        psi,
        psi_from_counts,
    )
    from driftwatch.kernels.ecdf import ks_2samp, wasserstein_distance
    from driftwatch.kernels.energy import energy_distance
    from driftwatch.kernels.homogeneity import chi2_2samp, g_test, g_test_from_counts
    from driftwatch.kernels.kuiper_distance import kuiper
    from driftwatch.kernels.mann_whitney import mannwhitneyu
    from driftwatch.kernels.multivariate import mmd_2samp, mmd_random_features
    from driftwatch.kernels.multivariate_energy import energy_2samp
    from driftwatch.kernels.share_distances import (
        hellinger,
        hellinger_from_counts,
        l_infinity,
        l_infinity_from_counts,
        total_variation,
        total_variation_from_counts,
    )
    from driftwatch.kernels.sliced import sliced_ks_2samp, sliced_wasserstein_2samp

__all__ = [
    "anderson_darling_2samp",
    "chi2_2samp",
    "cramers_v",
    "cramers_v_from_counts",
    "cramervonmises_2samp",
    "energy_2samp",
    "energy_distance",
    "fisher_exact",
    "g_test",
    "g_test_from_counts",
    "hellinger",
    "hellinger_from_counts",
    "jensenshannon",
    "jensenshannon_from_counts",
    "kl",
    "kl_from_counts",
    "ks_2samp",
    "kuiper",
    "l_infinity",
    "l_infinity_from_counts",
    "mannwhitneyu",
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

__getattr__, __dir__ = attach(
    __name__,
    {
        "anderson_darling_2samp": "driftwatch.kernels.anderson_darling",
        "chi2_2samp": "driftwatch.kernels.homogeneity",
        "cramers_v": "driftwatch.kernels.association",
        "cramers_v_from_counts": "driftwatch.kernels.association",
        "cramervonmises_2samp": "driftwatch.kernels.cramer_von_mises",
        "energy_2samp": "driftwatch.kernels.multivariate_energy",
        "energy_distance": "driftwatch.kernels.energy",
        "fisher_exact": "driftwatch.kernels.association",
        "g_test": "driftwatch.kernels.homogeneity",
        "g_test_from_counts": "driftwatch.kernels.homogeneity",
        "hellinger": "driftwatch.kernels.share_distances",
        "hellinger_from_counts": "driftwatch.kernels.share_distances",
        "jensenshannon": "driftwatch.kernels.divergences",
        "jensenshannon_from_counts": "driftwatch.kernels.divergences",
        "kl": "driftwatch.kernels.divergences",
        "kl_from_counts": "driftwatch.kernels.divergences",
        "ks_2samp": "driftwatch.kernels.ecdf",
        "kuiper": "driftwatch.kernels.kuiper_distance",
        "l_infinity": "driftwatch.kernels.share_distances",
        "l_infinity_from_counts": "driftwatch.kernels.share_distances",
        "mannwhitneyu": "driftwatch.kernels.mann_whitney",
        "mmd_2samp": "driftwatch.kernels.multivariate",
        "mmd_random_features": "driftwatch.kernels.multivariate",
        "psi": "driftwatch.kernels.divergences",
        "psi_from_counts": "driftwatch.kernels.divergences",
        "sliced_ks_2samp": "driftwatch.kernels.sliced",
        "sliced_wasserstein_2samp": "driftwatch.kernels.sliced",
        "total_variation": "driftwatch.kernels.share_distances",
        "total_variation_from_counts": "driftwatch.kernels.share_distances",
        "wasserstein_distance": "driftwatch.kernels.ecdf",
    },
)
