"""Correction of a family of p-values for multiple testing, and one p-value for all of it (layer 2, host, float64)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from driftwatch.errors import UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

__all__ = ["CORRECTIONS", "GLOBAL_METHODS", "adjust", "global_pvalue"]


def adjust(pvalues: ArrayLike, method: str) -> NDArray[np.float64]:
    """Return the adjusted p-values of one family: reject where they are at most alpha.

    Parameters
    ----------
    pvalues : array, shape (k,)
        NaN entries are no members of the family and stay NaN.
    method : {"fdr_bh", "fdr_by", "bonferroni", "holm", "none"}
        "fdr_bh" and "fdr_by" hold the expected share of false alarms among the alarms, the second under any dependence
        of the tests; "bonferroni" and "holm" hold the probability of one false alarm or more.

    Returns
    -------
    array of float64, shape (k,)
        In [0, 1], in the order of the input.

    Raises
    ------
    UnknownNameError
        If `method` is not one of the five.

    References
    ----------
    Benjamini, Y. and Hochberg, Y. (1995), "Controlling the false discovery rate"; Benjamini, Y. and Yekutieli, D.
    (2001), "The control of the false discovery rate in multiple testing under dependency"; Holm, S. (1979), "A simple
    sequentially rejective multiple test procedure".

    Examples
    --------
    >>> adjust([0.01, 0.04, 0.03, float("nan")], "fdr_bh")
    array([0.03, 0.04, 0.04,  nan])
    """
    if method not in CORRECTIONS:
        raise UnknownNameError.from_names("correction", [method], CORRECTIONS)
    adjusted = np.array(pvalues, dtype=np.float64)
    member = ~np.isnan(adjusted)
    family = adjusted[member]
    order = np.argsort(family, kind="stable")
    raised = np.empty_like(family)
    raised[order] = CORRECTIONS[method](family[order])
    adjusted[member] = np.minimum(raised, 1.0)
    return adjusted


def global_pvalue(pvalues: ArrayLike, method: str = "bonferroni") -> float:
    """Return one p-value of the global null: that not one hypothesis of the family is false.

    Parameters
    ----------
    pvalues : array, shape (k,)
        NaN entries are no members of the family.
    method : {"bonferroni", "simes", "hommel"}
        "bonferroni" is k times the smallest and holds under any dependence; so does "hommel", which gives many small
        p-values more weight and a single one less. "simes" is never above either, and holds for independent tests and
        many positively dependent ones.

    Returns
    -------
    float
        In [0, 1]; NaN for an empty family.

    Raises
    ------
    UnknownNameError
        If `method` is not one of the three.

    References
    ----------
    Simes, R. J. (1986), "An improved Bonferroni procedure for multiple tests of significance", Biometrika 73; Hommel, G.
    (1983), "Tests of the overall hypothesis for arbitrary dependence structures", Biometrical Journal 25.

    Examples
    --------
    >>> [round(global_pvalue([0.02, 0.03, 0.5], method), 4) for method in GLOBAL_METHODS]
    [0.06, 0.045, 0.0825]
    """
    if method not in GLOBAL_METHODS:
        raise UnknownNameError.from_names("global method", [method], GLOBAL_METHODS)
    adjusted = adjust(pvalues, GLOBAL_METHODS[method])
    return float(np.nanmin(adjusted)) if not np.isnan(adjusted).all() else float("nan")


def _step_up(ascending: NDArray[np.float64]) -> NDArray[np.float64]:
    k = ascending.size
    scaled = ascending * (k / np.arange(1, k + 1))
    return np.minimum.accumulate(scaled[::-1])[::-1]


def _step_up_dependent(ascending: NDArray[np.float64]) -> NDArray[np.float64]:
    return _step_up(ascending) * np.sum(1.0 / np.arange(1, ascending.size + 1))


def _single_step(ascending: NDArray[np.float64]) -> NDArray[np.float64]:
    return ascending * ascending.size


def _step_down(ascending: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.maximum.accumulate(ascending * np.arange(ascending.size, 0, -1))


def _unchanged(ascending: NDArray[np.float64]) -> NDArray[np.float64]:
    return ascending


# Name to a function of the family in ascending order. A new correction is a function and a row.
CORRECTIONS: dict[str, Callable[[NDArray[np.float64]], NDArray[np.float64]]] = {
    "fdr_bh": _step_up,
    "fdr_by": _step_up_dependent,
    "bonferroni": _single_step,
    "holm": _step_down,
    "none": _unchanged,
}

# The smallest p-value under a correction is a test of the global null that holds where the correction does.
GLOBAL_METHODS = {"bonferroni": "bonferroni", "simes": "fdr_bh", "hommel": "fdr_by"}
