"""The p-values of tables with rare levels, safe for a verdict (layer 3)."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias, get_args

import numpy as np

from driftwatch.errors import ConfigError, UnknownNameError
from driftwatch.kernels.conditional import MAX_ROWS, conditional_pvalue
from driftwatch.kernels.contingency import fisher_exact_2x2, pool_rare_levels

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from driftwatch._typing import Array
    from driftwatch.kernels.conditional import TableStatistic
    from driftwatch.kernels.homogeneity import HomogeneityResult

__all__ = ["Rare", "RareLevels", "SafePvalue"]

Rare: TypeAlias = Literal["permutation", "pooled"]


class SafePvalue(NamedTuple):
    """The p-value that a verdict can rely on, how it was computed, levels pooled and tables drawn."""

    pvalue: float
    method: str
    n_pooled: int = 0
    n_drawn: int = 0


@dataclass(frozen=True)
class RareLevels:
    """How to test features in which an expected count is below `min_expected`; see `ChiSquaredDetector`.

    Raises
    ------
    UnknownNameError
        If `rare` is neither "permutation" nor "pooled".
    ConfigError
        If `n_permutations` is no positive integer, or `seed` a negative one.
    """

    test: Callable[..., HomogeneityResult]
    statistic: TableStatistic
    min_expected: float
    rare: Rare
    n_permutations: int
    seed: int

    def __post_init__(self) -> None:
        if self.rare not in get_args(Rare):
            raise UnknownNameError.from_names("method in `rare`", [self.rare], get_args(Rare))
        for name, least in (("n_permutations", 1), ("seed", 0)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
                raise ConfigError(f"`{name}` must be an integer of at least {least}, got {value!r}.")

    def pvalues(
        self, names: tuple[str, ...], reference: npt.NDArray[Any], current: npt.NDArray[Any], plain: HomogeneityResult
    ) -> list[SafePvalue]:
        """Return one p-value for each feature, from counts `(d, k)` and the plain test of them."""
        return [
            SafePvalue(p, "asymptotic") if not expected < self.min_expected else self._rare(name, r, c)
            for name, p, expected, r, c in zip(
                names, _list(plain.pvalue), _list(plain.min_expected), reference, current, strict=True
            )
        ]

    def _rare(self, name: str, reference: npt.NDArray[Any], current: npt.NDArray[Any]) -> SafePvalue:
        total = reference + current
        if np.count_nonzero(total) < 2:
            return SafePvalue(1.0, "asymptotic")
        if self.rare == "pooled" or total.sum() >= MAX_ROWS:
            return self._pooled(reference, current)
        # From the name, so that a feature has the same p-value in every report and no two have the same draws.
        result = conditional_pvalue(
            reference,
            current,
            statistic=self.statistic,
            n_permutations=int(self.n_permutations),
            seed=(int(self.seed), zlib.crc32(name.encode("utf-8", "surrogatepass"))),
        )
        return SafePvalue(result.pvalue, result.method, n_drawn=result.n_drawn)

    def _pooled(self, reference: npt.NDArray[Any], current: npt.NDArray[Any]) -> SafePvalue:
        pooled_reference, pooled_current, n_pooled = pool_rare_levels(
            reference, current, min_expected=self.min_expected
        )
        if len(pooled_reference) >= 2:
            pvalue = self.test(pooled_reference[None, :], pooled_current[None, :]).pvalue
            return SafePvalue(float(pvalue[0]), "pooled", n_pooled)
        total = reference + current
        top = int(np.argmax(total))
        rest_reference, rest_current = reference.sum() - reference[top], current.sum() - current[top]
        exact = fisher_exact_2x2(reference[top], rest_reference, current[top], rest_current)
        return SafePvalue(float(np.asarray(exact).item()), "exact", int(np.count_nonzero(total)) - 1)


def _list(x: Array) -> list[float]:
    return np.asarray(x, dtype=np.float64).tolist()  # type: ignore[no-any-return]
