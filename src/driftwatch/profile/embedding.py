"""Embeddings: the reference's rows, kept up to a limit, and current rows beside them (layer 3)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import numpy as np

from driftwatch.arrays.namespace import device_of, move_to, namespace_of, statistic_dtype, to_host
from driftwatch.arrays.schema import FeatureKind
from driftwatch.errors import ConfigError, InputError
from driftwatch.kernels._row_pairs import complete_rows
from driftwatch.ops import rank, sort_last
from driftwatch.profile.sample import Sample

if TYPE_CHECKING:
    from collections.abc import Sequence

    from driftwatch._typing import Array, Namespace
    from driftwatch.arrays.table import Table

__all__ = ["MAX_ROWS", "EmbeddingBlock", "EmbeddingSample", "KeptRows", "kept_joint_rows", "kept_rows"]

MAX_ROWS = 2000  # on each side: a permutation test on n + m rows takes (n + m)² steps
THINNING_SEED = 0x5EED  # apart from the seeds of detectors: which rows are kept must not follow from their draws

HostArray = np.ndarray[Any, Any]


class KeptRows(NamedTuple):
    """Complete rows `(k, d)`, at most as many as were asked for, and how many rows were complete and not."""

    rows: Array
    n_valid: int
    n_missing: int


def kept_rows(rows: Array, max_rows: int = MAX_ROWS) -> KeptRows:
    """Return the rows `(n, d)` without missing or infinite values, or a seeded sample of `max_rows` of them."""
    xp = namespace_of(rows)
    complete, n_missing = complete_rows(rows, xp=xp)
    n_valid = int(complete.shape[0])
    if n_valid > max_rows:
        complete = xp.take(complete, _drawn(n_valid, max_rows, like=complete, xp=xp), axis=0)
    return KeptRows(complete, n_valid, n_missing)


def kept_joint_rows(table: Table, columns: Sequence[str], max_rows: int = MAX_ROWS) -> KeptRows:
    """Return the complete rows of some numeric columns as `kept_rows` does, one column in memory at a time."""
    first = table.block(columns[:1])
    xp = namespace_of(first)
    incomplete = xp.zeros((table.n_rows,), dtype=xp.bool, device=device_of(first))
    for name in columns:
        column = table.block([name])[0, :]
        if xp.isdtype(column.dtype, "real floating"):
            incomplete = incomplete | ~xp.isfinite(column)
    n_missing = int(to_host(xp.count_nonzero(incomplete)))
    n_valid = table.n_rows - n_missing
    chosen = xp.argsort(xp.astype(incomplete, xp.int32), stable=True)[:n_valid]
    if n_valid > max_rows:
        chosen = xp.take(chosen, _drawn(n_valid, max_rows, like=first, xp=xp))
    kept = [xp.take(table.block([name])[0, :], chosen) for name in columns]
    widest = xp.result_type(*(column.dtype for column in kept))
    return KeptRows(xp.stack([xp.astype(column, widest) for column in kept], axis=1), n_valid, n_missing)


def _drawn(n: int, k: int, *, like: Array, xp: Namespace) -> Array:
    """Return k of n positions, drawn without replacement with a fixed seed, ascending."""
    chosen = np.sort(np.random.default_rng(THINNING_SEED).permutation(n)[:k])
    return xp.asarray(chosen, device=device_of(like))


@dataclass(frozen=True, eq=False)
class EmbeddingBlock:
    """The reference rows of one embedding or joint feature.

    Parameters
    ----------
    name : str
    kept : KeptRows
        Complete rows, at most as many as were asked for.
    columns : tuple of str
        The numeric features that a joint feature is made of; empty for an embedding.
    """

    name: str
    kept: KeptRows
    columns: tuple[str, ...] = ()
    _copies: dict[tuple[str, str], Array] = field(default_factory=dict, repr=False)

    @property
    def n_dimensions(self) -> int:
        """Length of a row."""
        return int(self.kept.rows.shape[1])

    def rows_like(self, like: Array) -> Array:
        """Return the rows in the library and on the device of `like`; a copy is kept for each."""
        rows, xp, device = self.kept.rows, namespace_of(like), device_of(like)
        if namespace_of(rows) is xp and device_of(rows) == device:
            return rows
        place = (xp.__name__, str(device))
        if place not in self._copies:
            self._copies[place] = move_to(rows, like=like)
        return self._copies[place]

    def fingerprint(self) -> bytes:
        """Return bytes that tell one reference from another: counts and the mean of every dimension."""
        rows, n_valid, n_missing = self.kept
        xp = namespace_of(rows)
        mean = np.zeros(0)
        if rows.shape[0]:
            wide = rows if xp.isdtype(rows.dtype, "real floating") else xp.astype(rows, xp.float32)
            mean = to_host(xp.mean(wide, axis=0)).astype(np.float64)
        return repr((self.name, n_valid, n_missing, self.columns)).encode() + mean.tobytes()


class EmbeddingSample(Sample):
    """One embedding or joint feature: complete rows of both sides, at most as many as the profile keeps.

    Parameters
    ----------
    reference : EmbeddingBlock
        The block of the profile.
    current : KeptRows
    finest_level : float, optional
        The level that the smallest p-value of the report is held against, which its number of features makes small.

    Attributes
    ----------
    reference_rows, current_rows : array, shape (k, d)
        What detectors read. Of a joint feature they are the ranks of each column over both sides, from -1 to 1: its
        columns have units and tails of their own, and a rank is the same function of both sides, as a permutation
        test wants it.

    is_joint : bool

    Raises
    ------
    InputError
        If the rows are not of the reference's length.
    """

    kind = FeatureKind.EMBEDDING
    holds = frozenset({"rows"})

    def __init__(self, reference: EmbeddingBlock, current: KeptRows, *, finest_level: float | None = None) -> None:
        d = int(current.rows.shape[1])
        if d != reference.n_dimensions:
            raise InputError(
                f"its rows have {d} dimensions, those of the reference {reference.n_dimensions}; embed both sides "
                "with one model"
            )
        self.xp = namespace_of(current.rows)
        self.names = (reference.name,)
        self.is_joint = bool(reference.columns)
        self.finest_level = finest_level
        self.tests_missing = not self.is_joint  # each feature of a joint one is tested for that by itself
        self.reference_rows, self.current_rows = reference.rows_like(current.rows), current.rows
        if self.is_joint:
            self.reference_rows, self.current_rows = _pooled_ranks(self.reference_rows, self.current_rows, xp=self.xp)
        self.n_reference, self.missing_reference = (_count(n) for n in reference.kept[1:])
        self.n_current, self.missing_current = (_count(n) for n in current[1:])

    @property
    def is_thinned(self) -> bool:
        """Whether detectors see fewer rows than there are."""
        seen = int(self.reference_rows.shape[0]), int(self.current_rows.shape[0])
        return seen != (int(self.n_reference[0]), int(self.n_current[0]))

    def counts(self, n_bins: int) -> NoReturn:  # noqa: ARG002 - the contract of a sample
        raise ConfigError("an embedding has no bins. Use a detector that needs rows.")


def _pooled_ranks(reference: Array, current: Array, *, xp: Namespace) -> tuple[Array, Array]:
    """Return the mid-ranks of every column over both sides, scaled to [-1, 1]."""
    dtype = xp.result_type(reference.dtype, current.dtype)
    pooled = xp.concat([xp.astype(x, dtype, copy=False) for x in (reference, current)], axis=0)
    columns = xp.permute_dims(pooled, (1, 0))
    ordered = sort_last(columns, xp=xp)[0]
    wide = statistic_dtype(xp, device_of(pooled))
    twice = xp.astype(rank(ordered, columns, side="left", xp=xp) + rank(ordered, columns, side="right", xp=xp), wide)
    scaled = xp.permute_dims(twice / pooled.shape[0] - 1.0, (1, 0))
    return scaled[: reference.shape[0], :], scaled[reference.shape[0] :, :]


def _count(n: int) -> HostArray:
    return np.asarray([n], dtype=np.int64)
