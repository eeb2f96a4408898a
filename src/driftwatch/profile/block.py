"""Numeric features of a reference in one block: ordered once, with what follows from the order (layer 3)."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch.arrays.namespace import device_of, move_to, namespace_of, to_host
from driftwatch.kernels._prepare import MAX_BLOCK_VALUES, Ordered, order_narrow, widened
from driftwatch.kernels.bins import ordered_bin_counts, quantile_edges
from driftwatch.kernels.ecdf import ends, moments, quantiles
from driftwatch.kernels.noise_energy import SquaredBridge, squared_bridge
from driftwatch.kernels.noise_wasserstein import BridgeMoments, bridge_moments
from driftwatch.kernels.signals import LagOne, lag_one, picks
from driftwatch.profile.feature import in_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from driftwatch._typing import Array
    from driftwatch.arrays.table import Table

__all__ = ["DEFAULT_BINS", "NumericBlock", "blocks_of"]

DEFAULT_BINS = 10  # deciles, as PSI is commonly defined

HostArray = np.ndarray[Any, Any]


@dataclass(frozen=True, eq=False)
class NumericBlock:
    """A block of d numeric features: ordered reference values and what follows from them, computed once.

    Parameters
    ----------
    names : tuple of str
    stored : Ordered
        Sorted values, shape `(d, n)`, as narrow as they came in.
    mean, std, low, high, median : array, shape (d,)
        Moments (population formula), smallest and largest value, median. NaN or infinite where not defined.
    lag : LagOne
        Lag-1 autocorrelation of the first rows in their order.
    """

    names: tuple[str, ...]
    stored: Ordered
    mean: Array
    std: Array
    low: Array
    high: Array
    median: Array
    lag: LagOne
    _bins: dict[int, tuple[Array, Array]] = field(default_factory=dict, repr=False)
    _derived: tuple[NumericBlock, Callable[[Array], Array]] | None = field(default=None, repr=False)
    _positions: tuple[int, ...] | None = field(default=None, repr=False)
    _copies: dict[tuple[str, str], NumericBlock] = field(default_factory=dict, repr=False)

    @classmethod
    def fit(cls, names: Sequence[str], values: Array) -> NumericBlock:
        """Order a block of values `(d, n)`, NaN where missing."""
        xp = namespace_of(values)
        stored = order_narrow(values, xp=xp)
        ordered = widened(stored, xp=xp)
        median = quantiles(ordered, [1], 2, xp=xp)[:, 0]
        lag = lag_one(values, xp=xp)
        return cls(tuple(names), stored, *moments(ordered, xp=xp), *ends(ordered, xp=xp), median, lag)

    @property
    def xp(self) -> Any:
        """Array namespace of the block."""
        return namespace_of(self.stored.values)

    @property
    def ordered(self) -> Ordered:
        """Sorted values, shape `(d, n)`: a copy where they are stored in a narrower type than float32."""
        return widened(self.stored, xp=self.xp)

    @property
    def _summaries(self) -> tuple[Array, Array, Array, Array, Array]:
        return self.mean, self.std, self.low, self.high, self.median

    @cached_property
    def n_valid(self) -> HostArray:
        """Values that count in each row, on the host, shape `(d,)`."""
        return np.broadcast_to(to_host(self.stored.n_valid), (len(self.names),))

    @cached_property
    def bridge(self) -> BridgeMoments:
        """What the noise of the Wasserstein distance rests on, on the host, shape `(d,)` each."""
        if self._derived is not None:
            return BridgeMoments(*self._of_positions(self._derived[0].bridge))
        with np.errstate(over="ignore", invalid="ignore"):  # not finite where the values are not
            return bridge_moments(self.ordered, xp=self.xp)

    @cached_property
    def squared_bridge(self) -> SquaredBridge:
        """What the noise of the energy distance rests on, on the host, shape `(d,)` each."""
        if self._derived is not None:
            return SquaredBridge(*self._of_positions(self._derived[0].squared_bridge))
        with np.errstate(over="ignore", invalid="ignore"):
            return squared_bridge(self.ordered, xp=self.xp)

    def _of_positions(self, arrays: tuple[HostArray, ...]) -> tuple[HostArray, ...]:
        """Return the entries of the origin's features that this block has."""
        return arrays if self._positions is None else tuple(x[list(self._positions)] for x in arrays)

    @cached_property
    def picks(self) -> HostArray:
        """Values at evenly spaced ranks, on the host, shape `(d, N_PICKS)`."""
        return picks(self.stored, xp=self.xp)

    def bins(self, n_bins: int) -> tuple[Array, Array]:
        """Return the inner edges `(d, n_bins - 1)` and the reference counts `(d, n_bins)` of equal-mass bins."""
        if n_bins not in self._bins:
            if self._derived is None:
                ordered = self.ordered
                edges = quantile_edges(ordered, n_bins, xp=self.xp)
                self._bins[n_bins] = (edges, ordered_bin_counts(ordered, edges, xp=self.xp))
            else:
                origin, convert = self._derived
                edges, counts = origin.bins(n_bins)
                self._bins[n_bins] = (convert(edges), convert(counts))
        return self._bins[n_bins]

    def select(self, rows: list[int]) -> NumericBlock:
        """Return the features at positions `rows` as a block; nothing is sorted or binned again."""
        if rows == list(range(len(self.names))):
            return self
        return self._derive(tuple(self.names[i] for i in rows), lambda x: _rows(x, rows), tuple(rows))

    def move_to(self, like: Array) -> NumericBlock:
        """Return the block in the namespace and on the device of `like`; nothing is sorted or binned again.

        A copy is kept for each library and device, so that the reference crosses once however often it is compared.
        """
        xp, device = namespace_of(like), device_of(like)
        if self.xp is xp and device_of(self.stored.values) == device:
            return self
        if self._derived is not None and self._positions is not None:
            return self._derived[0].move_to(like).select(list(self._positions))
        place = (xp.__name__, str(device))
        if place not in self._copies:
            target = xp.zeros((0,), dtype=like.dtype, device=device)  # `like` itself would keep the current data alive
            self._copies[place] = self._derive(self.names, lambda x: move_to(x, like=target))
        return self._copies[place]

    def _derive(
        self, names: tuple[str, ...], convert: Callable[[Array], Array], positions: tuple[int, ...] | None = None
    ) -> NumericBlock:
        values, n_valid = self.stored
        stored = Ordered(convert(values), n_valid if isinstance(n_valid, int) else convert(n_valid))
        mean, std, low, high, median = (convert(x) for x in self._summaries)
        lag = self.lag if positions is None else self.lag.at(list(positions))
        return NumericBlock(
            names, stored, mean, std, low, high, median, lag, _derived=(self, convert), _positions=positions
        )


def _rows(x: Array, rows: list[int]) -> Array:
    """Return rows of an array: a view where they are contiguous."""
    start, stop = rows[0], rows[-1] + 1
    if rows == list(range(start, stop)):
        return x[start:stop, ...]
    xp = namespace_of(x)
    return xp.take(x, xp.asarray(rows, device=device_of(x)), axis=0)


def blocks_of(
    table: Table, names: Sequence[str], problems: dict[str, str], *, block_size: int | None = None
) -> Iterator[tuple[list[str], Array]]:
    """Yield numeric columns in blocks `(names, values (d, n))` of bounded size, float32 and other columns apart.

    A block holds at most `block_size` values, `MAX_BLOCK_VALUES` by default, and at least one column. A column that
    cannot be converted is left out and its reason is put into `problems`.
    """
    width = max(1, (block_size or MAX_BLOCK_VALUES) // max(table.n_rows, 1))
    groups: dict[bool, list[str]] = {}
    for name in names:
        groups.setdefault(table.is_single(name), []).append(name)
    for group in groups.values():
        for start in range(0, len(group), width):
            yield from _extract(table, group[start : start + width], problems)


def _extract(table: Table, names: list[str], problems: dict[str, str]) -> list[tuple[list[str], Array]]:
    """Return the columns as one block, or one by one without the culprits where that fails."""
    try:
        return [(names, table.block(names))]
    except Exception as error:  # noqa: BLE001 - one unreadable column must not cost the report
        if len(names) == 1:
            problems[names[0]] = in_words(error)
            return []
    return [block for name in names for block in _extract(table, [name], problems)]
