"""Embeddings and joint features in a check: which columns they are made of, and what can go wrong (layer 4)."""

from __future__ import annotations

from numbers import Integral
from typing import TYPE_CHECKING, Any

from driftwatch.errors import ConfigError, UnknownNameError, shown
from driftwatch.profile.embedding import EmbeddingSample, kept_joint_rows, kept_rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from driftwatch.arrays.table import Table
    from driftwatch.profile.embedding import EmbeddingBlock
    from driftwatch.profile.profile import Profile

__all__ = ["among", "checked_rows", "embedding_sample", "joint_columns", "joint_problem"]

DEFAULT_NAME = "joint"
MIN_ROWS = 10  # a test of fewer rows than this on each side finds nothing


def checked_rows(max_embedding_rows: Any) -> int:
    """Return the limit of rows if it is one.

    Raises
    ------
    ConfigError
        If it is no whole number, or too small for any test.
    """
    if isinstance(max_embedding_rows, bool) or not isinstance(max_embedding_rows, Integral):
        raise ConfigError(f"`max_embedding_rows` must be an integer, got {max_embedding_rows!r}.")
    if max_embedding_rows < MIN_ROWS:
        raise ConfigError(f"`max_embedding_rows` must be at least {MIN_ROWS}, got {max_embedding_rows!r}.")
    return int(max_embedding_rows)


def joint_columns(joint: Any, known: Sequence[str]) -> dict[str, list[str] | None]:
    """Return the columns of each joint feature by its name; None for all numeric ones.

    Raises
    ------
    ConfigError
        If the setting is neither a boolean nor a mapping to names, or a name is taken by a column.
    UnknownNameError
        If a column does not exist.
    """
    if joint is None or joint is False:
        return {}
    if joint is True:
        joint = {DEFAULT_NAME: None}
    elif not hasattr(joint, "items") or any(
        isinstance(columns, str) or not hasattr(columns, "__iter__") for columns in joint.values()
    ):
        raise ConfigError(f"`joint` must be True or a mapping of names to sequences of columns, got {joint!r}.")
    chosen = {
        str(name): None if columns is None else list(dict.fromkeys(map(str, columns)))
        for name, columns in joint.items()
    }
    taken = sorted(chosen.keys() & set(known))
    if taken:
        raise ConfigError(f"`joint` features need names that no column has, got {shown(taken)}. Name them otherwise.")
    for name, columns in chosen.items():
        unknown = [column for column in columns or () if column not in set(known)]
        if unknown:
            raise UnknownNameError.from_names(f"column in `joint[{name!r}]`", unknown, known)
        if columns is not None and len(columns) < 2:
            raise ConfigError(f"`joint[{name!r}]` must name at least two columns, got {columns!r}.")
    return chosen


def among(joint: Mapping[str, list[str] | None], chosen: Sequence[str]) -> dict[str, list[str] | None]:
    """Return the joint features with all their columns among the features that are compared.

    Raises
    ------
    ConfigError
        If one is made of a column that is left out.
    """
    for name, columns in joint.items():
        left_out = [column for column in columns or () if column not in set(chosen)]
        if left_out:
            raise ConfigError(
                f"`joint[{name!r}]` is made of columns that are not compared: {shown(left_out)}. Add them to "
                "`features`, or leave them out of it."
            )
    return dict(joint)


def joint_problem(profile: Profile, columns: Sequence[str], table: Table) -> str | None:
    """Return why a joint feature cannot be made of current data, or None."""
    present = set(table.names)
    absent = [name for name in columns if name not in present]
    if absent:
        return f"current has no {shown(absent)}, which the joint feature is made of"
    changed = [
        name
        for name in columns
        if profile.features[name].type_change(table.storage_of(name), table.dtype_of(name)) is not None
    ]
    return f"the type of {shown(changed)} changed, which the joint feature is made of" if changed else None


def embedding_sample(
    block: EmbeddingBlock, table: Table, max_rows: int, *, finest_level: float | None
) -> EmbeddingSample:
    """Return the current rows of an embedding or joint feature beside those of the reference."""
    kept = (
        kept_joint_rows(table, block.columns, max_rows)
        if block.columns
        else kept_rows(table.rows(block.name), max_rows)
    )
    return EmbeddingSample(block, kept, finest_level=finest_level)
