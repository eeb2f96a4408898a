"""What moved from where to where, against the linear program of optimal transport (oracle: scipy)."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog

from driftwatch.explain.transport import bin_flows, level_flows, moved_share
from driftwatch.report.explanation import Cell, Flow

COUNTS = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=2, max_size=7)


def _cheapest(reference: np.ndarray, current: np.ndarray, place: np.ndarray) -> float:
    """Return the cost of the cheapest transport of the shares, by linear programming."""
    k = len(place)
    cost = np.abs(place[:, None] - place[None, :]).ravel()
    rows = np.kron(np.eye(k), np.ones(k))
    columns = np.kron(np.ones(k), np.eye(k))
    shares = np.concatenate([reference / reference.sum(), current / current.sum()])
    result = linprog(cost, A_eq=np.vstack([rows, columns]), b_eq=shares)
    assert result.fun is not None
    return float(result.fun)


@given(COUNTS)
def test_flows_between_bins_sum_to_what_moved_and_none_is_cheaper(counts: list[tuple[int, int]]) -> None:
    table = np.asarray([*counts, (1, 1)])
    reference, current = table.T
    k = len(table)
    edges = [float(i) for i in range(1, k)]
    flows = bin_flows(edges, reference, current)
    moved = np.abs(reference / reference.sum() - current / current.sum()).sum() / 2.0

    assert moved_share(reference, current) == pytest.approx(moved, abs=1e-12)
    assert math.fsum(flow.share for flow in flows) == pytest.approx(moved, abs=1e-12)
    assert [flow.share for flow in flows] == sorted((flow.share for flow in flows), reverse=True)

    # Single bins, so that the cost of a flow is known: no two neighbours have the same direction.
    change = np.sign(current / current.sum() - reference / reference.sum())
    if (change[1:] * change[:-1] <= 0).all():

        def at(cell: Cell | None) -> int:
            assert cell is not None
            return 0 if cell.low is None else int(cell.low)

        cost = math.fsum(flow.share * abs(at(flow.source) - at(flow.target)) for flow in flows)
        assert cost == pytest.approx(_cheapest(reference, current, np.arange(k)), abs=1e-9)


def test_a_shift_of_the_lower_bins_to_the_uppermost_is_one_flow() -> None:
    reference, current = np.asarray([25, 25, 25, 25]), np.asarray([10, 10, 50, 130])
    (flow,) = bin_flows([2.0, 5.0, 20.0], reference, current)
    assert flow == Flow(0.4, Cell(None, 5.0), Cell(20.0, None))


def test_two_ends_that_meet_in_the_middle_are_two_flows() -> None:
    flows = bin_flows([0.0, 1.0], np.asarray([40, 20, 40]), np.asarray([10, 60, 30]))
    assert [flow.share for flow in flows] == pytest.approx([0.3, 0.1])
    assert [flow.source for flow in flows] == [Cell(None, 0.0), Cell(1.0, None)]
    assert [flow.target for flow in flows] == [Cell(0.0, 1.0), Cell(0.0, 1.0)]


def test_equal_shares_of_different_sizes_have_no_flow() -> None:
    assert bin_flows([1.0], np.asarray([3, 7]), np.asarray([9, 21])) == ()
    assert moved_share(np.asarray([3, 7]), np.asarray([9, 21])) == 0.0


def test_an_empty_side_has_no_flow() -> None:
    assert bin_flows([1.0], np.asarray([0, 0]), np.asarray([9, 21])) == ()
    assert level_flows(["a", "b"], np.asarray([1, 0]), np.asarray([0, 0])) == ()
    assert moved_share(np.asarray([0, 0]), np.asarray([9, 21])) is None


def test_levels_say_what_each_lost_or_gained() -> None:
    flows = level_flows(["a", "b", "c", "d"], np.asarray([50, 30, 20, 0]), np.asarray([20, 30, 25, 25]))
    assert [flow.share for flow in flows] == pytest.approx([0.3, 0.25, 0.05])
    assert [flow.source for flow in flows] == [Cell(label="a"), None, None]
    assert [flow.target for flow in flows] == [None, Cell(label="d"), Cell(label="c")]


def test_counts_whose_product_is_beyond_64_bits_are_exact() -> None:
    big = 4_000_000_000_000
    assert moved_share(np.asarray([big, big]), np.asarray([big, 3 * big])) == 0.25
