"""Levels of a category without the rare ones in the clear: salted hashes, counted exactly up to a limit (layer 3)."""

from __future__ import annotations

import hashlib
import heapq
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from driftwatch.arrays.column import Levels

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

__all__ = ["MAX_HASHED", "MIN_PRINTED", "POOLED", "Codebook", "LevelTally", "is_hashed", "merge_levels"]

MIN_PRINTED = 10  # a level of fewer reference rows could point to a person
MAX_PRINTED = 10_000
MAX_HASHED = 10_000
POOLED = "(pooled)"

_HASHED = re.compile(r"~[0-9a-f]{16}")


@dataclass(frozen=True)
class LevelTally:
    """Counts of the levels of one feature.

    Parameters
    ----------
    counts : mapping of str to int
        By label where the reference has it often, by `~` and a hash elsewhere.
    pooled : int
        Rows of hashed levels beyond the limit: those of the largest hashes, so that any order of merging pools the same.
    missing : int
    """

    counts: Mapping[str, int]
    pooled: int = 0
    missing: int = 0

    @property
    def total(self) -> int:
        """Rows with a value."""
        return sum(self.counts.values()) + self.pooled

    def to_dict(self) -> dict[str, Any]:
        """Return the counts as JSON holds them."""
        return {"counts": dict(sorted(self.counts.items())), "pooled": self.pooled, "missing": self.missing}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> LevelTally:
        """Return the counts that `to_dict` wrote."""
        counts = {str(label): int(count) for label, count in data["counts"].items()}
        return cls(counts, int(data["pooled"]), int(data["missing"]))

    def levels(self) -> Levels:
        """Return the counts as detectors read them, what is pooled as one level."""
        return Levels({**self.counts, **({POOLED: self.pooled} if self.pooled else {})}, self.missing)


@dataclass(frozen=True)
class Codebook:
    """Which labels of one feature are kept in the clear, and how the others are hashed.

    Parameters
    ----------
    name : str
        The feature: equal labels of two features have different hashes.
    printed : frozenset of str
    salt : bytes
        Of the profile. It stands in the profile's file, so that a hash hides a label from a reader who cannot guess it,
        and not from one who tries all likely ones.
    limit : int
        Hashed levels that are counted one by one.
    """

    name: str
    printed: frozenset[str]
    salt: bytes
    limit: int = MAX_HASHED

    @classmethod
    def fit(
        cls, name: str, levels: Levels, salt: bytes, *, min_count: int = MIN_PRINTED, redact: bool = False
    ) -> Codebook:
        """Return the codebook of a reference: its frequent labels in the clear, none of them under `redact`."""
        frequent = [] if redact else [label for label, count in levels.counts.items() if count >= min_count]
        # a label that looks like a hash would be taken for one
        known = [label for label in frequent if not is_hashed(label) and label != POOLED]
        known.sort(key=lambda label: (-levels.counts[label], label))
        return cls(name, frozenset(known[:MAX_PRINTED]), salt)

    def tally(self, levels: Levels) -> LevelTally:
        """Return the counts of levels given by label."""
        counts: Counter[str] = Counter()
        for label, count in levels.counts.items():
            counts[label if label in self.printed else self._hashed(label)] += count
        return _bounded(counts, 0, levels.n_missing, self.printed, self.limit)

    def _hashed(self, label: str) -> str:
        digest = hashlib.blake2b(
            f"{self.name}\0{label}".encode("utf-8", "surrogatepass"), digest_size=8, key=self.salt
        ).hexdigest()
        return f"~{digest}"


def is_hashed(label: str) -> bool:
    """Return whether a label stands for another one."""
    return _HASHED.fullmatch(label) is not None


def merge_levels(a: LevelTally, b: LevelTally, codebook: Codebook) -> LevelTally:
    """Return the counts of both, exact and the same in any order."""
    counts = Counter(a.counts)
    counts.update(b.counts)
    return _bounded(counts, a.pooled + b.pooled, a.missing + b.missing, codebook.printed, codebook.limit)


def _bounded(counts: Mapping[str, int], pooled: int, missing: int, printed: Collection[str], limit: int) -> LevelTally:
    """Keep the hashed levels of the smallest hashes.

    One that is among them at the end was so in every part, as a part has fewer levels: its count is whole.
    """
    hashed = [label for label in counts if label not in printed]
    if len(hashed) > limit:
        kept = set(heapq.nsmallest(limit, hashed))
        pooled += sum(counts[label] for label in hashed if label not in kept)
        counts = {label: count for label, count in counts.items() if label in printed or label in kept}
    return LevelTally(dict(sorted(counts.items())), pooled, missing)
