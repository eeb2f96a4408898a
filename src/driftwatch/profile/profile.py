"""The reference, computed once: ordered values, bins, moments and category tables of every feature (layer 3)."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from driftwatch.arrays.namespace import to_host
from driftwatch.arrays.schema import UNTESTED, FeatureKind, Storage
from driftwatch.errors import shown
from driftwatch.profile.block import DEFAULT_BINS, NumericBlock, blocks_of
from driftwatch.profile.embedding import MAX_ROWS, EmbeddingBlock, kept_joint_rows, kept_rows
from driftwatch.profile.feature import ReferenceFeature, read_feature

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from driftwatch.arrays.column import Levels
    from driftwatch.arrays.table import Table

__all__ = ["Profile"]


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
            feature, counted = read_feature(table, name, (kinds or {}).get(name))
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
