"""The reference, computed once: ordered values, bins, moments and category tables of every feature (layer 3)."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch.arrays.column import Levels
from driftwatch.arrays.inference import infer_kind
from driftwatch.arrays.namespace import device_of, move_to, namespace_of, to_host
from driftwatch.arrays.schema import UNTESTED, FeatureKind, Storage
from driftwatch.arrays.table import ArrayTable
from driftwatch.errors import DriftwatchError, shown
from driftwatch.kernels._prepare import MAX_BLOCK_VALUES, Ordered, order_narrow, widened
from driftwatch.kernels.bins import ordered_bin_counts, quantile_edges
from driftwatch.kernels.ecdf import ends, moments, quantiles
from driftwatch.kernels.noise_wasserstein import BridgeMoments, bridge_moments
from driftwatch.kernels.signals import LagOne, lag_one, picks
from driftwatch.profile.embedding import MAX_ROWS, EmbeddingBlock, kept_joint_rows, kept_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from driftwatch._typing import Array
    from driftwatch.arrays.column import Column
    from driftwatch.arrays.table import Table

__all__ = [
    "DEFAULT_BINS",
    "NumericBlock",
    "Profile",
    "ReferenceFeature",
    "blocks_of",
    "in_words",
    "label_of",
    "levels_of",
    "number_flags",
]

DEFAULT_BINS = 10  # deciles, as PSI is commonly defined

HostArray = np.ndarray[Any, Any]

_NUMBERS = frozenset({Storage.NUMBER, Storage.BOOLEAN, Storage.EMPTY})
_DURATIONS = frozenset({Storage.DURATION, Storage.EMPTY})


@dataclass(frozen=True, slots=True)
class ReferenceFeature:
    """What one reference column is.

    `given` says that the user gave its kind, `problem` why it cannot be compared (None if it can).
    """

    name: str
    kind: FeatureKind
    storage: Storage
    dtype: str
    given: bool = False
    problem: str | None = None
    flags: tuple[str, ...] = ()

    @property
    def untested_reason(self) -> str | None:
        """Why a feature of this kind is reported and not tested; None if it is tested."""
        if self.kind is FeatureKind.UNSUPPORTED:
            what = "values of several types" if self.storage is Storage.MIXED else "nested or binary values"
            return f"{what} ({self.dtype}) are not compared; convert the column, or give its kind"
        return UNTESTED.get(self.kind)

    def type_change(self, storage: Storage, dtype: str) -> str | None:
        """Return why current values of this storage cannot be compared with the reference; None if they can be."""
        if self._accepts(storage):
            return None
        return (
            f"the type changed: reference holds {self.storage} ({self.dtype}), current holds {storage} ({dtype}); "
            "convert one side"
        )

    def _accepts(self, storage: Storage) -> bool:
        if self.kind is FeatureKind.NUMERIC:
            if self.storage is Storage.EMPTY:
                return storage in _NUMBERS | _DURATIONS
            return storage in (_DURATIONS if self.storage is Storage.DURATION else _NUMBERS)
        if self.kind is FeatureKind.EMBEDDING:
            return storage is Storage.VECTOR
        if self.given or Storage.EMPTY in {self.storage, storage}:
            return storage not in {Storage.NESTED, Storage.VECTOR}
        return storage is self.storage


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
        if self._derived is None:
            with np.errstate(over="ignore", invalid="ignore"):  # not finite where the values are not
                return bridge_moments(self.ordered, xp=self.xp)
        origin, positions = self._derived[0].bridge, self._positions
        return origin if positions is None else BridgeMoments(*(x[list(positions)] for x in origin))

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


@dataclass(frozen=True)
class Profile:
    """A frozen reference. `Profile.fit` sorts, bins and counts; nothing that comes later does it again.

    Parameters
    ----------
    n_rows : int
        Number of reference rows.
    features : mapping of str to ReferenceFeature
        Every feature in the order of the reference.
    blocks : tuple of NumericBlock
        The numeric features.
    levels : mapping of str to Levels
        Level counts of the categorical and boolean features.
    missing : mapping of str to int
        Missing values of every feature that could be read.
    embeddings : mapping of str to EmbeddingBlock
        The embeddings and joint features.
    joint : mapping of str to tuple of str
        What each joint feature is made of.
    max_embedding_rows : int
        Rows that are kept of each embedding and joint feature.
    """

    n_rows: int
    features: Mapping[str, ReferenceFeature]
    blocks: tuple[NumericBlock, ...]
    levels: Mapping[str, Levels]
    missing: Mapping[str, int]
    embeddings: Mapping[str, EmbeddingBlock] = field(default_factory=dict)
    joint: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    max_embedding_rows: int = MAX_ROWS

    @classmethod
    def fit(
        cls,
        table: Table,
        *,
        kinds: Mapping[str, FeatureKind] | None = None,
        names: Sequence[str] | None = None,
        block_size: int | None = None,
        joint: Mapping[str, Sequence[str] | None] | None = None,
        apart: Collection[str] = (),
        max_embedding_rows: int = MAX_ROWS,
    ) -> Profile:
        """Compute the profile of a reference table.

        Parameters
        ----------
        table : Table
            The reference, as `read_table` returns it.
        kinds : mapping of str to FeatureKind, optional
            Kinds given by the user; the others are inferred.
        names : sequence of str, optional
            Features to keep, all by default.
        block_size : int, optional
            Values that are read and sorted at a time, as for `blocks_of`.
        joint : mapping of str to sequence of str, optional
            Further features by name, each made of numeric features; None for all of them but those `apart`.
        max_embedding_rows : int
            Rows that are kept of each embedding and joint feature.
        """
        features: dict[str, ReferenceFeature] = {}
        levels: dict[str, Levels] = {}
        missing: dict[str, int] = {}
        numeric: list[str] = []
        embeddings: dict[str, EmbeddingBlock] = {}
        for name in table.names if names is None else names:
            feature, counted = _read_feature(table, name, (kinds or {}).get(name))
            features[name] = feature
            if counted is not None:
                missing[name] = counted.n_missing
                if feature.kind not in UNTESTED:
                    levels[name] = counted
            elif feature.problem is None and feature.kind is FeatureKind.NUMERIC:
                numeric.append(name)
            elif feature.problem is None and feature.kind is FeatureKind.EMBEDDING:
                embeddings[name] = EmbeddingBlock(name, kept_rows(table.rows(name), max_embedding_rows))
                missing[name] = embeddings[name].kept.n_missing
            else:
                missing[name] = table.column(name).n_missing()

        blocks = []
        problems: dict[str, str] = {}
        for chosen, values in blocks_of(table, numeric, problems, block_size=block_size):
            block = NumericBlock.fit(chosen, values)
            block.bins(DEFAULT_BINS)
            missing |= dict(zip(chosen, (table.n_rows - block.n_valid).tolist(), strict=True))
            blocks.append(block)
        features |= {name: replace(features[name], problem=problem) for name, problem in problems.items()}
        readable = tuple(name for name in numeric if name not in problems and name not in apart)
        members = {name: readable if columns is None else tuple(columns) for name, columns in (joint or {}).items()}
        for name, columns in members.items():
            features[name], made = _joint(table, name, columns, features, max_embedding_rows)
            if made is not None:
                embeddings[name], missing[name] = made, made.kept.n_missing
        return cls(table.n_rows, features, tuple(blocks), levels, missing, embeddings, members, max_embedding_rows)

    @cached_property
    def hash(self) -> str:
        """A fingerprint of the reference: kinds, counts, bins and moments, not the rows themselves."""
        digest = hashlib.sha256()
        described = [(f.name, f.kind, self.missing.get(f.name)) for f in self.features.values()]
        tables = {name: sorted(levels.counts.items()) for name, levels in self.levels.items()}
        digest.update(json.dumps([self.n_rows, described, tables]).encode())
        described_blocks = [
            (*block.bins(DEFAULT_BINS), block.mean, block.std, block.low, block.high) for block in self.blocks
        ]
        for embedding in self.embeddings.values():
            digest.update(embedding.fingerprint())
        for arrays in zip(*described_blocks, strict=True):  # joined, so that the width of a block does not show
            digest.update(np.concatenate([to_host(array) for array in arrays]).tobytes())
        return digest.hexdigest()


def _read_feature(table: Table, name: str, given: FeatureKind | None) -> tuple[ReferenceFeature, Levels | None]:
    """Return what a reference column is, and its levels where they were counted."""
    storage, dtype = table.storage_of(name), table.dtype_of(name)
    kind, counted = given or FeatureKind.NUMERIC, None
    flags: tuple[str, ...] = ()
    if isinstance(table, ArrayTable) and kind is FeatureKind.NUMERIC:
        return ReferenceFeature(name, kind, storage, dtype, given is not None, flags=number_flags(table, name)), None
    column = table.column(name)
    try:
        if given is None:
            kind, counted = infer_kind(column)
        if kind is FeatureKind.NUMERIC:
            column.require_numbers()
            flags = number_flags(table, name)
        elif kind is FeatureKind.EMBEDDING:
            table.rows(name)
        elif kind not in UNTESTED:
            counted = levels_of(column, kind) if counted is None else counted
    except Exception as error:  # noqa: BLE001 - one unreadable column must not cost the report
        return ReferenceFeature(name, kind, storage, dtype, given is not None, in_words(error)), None
    return ReferenceFeature(name, kind, storage, dtype, given is not None, flags=flags), counted


def _joint(
    table: Table,
    name: str,
    columns: tuple[str, ...],
    features: Mapping[str, ReferenceFeature],
    max_rows: int,
) -> tuple[ReferenceFeature, EmbeddingBlock | None]:
    """Return a feature made of numeric columns, and its rows unless one of them cannot be used."""
    feature = ReferenceFeature(name, FeatureKind.JOINT, Storage.VECTOR, f"{len(columns)} features", given=True)
    if len(columns) < 2:
        return replace(feature, problem="a joint feature is made of at least two numeric features"), None
    unusable = [c for c in columns if features[c].kind is not FeatureKind.NUMERIC or features[c].problem is not None]
    if unusable:
        what = f"a joint feature is made of numeric features that can be read, which {shown(unusable)} is not"
        return replace(feature, problem=what), None
    return feature, EmbeddingBlock(name, kept_joint_rows(table, columns, max_rows), columns)


def number_flags(table: Table, name: str) -> tuple[str, ...]:
    """Return the flags of a numeric column."""
    return ("rounded_integers",) if table.is_rounded(name) else ()


_TRUTH = {"0": "False", "1": "True"}


def label_of(label: str, kind: FeatureKind) -> str:
    """Return the label of a level: of a boolean feature 0 and 1 are False and True, which formats do not keep apart."""
    return _TRUTH.get(label, label) if kind is FeatureKind.BOOLEAN else label


def levels_of(column: Column, kind: FeatureKind) -> Levels:
    """Return the levels of a column of this kind."""
    levels = column.levels()
    if kind is not FeatureKind.BOOLEAN:
        return levels
    counts: Counter[str] = Counter()
    for label, count in levels.counts.items():
        counts[label_of(label, kind)] += count
    return Levels(dict(counts), levels.n_missing)


def in_words(error: Exception) -> str:
    """Return the reason that a report gives for a column that raised."""
    return str(error) if isinstance(error, DriftwatchError) else f"could not be read: {type(error).__name__}: {error}"


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
