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

Takes: TypeAlias = Literal["samples", "counts"]

_DIVERGENCES = "driftwatch.kernels.divergences"
_ECDF = "driftwatch.kernels.ecdf"
_HOMOGENEITY = "driftwatch.kernels.homogeneity"
_SHARES = "driftwatch.kernels.share_distances"


@dataclass(frozen=True, slots=True)
class KernelSpec:
    """A statistic for all features at once.

    Parameters
    ----------
    name, module : str
        The public function.
    summary : str
        One line for tables.
    takes : {"samples", "counts"}
        Two samples along `axis`, with missing values under `nan_policy`; or two rows of counts `(..., k)`.
    fields : tuple of str
        The fields of the NamedTuple that it returns; none where it returns one array.
    options : tuple of mappings
        Keyword arguments under which it is a different computation, the defaults first.
    rtol, atol : mapping
        Tolerance by the name of the dtype that the statistics have on the device.
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
            "chi2_2samp",
            _HOMOGENEITY,
            "chi-squared test of homogeneity",
            takes="counts",
            fields=("statistic", "pvalue", "dof", "min_expected"),
        ),
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
            "ks_2samp",
            _ECDF,
            "two-sample Kolmogorov-Smirnov test",
            takes="samples",
            fields=("statistic", "pvalue"),
            options=({}, {"method": "exact"}, {"method": "asymp"}, {"method": "limit"}),
            # "asymp" follows scipy's own asymptotic formula to 2e-7
            rtol={"float64": 1e-6, "float32": 2e-4},
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
