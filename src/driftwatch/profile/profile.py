"""The reference, computed once: ordered values, bins, moments and category tables of every feature (layer 3)."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch.arrays.namespace import to_host
from driftwatch.arrays.schema import UNTESTED, FeatureKind, Storage
from driftwatch.arrays.table import read_table
from driftwatch.errors import InputError, UnknownNameError, shown
from driftwatch.profile import archive
from driftwatch.profile.batched import fit_batches, with_problems
from driftwatch.profile.block import DEFAULT_BINS, NumericBlock, blocks_of
from driftwatch.profile.embedding import MAX_ROWS, EmbeddingBlock, kept_joint_rows, kept_rows
from driftwatch.profile.feature import ReferenceFeature, read_feature
from driftwatch.profile.labels import MIN_PRINTED
from driftwatch.profile.lineage import Accepted, accepted_now
from driftwatch.profile.overview import describe, diff
from driftwatch.profile.points import DEFAULT_POINTS
from driftwatch.profile.profile_file import PROFILE_FORMATS, profile_archive, profile_of
from driftwatch.profile.summary import Summary, SummarySettings, summarize

if TYPE_CHECKING:
    import os
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from driftwatch.arrays.column import Levels
    from driftwatch.arrays.table import Table
    from driftwatch.profile.counted import WindowCounts
    from driftwatch.profile.window import Window

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
    known : frozenset of str
        Every column of the reference, those that are not compared too.
    settings : SummarySettings
        What windows and files hold of it.
    without_rows : Summary, optional
        Given for a profile that has no rows: one that was loaded, or made of a window. It has no `blocks` then.
    history : tuple of Accepted
        Windows that took the place of the reference, oldest first.
    calibration : mapping, optional
        What `Monitor.calibrate` found on the rows, as plain data: monitors of this profile go by it.

    Examples
    --------
    >>> import numpy as np
    >>> profile = Profile.fit({"age": np.arange(100.0), "city": ["Rome", "Oslo"] * 50})
    >>> profile.describe()["age"]["median"]
    49.5
    """

    n_rows: int
    features: Mapping[str, ReferenceFeature]
    blocks: tuple[NumericBlock, ...]
    levels: Mapping[str, Levels]
    missing: Mapping[str, int]
    embeddings: Mapping[str, EmbeddingBlock] = field(default_factory=dict)
    joint: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    max_embedding_rows: int = MAX_ROWS
    known: frozenset[str] = frozenset()
    settings: SummarySettings = field(default_factory=SummarySettings)
    without_rows: Summary | None = None
    history: tuple[Accepted, ...] = ()
    calibration: Mapping[str, Any] | None = None

    @classmethod
    def fit(
        cls,
        reference: Any,
        *,
        kinds: Mapping[str, FeatureKind | str] | None = None,
        names: Sequence[str] | None = None,
        block_size: int | None = None,
        joint: Mapping[str, Sequence[str] | None] | None = None,
        apart: Collection[str] = (),
        max_embedding_rows: int = MAX_ROWS,
        n_points: int | None = DEFAULT_POINTS,
        min_count: int = MIN_PRINTED,
        redact: Collection[str] = (),
        salt: bytes | None = None,
    ) -> Profile:
        """Compute the profile of a reference.

        Parameters
        ----------
        reference : anything tabular
            As for `Monitor`, shape `(n_samples, n_features)`.
        kinds : mapping of str to FeatureKind or str, optional
            Kinds given by the user; the others are inferred.
        names : sequence of str, optional
            Features to keep, all by default.
        block_size : int, optional
            Values that are read and sorted at a time, as for `blocks_of`.
        joint : mapping of str to sequence of str, optional
            Further features by name, each made of numeric features; None for all of them but those `apart`.
        max_embedding_rows : int
            Rows that are kept of each embedding and joint feature.
        n_points : int or None
            Values of a numeric feature that windows and files hold: all of them where there are no more distinct ones,
            else so many of equal mass, with an error bound. None holds all, which is the column itself. 0 holds the
            deciles only: counting is several times as fast, and statistics of counts are all that there is.
        min_count : int
            Rows from which on the label of a category stands in the clear in windows and files; a rarer one, and one that
            the reference has not, is a salted hash.
        redact : collection of str
            Features of which no label stands in the clear.
        salt : bytes, optional
            Up to 64 bytes; random by default, so that hashes of one profile say nothing about those of another.

        Raises
        ------
        InputError, InputTypeError
            If the reference cannot be read as a table.
        UnknownNameError
            If `redact`, `kinds` or `names` name something that is not there.
        ConfigError
            If another argument is out of range.
        """
        table = read_table(reference, role="reference")
        settings = SummarySettings.checked(n_points, min_count, redact, salt, known=table.names)
        given = {
            name: kind if isinstance(kind, FeatureKind) else FeatureKind.parse(kind)
            for name, kind in (kinds or {}).items()
        }
        _check_columns("kinds", given, [*table.names, *(joint or {})])
        _check_columns("names", names or (), table.names)
        features: dict[str, ReferenceFeature] = {}
        levels: dict[str, Levels] = {}
        missing: dict[str, int] = {}
        numeric: list[str] = []
        embeddings: dict[str, EmbeddingBlock] = {}
        for name in table.names if names is None else names:
            feature, counted = read_feature(table, name, given.get(name))
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
        return cls(
            table.n_rows,
            features,
            tuple(blocks),
            levels,
            missing,
            embeddings,
            members,
            max_embedding_rows,
            frozenset(table.names),
            settings,
        )

    @classmethod
    def fit_batches(
        cls,
        batches: Iterable[Any],
        *,
        sample: Any = None,
        kinds: Mapping[str, FeatureKind | str] | None = None,
        names: Sequence[str] | None = None,
        joint: Mapping[str, Sequence[str] | None] | None = None,
        n_points: int | None = DEFAULT_POINTS,
        min_count: int = MIN_PRINTED,
        redact: Collection[str] = (),
        salt: bytes | None = None,
    ) -> Profile:
        """Compute the profile of a reference that is larger than memory, in one pass over its batches.

        What a saved profile would hold of it: counts and no rows. Kinds, points, deciles and the labels that stand in
        the clear are those of a sample; then every row is counted on them.

        Parameters
        ----------
        batches : iterable of anything tabular
            All rows, each batch as `Window.update` takes it. One at a time is held.
        sample : anything tabular, optional
            Rows of the whole, the more alike it the better: some 100,000 drawn at random. By default the first batch that
            has rows, which is enough where the order of the rows says nothing.
        kinds, names, joint, n_points, min_count, redact, salt
            As for `fit`.

        Raises
        ------
        InputError, InputTypeError
            If a batch cannot be read as a table, or there is no row.
        ConfigError, UnknownNameError
            If another argument is out of range, or names something that the sample has not.

        Notes
        -----
        Counts at the points are exact whatever the sample was, and so is every statistic of the bins and of the levels.
        The error bounds of KS and Wasserstein follow from the counts between the points, so that they hold for every
        sample too; a sample that is unlike the whole makes them wider, and bins of unequal mass. This is why no
        quantile sketch is needed: its merged error would have to be believed, and this one is counted. Moments
        are those of the sums, the median the nearest point.

        A column whose values cannot be read in some batch has no reference, and says why.

        Examples
        --------
        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> days = ({"age": rng.normal(40, 9, 5000)} for _ in range(20))
        >>> Profile.fit_batches(days).n_rows
        100000
        """

        def fit(rows: Any) -> Profile:
            return cls.fit(
                rows,
                kinds=kinds,
                names=names,
                joint=joint,
                n_points=n_points,
                min_count=min_count,
                redact=redact,
                salt=salt,
            )

        return fit_batches(batches, sample, fit, every_column=names is None)

    @property
    def has_rows(self) -> bool:
        """Whether the ordered values are at hand, so that current data are compared as they are and not as counts."""
        return self.without_rows is None

    @cached_property
    def summary(self) -> Summary:
        """What windows count on, and what a file holds."""
        if self.without_rows is not None:
            return self.without_rows
        return summarize(self.blocks, self.levels, self.embeddings, self.settings)

    def with_reference(self, window: WindowCounts) -> Profile:
        """Return the profile that has the counts of a window as its reference, on the same points and levels."""
        summary = self.summary.with_reference(window)
        missing = {**dict.fromkeys(self.missing, 0), **window.missing}
        for block in summary.blocks:
            missing |= dict(zip(block.names, block.tally.missing.tolist(), strict=True))
        missing |= {name: tally.missing for name, tally in summary.levels.items()}
        return replace(
            self,
            n_rows=window.n_rows,
            blocks=(),
            levels={name: tally.levels() for name, tally in summary.levels.items()},
            missing=missing,
            embeddings={},
            without_rows=summary,
        )

    @property
    def version(self) -> int:
        """1 as it was fitted, and one more for each change of the reference."""
        return self.history[-1].version if self.history else 1

    def accept(self, window: Window, *, reason: str, who: str | None = None) -> Profile:
        """Return the next version of the profile, whose reference is what a window has counted.

        Points, bins and labels stay those of the first version, so that windows of all versions add.

        Parameters
        ----------
        window : Window
        reason : str
            Why what was drift is normal from now on. It stands in the profile, with the time.
        who : str, optional
            Who says so.

        Raises
        ------
        InputError
            If the window has no rows, or was counted on another profile.
        ConfigError
            If there is no reason.

        Examples
        --------
        >>> import numpy as np
        >>> from driftwatch import Window
        >>> profile = Profile.fit({"price": np.arange(100.0)})
        >>> window = Window(profile).update({"price": np.arange(50.0, 150.0)})
        >>> after = profile.accept(window, reason="new price list", who="Ada")
        >>> after.version, after.describe()["price"]["mean"], after.history[0].reason
        (2, 99.5, 'new price list')
        """
        counts = window.counts_on(self)
        if not counts.n_rows:
            raise InputError("`window` must have rows to become the reference, got none. Count some first.")
        step = accepted_now(self.version + 1, reason=reason, who=who, n_rows=counts.n_rows)
        return replace(with_problems(self.with_reference(counts), counts), history=(*self.history, step))

    def roll_back(self, earlier: Profile, *, reason: str, who: str | None = None) -> Profile:
        """Return the next version of the profile, whose reference is that of an earlier version.

        Parameters
        ----------
        earlier : Profile
            An earlier version of this one, as it was kept.
        reason, who
            As for `accept`.

        Raises
        ------
        InputError
            If it is no earlier version.
        ConfigError
            If there is no reason.
        """
        if earlier.history != self.history[: len(earlier.history)] or len(earlier.history) >= len(self.history):
            raise InputError(
                f"`earlier` must be an earlier version of this profile, which is version {self.version}, got version "
                f"{earlier.version} of another history. Load one that was kept when a window was accepted."
            )
        why = f"version {earlier.version} again: {reason}" if reason.strip() else reason
        step = accepted_now(self.version + 1, reason=why, who=who, n_rows=earlier.n_rows)
        again = replace(earlier, history=(*self.history, step))
        again.__dict__["hash"] = earlier.hash
        return again

    def describe(self) -> dict[str, dict[str, Any]]:
        """Return what is known of every feature, as JSON holds it: kind, dtype, counts, and moments or levels.

        `points` is how many values a window compares at, and `exact` whether they are all that the reference has.
        """
        return describe(self)

    def diff(self, other: Profile) -> dict[str, Any]:
        """Return how another profile differs, as JSON holds it: columns, kinds, types and moments.

        It compares what two references are like, and is no test. `shift` is the difference of the means in standard
        deviations of this one.
        """
        return diff(self, other)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the profile to a file: points, counts, moments and frequent labels, and no rows.

        Raises
        ------
        ArchiveError
            If it cannot be written. What was there before is left as it was.

        Notes
        -----
        A `.npz` that `numpy.load(path, allow_pickle=False)` opens too; a path that ends in `.safetensors` is written in
        that format, with the extra of this name.
        """
        archive.save(path, profile_archive(self))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Profile:
        """Return the profile that `save` wrote: it compares windows, and other data by counting them into one.

        Raises
        ------
        ArchiveError
            If the file is not there, was cut off or altered, or is no profile. No code in it is ever run.
        """
        read = archive.load(path, kind="profile", formats=PROFILE_FORMATS)
        return profile_of(read, cls)

    def to_bytes(self) -> bytes:
        """Return the profile as the bytes that `save` writes, for a worker or a message.

        Raises
        ------
        ArchiveError
            If it cannot be stored.
        """
        return archive.to_bytes(profile_archive(self))

    @classmethod
    def from_bytes(cls, data: bytes) -> Profile:
        """Return the profile that `to_bytes` wrote; as `load`.

        Raises
        ------
        ArchiveError
            If the bytes were cut off or altered, or are no profile.
        """
        return profile_of(archive.from_bytes(data, kind="profile", formats=PROFILE_FORMATS), cls)

    @cached_property
    def hash(self) -> str:
        """A fingerprint of the reference: kinds, counts, bins and moments, not the rows themselves."""
        if self.without_rows is not None:
            return self.without_rows.hash(self.n_rows)
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


def _check_columns(argument: str, names: Iterable[str], known: Sequence[str]) -> None:
    every = set(known)
    unknown = [name for name in names if name not in every]
    if unknown:
        raise UnknownNameError.from_names(f"column in `{argument}`", unknown, known)


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
