"""P-values of the two-sample Kolmogorov-Smirnov statistic (layer 2; all on the host but `kolmogorov_sf`)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias, get_args

import numpy as np

from driftwatch.errors import UnknownNameError
from driftwatch.kernels.kolmogorov_exact import ks_2samp_sf
from driftwatch.kernels.kolmogorov_one_sample import ks_1samp_sf

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from driftwatch._typing import Array, Namespace

__all__ = ["KSMethod", "KSPvalue", "kolmogorov_sf", "ks_pvalue"]

KSMethod: TypeAlias = Literal["auto", "exact", "asymp", "limit"]

AUTO_EXACT_MAX = 10_000  # the larger sample; scipy.stats.ks_2samp switches here
# Where n m / (n + m) D^2 is above this, the p-value is under about 2 exp(-234) = 4e-102 (the two-sample inequalities of
# Wei and Dudley 2012), and the recursion for unequal sizes would be at its most expensive.
EXACT_MAX_EXPONENT = 117.0
SERIES_TERMS = 4  # relative error below 1e-14 on both sides of x = 1 (tested)
SERIES_MIN = 0.04  # the survival function is 1 to the last bit from here down


class KSPvalue(NamedTuple):
    """`pvalue` float64 and `exact` bool, of shape `(d,)`: which p-values are of the exact two-sample distribution."""

    pvalue: NDArray[np.float64]
    exact: NDArray[np.bool_]


def ks_pvalue(statistic: ArrayLike, n: ArrayLike, m: ArrayLike, *, method: KSMethod = "auto") -> KSPvalue:
    """Return the p-values of two-sample Kolmogorov-Smirnov statistics, two-sided.

    Parameters
    ----------
    statistic : array, shape (d,)
        D, the largest distance between the two empirical distribution functions.
    n, m : array of int, shape (d,), or int
        Sample sizes.
    method : {"auto", "exact", "asymp", "limit"}
        "exact": the distribution of D over all orderings of n + m distinct values. "asymp": the one-sample
        distribution at `round(n m / (n + m))`. "limit": Kolmogorov's limit at `sqrt(n m / (n + m)) D`. "auto": exact
        where neither sample has more than 10,000 values, else asymptotic.

    Returns
    -------
    KSPvalue
        NaN where the statistic is NaN or a sample is empty.

    Raises
    ------
    UnknownNameError
        If `method` is not one of the four.

    Notes
    -----
    "auto", "exact" and "asymp" are those of `scipy.stats.ks_2samp`: the exact ones to 1e-9 relative, the asymptotic
    ones to 2e-7. Three differences: exact p-values of unequal samples that are below about 1e-101 come from the
    asymptotic formula, and `exact` says so; "exact" has no upper size, and its cost of O(n m D) for unequal sizes is
    the caller's choice; "asymp" at n = m = 1 uses one observation, where scipy rounds to none and returns NaN.

    All are for a continuous distribution. With ties the true p-value is smaller: the test is conservative.

    Examples
    --------
    >>> ks_pvalue([0.5, 0.05], n=10, m=[10, 20_000])
    KSPvalue(pvalue=array([0.16782134, 1.        ]), exact=array([ True, False]))
    """
    if method not in get_args(KSMethod):
        raise UnknownNameError.from_names("method", [method], get_args(KSMethod))
    sizes = (np.asarray(size).astype(np.int64) for size in (n, m))
    x, n, m = np.broadcast_arrays(np.atleast_1d(np.asarray(statistic, dtype=np.float64)), *sizes)
    valid = ~np.isnan(x) & (n > 0) & (m > 0)
    pvalue = np.full(x.shape, np.nan)
    exact = np.zeros(x.shape, dtype=np.bool_)
    if method == "limit":
        root = np.sqrt(_harmonic(n[valid], m[valid]))
        pvalue[valid] = kolmogorov_sf(root * x[valid], xp=np)
        return KSPvalue(pvalue, exact)

    if method != "asymp":
        exact = valid & ((_harmonic(n, m) * x * x <= EXACT_MAX_EXPONENT) | (n == m))
    if method == "auto":
        exact &= np.maximum(n, m) <= AUTO_EXACT_MAX
    pvalue[exact] = ks_2samp_sf(x[exact], n[exact], m[exact])
    rest = valid & ~exact
    # Halves go to the even number, as in scipy.
    pvalue[rest] = ks_1samp_sf(x[rest], np.maximum(np.rint(_harmonic(n[rest], m[rest])), 1.0))
    return KSPvalue(pvalue, exact)


def _harmonic(n: NDArray[np.int64], m: NDArray[np.int64]) -> NDArray[np.float64]:
    size: NDArray[np.float64] = n.astype(np.float64) * m / np.maximum(n + m, 1)
    return size


def kolmogorov_sf(x: Array, /, *, xp: Namespace) -> Array:
    """Return the survival function of Kolmogorov's limiting distribution, on any array library and under `jax.jit`.

    Parameters
    ----------
    x : array of floats
        `sqrt(n m / (n + m)) D`. 1 at 0 and below, NaN at NaN.

    Notes
    -----
    The alternating series from x = 1 up and its theta transform below; in float64 within 1e-14 of
    `scipy.special.kolmogorov`.

    References
    ----------
    Feller, W. (1948), "On the Kolmogorov-Smirnov limit theorems for empirical distributions", equations 1.4 and 1.5.

    Examples
    --------
    >>> import numpy as np
    >>> kolmogorov_sf(np.asarray([0.5, 1.36]), xp=np).round(4)
    array([0.9639, 0.0495])
    """
    low = xp.clip(x, SERIES_MIN, 1.0)
    high = xp.clip(x, 1.0, None)
    near = xp.zeros_like(x)
    far = xp.zeros_like(x)
    for k in range(1, SERIES_TERMS + 1):
        near = near + xp.exp(-((2 * k - 1) ** 2) * math.pi**2 / 8 / (low * low))
        far = far - (-1) ** k * xp.exp(-2.0 * k * k * (high * high))
    return xp.where(x < 1.0, 1.0 - math.sqrt(2 * math.pi) / low * near, 2.0 * far)
