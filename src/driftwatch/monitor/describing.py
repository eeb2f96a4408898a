"""What a report shows of a feature beside its statistics: summaries, bins, pictures, direction, signals (layer 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch.arrays.namespace import to_host
from driftwatch.kernels.divergences import psi_terms
from driftwatch.kernels.plane import plane_counts
from driftwatch.monitor.numbers import floats
from driftwatch.monitor.signals import OUTSIDE_SHARE, autocorrelated, numeric_signals
from driftwatch.profile.block import DEFAULT_BINS
from driftwatch.profile.embedding import EmbeddingSample
from driftwatch.profile.histograms import histograms_of_rows, histograms_of_window
from driftwatch.profile.projections import ProjectedSample
from driftwatch.profile.sample import CategoricalSample, NumericSample
from driftwatch.profile.tallied import TalliedSample
from driftwatch.profile.windowed import WindowSample
from driftwatch.report.model import Bins, SideSummary
from driftwatch.report.pictures import Histogram, Projection

if TYPE_CHECKING:
    from collections.abc import Iterator

    from driftwatch.profile.histograms import Histograms
    from driftwatch.profile.sample import Sample

__all__ = ["describe"]

LEVELS_SHOWN = 10  # a report names the most frequent levels; the others are summed up
OTHER = "(other)"
BALANCED = 0.5  # both one-sided distances within this ratio: the spread changed rather than the location

HostArray = np.ndarray[Any, Any]


def describe(sample: Sample) -> Iterator[dict[str, Any]]:
    """Yield fields of `Evidence` for each feature of a sample."""
    if isinstance(sample, NumericSample):
        return _describe_numeric(sample)
    if isinstance(sample, EmbeddingSample):
        flags = ["subsampled"] if sample.is_thinned else []
        return iter([{"signals": [], "flags": flags, "projection": _projection(sample)}])
    if isinstance(sample, ProjectedSample):
        return iter([{"signals": [], "flags": []}])
    if isinstance(sample, WindowSample):
        return _describe_window(sample)
    return _describe_tallied(sample) if isinstance(sample, TalliedSample) else _describe_levels(sample)


def _describe_numeric(sample: NumericSample) -> Iterator[dict[str, Any]]:
    """Yield summaries, bins, direction and signals of each numeric feature."""
    block = sample.reference
    reference = [floats(x) for x in (block.mean, block.std, block.low, block.median, block.high)]
    low, high = sample.ends
    current = [floats(x) for x in (*sample.moments, low, sample.median, high)]
    above, below = floats(sample.distances.above), floats(sample.distances.below)
    edges = to_host(block.bins(DEFAULT_BINS)[0]).astype(np.float64)
    expected, actual = (to_host(counts) for counts in sample.counts(DEFAULT_BINS))
    terms, pictures = psi_terms(expected, actual), histograms_of_rows(sample)
    found, dependent = numeric_signals(sample), autocorrelated(sample)
    for i in range(len(sample.names)):
        before, after = (SideSummary(*(side[i] for side in values)) for values in (reference, current))
        signals = _constant_signals(before, after)
        shares = {"outside_range": float(found.outside[i]), "stuck_value": float(found.stuck[i])}
        shares = {} if signals else {name: share for name, share in shares.items() if share > 0.0}
        yield {
            "reference": before,
            "current": after,
            "bins": _bins(edges[i], expected[i], actual[i], terms[i]),
            "histogram": _histogram(pictures, i),
            "direction": _direction(above[i], below[i], before, after),
            "signals": [*signals, *shares],
            "signal_values": shares,
            "flags": [
                *(["many_ties"] if found.tied[i] else []),
                *(["autocorrelated_rows"] if dependent[i] else []),
            ],
        }


def _bins(edges: HostArray, expected: HostArray, actual: HostArray, terms: HostArray) -> Bins:
    """Return the bins of one feature without the empty ones that an edge at -inf or +inf closes."""
    inner = np.isfinite(edges)
    first = int(np.count_nonzero(edges == -np.inf))
    cells = slice(first, first + int(np.count_nonzero(inner)) + 1)
    sides = (tuple(expected[cells].tolist()), tuple(actual[cells].tolist()))
    return Bins(*sides, tuple(edges[inner].tolist()), psi=_terms(terms[cells]))


def _terms(terms: HostArray) -> tuple[float, ...]:
    return tuple(terms.tolist()) if np.isfinite(terms).all() else ()  # a side without values has no shares


def _histogram(pictures: Histograms, i: int) -> Histogram | None:
    edges = pictures.edges[i][np.isfinite(pictures.edges[i])]
    if not len(edges):
        return None
    sides = (tuple(side[i, : len(edges) + 1].tolist()) for side in (pictures.reference, pictures.current))
    return Histogram(float(edges[0]), float(edges[-1]), *sides)


def _projection(sample: EmbeddingSample) -> Projection | None:
    with np.errstate(over="ignore", invalid="ignore"):  # rows with numbers too large for it have no picture
        plane = plane_counts(sample.reference_rows, sample.current_rows)
    if plane is None:
        return None
    reference, current = (tuple(map(tuple, side.tolist())) for side in (plane.reference, plane.current))
    return Projection(plane.low, plane.high, reference, current)


def _describe_tallied(sample: TalliedSample) -> Iterator[dict[str, Any]]:
    """Yield bins and direction of each feature that exists as counts."""
    edges = sample.cells.deciles.astype(np.float64)
    expected, actual = sample.counts(DEFAULT_BINS)
    terms = psi_terms(expected, actual)
    above, below = floats(sample.distances.above), floats(sample.distances.below)
    for i in range(len(sample.names)):
        bins = _bins(edges[i], expected[i], actual[i], terms[i])
        yield {"bins": bins, "direction": _direction_of_counts(above[i], below[i], bins), "signals": [], "flags": []}


def _describe_window(sample: WindowSample) -> Iterator[dict[str, Any]]:
    """Yield what counts tell of each feature, with summaries and signals."""
    block = sample.reference
    after = block.with_reference(sample.current)
    sides = [
        [floats(x) for x in (side.mean, side.std, side.tally.low, side.median, side.tally.high)]
        for side in (block, after)
    ]
    pictures = histograms_of_window(sample)
    for i, described in enumerate(_describe_tallied(sample)):
        before, current = (SideSummary(*(values[i] for values in side)) for side in sides)
        signals, outside = _constant_signals(before, current), float(sample.outside[i])
        shares = {"outside_range": outside} if outside >= OUTSIDE_SHARE and not signals else {}
        described |= {"reference": before, "current": current, "histogram": _histogram(pictures, i)}
        yield {**described, "signals": [*signals, *shares], "signal_values": shares}


def _direction_of_counts(above: float | None, below: float | None, bins: Bins) -> str:
    if above is None or below is None:
        return "changed"
    if min(above, below) < BALANCED * max(above, below):
        return "up" if above > below else "down"
    before, after = ((side[0] + side[-1]) / max(sum(side), 1) for side in (bins.reference, bins.current))
    return "wider" if after > before else "narrower"


def _direction(above: float | None, below: float | None, before: SideSummary, after: SideSummary) -> str:
    if above is None or below is None:
        return "changed"
    if min(above, below) >= BALANCED * max(above, below) and before.std is not None and after.std is not None:
        return "wider" if after.std > before.std else "narrower"
    return "up" if above > below else "down"


def _constant_signals(before: SideSummary, after: SideSummary) -> list[str]:
    if before.minimum is None or before.minimum != before.maximum:
        return []
    return ["constant_changed"] if (after.minimum, after.maximum) != (before.minimum, before.maximum) else []


def _describe_levels(sample: Sample) -> Iterator[dict[str, Any]]:
    """Yield the most frequent levels and the signals of each categorical feature."""
    assert isinstance(sample, CategoricalSample)
    reference, current = sample.counts(DEFAULT_BINS)
    contributions = psi_terms(reference, current)
    for i, labels in enumerate(sample.labels):
        terms = contributions[i, : len(labels)]
        before, after = reference[i, : len(labels)], current[i, : len(labels)]
        order = np.argsort(-(before + after), kind="stable")
        shown, rest = order[:LEVELS_SHOWN], order[LEVELS_SHOWN:]
        names, counts = [labels[k] for k in shown], (before[shown].tolist(), after[shown].tolist())
        own = terms[shown]
        if len(rest):
            names.append(OTHER)
            counts[0].append(int(before[rest].sum()))
            counts[1].append(int(after[rest].sum()))
            own = np.append(own, terms[rest].sum())
        unseen = after[before == 0].sum() / max(int(after.sum()), 1) if before.sum() > 0 else 0.0
        yield {
            "bins": Bins(tuple(counts[0]), tuple(counts[1]), labels=tuple(names), psi=_terms(own)),
            "signals": ["unseen_levels"] if unseen else [],
            "signal_values": {"unseen_levels": float(unseen)} if unseen else {},
            "flags": [],
        }
