"""Cheap looks at rows beside the statistics: values out of range, repeated values, dependent rows (layer 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from driftwatch.arrays.namespace import device_of, statistic_dtype, to_host
from driftwatch.ops import rank

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from driftwatch._typing import Array, Namespace
    from driftwatch.kernels._prepare import Ordered

__all__ = [
    "LAG_ROWS",
    "N_PICKS",
    "LagOne",
    "chance_outside",
    "count_equal",
    "lag_one",
    "longest_run",
    "outside_counts",
    "picks",
]

N_PICKS = 20  # a value that holds a tenth of a sample is picked at least twice
LAG_ROWS = 1024  # enough to see an autocorrelation of 0.125, and next to nothing beside a sort
LAG_Z = 4.0  # one-sided 3e-5 of the normal distribution


class LagOne(NamedTuple):
    """A lag-1 autocorrelation, NaN for constants, and what independent rows reach once in 30,000 times; `(d,)` each."""

    value: NDArray[np.float64]
    bound: NDArray[np.float64]

    def at(self, rows: list[int]) -> LagOne:
        """Return those of some features."""
        return LagOne(self.value[rows], self.bound[rows])


def chance_outside(n: ArrayLike, m: ArrayLike, level: float) -> NDArray[np.int64]:
    """Return how many of m values below the smallest of n have a probability of at most `level`, shape (...).

    Parameters
    ----------
    n, m : array of int, shape (...)
        Sizes of two samples of one distribution.
    level : float
        In (0, 1).

    Returns
    -------
    array of int64, shape (...)
        m + 1 where no number of them is that unlikely.

    Notes
    -----
    The x smallest of all values come from the second sample with probability (m choose x) / (n + m choose x). Where
    values repeat it happens more rarely.
    """
    from scipy.special import gammaln

    n, m = np.broadcast_arrays(np.asarray(n, dtype=np.float64), np.asarray(m, dtype=np.float64))

    def log_probability(x: NDArray[np.float64]) -> NDArray[np.float64]:
        own = gammaln(m + 1.0) - gammaln(m - x + 1.0)
        return np.asarray(own - gammaln(n + m + 1.0) + gammaln(n + m - x + 1.0))

    likely, unlikely = np.zeros(n.shape), m + 1.0
    while (unlikely - likely > 1.0).any():
        middle = np.floor((likely + unlikely) / 2.0)
        rare = log_probability(middle) <= np.log(level)
        likely, unlikely = np.where(rare, likely, middle), np.where(rare, middle, unlikely)
    return unlikely.astype(np.int64)


def outside_counts(
    sample: Ordered, low: Array, high: Array, at_least: NDArray[np.int64], *, xp: Namespace
) -> NDArray[np.int64]:
    """Return how many values lie below `low` and above `high`, shape `(d, 2)`, and 0 for fewer than `at_least`.

    Parameters
    ----------
    sample : Ordered
        Sorted values, shape `(d, m)`.
    low, high : array, shape (d,)
    at_least : array of int64, shape (d,)

    Notes
    -----
    Two values of each row are looked at; the rows are searched only where a count reaches `at_least`.
    """
    values, n_valid = sample
    d, width = values.shape
    valid = np.broadcast_to(np.asarray(to_host(n_valid), dtype=np.int64), (d,))
    ends = np.stack([at_least - 1, valid - at_least], axis=-1)
    index = xp.asarray(np.clip(ends, 0, max(width - 1, 0)), device=device_of(values))
    seen = to_host(xp.take_along_axis(values, index, axis=-1))
    limits = np.stack([to_host(low), to_host(high)], axis=-1)
    beyond = np.stack([seen[:, 0] < limits[:, 0], seen[:, 1] > limits[:, 1]], axis=-1)
    beyond &= (valid >= at_least)[:, None]
    counts = np.zeros((d, 2), dtype=np.int64)
    rows = np.flatnonzero(beyond.any(axis=-1))
    if rows.size:
        chosen = xp.asarray(rows, device=device_of(values))
        few, low, high = (xp.take(x, chosen, axis=0) for x in (values, low, high))
        counts[rows, 0] = to_host(rank(few, low[:, None], side="left", xp=xp))[:, 0]
        upto = to_host(rank(few, high[:, None], side="right", xp=xp))[:, 0]
        counts[rows, 1] = valid[rows] - np.minimum(upto, valid[rows])
    return np.where(beyond, counts, 0)


def picks(sample: Ordered, *, xp: Namespace) -> NDArray[Any]:
    """Return the values in the middle of each of `N_PICKS` equal parts of the ordered rows, on the host, `(d, N_PICKS)`."""
    values, n_valid = sample
    valid = np.broadcast_to(np.asarray(to_host(n_valid), dtype=np.int64), (values.shape[0],))[:, None]
    index = (valid * (2 * np.arange(N_PICKS) + 1)) // (2 * N_PICKS)
    picked: NDArray[Any] = to_host(xp.take_along_axis(values, xp.asarray(index, device=device_of(values)), axis=-1))
    return picked


def longest_run(picked: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """Return how often the most frequent value was picked, and the value, shape `(d,)` each."""
    run = np.ones(picked.shape, dtype=np.int64)
    for j in range(1, picked.shape[1]):
        run[:, j] = np.where(picked[:, j] == picked[:, j - 1], run[:, j - 1] + 1, 1)
    best = np.argmax(run, axis=-1)[:, None]
    return np.take_along_axis(run, best, axis=-1)[:, 0], np.take_along_axis(picked, best, axis=-1)[:, 0]


def count_equal(sample: Ordered, values: NDArray[Any], *, xp: Namespace) -> NDArray[np.int64]:
    """Return how often one value of each row, shape `(d,)`, occurs in the ordered rows, on the host."""
    ordered, n_valid = sample
    queries = xp.asarray(values[:, None], dtype=ordered.dtype, device=device_of(ordered))
    below, upto = (to_host(rank(ordered, queries, side=side, xp=xp))[:, 0] for side in ("left", "right"))
    count: NDArray[np.int64] = np.minimum(upto, to_host(n_valid)) - np.minimum(below, to_host(n_valid))
    return count


def lag_one(values: Array, *, xp: Namespace) -> LagOne:
    """Return the lag-1 autocorrelation of the first `LAG_ROWS` rows of each feature, on the host.

    Parameters
    ----------
    values : array, shape (d, n)
        In the order of the rows. What is missing or infinite adds nothing.

    Notes
    -----
    Of L independent rows it has a variance of 1 / L and, since the third cumulant of the sum of products is L times the
    squared third moment, a skewness of g^2 / sqrt(L), g that of the values. `bound` is the Cornish-Fisher expansion of
    its quantile at `LAG_Z` standard deviations: a plain z-value finds dependence in rare events 100 times too often.
    Where no feature reaches even that one, the skewness is not looked at.
    """
    head = values[:, : min(LAG_ROWS, values.shape[-1])]
    if not xp.isdtype(head.dtype, "real floating") or xp.finfo(head.dtype).bits < xp.finfo(xp.float32).bits:
        head = xp.astype(head, statistic_dtype(xp, device_of(head)))
    finite = xp.isfinite(head)
    zero = xp.zeros((), dtype=head.dtype, device=device_of(head))
    head = xp.where(finite, head, zero)
    count = xp.sum(xp.astype(finite, head.dtype), axis=-1)
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        mean = xp.sum(head, axis=-1) / xp.clip(count, 1.0, None)
        deviation = xp.where(finite, head - mean[:, None], zero)
        product, second = xp.vecdot(deviation[:, 1:], deviation[:, :-1]), xp.vecdot(deviation, deviation)
        product, second, rows = to_host(xp.stack([product, second, count])).astype(np.float64)
        value = np.where(second > 0.0, product / second, np.nan)
        bound = LAG_Z / np.sqrt(rows)
        if (value >= bound).any():
            third = to_host(xp.vecdot(deviation * deviation, deviation)).astype(np.float64)
            skewness = third**2 / second**3 * rows  # squared, of the values
            bound = bound + (LAG_Z**2 - 1.0) / 6.0 * skewness / rows
    return LagOne(value, bound)
