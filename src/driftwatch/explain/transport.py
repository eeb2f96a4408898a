"""What moved from where to where between two rows of counts (layer 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from driftwatch.report.explanation import Cell, Flow

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from numpy.typing import NDArray

__all__ = ["bin_flows", "level_flows", "moved_share"]

LEVEL_FLOWS = 3  # largest losses and largest gains that are named


class _Run(NamedTuple):
    """Neighbouring bins that all lose, or all gain: the first and the last, and how much in whole units."""

    first: int
    last: int
    surplus: int


def moved_share(reference: NDArray[Any], current: NDArray[Any]) -> float | None:
    """Return the total variation distance of two rows of counts; None where a side is empty."""
    n, m = int(reference.sum()), int(current.sum())
    return float(np.maximum(_surplus(reference, current), 0).sum() / (n * m)) if n and m else None


def bin_flows(edges: Sequence[float], reference: NDArray[Any], current: NDArray[Any]) -> tuple[Flow, ...]:
    """Return a cheapest way to turn the reference's counts in ascending bins into the current ones, the largest share first.

    What is in a bin on both sides stays there; of the rest the lowest surplus goes to the lowest gap. Where the way from
    one bin to another costs the distance between any ascending places in them, nothing is cheaper. Neighbouring bins that
    all lose, or all gain, are one source or target. The shares sum to `moved_share`.

    Parameters
    ----------
    edges : sequence of float, length k - 1
        Inner edges, finite.
    reference, current : array of integers, shape (k,)
    """
    n, m = int(reference.sum()), int(current.sum())
    if not (n and m):
        return ()
    runs = _runs(_surplus(reference, current).tolist())
    sources, targets = ([run for run in runs if (run.surplus > 0) is losing] for losing in (True, False))
    ends = [None, *map(float, edges), None]

    def cell(run: _Run) -> Cell:
        return Cell(ends[run.first], ends[run.last + 1])

    flows: list[Flow] = []
    left, room = (sources[0].surplus if sources else 0), (-targets[0].surplus if targets else 0)
    i = j = 0
    while i < len(sources) and j < len(targets):
        amount = min(left, room)
        flows.append(Flow(amount / (n * m), cell(sources[i]), cell(targets[j])))
        left, room = left - amount, room - amount
        if not left:
            i += 1
            left = sources[i].surplus if i < len(sources) else 0
        if not room:
            j += 1
            room = -targets[j].surplus if j < len(targets) else 0
    return tuple(sorted(flows, key=lambda flow: -flow.share))


def level_flows(labels: Sequence[str], reference: NDArray[Any], current: NDArray[Any]) -> tuple[Flow, ...]:
    """Return the levels that lost most and those that gained most; which of them went where is not known."""
    n, m = int(reference.sum()), int(current.sum())
    if not (n and m):
        return ()
    surplus = _surplus(reference, current)
    order = np.argsort(-surplus, kind="stable").tolist()
    lost = [Flow(int(surplus[k]) / (n * m), Cell(label=labels[k]), None) for k in order if surplus[k] > 0]
    gained = [Flow(-int(surplus[k]) / (n * m), None, Cell(label=labels[k])) for k in order[::-1] if surplus[k] < 0]
    return tuple(sorted((*lost[:LEVEL_FLOWS], *gained[:LEVEL_FLOWS]), key=lambda flow: -flow.share))


def _surplus(reference: NDArray[Any], current: NDArray[Any]) -> NDArray[Any]:
    """Return by how much each share was larger in the reference, in units of 1 / (n m): whole numbers of any size."""
    before, after = reference.astype(object), current.astype(object)
    surplus: NDArray[Any] = before * int(current.sum()) - after * int(reference.sum())
    return surplus


def _runs(surplus: Sequence[int]) -> list[_Run]:
    """Return neighbouring bins of the same sign together; those without a change stand for themselves and are left out."""
    runs: list[_Run] = []
    for k, amount in enumerate(surplus):
        if runs and amount and runs[-1].last == k - 1 and (runs[-1].surplus > 0) is (amount > 0):
            runs[-1] = _Run(runs[-1].first, k, runs[-1].surplus + amount)
        elif amount:
            runs.append(_Run(k, k, amount))
    return runs
