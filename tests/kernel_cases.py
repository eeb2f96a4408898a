"""Inputs on which a statistic can go wrong, by name, and the answers of the oracles for them."""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from driftwatch.kernels._catalog import CATALOG
from kernel_oracles import COUNTS_ORACLES, SAMPLE_ORACLES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from driftwatch.kernels._catalog import KernelSpec, Takes

__all__ = ["COUNTS_CASES", "SAMPLE_CASES", "counts_answers", "rows", "sample_answers", "sample_case_answers"]

Pair: TypeAlias = "Sequence[NDArray[Any]]"  # the reference and the current side
NEGATIVE_NAN = np.copysign(np.nan, -1.0)  # what 0/0 gives on x86; sorts by its bits on some GPUs


def rows(takes: Takes) -> dict[str, tuple[KernelSpec, Mapping[str, Any]]]:
    """Return every kernel of the catalog with each of its option sets, by a readable id."""
    found = {}
    for spec in CATALOG.values():
        if spec.takes == takes:
            for options in spec.options:
                found["-".join([spec.name, *(f"{name}={value}" for name, value in options.items())])] = (spec, options)
    return found


def sample_answers(name: str, options: Mapping[str, Any], pair: Pair) -> dict[str, NDArray[np.float64]]:
    """Return the oracle's answers for two samples `(n, d)`, missing values left out, by field."""
    columns = []
    for reference, current in zip(*(np.asarray(x, dtype=np.float64).T for x in pair), strict=True):
        reference, current = reference[~np.isnan(reference)], current[~np.isnan(current)]  # noqa: PLW2901
        if reference.size == 0 or current.size == 0:
            columns.append(dict.fromkeys(CATALOG[name].fields, math.nan))
        else:
            columns.append(SAMPLE_ORACLES[name](reference, current, **options))
    return {field: np.array([column[field] for column in columns]) for field in CATALOG[name].fields}


def counts_answers(name: str, options: Mapping[str, Any], pair: Pair) -> dict[str, NDArray[np.float64]]:
    """Return the oracle's answers for two arrays of counts `(..., k)`, by field."""
    k = pair[0].shape[-1]
    flat = (x.reshape(math.prod(x.shape[:-1]), k).tolist() for x in pair)
    features = [COUNTS_ORACLES[name](r, c, **options) for r, c in zip(*flat, strict=True)]
    return {
        field: np.array([feature[field] for feature in features]).reshape(pair[0].shape[:-1]) for field in features[0]
    }


@functools.cache
def sample_case_answers(row: str, case: str, dtype: str) -> dict[str, NDArray[np.float64]]:
    """Return the answers for a case of `SAMPLE_CASES` rounded to `dtype` (computed once for all backends)."""
    spec, options = rows("samples")[row]
    reference, current = SAMPLE_CASES[case]
    return sample_answers(spec.name, options, (reference.astype(dtype), current.astype(dtype)))


def _sample_cases() -> dict[str, Pair]:
    rng = np.random.default_rng(20240611)

    def normal(n: int, d: int, shift: float = 0.0) -> NDArray[np.float64]:
        return rng.normal(shift, 1.0, size=(n, d))

    constant = normal(30, 4), normal(25, 4)
    constant[0][:, :3] = 2.5
    constant[1][:, 0], constant[1][:, 1], constant[1][:, 3] = 2.5, 0.1, 0.1

    missing = normal(41, 5), normal(36, 5, 0.3)
    missing[0][::3, 1] = np.nan
    missing[0][::4, 2], missing[1][::5, 2] = NEGATIVE_NAN, np.nan
    missing[0][1:, 3] = NEGATIVE_NAN
    missing[1][::2, 4] = NEGATIVE_NAN

    empty = normal(12, 4), normal(15, 4)
    empty[0][:, 0], empty[1][:, 1] = np.nan, NEGATIVE_NAN
    empty[0][:, 2], empty[1][:, 2] = NEGATIVE_NAN, np.nan

    infinite = normal(23, 5), normal(31, 5)
    infinite[1][3:6, 0] = np.inf
    infinite[0][:4, 1], infinite[1][:2, 1] = -np.inf, np.inf
    infinite[0][5:18, 2], infinite[1][:9, 2] = np.inf, np.inf
    infinite[0][:, 3], infinite[1][:, 3] = np.inf, np.inf
    infinite[0][:3, 4], infinite[0][3:5, 4], infinite[1][:7, 4] = -np.inf, np.inf, -np.inf

    # Missing values wait at +inf behind the valid ones: true infinities must not be taken for them, nor they for those.
    infinite_and_missing = tuple(x.copy() for x in infinite)
    infinite_and_missing[0][-5:, :] = np.nan
    infinite_and_missing[1][-3:, ::2] = NEGATIVE_NAN

    signed_zeros = np.zeros((10, 2)), np.zeros((8, 2))
    signed_zeros[0][::2], signed_zeros[1][::3], signed_zeros[1][:, 1] = -0.0, -0.0, np.arange(8) - 4.0

    return {
        "continuous": (normal(57, 3), normal(43, 3, 0.5)),
        "one_feature": (normal(20, 1), normal(20, 1)),
        "many_features": (normal(14, 200), normal(11, 200)),
        "relu_zeros": (np.maximum(normal(64, 3), 0.0), np.maximum(normal(49, 3, 0.4), 0.0)),
        "small_integers": (rng.integers(0, 4, (72, 3)) * 1.0, rng.integers(0, 5, (35, 3)) * 1.0),
        "ties_at_both_ends": (np.clip(normal(61, 3), -0.8, 0.8), normal(44, 3)),
        "same_values_repeated": (np.repeat(np.arange(6.0), 5)[:, None], np.repeat(np.arange(6.0), 2)[:, None]),
        "constant": constant,
        "missing": missing,
        "empty_after_omission": empty,
        "infinite": infinite,
        "infinite_and_missing": infinite_and_missing,
        "one_value": (normal(1, 3), normal(26, 3)),
        "one_value_each": (np.array([[0.0, 1.0]]), np.array([[0.0, 3.0], [0.0, 3.0]])),
        "few_current_values": (normal(160, 2), normal(3, 2)),
        "signed_zeros": signed_zeros,
    }


def _counts_cases() -> dict[str, Pair]:
    rng = np.random.default_rng(7)
    plain = rng.integers(1, 40, (4, 6)), rng.integers(1, 60, (4, 6))
    padded = tuple(np.pad(x, ((0, 0), (1, 3))) for x in plain)
    empty = plain[0].copy(), plain[1].copy()
    empty[0][0], empty[1][1] = 0, 0
    empty[0][2], empty[1][2] = 0, 0
    return {
        "plain": plain,
        "levels_that_occur_nowhere": padded,
        "levels_on_one_side": (np.array([[5, 0, 7, 0], [3, 3, 0, 0]]), np.array([[0, 4, 6, 0], [0, 0, 2, 5]])),
        "empty_side": empty,
        "no_level": (np.zeros((3, 0), dtype=np.int64), np.zeros((3, 0), dtype=np.int64)),
        "two_levels": (
            np.array([[0, 8, 0, 2], [3, 0, 1, 0], [9, 1, 0, 0]]),
            np.array([[0, 1, 0, 5], [0, 0, 4, 0], [0, 0, 6, 0]]),
        ),
        "one_level": (np.array([[5], [0]]), np.array([[9], [3]])),
        "one_level_that_occurs": (np.array([[0, 5, 0]]), np.array([[0, 9, 0]])),
        "identical": (plain[0], plain[0]),
        "same_shares": (plain[0], 3 * plain[0]),
        "one_row": (plain[0][0], plain[1][0]),
        "three_dimensions": (plain[0].reshape(2, 2, 6), plain[1].reshape(2, 2, 6)),
        "large": (plain[0] * 10**7, plain[1] * 10**7),
        "rare_levels": (rng.poisson(0.3, (3, 40)) + np.eye(3, 40, dtype=np.int64), rng.poisson(0.5, (3, 40)) + 1),
    }


SAMPLE_CASES = _sample_cases()
COUNTS_CASES = _counts_cases()
