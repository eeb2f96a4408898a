"""One row per public kernel: what it takes and gives, what it tolerates, where it cannot run (layer 2).

The rows drive the contract tests; a kernel joins by its row before it gets cases of its own.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from driftwatch._typing import Array

__all__ = ["CATALOG", "KernelSpec", "Takes"]

Takes: TypeAlias = Literal["samples", "counts", "rows"]

_ASSOCIATION = "driftwatch.kernels.association"
_DIVERGENCES = "driftwatch.kernels.divergences"
_ECDF = "driftwatch.kernels.ecdf"
_HOMOGENEITY = "driftwatch.kernels.homogeneity"
_MULTIVARIATE = "driftwatch.kernels.multivariate"
_SHARES = "driftwatch.kernels.share_distances"
_SLICED = "driftwatch.kernels.sliced"

# Differences of means of kernel values of size one: their digits are those of the values.
_DISTANCE_ATOL = {"float64": 1e-12, "float32": 1e-5}

_HOMOGENEITY_FIELDS = ("statistic", "pvalue", "dof", "min_expected")


@dataclass(frozen=True, slots=True)
class KernelSpec:
    """A statistic for all features at once.

    Parameters
    ----------
    name, module : str
        The public function.
    summary : str
        One line for tables.
    takes : {"samples", "counts", "rows"}
        Two samples along `axis`, with missing values under `nan_policy`; two rows of counts `(..., k)`; or two samples of
        rows `(n, d)` that are compared as a whole.
    fields : tuple of str
        The fields of the NamedTuple that it returns; none where it returns one array.
    options : tuple of mappings
        Keyword arguments under which it is a different computation, the defaults first.
    rtol, atol : mapping
        Tolerance by the name of the dtype that the statistics have on the device.
    traced : mapping
        Keyword arguments that hold under `jax.jit` whatever is asked for.
    eager_only : str
        Why the kernel cannot be compiled; empty where it can.
    unsupported : mapping
        Backend to the reason why the kernel cannot run there.
    """

    name: str
    module: str
    summary: str
    takes: Takes
    fields: tuple[str, ...] = ()
    options: tuple[Mapping[str, Any], ...] = ({},)
    rtol: Mapping[str, float] = field(default_factory=lambda: {"float64": 1e-9, "float32": 2e-4})
    atol: Mapping[str, float] = field(default_factory=lambda: {"float64": 1e-12, "float32": 2e-6})
    traced: Mapping[str, Any] = field(default_factory=dict)
    eager_only: str = ""
    unsupported: Mapping[str, str] = field(default_factory=dict)

    @property
    def function(self) -> Callable[..., Any]:
        """The kernel itself, imported on first use."""
        function: Callable[..., Any] = getattr(importlib.import_module(self.module), self.name)
        return function

    def arrays(self, result: Any) -> dict[str, Array]:
        """Return what the kernel returned as a dict of arrays; a single array is called `statistic`."""
        return dict(zip(self.fields, result, strict=True)) if self.fields else {"statistic": result}


CATALOG: Mapping[str, KernelSpec] = {
    spec.name: spec
    for spec in (
        KernelSpec(
            "anderson_darling_2samp",
            "driftwatch.kernels.anderson_darling",
            "two-sample Anderson-Darling test",
            takes="samples",
            fields=("statistic", "pvalue"),
            options=({}, {"ties": "mean"}),
        ),
        KernelSpec(
            "chi2_2samp",
            _HOMOGENEITY,
            "chi-squared test of homogeneity",
            takes="counts",
            fields=_HOMOGENEITY_FIELDS,
        ),
        KernelSpec(
            "cramers_v",
            _ASSOCIATION,
            "Cramer's V, bias-corrected, on the reference's quantile bins",
            takes="samples",
            fields=("statistic",),
            options=({}, {"n_bins": 2}, {"bias_correction": False}),
        ),
        KernelSpec(
            "cramers_v_from_counts",
            _ASSOCIATION,
            "Cramer's V, bias-corrected",
            takes="counts",
            options=({}, {"bias_correction": False}),
        ),
        KernelSpec(
            "cramervonmises_2samp",
            "driftwatch.kernels.cramer_von_mises",
            "two-sample Cramer-von Mises test",
            takes="samples",
            fields=("statistic", "pvalue"),
            options=({}, {"method": "asymptotic"}, {"ties": "mean"}),
            traced={"method": "asymptotic"},
        ),
        KernelSpec(
            "energy_distance",
            "driftwatch.kernels.energy",
            "energy distance, in the root of the unit of the feature and free of it",
            takes="samples",
            fields=("statistic", "normalized"),
        ),
        KernelSpec(
            "fisher_exact",
            _ASSOCIATION,
            "Fisher's exact test of two levels",
            takes="counts",
            fields=("statistic", "pvalue"),
            eager_only="how many terms the sum has depends on the counts",
        ),
        KernelSpec(
            "g_test",
            _HOMOGENEITY,
            "G-test of homogeneity on the reference's quantile bins",
            takes="samples",
            fields=_HOMOGENEITY_FIELDS,
            options=({}, {"n_bins": 2}),
        ),
        KernelSpec(
            "g_test_from_counts",
            _HOMOGENEITY,
            "G-test of homogeneity, by likelihood ratio",
            takes="counts",
            fields=_HOMOGENEITY_FIELDS,
        ),
        KernelSpec(
            "hellinger",
            _SHARES,
            "Hellinger distance on the reference's quantile bins",
            takes="samples",
            fields=("statistic",),
            options=({}, {"n_bins": 2}),
        ),
        KernelSpec("hellinger_from_counts", _SHARES, "Hellinger distance", takes="counts"),
        KernelSpec(
            "jensenshannon",
            _DIVERGENCES,
            "Jensen-Shannon distance, base 2, on the reference's quantile bins",
            takes="samples",
            fields=("statistic",),
            options=({}, {"n_bins": 2}),
        ),
        KernelSpec("jensenshannon_from_counts", _DIVERGENCES, "Jensen-Shannon distance, base 2", takes="counts"),
        KernelSpec(
            "kl",
            _DIVERGENCES,
            "Kullback-Leibler divergence of current from reference on the reference's quantile bins",
            takes="samples",
            fields=("statistic",),
            options=({}, {"n_bins": 2}, {"n_bins": 7, "floor": 1e-6}),
        ),
        KernelSpec(
            "kl_from_counts",
            _DIVERGENCES,
            "Kullback-Leibler divergence of current from reference",
            takes="counts",
            options=({}, {"floor": 1e-6}),
        ),
        KernelSpec(
            "ks_2samp",
            _ECDF,
            "two-sample Kolmogorov-Smirnov test",
            takes="samples",
            fields=("statistic", "pvalue"),
            options=({}, {"method": "exact"}, {"method": "asymp"}, {"method": "limit"}),
            # "asymp" follows scipy's own asymptotic formula to 2e-7
            rtol={"float64": 1e-6, "float32": 2e-4},
            traced={"method": "limit"},
        ),
        KernelSpec(
            "kuiper",
            "driftwatch.kernels.kuiper_distance",
            "two-sample Kuiper test",
            takes="samples",
            fields=("statistic", "pvalue"),
        ),
        KernelSpec(
            "l_infinity",
            _SHARES,
            "largest difference of shares on the reference's quantile bins",
            takes="samples",
            fields=("statistic",),
            options=({}, {"n_bins": 2}),
        ),
        KernelSpec("l_infinity_from_counts", _SHARES, "largest difference of shares", takes="counts"),
        KernelSpec(
            "mannwhitneyu",
            "driftwatch.kernels.mann_whitney",
            "Mann-Whitney U test and the probability of superiority",
            takes="samples",
            fields=("statistic", "pvalue", "superiority"),
            options=({}, {"method": "asymptotic"}, {"method": "exact"}),
            traced={"method": "asymptotic"},
        ),
        KernelSpec(
            "energy_2samp",
            "driftwatch.kernels.multivariate_energy",
            "energy distance of rows, with a permutation test",
            takes="rows",
            fields=("statistic", "pvalue"),
            options=({}, {"rng": 3}, {"memory_budget": 2_000}),
            # a distance near 0 is the root of what is left of a square
            atol={"float64": 1e-12, "float32": 1e-4},
        ),
        KernelSpec(
            "mmd_2samp",
            _MULTIVARIATE,
            "maximum mean discrepancy of rows, with a permutation test",
            takes="rows",
            fields=("statistic", "pvalue", "bandwidth"),
            options=(
                {},
                {"bandwidth": 2.5},
                {"median_of": "reference", "rng": 3},
                {"scales": (0.5, 1.0, 2.0), "memory_budget": 2_000},
            ),
            atol=_DISTANCE_ATOL,
        ),
        KernelSpec(
            "mmd_random_features",
            _MULTIVARIATE,
            "maximum mean discrepancy by random features, in linear time",
            takes="rows",
            fields=("statistic", "pvalue", "bandwidth"),
            options=({}, {"n_frequencies": 7, "bandwidth": 2.5, "rng": 3}),
            atol=_DISTANCE_ATOL,
        ),
        KernelSpec(
            "sliced_ks_2samp",
            _SLICED,
            "largest Kolmogorov-Smirnov statistic over random projections, with a permutation test",
            takes="rows",
            fields=("statistic", "pvalue"),
            options=({}, {"n_projections": 5, "rng": 3, "memory_budget": 2_000}),
        ),
        KernelSpec(
            "sliced_wasserstein_2samp",
            _SLICED,
            "1-Wasserstein distance averaged over random projections, with a permutation test",
            takes="rows",
            fields=("statistic", "pvalue"),
            options=({}, {"n_projections": 5, "rng": 3, "memory_budget": 2_000}),
        ),
        KernelSpec(
            "psi",
            _DIVERGENCES,
            "population stability index on the reference's quantile bins",
            takes="samples",
            fields=("statistic",),
            options=({}, {"n_bins": 2}, {"n_bins": 7, "floor": 1e-6}),
        ),
        KernelSpec(
            "psi_from_counts",
            _DIVERGENCES,
            "population stability index",
            takes="counts",
            options=({}, {"floor": 1e-6}),
        ),
        KernelSpec(
            "total_variation",
            _SHARES,
            "total variation distance on the reference's quantile bins",
            takes="samples",
            fields=("statistic",),
            options=({}, {"n_bins": 2}),
        ),
        KernelSpec("total_variation_from_counts", _SHARES, "total variation distance", takes="counts"),
        KernelSpec(
            "wasserstein_distance",
            _ECDF,
            "1-Wasserstein distance, in the unit of the feature and over the reference's spread",
            takes="samples",
            fields=("statistic", "normalized"),
        ),
    )
}
