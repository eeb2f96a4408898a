"""A reference frozen as a grid, and current data as counts on it: static shapes, nothing but sums (layer 3).

Everything here but `fit_grid` and `fit_labels` is pure, traces under `jax.jit` and waits for no device.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from driftwatch.arrays.namespace import device_of, namespace_of, statistic_dtype, to_host
from driftwatch.errors import ConfigError, InputError, InputTypeError
from driftwatch.kernels._prepare import order
from driftwatch.kernels.bins import quantile_edges
from driftwatch.kernels.ecdf import quantiles
from driftwatch.ops import bincount, rank
from driftwatch.profile.block import DEFAULT_BINS
from driftwatch.profile.fingerprint import check_bins, row_bins, salts

if TYPE_CHECKING:
    from driftwatch._typing import Array, Namespace

__all__ = ["Grid", "Tally", "fit_grid", "fit_labels", "merge", "next_value", "rebase", "start", "totals", "update"]

DEFAULT_CELLS = 100
DEFAULT_FINGERPRINTS = 65_536
MAX_CLASSES = 100_000
# Where integers have 32 bits, what a counter holds above this many bits is moved to a second one. 2**15 ranks can add
# their counters before one of them overflows, and the second one is good for 2**47.
LIMB_BITS = 16

HostArray = np.ndarray[Any, Any]


class Tally(NamedTuple):
    """Counts of the rows seen so far: integers that add, whatever the order; a pytree.

    Attributes
    ----------
    cells : array of integers, shape (d, n_cells + 1)
        Values in each cell of the grid; missing ones in the last column.
    rows : array of integers, shape (n_fingerprints,)
        Rows in each bin of the hash table.
    cells_carry, rows_carry : array of integers or None
        Multiples of 2**16, where the array library has no 64-bit integers. `totals` puts both together.
    """

    cells: Array
    rows: Array
    cells_carry: Array | None = None
    rows_carry: Array | None = None


class Grid(NamedTuple):
    """A frozen reference of d features, a pytree of arrays: make one with `fit_grid` or `fit_labels`.

    Attributes
    ----------
    edges : array, shape (d, n_cells - 1)
        Inner edges of the cells `[a, b)`, ascending; the outer cells are open.
    deciles : array, shape (d, 9)
        Inner edges of the reference's deciles, each one of `edges` or infinite; shape (d, 0) for labels, whose cells
        are the classes.
    salts : array of int32, shape (d,)
        Multipliers of the hash of a row.
    reference : Tally
        The reference's counts.
    """

    edges: Array
    deciles: Array
    salts: Array
    reference: Tally

    @property
    def n_features(self) -> int:
        """Number of features d."""
        return int(self.edges.shape[0])

    @property
    def n_cells(self) -> int:
        """Number of cells of every feature."""
        return int(self.edges.shape[1]) + 1

    @property
    def holds_labels(self) -> bool:
        """Whether the cells are classes."""
        return bool(self.deciles.shape[1] == 0)


def fit_grid(
    reference: Array,
    /,
    *,
    n_cells: int = DEFAULT_CELLS,
    n_fingerprints: int = DEFAULT_FINGERPRINTS,
    xp: Namespace | None = None,
) -> Grid:
    """Return a grid with cells of equal mass in the reference, in its namespace and on its device.

    Parameters
    ----------
    reference : array, shape (n, d) or (..., d)
        Real numbers, NaN where missing; all axes but the last are samples. Half precision is read in float32.
    n_cells : int
        Cells of a feature, a multiple of 10: the deciles are then points of the grid, and PSI is the same as from raw
        values. 100 cells place the KS statistic within about 0.01; memory is `d * n_cells` integers.
    n_fingerprints : int
        Bins of the hash table that shows repeated rows, a power of two; 0 leaves it out.

    Raises
    ------
    ConfigError
        If `n_cells` is no multiple of 10, or `n_fingerprints` no power of two.
    InputError, InputTypeError
        If the reference has no rows or features, or holds no real numbers.

    Notes
    -----
    A value that fills several cells by itself (the zeros behind a ReLU) gets a cell of its own, in which the statistics
    are exact. O(n log n) per feature.

    Examples
    --------
    >>> import numpy as np
    >>> grid = fit_grid(np.arange(1000.0)[:, None], n_cells=10)
    >>> grid.reference.cells
    array([[100, 100, 100, 100, 100, 100, 100, 100, 100, 100,   0]])
    """
    if n_cells < DEFAULT_BINS or n_cells % DEFAULT_BINS:
        raise ConfigError(f"`n_cells` must be a multiple of {DEFAULT_BINS}, got {n_cells!r}. Take 100.")
    check_bins(n_fingerprints)
    xp = namespace_of(reference, xp=xp)
    rows = _rows(reference, xp=xp)
    if 0 in rows.shape:
        raise InputError(f"`reference` must have rows and features, got shape {tuple(reference.shape)}.")
    ordered = order(_values(rows, xp=xp), xp=xp)
    edges = _isolate_atoms(quantiles(ordered, range(1, n_cells), n_cells, xp=xp), xp=xp)
    deciles = quantile_edges(ordered, DEFAULT_BINS, xp=xp)
    return _with_reference(edges, deciles, rows, n_fingerprints, xp=xp)


def fit_labels(labels: Array, /, *, n_classes: int, xp: Namespace | None = None) -> Grid:
    """Return a grid whose cells are the classes `0, 1, ..., n_classes - 1`, for labels of shape `(n,)` or `(..., 1)`.

    Labels below 0 and from `n_classes` on are counted in two more cells. A missing class shows here even where the
    features hardly move. ConfigError, InputError and InputTypeError as in `fit_grid`.

    Examples
    --------
    >>> import numpy as np
    >>> fit_labels(np.asarray([0, 1, 1, 2, -100]), n_classes=3).reference.cells
    array([[1, 1, 2, 1, 0, 0]])
    """
    if not 1 <= n_classes <= MAX_CLASSES:
        raise ConfigError(f"`n_classes` must be from 1 to {MAX_CLASSES}, got {n_classes!r}.")
    xp = namespace_of(labels, xp=xp)
    rows = _rows(labels[:, None] if labels.ndim == 1 else labels, xp=xp)
    if rows.shape[0] == 0 or rows.shape[1] != 1:
        raise InputError(f"`labels` must have shape (n,) or (..., 1), got {tuple(labels.shape)}. Pass class numbers.")
    dtype, device = statistic_dtype(xp, device_of(labels)), device_of(labels)
    edges = xp.arange(n_classes + 1, dtype=dtype, device=device)[None, :]
    deciles = xp.zeros((1, 0), dtype=dtype, device=device)
    return _with_reference(edges, deciles, rows, 0, xp=xp)


def start(grid: Grid, /) -> Tally:
    """Return the counts of no rows."""
    xp = namespace_of(grid.edges)
    device = device_of(grid.edges)
    cells = (grid.n_features, grid.n_cells + 1)
    rows = tuple(grid.reference.rows.shape)
    dtype = xp.__array_namespace_info__().default_dtypes()["integral"]
    counts = [xp.zeros(shape, dtype=dtype, device=device) for shape in (cells, rows)]
    if xp.iinfo(dtype).bits > 32:
        return Tally(*counts)
    return Tally(*counts, *(xp.zeros(shape, dtype=dtype, device=device) for shape in (cells, rows)))


def update(grid: Grid, tally: Tally, batch: Array, /, *, mask: Array | None = None) -> Tally:
    """Return the counts with a batch added: pure, of static shapes, without waiting for the device.

    Parameters
    ----------
    grid : Grid
    tally : Tally
        Not changed.
    batch : array, shape (n, d) or (..., d)
        In the namespace and on the device of the grid, read in the precision of its reference. For a grid of labels
        also (n,).
    mask : array of bool, shape of the batch without its last axis, optional
        Rows that count: False for padding, where shapes must not change.

    Returns
    -------
    Tally

    Raises
    ------
    InputError
        If the batch has another number of features.
    InputTypeError
        If it holds no real numbers.

    Notes
    -----
    O(log n_cells) per value. A batch may hold up to 2**31 - 2**30 rows where integers have 32 bits.
    """
    xp = namespace_of(batch)
    if grid.holds_labels and (batch.ndim == 1 or batch.shape[-1] != 1):
        batch = batch[..., None]
    rows = _rows(batch, xp=xp)
    if rows.shape[1] != grid.n_features:
        raise InputError(
            f"`batch` has {rows.shape[1]} features, the grid {grid.n_features}: features are on the last axis."
        )
    flat = None if mask is None else xp.reshape(mask, (-1,))
    if flat is not None and flat.shape[0] != rows.shape[0]:
        raise InputError(f"`mask` marks {flat.shape[0]} rows, `batch` has {rows.shape[0]}. Pass one flag per row.")
    return merge(tally, _count(grid.edges, grid.salts, rows, grid.reference.rows.shape[0], flat, xp=xp))


def merge(a: Tally, b: Tally, /) -> Tally:
    """Return the counts of both: exact, and the same in whatever order. `jax.lax.psum` of a tally does the same."""
    cells, cells_carry = _carried(a.cells + b.cells, _sum(a.cells_carry, b.cells_carry))
    rows, rows_carry = _carried(a.rows + b.rows, _sum(a.rows_carry, b.rows_carry))
    return Tally(cells, rows, cells_carry, rows_carry)


def rebase(grid: Grid, tally: Tally, /) -> Grid:
    """Return the grid with a tally as its reference: the first epoch, another rank, a longer history."""
    return grid._replace(reference=tally)


def totals(tally: Tally, /) -> tuple[HostArray, HostArray]:
    """Return `cells` and `rows` as NumPy arrays of int64; this is where a device is waited for."""
    return _joined(tally.cells, tally.cells_carry), _joined(tally.rows, tally.rows_carry)


def _joined(low: Array, high: Array | None) -> HostArray:
    counts = to_host(low).astype(np.int64)
    return counts if high is None else counts + (to_host(high).astype(np.int64) << LIMB_BITS)


def _sum(a: Array | None, b: Array | None) -> Array | None:
    if a is None or b is None:
        return a if b is None else b
    return a + b


def _carried(low: Array, high: Array | None) -> tuple[Array, Array | None]:
    if high is None:
        return low, None
    return low & ((1 << LIMB_BITS) - 1), high + (low >> LIMB_BITS)


def _rows(x: Array, *, xp: Namespace) -> Array:
    """Return the array as `(n, d)`."""
    if not xp.isdtype(x.dtype, ("bool", "integral", "real floating")):
        raise InputTypeError(f"a batch must hold real numbers or booleans, got {x.dtype}. Count categories as labels.")
    if x.ndim < 2:
        raise InputError(f"a batch must have shape (n, d) or (..., d), got {tuple(x.shape)}. Add an axis of features.")
    return x if x.ndim == 2 else xp.reshape(x, (-1, x.shape[-1]))


def _values(rows: Array, *, xp: Namespace) -> Array:
    """Return rows `(n, d)` as contiguous `(d, n)` values of at least float32."""
    # Through one axis: a permuted view would be copied again by every search in it.
    values = xp.reshape(xp.reshape(xp.permute_dims(rows, (1, 0)), (-1,)), (rows.shape[1], rows.shape[0]))
    if not xp.isdtype(values.dtype, "real floating"):
        return xp.astype(values, statistic_dtype(xp, device_of(values)))
    return xp.astype(values, xp.float32) if xp.finfo(values.dtype).bits < 32 else values


def next_value(x: Array, /, *, xp: Namespace) -> Array:
    """Return the next larger number of the dtype; all numbers nearer to 0 than the smallest normal one count as 0.

    Compiled code may read a denormal as zero, and would put the zeros on the far side of an edge that is one.
    """
    after = xp.nextafter(x, xp.full_like(x, xp.inf))
    smallest = xp.finfo(x.dtype).smallest_normal
    return xp.where(xp.abs(after) < smallest, xp.full_like(x, smallest), after)


def _isolate_atoms(edges: Array, *, xp: Namespace) -> Array:
    """Return the edges with each run of equal ones v, v, v turned into v, v+, v+: one cell holds v and nothing else."""
    before = xp.concat([xp.full_like(edges[:, :1], -xp.inf), edges[:, :-1]], axis=-1)
    return xp.where(edges == before, next_value(edges, xp=xp), edges)


def _with_reference(edges: Array, deciles: Array, rows: Array, n_fingerprints: int, *, xp: Namespace) -> Grid:
    multipliers = xp.asarray(salts(rows.shape[1]), device=device_of(rows))
    counted = _count(edges, multipliers, rows, n_fingerprints, None, xp=xp)
    grid = Grid(edges, deciles, multipliers, counted)
    return rebase(grid, merge(start(grid), counted))


def _count(
    edges: Array, multipliers: Array, rows: Array, n_fingerprints: int, mask: Array | None, *, xp: Namespace
) -> Tally:
    """Return the counts of one batch `(n, d)`."""
    n_cells = edges.shape[1] + 1
    values = xp.astype(_values(rows, xp=xp), edges.dtype, copy=False)
    missing = xp.isnan(values)
    cell = rank(edges, xp.where(missing, xp.full_like(values, xp.inf), values), side="right", xp=xp)
    cell = xp.where(missing, xp.full_like(cell, n_cells), cell)
    if mask is not None:  # rows that do not count go into a column of their own, which is cut off
        cell = xp.where(mask[None, :], cell, xp.full_like(cell, n_cells + 1))
    cells = bincount(cell, n_cells + 1 + (mask is not None), xp=xp)[:, : n_cells + 1]
    if n_fingerprints == 0:
        return Tally(cells, cells[0, :0])
    bins = xp.astype(row_bins(rows, multipliers, n_fingerprints, xp=xp), cell.dtype)
    if mask is not None:
        bins = xp.where(mask, bins, xp.full_like(bins, n_fingerprints))
    counted = bincount(bins[None, :], n_fingerprints + (mask is not None), xp=xp)[0, :n_fingerprints]
    return Tally(cells, counted)
