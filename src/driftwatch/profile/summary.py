"""A reference without its rows: what windows count on, and what a file holds (layer 3)."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from driftwatch._checks import check_count
from driftwatch.errors import ConfigError, UnknownNameError
from driftwatch.profile.frozen import FrozenBlock, freeze
from driftwatch.profile.labels import MIN_PRINTED, Codebook, LevelTally
from driftwatch.profile.points import DEFAULT_POINTS
from driftwatch.profile.projections import Projections, fit_projections

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from driftwatch.arrays.column import Levels
    from driftwatch.profile.block import NumericBlock
    from driftwatch.profile.counted import WindowCounts
    from driftwatch.profile.embedding import EmbeddingBlock

__all__ = ["Summary", "SummarySettings", "summarize"]

MIN_POINTS = 16
SALT_BYTES, MAX_SALT_BYTES = 16, 64  # what BLAKE2 takes as a key


@dataclass(frozen=True)
class SummarySettings:
    """What a summary holds of a reference, as for `Profile.fit`."""

    n_points: int | None = DEFAULT_POINTS
    min_count: int = MIN_PRINTED
    redacted: frozenset[str] = frozenset()
    salt: bytes = field(default_factory=lambda: secrets.token_bytes(SALT_BYTES))

    @classmethod
    def checked(
        cls,
        n_points: int | None,
        min_count: int,
        redact: Collection[str],
        salt: bytes | None,
        *,
        known: Sequence[str],
    ) -> SummarySettings:
        """Return the settings, or raise `ConfigError` or `UnknownNameError`."""
        if n_points is not None:
            what = f"0 for deciles only, an integer of at least {MIN_POINTS}, or None for all values"
            check_count("n_points", n_points, what, least=0 if n_points == 0 else MIN_POINTS)
        check_count("min_count", min_count, "an integer of at least 0", least=0)
        if isinstance(redact, str):
            raise ConfigError(f"`redact` must be a collection of names, got {redact!r}. Pass [{redact!r}].")
        unknown = sorted(set(redact).difference(known))
        if unknown:
            raise UnknownNameError.from_names("column in `redact`", unknown, known)
        if salt is not None and not 0 < len(salt) <= MAX_SALT_BYTES:
            raise ConfigError(f"`salt` must be 1 to {MAX_SALT_BYTES} bytes, got {len(salt)}. Leave it out.")
        chosen = None if n_points is None else int(n_points)
        drawn = secrets.token_bytes(SALT_BYTES) if salt is None else salt
        return cls(chosen, int(min_count), frozenset(redact), drawn)


@dataclass(frozen=True)
class Summary:
    """Points with the reference's counts on them, and tables of levels with the rare ones hashed.

    Parameters
    ----------
    blocks : tuple of FrozenBlock
        The numeric features.
    codebooks : mapping of str to Codebook
        The categorical and boolean features.
    levels : mapping of str to LevelTally
        The reference's levels, in the words of the codebooks.
    projections : mapping of str to Projections
        The embeddings and joint features.
    """

    blocks: tuple[FrozenBlock, ...]
    codebooks: Mapping[str, Codebook]
    levels: Mapping[str, LevelTally]
    projections: Mapping[str, Projections] = field(default_factory=dict)

    def with_reference(self, window: WindowCounts) -> Summary:
        """Return the summary with the counts of a window as those of the reference."""
        blocks = tuple(block.with_reference(own) for block, own in zip(self.blocks, window.blocks, strict=True))
        projections = {name: lines.with_reference(window.projected[name]) for name, lines in self.projections.items()}
        return Summary(blocks, self.codebooks, window.levels, projections)

    def hash(self, n_rows: int) -> str:
        """Return a fingerprint of the frame and of the reference's counts."""
        digest = hashlib.sha256(f"{self.frame} {n_rows}".encode())
        for block in (*self.blocks, *(lines.block for lines in self.projections.values())):
            for array in block.tally:
                digest.update(np.ascontiguousarray(array).tobytes())
        for lines in self.projections.values():
            for array in lines.moments:
                digest.update(array.tobytes())
        tables = {name: tally.to_dict() for name, tally in sorted(self.levels.items())}
        digest.update(json.dumps(tables).encode())
        return digest.hexdigest()

    @cached_property
    def frame(self) -> str:
        """A fingerprint of what windows count on: points and codebooks, not the reference's counts on them."""
        digest = hashlib.sha256()
        for block in self.blocks:
            digest.update("\0".join(block.names).encode("utf-8", "surrogatepass"))
            for array in block.points:
                digest.update(np.ascontiguousarray(array).tobytes())
        for name, lines in self.projections.items():
            digest.update("\0".join((name, *lines.columns)).encode("utf-8", "surrogatepass"))
            for array in (lines.levels, *lines.block.points):
                digest.update(np.ascontiguousarray(array).tobytes())
            if lines.moments.sums.size:  # windows with sums and windows without do not add
                digest.update(b"moments")
        for name in sorted(self.codebooks):
            book = self.codebooks[name]
            for part in (name, book.salt.hex(), str(book.limit), *sorted(book.printed)):
                digest.update(part.encode("utf-8", "surrogatepass") + b"\0")
        return digest.hexdigest()


def summarize(
    blocks: tuple[NumericBlock, ...],
    levels: Mapping[str, Levels],
    embeddings: Mapping[str, EmbeddingBlock],
    settings: SummarySettings,
) -> Summary:
    """Return the summary of numeric blocks, tables of levels and kept rows."""
    codebooks = {
        name: Codebook.fit(name, found, settings.salt, min_count=settings.min_count, redact=name in settings.redacted)
        for name, found in levels.items()
    }
    tables = {name: codebooks[name].tally(found) for name, found in levels.items()}
    projections = {name: fit_projections(block) for name, block in embeddings.items()}
    return Summary(
        tuple(freeze(block, settings.n_points) for block in blocks),
        codebooks,
        tables,
        {name: lines for name, lines in projections.items() if lines is not None},
    )
