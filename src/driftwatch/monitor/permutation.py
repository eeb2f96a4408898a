"""Permutation p-values in the place of the detectors' own, where rows depend on each other (layer 4)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from driftwatch._checks import check_count
from driftwatch.arrays.column import Column
from driftwatch.arrays.namespace import to_host
from driftwatch.arrays.schema import FeatureKind, Storage
from driftwatch.arrays.table import read_table
from driftwatch.errors import ConfigError, InputError, UnknownNameError
from driftwatch.kernels._prepare import MAX_BLOCK_VALUES
from driftwatch.kernels.blocks import block_lengths
from driftwatch.kernels.labelings import Units, units_of_blocks, units_of_groups, units_of_rows
from driftwatch.kernels.permutation import permutation_pvalues
from driftwatch.profile.block import DEFAULT_BINS
from driftwatch.profile.feature import label_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from driftwatch.arrays.table import Table
    from driftwatch.kernels.permutation import BlockLength
    from driftwatch.monitor.evidence import Evidence, Finding
    from driftwatch.monitor.plan import Plan

__all__ = ["Resampling", "permute", "read_labels"]

PVALUES = ("analytic", "permutation")
# The statistic that stands for a test: the same one, and of the missing shares the difference of two means. The number
# of bins is for numeric features; levels are cells of their own.
FORMS: dict[str, str] = {
    "ks": "ks",
    "kuiper": "kuiper",
    "cramervonmises": "cramervonmises",
    "anderson_darling": "anderson_darling",
    "mannwhitney": "mannwhitney",
    "chi2": "chi2",
    "chi2_bins": "chi2",
    "g_test": "g",
    "fisher_exact": "chi2",
    "missing": "mean",
}
MIN_PERMUTATIONS = 999
FEW_UNITS = 10  # of a side
OWN_PERMUTATIONS = frozenset({FeatureKind.EMBEDDING, FeatureKind.JOINT})


@dataclass(frozen=True, slots=True)
class Resampling:
    """How labels are permuted; build it with `Resampling.build`.

    `n_permutations` is None where it follows from the number of tests. `groups` names a column, or holds the labels of
    the reference's rows.
    """

    n_permutations: int | None = None
    block_length: BlockLength = None
    groups: str | Column | None = None
    seed: int = 0

    @classmethod
    def build(
        cls,
        pvalues: str,
        *,
        n_permutations: int | None,
        block_length: BlockLength,
        groups: Any,
        seed: int,
        reference: Table,
        keep_rows: bool,
    ) -> Resampling | None:
        """Check the settings and return them; None for analytic p-values.

        Raises
        ------
        ConfigError, UnknownNameError
            If a setting is out of range or names what does not exist, or needs another one.
        InputError, InputTypeError
            If the labels of groups are not one for each row.
        """
        if pvalues not in list(PVALUES):
            raise UnknownNameError.from_names("way to `pvalues`", [pvalues], PVALUES)
        given = {"n_permutations": n_permutations, "block_length": block_length, "groups": groups}
        if pvalues == "analytic":
            idle = [name for name, value in given.items() if value is not None]
            if idle:
                raise ConfigError(f"`{idle[0]}` needs permutation p-values. Set `pvalues` to 'permutation' as well.")
            return None
        if not keep_rows:
            raise ConfigError("permutation p-values need the rows of the reference. Leave keep_rows=True.")
        if n_permutations is not None:
            check_count("n_permutations", n_permutations)
        if block_length is not None and block_length != "auto":
            check_count("block_length", block_length, "a positive integer or 'auto'")
        check_count("seed", seed, "an integer of at least 0", least=0)
        if groups is not None:
            if block_length is not None:
                raise ConfigError("`block_length` and `groups` exclude each other. Pass the one that rows depend by.")
            if not isinstance(groups, str):
                groups = read_labels(groups, reference.n_rows, role="reference")
            elif groups not in reference.names:
                raise UnknownNameError.from_names("column in `groups`", [groups], reference.names)
        return cls(n_permutations, block_length, groups, int(seed))

    @property
    def column(self) -> str | None:
        """The column that says which rows belong together, if one does."""
        return self.groups if isinstance(self.groups, str) else None

    def current_labels(self, given: Any, n_rows: int) -> Column | None:
        """Return the labels of current rows where those of the reference were given as labels, else None.

        Raises
        ------
        ConfigError
            If there are labels on one side only.
        InputError, InputTypeError
            If they are not one for each row.
        """
        if isinstance(self.groups, Column):
            if given is None:
                raise ConfigError(
                    "the groups of the reference were given as labels, so those of `current` are needed too, and none "
                    "came. Pass check(current, groups=labels), or name a column of both tables in the monitor."
                )
            return read_labels(given, n_rows, role="current")
        if given is not None:
            raise ConfigError(
                "`groups` of `current` need labels of the reference's rows beside them, and the monitor was made "
                + (f"with the column {self.groups!r}. Leave them out." if self.groups else "without groups.")
                + " Labels of one side go to Monitor(reference, groups=labels), of the other to check."
            )
        return None

    def count(self, n_tests: int, alpha: float | None) -> int:
        """Return the number of permutations: enough for the smallest p-value to be significant by itself, twice over."""
        if self.n_permutations is not None:
            return int(self.n_permutations)
        needed = 0 if not alpha else math.ceil(2.0 * n_tests / alpha) - 1
        return max(MIN_PERMUTATIONS, needed)


def read_labels(labels: Any, n_rows: int, *, role: str) -> Column:
    """Return labels of groups, one for each row of a side, as a column.

    Raises
    ------
    InputError
        If they are of another length or are no single values.
    InputTypeError
        If they are no sequence of values.
    """
    table = read_table({"groups": labels}, role=role, min_rows=0)
    if table.n_rows != n_rows:
        raise InputError(
            f"`groups` must hold one label for each of the {n_rows:,} rows of `{role}`, got {table.n_rows:,}."
        )
    column = table.column("groups")
    if column.storage in {Storage.VECTOR, Storage.NESTED}:
        raise InputError(f"`groups` must hold one label for each row of `{role}`, got {column.dtype}. Flatten them.")
    return column


def permute(
    evidence: Sequence[Evidence], reference: Table, current: Table, plan: Plan, labels: Column | None = None
) -> None:
    """Replace the p-values of features by permutation p-values; a test that has no such form leaves the family.

    The same labelings serve all features, so that the dependence between them stays what it is. Embeddings keep their
    own permutations.

    Parameters
    ----------
    evidence : sequence of Evidence
    reference, current : Table
    plan : Plan
    labels : Column, optional
        The groups of the current rows, where those of the reference are labels too.

    Raises
    ------
    InputError
        If the column of groups is missing.
    """
    resampling = plan.resampling
    if resampling is None:
        return
    judged = [item for item in evidence if item.kind not in OWN_PERMUTATIONS]
    n_bins = {detector.name: getattr(detector, "n_bins", DEFAULT_BINS) for detector in plan.detectors}
    tests = [_Test(item, name, finding, n_bins.get(name)) for item in judged for name, finding in _possible(item)]
    rows = _Rows(reference, current)
    units, length = _units(rows, resampling, labels, judged)
    count = resampling.count(len(tests), plan.alpha)
    width = max(1, MAX_BLOCK_VALUES // (rows.n + rows.m))
    for start in range(0, len(tests), width):
        chunk = tests[start : start + width]
        values = np.stack([rows.of(test.item, missing=test.name == "missing") for test in chunk])
        found = permutation_pvalues(
            values, [test.request for test in chunk], units, n_permutations=count, seed=resampling.seed
        )
        for test, pvalue in zip(chunk, found.pvalue.tolist(), strict=True):
            test.finding.pvalue = pvalue if math.isfinite(pvalue) else None
            test.finding.details |= {"pvalue_method": "permutation", "n_permutations": found.n_permutations}
            if length is not None:
                test.finding.details["block_length"] = length
    dependent = resampling.block_length is not None or resampling.groups is not None
    _flag(judged, units, dependent=dependent)
    for item in evidence:
        if dependent and item.kind in OWN_PERMUTATIONS:
            item.flags.append("dependence_ignored")


class _Test(NamedTuple):
    """One p-value to replace."""

    item: Evidence
    name: str
    finding: Finding
    n_bins: int | None

    @property
    def request(self) -> tuple[str, int | None]:
        """The statistic, and the number of bins; levels are cells of their own."""
        return FORMS[self.name], self.n_bins if self.item.kind is FeatureKind.NUMERIC else None


def _possible(item: Evidence) -> Iterator[tuple[str, Finding]]:
    """Yield the tests that can be permuted; take the p-value from the others."""
    findings = {**item.findings, **({} if item.missing is None else {"missing": item.missing})}
    for name, finding in findings.items():
        if finding.pvalue is not None and name in FORMS:
            yield name, finding
        elif finding.pvalue is not None:
            finding.pvalue = None
            finding.reason = finding.reason or "no p-value: this test has no permutation form"


def _flag(evidence: Iterable[Evidence], units: Units, *, dependent: bool) -> None:
    few = min(units.n_reference, units.n_single - units.n_reference) + units.n_pairs < FEW_UNITS
    for item in evidence:
        if dependent and "autocorrelated_rows" in item.flags:
            item.flags.remove("autocorrelated_rows")  # it is accounted for
        if few:
            item.flags.append("few_units")


def _units(
    rows: _Rows, resampling: Resampling, labels: Column | None, evidence: Sequence[Evidence]
) -> tuple[Units, int | None]:
    """Return what moves together, and the block length if there is one."""
    if isinstance(resampling.groups, str):
        return units_of_groups(*rows.groups_of(resampling.groups)), None
    if resampling.groups is not None and labels is not None:
        return units_of_groups(*rows.groups(resampling.groups, labels)), None
    if resampling.block_length is None:
        return units_of_rows(rows.n, rows.m), None
    if isinstance(resampling.block_length, int):
        length = resampling.block_length
    else:
        sides = (side for item in evidence for side in np.split(rows.of(item)[None, :], [rows.n], axis=1))
        length = max((int(block_lengths(side)[0]) for side in sides), default=1)
    return units_of_blocks(rows.n, rows.m, length), length


@dataclass(frozen=True)
class _Rows:
    """The rows of both sides in their order."""

    reference: Table
    current: Table

    @property
    def n(self) -> int:
        """Rows of the reference."""
        return self.reference.n_rows

    @property
    def m(self) -> int:
        """Current rows."""
        return self.current.n_rows

    def of(self, item: Evidence, *, missing: bool = False) -> NDArray[np.float64]:
        """Return one feature of both sides, shape `(n + m,)`: NaN where missing, or where it is."""
        if item.kind is FeatureKind.NUMERIC:
            sides = [to_host(table.block([item.name]))[0] for table in (self.reference, self.current)]
            values = np.concatenate([side.astype(np.float64) for side in sides])
        else:
            values = self._codes(item.name, item.kind)
        return np.isnan(values).astype(np.float64) if missing else values

    def _codes(self, name: str, kind: FeatureKind) -> NDArray[np.float64]:
        return np.concatenate(_joint_codes([table.column(name) for table in (self.reference, self.current)], kind))

    def groups_of(self, name: str) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return the group of each row as `groups` does, from a column of both tables."""
        if name not in self.current.names:
            raise InputError(f"`current` has no column {name!r}, which says which rows belong together. Add it.")
        return self.groups(self.reference.column(name), self.current.column(name))

    @staticmethod
    def groups(reference: Column, current: Column) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return the group of each row as a number, on both sides; the missing ones are a group of their own."""
        before, after = _joint_codes([reference, current], FeatureKind.CATEGORICAL)
        return np.nan_to_num(before, nan=-1.0), np.nan_to_num(after, nan=-1.0)


def _joint_codes(columns: Sequence[Column], kind: FeatureKind) -> list[NDArray[np.float64]]:
    """Return columns as codes of their levels, the same for all of them; NaN where missing."""
    known: dict[str, int] = {}
    sides = []
    for column in columns:
        codes, labels = column.codes()
        places = [known.setdefault(label_of(label, kind), len(known)) for label in labels]
        sides.append(np.append(np.asarray(places, dtype=np.float64), np.nan)[codes])
    return sides
