"""The state of a `SequentialMonitor` and what moves it: urns, evidence, counters, and the way to a file (layer 4)."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from driftwatch.arrays.schema import FeatureKind, Storage
from driftwatch.errors import ConfigError, InputError, UnknownNameError
from driftwatch.profile.feature import ReferenceFeature
from driftwatch.profile.profile import Profile
from driftwatch.sequential.evidence import Evidence
from driftwatch.sequential.goal import Goal
from driftwatch.sequential.reading import Reader
from driftwatch.sequential.result import SequentialResult
from driftwatch.sequential.state import decoded, encoded, require_format
from driftwatch.sequential.tie_keys import feature_keys, tie_keys
from driftwatch.sequential.urn import cells_of, cut

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from driftwatch.arrays.table import Table
    from driftwatch.sequential.tie_keys import HostArray

__all__ = ["Stream"]

STATE_FORMAT, STATE_VERSION = "driftwatch.sequential.monitor", 1
MIN_REFERENCE_ROWS = 10  # fewer say next to nothing about where a cell ends


@dataclass(eq=False)
class Stream:
    """Everything that a state holds.

    Parameters
    ----------
    reader : Reader
    evidence : Evidence
    edges : array of complex, shape (d, n_cells - 1)
        Where the cells of each feature end: value and tie key.
    seed : int
    n_columns : int
        Columns of the reference, those that are not tested included.
    skipped : mapping of str to str
        Columns that are not tested, with the reason.
    kinds : mapping of str to FeatureKind
        Kinds that the user gave.
    reference_hash : str
    n_batches, n_rows : int
        Batches with rows so far, and rows so far.
    detected_at : dict of str to int
        Batch at which a feature first reached the threshold.
    """

    reader: Reader
    evidence: Evidence
    edges: HostArray
    seed: int
    n_columns: int
    skipped: Mapping[str, str]
    kinds: Mapping[str, FeatureKind]
    reference_hash: str
    n_batches: int = 0
    n_rows: int = 0
    detected_at: dict[str, int] = field(default_factory=dict)

    @classmethod
    def fit(
        cls,
        table: Table,
        goal: Goal,
        *,
        features: Sequence[str] | None,
        schema: Mapping[str, FeatureKind | str] | None,
        seed: int,
    ) -> Self:
        """Return the state before the first batch."""
        if table.n_rows < MIN_REFERENCE_ROWS:
            raise InputError(
                f"`reference` must have at least {MIN_REFERENCE_ROWS} rows, got {table.n_rows}. Collect more first."
            )
        kinds = {str(name): FeatureKind.parse(str(kind)) for name, kind in (schema or {}).items()}
        profile = Profile.fit(table, kinds=kinds, names=_in_order(features, kinds, table.names))
        reasons = {name: _untested_reason(feature) for name, feature in profile.features.items()}
        skipped = {name: reason for name, reason in reasons.items() if reason is not None}
        tested = {name: feature for name, feature in profile.features.items() if name not in skipped}
        if not tested:
            raise InputError(f"`reference` has no feature that can be tested: {skipped}. Give a kind with `schema`.")

        keys = tie_keys(feature_keys(seed, tested), np.zeros(len(tested), dtype=np.int64), table.n_rows)
        reader = Reader.fit(table, tested)
        edges, gaps = cut(reader.read(table).values, keys)
        reader, edges = reader.with_levels_of(edges)
        evidence = Evidence.start(goal, gaps, len(tested))
        return cls(reader, evidence, edges, seed, len(table.names), skipped, kinds, profile.hash)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The features that are tested."""
        return tuple(self.reader.features)

    @cached_property
    def threshold(self) -> float:
        """Evidence of one feature at which there is an alarm."""
        return self.evidence.goal.threshold(len(self.names))

    @cached_property
    def _keys(self) -> HostArray:
        return feature_keys(self.seed, self.names)

    def update(self, table: Table) -> SequentialResult:
        """Take in a batch: all of it, or nothing where reading it raises."""
        batch = self.reader.read(table)
        present = batch.present
        if batch.n_rows:
            self.n_batches += 1
            self.n_rows += batch.n_rows
        if batch.n_rows and len(present):
            keys = tie_keys(self._keys[present], self.evidence.n_rows_of(present), batch.n_rows)
            self.evidence.update(present, cells_of(self.edges[present], batch.values, keys))
        log_evidence = self.evidence.log_evidence
        log_evidence.flags.writeable = False
        for i in np.flatnonzero(log_evidence >= math.log(self.threshold)):
            self.detected_at.setdefault(self.names[i], self.n_batches)

        held = {*(self.names[i] for i in present), *batch.problems}
        return SequentialResult(
            drift_detected=bool(self.detected_at),
            batch=self.n_batches,
            n_rows=self.n_rows,
            threshold=self.threshold,
            feature_names=self.names,
            log_evidence=log_evidence,
            detected_at=dict(self.detected_at),
            absent=tuple(name for name in self.names if name not in held) if batch.n_rows else (),
            problems=batch.problems,
        )

    def to_state(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        goal = self.evidence.goal
        return {
            "format": STATE_FORMAT,
            "version": STATE_VERSION,
            "alpha": goal.alpha,
            "arl": goal.arl,
            "horizon": goal.horizon,
            "seed": self.seed,
            "n_columns": self.n_columns,
            "skipped": dict(self.skipped),
            "kinds": {name: str(kind) for name, kind in self.kinds.items()},
            "reference_hash": self.reference_hash,
            "n_batches": self.n_batches,
            "n_rows": self.n_rows,
            "detected_at": dict(self.detected_at),
            "features": [
                {
                    "name": feature.name,
                    "kind": str(feature.kind),
                    "storage": str(feature.storage),
                    "dtype": feature.dtype,
                    "given": feature.given,
                    "levels": list(self.reader.labels[feature.name]) if feature.name in self.reader.labels else None,
                }
                for feature in self.reader.features.values()
            ],
            "n_cells": self.evidence.counts.shape[-1],
            "arrays": encoded({"edges": self.edges, **self.evidence.arrays()}),
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """Return the stream that `to_state` has stored; `InputError` if it is damaged or of another version."""
        state = require_format(state, STATE_FORMAT, STATE_VERSION)
        try:
            goal = Goal(float(state["alpha"]), state["arl"], state["horizon"])
            features = {item["name"]: _restored(item) for item in state["features"]}
            labels = {item["name"]: tuple(item["levels"]) for item in state["features"] if item["levels"] is not None}
            plain = {name: state[name] for name in ("seed", "n_columns", "skipped", "reference_hash")}
            kinds = {name: FeatureKind(kind) for name, kind in state["kinds"].items()}
            counters = {name: state[name] for name in ("n_batches", "n_rows")}
            n_cells, detected_at = int(state["n_cells"]), dict(state["detected_at"])
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"the state is damaged: {type(error).__name__}: {error}. Start a new episode.") from error
        wanted = {"edges": ("c", (len(features), n_cells - 1)), **Evidence.shapes(len(features), n_cells)}
        arrays = decoded(state.get("arrays"), wanted)
        edges = arrays.pop("edges")
        reader, evidence = Reader(features, labels), Evidence(goal, **arrays)
        return cls(reader, evidence, edges, kinds=kinds, **plain, **counters, detected_at=detected_at)

    def require_reference(self, table: Table) -> None:
        """Raise `InputError` unless the table is the reference that the state was made with."""
        features = self.reader.features
        names = [name for name in table.names if name in features or name in self.skipped]
        found = Profile.fit(table, kinds=self.kinds, names=names).hash
        if found != self.reference_hash:
            raise InputError(
                f"`reference` must be the one that the state was made with (hash {self.reference_hash[:12]}), got "
                f"another ({found[:12]}). Pass that one, or start a new episode with this one."
            )


def _untested_reason(feature: ReferenceFeature) -> str | None:
    if feature.problem is None and feature.kind is FeatureKind.EMBEDDING:
        return "an embedding has no order of its values, which sequential tests need"
    return feature.problem or feature.untested_reason


def _in_order(features: Sequence[str] | None, kinds: Mapping[str, FeatureKind], known: Sequence[str]) -> list[str]:
    """Return the columns that the user asked for, in the order of the reference."""
    if isinstance(features, str):
        raise ConfigError(f"`features` must be a sequence of names, got {features!r}. Pass [{features!r}].")
    wanted = dict.fromkeys(map(str, known if features is None else features))
    unknown = [name for name in {**wanted, **kinds} if name not in set(known)]
    if unknown:
        raise UnknownNameError.from_names("feature", unknown, known)
    return [name for name in known if name in wanted]


def _restored(item: Mapping[str, Any]) -> ReferenceFeature:
    kind, storage = FeatureKind(item["kind"]), Storage(item["storage"])
    return ReferenceFeature(item["name"], kind, storage, item["dtype"], bool(item["given"]))
