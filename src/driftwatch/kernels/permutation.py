"""Permutation p-values of many features at once, also for dependent rows (layer 2, host, float64)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

import numpy as np

from driftwatch.errors import ConfigError, InputError, UnknownNameError
from driftwatch.kernels._host import feature_rows
from driftwatch.kernels.blocks import block_lengths
from driftwatch.kernels.labelings import Units, units_of_blocks, units_of_groups, units_of_rows
from driftwatch.kernels.permutation_statistics import COUNT_STATISTICS, ORDER_STATISTICS, Arranged, arrange

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import ArrayLike, NDArray

    from driftwatch._typing import Array

__all__ = ["BlockLength", "PermutationResult", "permutation_pvalues", "permutation_test", "units_for"]

BlockLength: TypeAlias = int | Literal["auto"] | None

CHUNK_CELLS = 250_000  # labels of rows at a time: what is computed from them stays in the cache
MIN_WIDTH = 16  # labelings at a time of long samples, whose labels are then gathered sixteen bytes at once
TOLERANCE = 1e-9  # relative: sums in another order must not make a labeling differ from itself


class PermutationResult(NamedTuple):
    """`statistic` and `pvalue`, shape `(n_features,)`; how many labelings were looked at, and whether that is all of them.

    `block_length` is the one used, None without blocks.
    """

    statistic: NDArray[np.float64]
    pvalue: NDArray[np.float64]
    n_permutations: int
    exact: bool
    block_length: int | None


def permutation_test(
    reference: Array,
    current: Array,
    /,
    *,
    statistic: str = "ks",
    n_permutations: int = 999,
    block_length: BlockLength = None,
    groups: tuple[ArrayLike, ArrayLike] | None = None,
    n_bins: int | None = 10,
    seed: int = 0,
) -> PermutationResult:
    """Return permutation p-values of every feature, for independent, autocorrelated or grouped rows.

    Parameters
    ----------
    reference : array, shape (n_reference,) or (n_reference, n_features)
        In the order of the rows. NaN is missing, and left out feature by feature.
    current : array, shape (n_current,) or (n_current, n_features)
    statistic : str
        "ks", "kuiper", "wasserstein", "cramervonmises", "anderson_darling", "energy", "mean" (difference of means),
        "mannwhitney", "chi2", "g", "psi", "jensenshannon" or "total_variation".
    n_permutations : int
        Random labelings. Where there are no more different ones than this, all of them are looked at.
    block_length : int or "auto", optional
        Contiguous blocks of so many rows move together: for rows in time order. "auto" estimates it, and takes the
        longest over the features and sides.
    groups : pair of arrays, shapes (n_reference,) and (n_current,), optional
        Rows with one label move together, as those of one user or one video. A group on both sides keeps its parts
        apart, and they may be exchanged.
    n_bins : int or None
        Equal-mass bins of the permuted reference, for "chi2", "psi", "jensenshannon" and "total_variation". None: each
        distinct value is a cell of its own, for categories as codes.
    seed : int
        Seed of the labelings, the same for all features.

    Returns
    -------
    PermutationResult
        The p-value is (k + 1) / (B + 1) with k of B labelings at least as extreme, or k / B where B are all there are.

    Raises
    ------
    ConfigError
        If a setting is out of range, or both `block_length` and `groups` are given.
    UnknownNameError
        If the statistic is unknown.
    InputError
        If the shapes do not agree or a sample is empty.

    Notes
    -----
    Exact for rows, blocks or groups that are exchangeable without drift. Consecutive blocks are nearly so if they are
    long against the dependence; "auto" keeps a test at 5 % below about 7 % (tested for autoregressive rows). Few units
    make large p-values: 5 blocks a side cannot give less than 0.004.

    A feature is sorted once; O((n + m) B) after that, 10 seconds for 20 features of 100,000 rows and 999 labelings. Memory
    is bounded.

    References
    ----------
    Phipson, B. and Smyth, G. K. (2010), "Permutation p-values should never be zero", Statistical Applications in Genetics
    and Molecular Biology 9.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> result = permutation_test(rng.normal(size=(200, 2)), rng.normal([0.0, 0.8], size=(100, 2)), n_permutations=499)
    >>> result.pvalue
    array([0.3  , 0.002])
    """
    sides = feature_rows(reference, current)
    known = {**ORDER_STATISTICS, **COUNT_STATISTICS}
    if statistic not in known:
        raise UnknownNameError.from_names("statistic", [statistic], known)
    units, length = units_for(sides[0], sides[1], block_length=block_length, groups=groups)
    pooled = np.concatenate(sides, axis=-1)
    requests: list[tuple[str, int | None]] = [(statistic, n_bins)] * len(pooled)
    found = permutation_pvalues(pooled, requests, units, n_permutations=n_permutations, seed=seed)
    return found._replace(block_length=length)


def units_for(
    reference: NDArray[np.float64],
    current: NDArray[np.float64],
    *,
    block_length: BlockLength,
    groups: tuple[ArrayLike, ArrayLike] | None,
) -> tuple[Units, int | None]:
    """Return what moves together of rows `(d, n)` and `(d, m)`, and the block length if there is one."""
    n, m = reference.shape[-1], current.shape[-1]
    if groups is not None:
        if block_length is not None:
            raise ConfigError("`block_length` and `groups` exclude each other. Pass the one that the rows depend by.")
        sizes = tuple(len(np.asarray(side)) for side in groups)
        if sizes != (n, m):
            raise InputError(f"`groups` must hold one label for each row: {(n, m)} are wanted, got {sizes}.")
        return units_of_groups(*groups), None
    if block_length is None:
        return units_of_rows(n, m), None
    if isinstance(block_length, str):
        if block_length != "auto":
            raise ConfigError(f"`block_length` must be a positive integer or 'auto', got {block_length!r}.")
        block_length = int(max(block_lengths(side).max(initial=1) for side in (reference, current)))
    return units_of_blocks(n, m, block_length), block_length


def permutation_pvalues(
    pooled: NDArray[np.float64],
    requests: Sequence[tuple[str, int | None]],
    units: Units,
    *,
    n_permutations: int,
    seed: int,
) -> PermutationResult:
    """Return the p-value of one statistic for each row of pooled values `(d, n + m)`, NaN where missing.

    `requests` names the statistic of each row, and its number of bins (None: each value is a cell).

    Raises
    ------
    ConfigError
        If `n_permutations` or a number of bins is out of range.
    """
    if isinstance(n_permutations, bool) or int(n_permutations) != n_permutations or n_permutations < 1:
        raise ConfigError(f"`n_permutations` must be a positive integer, got {n_permutations!r}.")
    if any(n_bins is not None and n_bins < 2 for _, n_bins in requests):
        raise ConfigError(
            f"`n_bins` must be at least 2, or None, got {min(b for _, b in requests if b is not None)!r}."
        )
    orders = [_ordered(row) for row in pooled]
    functions = [_function(*request) for request in requests]
    seen = units.side.astype(np.uint8)[:, None]
    observed = np.asarray(
        [_evaluate(f, row, o, seen)[0] for f, row, o in zip(functions, pooled, orders, strict=True)], dtype=np.float64
    )
    exact = units.n_labelings <= n_permutations
    extreme, done = np.zeros(len(pooled), dtype=np.int64), 0
    for labels in units.labelings(n_permutations, seed, max(MIN_WIDTH, CHUNK_CELLS // pooled.shape[-1])):
        done += labels.shape[1]
        for i, (function, order) in enumerate(zip(functions, orders, strict=True)):
            permuted = _evaluate(function, pooled[i], order, labels)
            # what is not defined counts as extreme: the p-value errs upwards
            extreme[i] += np.count_nonzero(~(permuted < observed[i] - TOLERANCE * abs(observed[i])))
    pvalue = extreme / done if exact else (extreme + 1.0) / (done + 1.0)
    return PermutationResult(observed, np.where(np.isnan(observed), np.nan, pvalue), done, exact, None)


def _ordered(row: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the positions of the values of a row in ascending order, without the missing ones."""
    order: NDArray[np.int64] = np.argsort(row, kind="stable")
    return order[: np.count_nonzero(~np.isnan(row))]


def _function(statistic: str, n_bins: int | None) -> Callable[[Arranged], NDArray[np.float64]]:
    if statistic in ORDER_STATISTICS:
        return ORDER_STATISTICS[statistic]
    of_counts = COUNT_STATISTICS[statistic]
    return lambda arranged: of_counts(*arranged.counts(n_bins))


def _evaluate(
    function: Callable[[Arranged], NDArray[np.float64]],
    row: NDArray[np.float64],
    order: NDArray[np.int64],
    labels: NDArray[np.uint8],
) -> NDArray[np.float64]:
    if order.size == 0:
        return np.full(labels.shape[1], np.nan)
    with np.errstate(invalid="ignore", over="ignore"):  # infinite values: not a number, and said so
        return np.asarray(function(arrange(row[order], labels[order])), dtype=np.float64)
