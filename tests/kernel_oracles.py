"""Slow and plain definitions of every kernel for one feature at a time: the oracles of the kernel tests.

scipy where it has the statistic; a loop in Python where it has none. Nothing here comes from driftwatch.
"""

from __future__ import annotations

import decimal
import math
from bisect import bisect_right
from collections import Counter
from decimal import Decimal
from fractions import Fraction
from functools import cache
from itertools import combinations, pairwise, product
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.integrate
import scipy.special
import scipy.stats

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

__all__ = [
    "COUNTS_ORACLES",
    "SAMPLE_ORACLES",
    "anderson_darling_limit_sf",
    "counts_in_bins",
    "plain_w1",
    "psi",
    "quantile_bins",
]

Answers = dict[str, float]
EMPTY = math.nan  # every statistic of a side without values


def _ks_2samp(reference: NDArray[Any], current: NDArray[Any], *, method: str = "auto") -> Answers:
    scipy_method: Any = "auto" if method == "limit" else method
    result = scipy.stats.ks_2samp(reference.astype(np.float64), current.astype(np.float64), method=scipy_method)
    pvalue = float(result.pvalue)
    if method == "limit":
        n, m = reference.size, current.size
        pvalue = float(scipy.special.kolmogorov(math.sqrt(n * m / (n + m)) * result.statistic))
    return {"statistic": float(result.statistic), "pvalue": pvalue}


def anderson_darling_limit_sf(x: float) -> float:
    """Return P(A^2 > x) in the limit: Anderson and Darling's series of the distribution function, in the tail an integral."""
    if x > 8.0:  # Smirnov's integral over its first interval, s = 3 + q^2; the others are below e^(-40) of it

        def integrand(q: float) -> float:
            s = 3.0 + q * q
            u = (s * s - 1.0) / 4.0
            if q == 0.0:
                return 3.0 / math.pi / math.sqrt(u)
            return s * q / math.sqrt(math.pi * u * math.sin(math.pi * q * q / 2.0)) * math.exp(-x * (u - 2.0) / 2.0)

        end = min(1.41, 7.0 / math.sqrt(x))
        return math.exp(-x) * float(scipy.integrate.quad(integrand, 0.0, end, epsabs=0.0, epsrel=1e-12, limit=400)[0])
    if x < 0.03:
        return 1.0
    cdf = 0.0
    for j in range(30):
        rate = (4 * j + 1) ** 2 * math.pi**2 / (8.0 * x)
        if rate > 60.0:
            break

        def inner(w: float, rate: float = rate) -> float:
            return math.exp(x / (8.0 * (w * w + 1.0)) - rate * (w * w + 1.0))

        weight = math.sqrt(2.0 * math.pi) / x * scipy.special.binom(-0.5, j) * (4 * j + 1)
        cdf += float(weight) * float(scipy.integrate.quad(inner, 0.0, math.inf, epsabs=0.0, epsrel=1e-13)[0])
    return 1.0 - cdf


def _anderson_darling_2samp(reference: NDArray[Any], current: NDArray[Any], *, ties: str = "midrank") -> Answers:
    """Scholz and Stephens' equation 7, or its mean over all ways to break the ties, value by value."""
    n, m = reference.size, current.size
    total = n + m
    statistic: float = 0.0
    pooled = np.concatenate([reference, current])
    values = sorted(set(pooled.tolist()))
    for value in values if len(values) > 1 else []:
        below = int(np.sum(pooled < value))
        a, b = int(np.sum(reference == value)), int(np.sum(current == value))
        before = int(np.sum(reference < value))
        equal = a + b
        if ties == "midrank":
            middle = below + equal / 2
            square = float(total * (before + a / 2) - middle * n) ** 2
            statistic += equal * square / (middle * (total - middle) - total * equal / 4)
            continue
        for k in range(equal):  # x of the reference among the k before this place, and y = 1 if it is one itself
            middle = below + k + 0.5
            square = sum(
                math.comb(k, x)
                * math.comb(equal - k - 1, a - x - y)
                / math.comb(equal, a)
                * (total * (before + x + y / 2) - middle * n) ** 2
                for x in range(k + 1)
                for y in (0, 1)
                if a - x - y >= 0
            )
            statistic += square / (middle * (total - middle) - total / 4)
    statistic *= (total - 1) / (total * n * m)
    log = math.log(
        total
    )  # the fit of the variance; tests/kernels/test_anderson_darling.py holds it against the exact one
    of_total = (-1.940587 + (1.154969 - 2.307891 * log) / total) / total
    of_sizes = (10 - math.pi**2 + (-0.511388 + 0.786639 * log) / total) * (1 / n + 1 / m)
    limit = 2 * (math.pi**2 - 9) / 3
    shrunk = 1 + (statistic - 1) / math.sqrt(1 + max(of_total + of_sizes, 0.0) / limit)
    return {"statistic": statistic, "pvalue": anderson_darling_limit_sf(shrunk)}


def _pooled_runs(reference: NDArray[Any], current: NDArray[Any]) -> tuple[NDArray[np.float64], list[int]]:
    """Return the mid-ranks of both samples in the pooled one, and how often each of its values occurs."""
    pooled = np.concatenate([reference, current]).astype(np.float64)
    return scipy.stats.rankdata(pooled), np.unique(pooled, return_counts=True)[1].tolist()


def _cramervonmises_2samp(
    reference: NDArray[Any], current: NDArray[Any], *, method: str = "auto", ties: str = "midrank"
) -> Answers:
    n, m = reference.size, current.size
    if ties == "mean":
        return _cramervonmises_of_mean_steps(reference, current)
    ranks, _ = _pooled_runs(np.sort(reference), np.sort(current))
    u = n * np.sum((ranks[:n] - np.arange(1, n + 1)) ** 2) + m * np.sum((ranks[n:] - np.arange(1, m + 1)) ** 2)
    statistic = u / (n * m * (n + m)) - (4 * n * m - 1) / (6 * (n + m))
    if method == "auto" and max(n, m) <= 20:  # scipy's own is slower, and refuses a single value
        pvalue = _rounded_down_pvalue(float(statistic), n, m)
    else:
        pvalue = _cramervonmises_asymptotic(float(statistic), n, m)
    return {"statistic": float(statistic), "pvalue": pvalue}


def _cramervonmises_of_mean_steps(reference: NDArray[Any], current: NDArray[Any]) -> Answers:
    """n m / (n + m)^2 sum (F - G)^2 with both functions half a step up at each value, and the half steps made good."""
    n, m = reference.size, current.size
    pooled = np.concatenate([reference, current]).tolist()
    total = 0.0
    for value in pooled:
        f, g = ((np.mean(side < value) + np.mean(side <= value)) / 2 for side in (reference, current))
        total += float(f - g) ** 2
    statistic = n * m / (n + m) ** 2 * total + 1 / (4 * (n + m))
    if max(n, m) <= 20:
        return {"statistic": statistic, "pvalue": _rounded_down_pvalue(statistic, n, m)}
    return {"statistic": statistic, "pvalue": _cramervonmises_asymptotic(statistic, n, m)}


def _rounded_down_pvalue(statistic: float, n: int, m: int) -> float:
    """Return the exact p-value of the largest value up to the statistic that distinct values may give."""
    score = math.floor(statistic * math.lcm(n, m) ** 2 * (n + m) ** 2 / (n * m) + 1e-6)
    ways = _orderings_by_score(n, m)
    return sum(count for value, count in ways.items() if value >= score) / math.comb(n + m, n)


@cache
def _orderings_by_score(n: int, m: int) -> Counter[int]:
    """Return how many orderings of n + m distinct values there are by their sum of (lcm F - lcm G)^2 over the values."""
    lcm = math.lcm(n, m)
    column = [Counter({0: 1})]
    for i, j in product(range(n + 1), range(m + 1)):
        before = Counter({0: 1}) if i == j == 0 else Counter()
        if j:
            before += column[j - 1]
        if i:
            before += column[j]
        moved = Counter({value + (lcm // n * i - lcm // m * j) ** 2: count for value, count in before.items()})
        column[j : j + 1] = [moved]
    return column[m]


def plain_cramervonmises_pvalue(statistic: float, n: int, m: int) -> float:
    """Return the share of all orderings of n + m distinct values with at least this statistic."""
    found = []
    for chosen in combinations(range(1, n + m + 1), n):
        others = sorted(set(range(1, n + m + 1)) - set(chosen))
        u = n * sum((r - i) ** 2 for i, r in enumerate(chosen, 1)) + m * sum(
            (r - i) ** 2 for i, r in enumerate(others, 1)
        )
        found.append(u / (n * m * (n + m)) - (4 * n * m - 1) / (6 * (n + m)))
    return float(np.mean(np.array(found) >= statistic - 1e-9))


def _cramervonmises_asymptotic(statistic: float, n: int, m: int) -> float:
    """scipy's asymptotic p-value, with its series summed to the last bit and not to 1e-7."""
    total, pairs = n + m, n * m
    mean = (1 + 1 / total) / 6
    variance = (total + 1) * (4 * pairs * total - 3 * (n**2 + m**2) - 2 * pairs) / (45 * total**2 * 4 * pairs)
    x = 1 / 6 + (statistic - mean) / math.sqrt(45 * variance) if variance > 0 else 0.0
    if x <= 0.003:
        return 1.0
    cdf = 0.0
    for k in range(60):
        y = 4 * k + 1
        weight = math.exp(math.lgamma(k + 0.5) - math.lgamma(k + 1)) / (math.pi**1.5 * math.sqrt(x))
        bessel = scipy.special.kve(0.25, y * y / (16 * x))  # times exp(q)
        cdf += weight * math.sqrt(y) * math.exp(-2 * y * y / (16 * x)) * bessel
    return 1.0 - cdf


def _mannwhitneyu(reference: NDArray[Any], current: NDArray[Any], *, method: Any = "auto") -> Answers:
    x, y = reference.astype(np.float64), current.astype(np.float64)
    result = scipy.stats.mannwhitneyu(x, y, method=method)
    statistic = float(result.statistic)
    return {
        "statistic": statistic,
        "pvalue": float(result.pvalue),
        "superiority": 1.0 - statistic / (x.size * y.size),
    }


def _kuiper(reference: NDArray[Any], current: NDArray[Any]) -> Answers:
    values = np.concatenate([reference, current])
    f, g = (np.searchsorted(np.sort(x), values, side="right") / x.size for x in (reference, current))
    statistic = float(max(0.0, (f - g).max()) + max(0.0, (g - f).max()))
    size = reference.size * current.size / (reference.size + current.size)
    x = (math.sqrt(size) + 0.155 + 0.24 / math.sqrt(size)) * statistic  # Press et al., Numerical Recipes, section 14.3
    if x < 0.2:  # the series does not settle, and the p-value is 1 to the last bit
        return {"statistic": statistic, "pvalue": 1.0}
    pvalue = 2 * sum((4 * j * j * x * x - 1) * math.exp(-2 * j * j * x * x) for j in range(1, 100))
    return {"statistic": statistic, "pvalue": min(max(pvalue, 0.0), 1.0)}


def plain_energy(reference: Sequence[float], current: Sequence[float]) -> float:
    """Return sqrt(2 int (F - G)^2 dx); infinite where mass at infinity differs."""
    total = 0.0
    for low, high in pairwise(sorted({*reference, *current})):
        below_reference = Fraction(sum(x <= low for x in reference), len(reference))
        below_current = Fraction(sum(x <= low for x in current), len(current))
        if below_reference != below_current:
            total += 2.0 * float(below_reference - below_current) ** 2 * (high - low)
    return math.sqrt(total)


def _energy_distance(reference: NDArray[Any], current: NDArray[Any]) -> Answers:
    finite = np.isfinite(reference).all() and np.isfinite(current).all()
    if finite:
        energy = float(scipy.stats.energy_distance(reference, current))
    else:  # scipy subtracts infinities
        energy = plain_energy(reference.tolist(), current.tolist())
    if np.isinf(reference).any() or len(set(reference.tolist())) == 1:
        return {"statistic": energy, "normalized": math.nan}
    return {"statistic": energy, "normalized": energy / math.sqrt(float(np.std(reference)))}


def plain_w1(reference: Sequence[float], current: Sequence[float]) -> float:
    """Return the sum of |F - G| times the distance to the next value; infinite where mass at infinity differs."""
    values = sorted({*reference, *current})
    total = 0.0
    for low, high in pairwise(values):
        below_reference = Fraction(sum(x <= low for x in reference), len(reference))
        below_current = Fraction(sum(x <= low for x in current), len(current))
        if below_reference != below_current:
            total += float(abs(below_reference - below_current)) * (high - low)
    return total


def _wasserstein_distance(reference: NDArray[Any], current: NDArray[Any]) -> Answers:
    finite = np.isfinite(reference).all() and np.isfinite(current).all()
    if finite:
        w1 = float(scipy.stats.wasserstein_distance(reference, current))
    else:  # scipy subtracts infinities
        w1 = plain_w1(reference.tolist(), current.tolist())
    if np.isinf(reference).any() or len(set(reference.tolist())) == 1:
        return {"statistic": w1, "normalized": math.nan}
    return {"statistic": w1, "normalized": w1 / float(np.std(reference))}


def quantile_bins(reference: NDArray[Any], n_bins: int) -> list[float]:
    """Return the inner edges of the distinct quantile bins of one feature.

    `numpy.quantile` but for two cases: where the position is whole the edge is that very data point, because a unit in
    the last place would move it to the other bin, and beside an infinity there is nothing to interpolate.
    """
    values = sorted(reference.tolist())
    edges = {values[0], values[-1]}
    for i in range(1, n_bins):
        below, rest = divmod((len(values) - 1) * i, n_bins)
        interpolates = rest != 0 and all(map(math.isfinite, values[below : below + 2]))
        edges.add(float(np.quantile(reference, i / n_bins)) if interpolates else values[below])
    return sorted(edges)[1:-1]


def counts_in_bins(values: NDArray[Any], inner_edges: Sequence[float]) -> list[int]:
    """Return the counts in the bins [a, b), the outer two open."""
    counts = [0] * (len(inner_edges) + 1)
    for value in values.tolist():
        counts[bisect_right(inner_edges, value)] += 1
    return counts


def psi(reference_counts: Sequence[int], current_counts: Sequence[int], *, floor: float = 1e-4) -> Answers:
    """Return the population stability index of counts."""
    n, m = sum(reference_counts), sum(current_counts)
    if n == 0 or m == 0:
        return {"statistic": EMPTY}
    total = 0.0
    for r_count, c_count in zip(reference_counts, current_counts, strict=True):
        r, c = max(r_count / n, floor), max(c_count / m, floor)
        total += (c - r) * math.log(c / r)
    return {"statistic": total}


def _jensenshannon(reference_counts: Sequence[int], current_counts: Sequence[int]) -> Answers:
    # By the textbook formula in 40 digits: the root of a divergence that cancels is off by 1e-8 in scipy's 16.
    n, m = sum(reference_counts), sum(current_counts)
    if n == 0 or m == 0:
        return {"statistic": EMPTY}
    with decimal.localcontext() as context:
        context.prec = 40
        divergence = Decimal(0)
        for r_count, c_count in zip(reference_counts, current_counts, strict=True):
            r, c = Decimal(r_count) / Decimal(n), Decimal(c_count) / Decimal(m)
            divergence += sum(share * (2 * share / (r + c)).ln() for share in (r, c) if share)
        return {"statistic": float((max(divergence, Decimal(0)) / (2 * Decimal(2).ln())).sqrt())}


def _total_variation(reference_counts: Sequence[int], current_counts: Sequence[int]) -> Answers:
    n, m = sum(reference_counts), sum(current_counts)
    if n == 0 or m == 0:
        return {"statistic": EMPTY}
    gaps = [
        abs(Fraction(int(r), int(n)) - Fraction(int(c), int(m)))
        for r, c in zip(reference_counts, current_counts, strict=True)
    ]
    return {"statistic": float(sum(gaps) / 2)}


def _chi2_2samp(reference_counts: Sequence[int], current_counts: Sequence[int]) -> Answers:
    table = np.array([reference_counts, current_counts])
    table = table[:, table.sum(axis=0) > 0]
    if (table.sum(axis=1) == 0).any():
        return dict.fromkeys(("statistic", "pvalue", "dof", "min_expected"), EMPTY)
    result = scipy.stats.chi2_contingency(table, correction=False)
    return {
        "statistic": float(result.statistic),
        "pvalue": float(result.pvalue),
        "dof": float(result.dof),
        "min_expected": float(result.expected_freq.min()),
    }


def _kl(reference_counts: Sequence[int], current_counts: Sequence[int], *, floor: float = 1e-4) -> Answers:
    n, m = sum(reference_counts), sum(current_counts)
    if n == 0 or m == 0:
        return {"statistic": EMPTY}
    r, c = (np.maximum(np.divide(x, sum(x)), floor) for x in (reference_counts, current_counts))
    return {"statistic": float(scipy.special.kl_div(c, r).sum())}


def _hellinger(reference_counts: Sequence[int], current_counts: Sequence[int]) -> Answers:
    n, m = sum(reference_counts), sum(current_counts)
    if n == 0 or m == 0:
        return {"statistic": EMPTY}
    roots = zip(np.sqrt(np.divide(reference_counts, n)), np.sqrt(np.divide(current_counts, m)), strict=True)
    return {"statistic": math.sqrt(sum((r - c) ** 2 for r, c in roots) / 2)}


def _l_infinity(reference_counts: Sequence[int], current_counts: Sequence[int]) -> Answers:
    n, m = sum(reference_counts), sum(current_counts)
    if n == 0 or m == 0:
        return {"statistic": EMPTY}
    shares = zip(reference_counts, current_counts, strict=True)
    return {
        "statistic": float(
            max((abs(Fraction(int(r), int(n)) - Fraction(int(c), int(m))) for r, c in shares), default=0)
        )
    }


def _g_test(reference_counts: Sequence[int], current_counts: Sequence[int]) -> Answers:
    plain = _chi2_2samp(reference_counts, current_counts)
    if math.isnan(plain["statistic"]):
        return plain
    table = np.array([reference_counts, current_counts])
    table = table[:, table.sum(axis=0) > 0]
    result = scipy.stats.chi2_contingency(table, correction=False, lambda_="log-likelihood")
    return {**plain, "statistic": float(result.statistic), "pvalue": float(result.pvalue)}


def _cramers_v(
    reference_counts: Sequence[int], current_counts: Sequence[int], *, bias_correction: bool = True
) -> Answers:
    plain = _chi2_2samp(reference_counts, current_counts)
    total = sum(reference_counts) + sum(current_counts)
    if math.isnan(plain["statistic"]):
        return {"statistic": EMPTY}
    if plain["dof"] == 0:
        return {"statistic": 0.0}
    if not bias_correction:
        table = np.array([reference_counts, current_counts])
        found = scipy.stats.contingency.association(table[:, table.sum(axis=0) > 0], method="cramer")
        return {"statistic": float(found)}
    k = plain["dof"] + 1  # Bergsma (2013), equations for V with a tilde
    phi2 = max(0.0, plain["statistic"] / total - (k - 1) / (total - 1))
    fewer = min(k - (k - 1) ** 2 / (total - 1), 2 - 1 / (total - 1)) - 1
    return {"statistic": math.sqrt(phi2 / fewer) if fewer > 0 else 0.0}


def _fisher_exact(reference_counts: Sequence[int], current_counts: Sequence[int]) -> Answers:
    levels = [pair for pair in zip(reference_counts, current_counts, strict=True) if sum(pair)]
    if not sum(reference_counts) or not sum(current_counts) or len(levels) > 2:
        return {"statistic": EMPTY, "pvalue": EMPTY}
    result = scipy.stats.fisher_exact(np.array([*levels, (0, 0)][:2]).T)
    return {"statistic": float(result.statistic), "pvalue": float(result.pvalue)}


def _binned(of_counts: Callable[..., Answers]) -> Callable[..., Answers]:
    def statistic(reference: NDArray[Any], current: NDArray[Any], *, n_bins: int = 10, **options: Any) -> Answers:
        edges = quantile_bins(reference, n_bins)
        return of_counts(counts_in_bins(reference, edges), counts_in_bins(current, edges), **options)

    return statistic


# Name of a kernel that takes counts to f(reference_counts, current_counts, **options) for one feature.
COUNTS_ORACLES: dict[str, Callable[..., Answers]] = {
    "chi2_2samp": _chi2_2samp,
    "cramers_v_from_counts": _cramers_v,
    "fisher_exact": _fisher_exact,
    "g_test_from_counts": _g_test,
    "hellinger_from_counts": _hellinger,
    "jensenshannon_from_counts": _jensenshannon,
    "kl_from_counts": _kl,
    "l_infinity_from_counts": _l_infinity,
    "psi_from_counts": psi,
    "total_variation_from_counts": _total_variation,
}

# Name of a kernel that takes samples to f(reference, current, **options) for one feature, nothing missing, none empty.
SAMPLE_ORACLES: dict[str, Callable[..., Answers]] = {
    "anderson_darling_2samp": _anderson_darling_2samp,
    "cramers_v": _binned(_cramers_v),
    "cramervonmises_2samp": _cramervonmises_2samp,
    "energy_distance": _energy_distance,
    "g_test": _binned(_g_test),
    "hellinger": _binned(_hellinger),
    "jensenshannon": _binned(_jensenshannon),
    "kl": _binned(_kl),
    "ks_2samp": _ks_2samp,
    "kuiper": _kuiper,
    "l_infinity": _binned(_l_infinity),
    "mannwhitneyu": _mannwhitneyu,
    "psi": _binned(psi),
    "total_variation": _binned(_total_variation),
    "wasserstein_distance": _wasserstein_distance,
}
