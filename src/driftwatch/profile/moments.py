"""Mean and covariance of rows with many dimensions, and of random Fourier features of them, as sums that add (layer 3).

What is added up are whole numbers that a float holds exactly: ranks of coordinates, and cosines of whole multiples of them,
read from a table. So the sums are the same however a batch is cut, in whatever library and on whatever device.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from driftwatch.arrays.namespace import device_of, namespace_of, statistic_dtype, to_host
from driftwatch.ops import matmul

if TYPE_CHECKING:
    from driftwatch._typing import Array

__all__ = [
    "MAX_AXES",
    "N_FOURIER",
    "RowMoments",
    "mean_and_covariance",
    "merge_moments",
    "n_moments",
    "no_moments",
    "tally_moments",
]

N_FREQUENCIES = 64
N_FOURIER = 2 * N_FREQUENCIES  # a cosine and a sine of each
MAX_AXES = 64  # coordinates whose means and products are kept: 64 need 8 kB, 384 would need 300
SEED = 0x0F00
TURN_BITS, TABLE_BITS = 20, 12  # of a full turn, and of the table that has the cosines
FOURIER_SCALE = 1024.0  # cosines are whole multiples of 1 / 1024
RANK_SPREAD = 127.0 / np.sqrt(3.0)  # the standard deviation of a rank: it is spread evenly over -127 to 127

HostArray = np.ndarray[Any, Any]


class RowMoments(NamedTuple):
    """Sums over rows of p features: random Fourier features first, then ranks of coordinates.

    Attributes
    ----------
    sums : array of int64, shape (p,)
    products : array of int64, shape (p * (p + 1) / 2,)
        Of every pair of features, row by row of the upper triangle.
    """

    sums: HostArray
    products: HostArray


def n_moments(d: int) -> int:
    """Return how many features rows of length d have."""
    return N_FOURIER + min(d, MAX_AXES)


def no_moments(d: int | None) -> RowMoments:
    """Return the sums over no rows of length d; None where the reference has none, as in files of format 1."""
    p = 0 if d is None else n_moments(d)
    return RowMoments(np.zeros(p, np.int64), np.zeros(p * (p + 1) // 2, np.int64))


def tally_moments(ranks: Array) -> RowMoments:
    """Return the sums over rows.

    Parameters
    ----------
    ranks : array of float64, shape (d, n)
        Whole numbers from -127 to 127, of at most 2**33 rows: beyond, a float64 does not hold the sums.
    """
    xp, device = namespace_of(ranks), device_of(ranks)
    wide = statistic_dtype(xp, device)
    d = int(ranks.shape[0])
    turns = matmul(xp.asarray(_frequencies(d), dtype=wide, device=device), ranks, xp=xp)
    step = 1 << (TURN_BITS - TABLE_BITS)
    place = xp.astype(xp.floor(turns / step), xp.int64) & ((1 << TABLE_BITS) - 1)
    table = np.rint(FOURIER_SCALE * np.cos(2.0 * np.pi * (np.arange(1 << TABLE_BITS) + 0.5) / (1 << TABLE_BITS)))
    waves = [
        xp.reshape(xp.take(xp.asarray(shifted, dtype=wide, device=device), xp.reshape(place, (-1,))), place.shape)
        for shifted in (table, np.roll(table, 1 << (TABLE_BITS - 2)))  # a sine is a cosine, a quarter of a turn later
    ]
    features = xp.concat([*waves, ranks[:MAX_AXES, :]], axis=0)
    products = to_host(matmul(features, xp.permute_dims(features, (1, 0)), xp=xp))
    sums = to_host(xp.sum(features, axis=1))
    return RowMoments(sums.astype(np.int64), products[np.triu_indices(n_moments(d))].astype(np.int64))


def merge_moments(a: RowMoments, b: RowMoments) -> RowMoments:
    """Return the sums over the rows of both."""
    return RowMoments(a.sums + b.sums, a.products + b.products)


def mean_and_covariance(moments: RowMoments, n: int) -> tuple[HostArray, HostArray]:
    """Return the means `(p,)` and covariances `(p, p)` over n rows, of cosines from -1 to 1 and ranks from -1 to 1.

    Covariances have the divisor n - 1, and are NaN for fewer than two rows.
    """
    p = len(moments.sums)
    scale = np.concatenate([np.full(N_FOURIER, FOURIER_SCALE), np.full(max(p - N_FOURIER, 0), 127.0)])[:p]
    products = np.zeros((p, p))
    products[np.triu_indices(p)] = moments.products
    products += np.triu(products, 1).T
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = moments.sums / n
        covariance = (products - np.outer(moments.sums, mean)) / (n - 1)
        return mean / scale, covariance / np.outer(scale, scale)


def _frequencies(d: int) -> HostArray:
    """Return whole numbers of turns for each rank, shape `(N_FREQUENCIES, d)`, in parts of 2**20.

    They are those of a Gaussian kernel whose width is the root mean square distance between two rows (Rahimi & Recht 2007,
    Random features for large-scale kernel machines).
    """
    distance = RANK_SPREAD * np.sqrt(2.0 * d)
    per_rank = (1 << TURN_BITS) / (2.0 * np.pi * distance)
    return np.rint(np.random.default_rng(SEED).normal(0.0, per_rank, size=(N_FREQUENCIES, d)))
