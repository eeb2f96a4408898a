"""What a window has counted, and how it adds (layer 3)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from driftwatch.arrays.schema import UNTESTED, FeatureKind, Storage
from driftwatch.arrays.table import ArrayTable
from driftwatch.errors import InputError, shown
from driftwatch.profile.block import blocks_of
from driftwatch.profile.cells import CellTally, count_deciles, merge_cells, no_values, put_deciles
from driftwatch.profile.feature import in_words, levels_of
from driftwatch.profile.labels import LevelTally, merge_levels
from driftwatch.profile.projections import ProjectedTally, merge_projected

if TYPE_CHECKING:
    from collections.abc import Mapping

    from driftwatch.arrays.table import Table
    from driftwatch.profile.frozen import FrozenBlock
    from driftwatch.profile.profile import Profile

__all__ = ["WindowCounts", "count", "merge", "nothing"]

MAX_UNKNOWN = 1000  # names of columns that the reference has not: the smallest ones are kept


@dataclass(frozen=True)
class WindowCounts:
    """What a window has counted; never changed, only replaced.

    Parameters
    ----------
    n_rows : int
    rows, missing : mapping of str to int
        By feature: rows of the batches that had the column, and missing values among them.
    blocks : tuple of CellTally
        Numeric features, block by block as in the profile's summary.
    levels : mapping of str to LevelTally
        Categorical and boolean features.
    projected : mapping of str to ProjectedTally
        Embeddings and joint features.
    problems : mapping of str to str
        Why a column could not be counted in some batch.
    unknown : frozenset of str
        Columns that the reference has not.
    """

    n_rows: int
    rows: Mapping[str, int]
    missing: Mapping[str, int]
    blocks: tuple[CellTally, ...]
    levels: Mapping[str, LevelTally]
    projected: Mapping[str, ProjectedTally]
    problems: Mapping[str, str] = field(default_factory=dict)
    unknown: frozenset[str] = frozenset()


def nothing(profile: Profile) -> WindowCounts:
    """Return the counts of no rows."""
    summary = profile.summary
    return WindowCounts(
        0,
        {},
        {},
        tuple(no_values(block.points) for block in summary.blocks),
        {name: LevelTally({}) for name in summary.codebooks},
        {name: lines.nothing() for name, lines in summary.projections.items()},
    )


def count(profile: Profile, table: Table) -> WindowCounts:
    """Return the counts of one table."""
    unknown = frozenset(name for name in table.names if name not in profile.known)
    if table.n_rows == 0:  # the columns of an empty partition may be of any type
        return replace(nothing(profile), unknown=unknown)
    rows: dict[str, int] = {}
    missing: dict[str, int] = {}
    problems: dict[str, str] = {}
    present = [name for name in table.names if name in profile.features]
    for name in present:
        rows[name] = table.n_rows
        reason = profile.features[name].type_change(table.storage_of(name), table.dtype_of(name))
        if reason is not None and not _is_only_counted(profile, name) and not _lacks_vectors(profile, table, name):
            problems[name] = reason
    readable = {name for name in present if name not in problems}
    levels = {}
    for name in present:
        if name in profile.summary.codebooks and name in readable:
            try:
                found = levels_of(table.column(name), profile.features[name].kind)
                levels[name] = profile.summary.codebooks[name].tally(found)
            except Exception as error:  # noqa: BLE001 - one unreadable column must not cost the window
                problems[name] = in_words(error)
        elif _is_only_counted(profile, name):
            missing[name] = table.column(name).n_missing()
    frozen = profile.summary.blocks
    if all(block.counts_only for block in frozen):
        blocks = _counted_deciles(frozen, table, readable, problems)
    else:
        blocks = tuple(_counted_block(block, table, readable, problems) for block in frozen)
    projected = _projected(profile, table, rows, problems)
    return WindowCounts(table.n_rows, rows, missing, blocks, levels, projected, problems, unknown)


def _is_only_counted(profile: Profile, name: str) -> bool:
    feature = profile.features[name]
    return feature.problem is not None or feature.kind in UNTESTED


def _lacks_vectors(profile: Profile, table: Table, name: str) -> bool:
    """Return whether every vector of an embedding is missing, so that nothing says that it is one."""
    column_of_none = (
        profile.features[name].kind is FeatureKind.EMBEDDING and table.storage_of(name) is not Storage.VECTOR
    )
    return column_of_none and table.column(name).n_missing() == table.n_rows


def _counted_deciles(
    frozen: tuple[FrozenBlock, ...], table: Table, readable: set[str], problems: dict[str, str]
) -> tuple[CellTally, ...]:
    """Return the counts of all blocks: of an array all columns at once, as a few of them are slow to read row by row."""
    counted = tuple(no_values(block.points) for block in frozen)
    places = {name: (i, row) for i, block in enumerate(frozen) for row, name in enumerate(block.names)}
    names = [name for name in table.names if name in places and name in readable]
    block_size = table.n_rows * len(names) if isinstance(table, ArrayTable) else None  # of columns a block is a copy
    for chosen, values in blocks_of(table, names, problems, block_size=block_size):
        blocks, rows = np.asarray([places[name] for name in chosen]).T
        edges = np.stack([frozen[i].points.deciles[row] for i, row in zip(blocks, rows, strict=True)])
        counts, missing = count_deciles(edges, values)
        for i in np.unique(blocks).tolist():
            own = np.flatnonzero(blocks == i)
            at = rows[own].tolist()
            counted[i].missing[at] = missing[own]
            put_deciles(counted[i], at, frozen[i].cells.decile_positions, counts[own])
    return counted


def _counted_block(block: FrozenBlock, table: Table, readable: set[str], problems: dict[str, str]) -> CellTally:
    position = {name: row for row, name in enumerate(block.names)}
    counted = no_values(block.points)
    for chosen, values in blocks_of(table, [name for name in block.names if name in readable], problems):
        at = [position[name] for name in chosen]
        part = block.select(at).count(values)
        for whole, array in zip(counted, part, strict=True):
            whole[at] = array
    return counted


def _projected(
    profile: Profile, table: Table, rows: dict[str, int], problems: dict[str, str]
) -> dict[str, ProjectedTally]:
    """Return the counts of embeddings, and of joint features all of whose columns are there."""
    found: dict[str, ProjectedTally] = {}
    for name, lines in profile.summary.projections.items():
        needed = lines.columns or (name,)
        if not all(column in rows for column in needed):
            continue
        unreadable = [column for column in needed if column in problems]
        rows[name] = table.n_rows
        try:
            if unreadable:
                raise InputError(f"{shown(unreadable)} cannot be read")  # noqa: TRY301 - handled as what follows is
            if not lines.columns and _lacks_vectors(profile, table, name):
                found[name] = lines.nothing()._replace(n_missing=table.n_rows)
            else:
                found[name] = lines.tally(lines.rows_of(table))
        except Exception as error:  # noqa: BLE001 - one unreadable column must not cost the window
            problems.setdefault(name, in_words(error))
    return found


def merge(a: WindowCounts, b: WindowCounts, profile: Profile) -> WindowCounts:
    """Return the counts of the rows of both, whatever their order."""
    books = profile.summary.codebooks
    levels = {name: merge_levels(a.levels[name], b.levels[name], books[name]) for name in books if name in b.levels}
    problems = dict(a.problems)
    for name, reason in b.problems.items():
        problems[name] = min(problems.get(name, reason), reason)
    return WindowCounts(
        a.n_rows + b.n_rows,
        _added(a.rows, b.rows),
        _added(a.missing, b.missing),
        tuple(merge_cells(x, y) for x, y in zip(a.blocks, b.blocks, strict=True)),
        {**a.levels, **levels},
        {**a.projected, **{name: merge_projected(a.projected[name], own) for name, own in b.projected.items()}},
        problems,
        frozenset(sorted(a.unknown | b.unknown)[:MAX_UNKNOWN]),
    )


def _added(a: Mapping[str, int], b: Mapping[str, int]) -> dict[str, int]:
    both = Counter(a)
    both.update(b)
    return dict(both)
