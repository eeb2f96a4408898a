"""Which part of a distribution moved: statistics as sums over bins, levels and quantiles (layer 4)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from driftwatch.arrays.namespace import to_host
from driftwatch.detectors.psi import PSIDetector
from driftwatch.explain.transport import bin_flows, level_flows, moved_share
from driftwatch.kernels.divergences import psi_terms
from driftwatch.kernels.wasserstein_terms import wasserstein_by_bin, wasserstein_by_quantile
from driftwatch.profile.block import DEFAULT_BINS
from driftwatch.report.explanation import Decomposition, FeatureExplanation, Term

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from driftwatch.profile.sample import CategoricalSample, NumericSample
    from driftwatch.profile.windowed import WindowSample

__all__ = ["explain_levels", "explain_numbers", "explain_window"]

N_QUANTILES = 10
MAX_LEVELS = 100  # levels with a term of their own; those with smaller terms are one
OTHER = "(other)"
SINGLE_BIN = "the reference is constant, so that there is a single bin"
NO_QUANTILES = "by quantile: a window holds counts, and quantiles need the rows"
NO_DISTANCE = "the Wasserstein distance: a side has no values, or one that is not finite"
ONLY_DECILES = "the Wasserstein distance: only deciles were counted"


class _Bins(NamedTuple):
    """Bins of one feature without those that an edge at infinity closes: where they are, inner edges, counts."""

    cells: slice
    edges: list[float]
    reference: NDArray[Any]
    current: NDArray[Any]

    def terms(self, terms: NDArray[Any], signed: NDArray[Any] | None = None) -> tuple[Term, ...]:
        before, after = (side / max(int(side.sum()), 1) for side in (self.reference, self.current))
        ends = [None, *self.edges, None]
        kept, directed = terms[self.cells].tolist(), None if signed is None else signed[self.cells].tolist()
        return tuple(
            Term(
                kept[k],
                ends[k],
                ends[k + 1],
                reference=float(before[k]),
                current=float(after[k]),
                signed=None if directed is None else directed[k],
            )
            for k in range(len(kept))
        )


def explain_numbers(sample: NumericSample, psi: PSIDetector | None = None) -> Iterator[FeatureExplanation]:
    """Yield the explanation of each numeric feature of a sample of rows, in its order.

    Parameters
    ----------
    sample : NumericSample
    psi : PSIDetector, optional
        The one that the report used, so that the terms sum to what it says.
    """
    psi = PSIDetector() if psi is None else psi
    counted = {n_bins: [to_host(side) for side in sample.counts(n_bins)] for n_bins in {DEFAULT_BINS, psi.n_bins}}
    edges = {n_bins: to_host(sample.reference.bins(n_bins)[0]).astype(np.float64) for n_bins in counted}
    stability = psi_terms(*counted[psi.n_bins], floor=psi.floor)
    with np.errstate(over="ignore", invalid="ignore"):  # what is not finite is said in words
        by_bin = wasserstein_by_bin(
            sample.reference.ordered, sample.ordered, sample.reference.bins(DEFAULT_BINS)[0], xp=sample.xp
        )
        by_quantile = wasserstein_by_quantile(sample.reference.ordered, sample.ordered, N_QUANTILES, xp=sample.xp)
    for i in range(len(sample.names)):
        bins = {n: _bins(edges[n][i], counted[n][0][i], counted[n][1][i]) for n in counted}
        deciles = bins[DEFAULT_BINS]
        found = [
            _summed("psi", "bin", bins[psi.n_bins].terms(stability[i])),
            _summed("wasserstein", "bin", deciles.terms(by_bin.terms[i], by_bin.signed[i])),
            _summed("wasserstein", "quantile", _parts_of_mass(*(values[i].tolist() for values in by_quantile))),
        ]
        yield _explanation(found, deciles, None if found[1] and found[2] else NO_DISTANCE)


def explain_window(sample: WindowSample, psi: PSIDetector | None = None) -> Iterator[FeatureExplanation]:
    """Yield the explanation of each numeric feature of a window; counts in deciles are all that PSI can be of.

    The terms of PSI are exact. Those of the Wasserstein distance are what is sure of it, as the statistic of the report.
    """
    counts = sample.counts(DEFAULT_BINS)
    stability = psi_terms(*counts, floor=(PSIDetector() if psi is None else psi).floor)
    edges = sample.cells.deciles
    distances = sample.wasserstein_terms if "distances" in sample.holds else None
    bounds = sample.error_bounds["wasserstein"] if distances is not None else None
    for i in range(len(sample.names)):
        deciles = _bins(edges[i], counts[0][i], counts[1][i])
        found = [_summed("psi", "bin", deciles.terms(stability[i]))]
        if distances is None or bounds is None:
            yield _explanation(found, deciles, ONLY_DECILES)
            continue
        terms = deciles.terms(distances[0][i], distances[1][i])
        found.append(_summed("wasserstein", "bin", terms, error_bound=float(bounds[i])))
        yield _explanation(found, deciles, NO_QUANTILES if found[1] else NO_DISTANCE)


def explain_levels(sample: CategoricalSample, psi: PSIDetector | None = None) -> Iterator[FeatureExplanation]:
    """Yield the explanation of each categorical feature: every level adds to PSI, chi-squared and total variation."""
    reference, current = sample.counts(DEFAULT_BINS)
    for i, labels in enumerate(sample.labels):
        before, after = reference[i, : len(labels)], current[i, : len(labels)]
        n, m = int(before.sum()), int(after.sum())
        if not (n and m):
            yield FeatureExplanation(reason="a side has no values")
            continue
        r, c = before / n, after / m
        expected = (before + after) / (n + m)
        chi2 = (r - c) ** 2 * n * m / (n + m) / expected
        terms = {
            "psi": psi_terms(before, after, floor=(PSIDetector() if psi is None else psi).floor),
            "chi2": chi2,
            "total_variation": np.abs(r - c) / 2.0,
        }
        found = [
            _summed(name, "level", _level_terms(labels, values, r, c, directed=name == "total_variation"))
            for name, values in terms.items()
        ]
        flows = level_flows(labels, before, after)
        yield FeatureExplanation(tuple(filter(None, found)), flows, moved_share(before, after))


def _bins(edges: NDArray[Any], reference: NDArray[Any], current: NDArray[Any]) -> _Bins:
    inner = np.isfinite(edges)
    first = int(np.count_nonzero(edges == -np.inf))
    cells = slice(first, first + int(np.count_nonzero(inner)) + 1)
    return _Bins(cells, edges[inner].tolist(), reference[cells], current[cells])


def _explanation(found: Sequence[Decomposition | None], bins: _Bins, reason: str | None) -> FeatureExplanation:
    flows = bin_flows(bins.edges, bins.reference, bins.current)
    if not bins.edges:
        reason = "; ".join(filter(None, (reason, SINGLE_BIN)))
    return FeatureExplanation(tuple(filter(None, found)), flows, moved_share(bins.reference, bins.current), reason)


def _summed(
    statistic: str, by: str, terms: tuple[Term, ...], *, error_bound: float | None = None
) -> Decomposition | None:
    """Return the decomposition, None where a term is not finite."""
    if not all(math.isfinite(term.term) for term in terms):
        return None
    bound = None if error_bound is None or not math.isfinite(error_bound) else error_bound
    return Decomposition(statistic, by, math.fsum(term.term for term in terms), terms, bound)


def _parts_of_mass(
    terms: list[float], signed: list[float], reference: list[float], current: list[float]
) -> tuple[Term, ...]:
    n = len(terms)
    return tuple(
        Term(terms[k], k / n, (k + 1) / n, reference=reference[k], current=current[k], signed=signed[k])
        for k in range(n)
    )


def _level_terms(
    labels: Sequence[str], values: NDArray[Any], r: NDArray[Any], c: NDArray[Any], *, directed: bool
) -> tuple[Term, ...]:
    """Return a term for each level, the largest first; those beyond `MAX_LEVELS` as one."""
    order = np.argsort(-values, kind="stable")
    half = (c - r) / 2.0

    def term(label: str, which: NDArray[Any]) -> Term:
        return Term(
            math.fsum(values[which].tolist()),
            label=label,
            reference=float(r[which].sum()),
            current=float(c[which].sum()),
            signed=float(half[which].sum()) if directed else None,
        )

    shown, rest = order[:MAX_LEVELS], order[MAX_LEVELS:]
    terms = [term(labels[k], np.asarray([k])) for k in shown.tolist()]
    return (*terms, term(OTHER, rest)) if len(rest) else tuple(terms)
