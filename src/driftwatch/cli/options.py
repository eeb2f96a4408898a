"""The options that commands share (layer 5): their help, their completion, and how they become settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, TypeAlias, TypeVar

import typer

from driftwatch.config.keys import split_list, split_pairs
from driftwatch.config.settings import (
    CORRECTIONS,
    FAIL_ON,
    FORMATS,
    GLOBAL_METHODS,
    KINDS,
    ON_INSUFFICIENT,
    PVALUES,
    ROLES,
)
from driftwatch.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = [
    "AlphaOption",
    "BlockLengthOption",
    "BlockSizeOption",
    "CalibrationOption",
    "ConfidenceOption",
    "ConfigOption",
    "CorrectionOption",
    "DebugOption",
    "DetectorsOption",
    "ExcessOption",
    "ExcludeOption",
    "FailOnOption",
    "FeaturesOption",
    "FormatOption",
    "GlobalMethodOption",
    "GroupsOption",
    "JointOption",
    "KeepOption",
    "KeepStreamOption",
    "KindOption",
    "MaxEmbeddingRowsOption",
    "MinEffectOption",
    "MinSamplesOption",
    "OnInsufficientOption",
    "OutputOption",
    "PerformanceOption",
    "PermutationSeedOption",
    "PermutationsOption",
    "PredictionOption",
    "ProfileOption",
    "PvaluesOption",
    "QuietOption",
    "RoleOption",
    "SeedOption",
    "StoreOption",
    "TargetOption",
    "ThresholdOption",
    "count",
    "joint",
    "kept_in",
    "names",
    "pairs",
    "roles",
    "stored_in",
    "two",
]


T = TypeVar("T")


def _words(choices: Sequence[str]) -> Callable[[str], list[str]]:
    def complete(incomplete: str) -> list[str]:
        return [choice for choice in choices if choice.startswith(incomplete)]

    return complete


def _choice(choices: Sequence[str]) -> str:
    return "|".join(choices)


# The values stay text here and are checked together with those of the files and the environment, so that one
# mistake reads the same wherever it was made.
FormatOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--format",
        "-f",
        metavar=_choice(FORMATS),
        help="How the report is written. Default: table.",
        autocompletion=_words(FORMATS),
    ),
]
OutputOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--output", "-o", metavar="FILE", help="Write the report to FILE, in one step, instead of standard output."
    ),
]
QuietOption: TypeAlias = Annotated[
    bool, typer.Option("--quiet", "-q", help="Print nothing but errors; the exit code is the answer.")
]
FeaturesOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--features", metavar="NAMES", help="Compare these features only, separated by commas. Repeatable."),
]
DetectorsOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--detectors", metavar="NAMES", help="Compute these statistics only, as ks,hellinger. Repeatable."),
]
ExcludeOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--exclude", metavar="NAMES", help="Leave these features out, separated by commas. Repeatable."),
]
KeepOption: TypeAlias = Annotated[
    str | None,
    typer.Option("--store", metavar="FILE|URL", help="Keep the report in a store, for `driftwatch history`."),
]
KeepStreamOption: TypeAlias = Annotated[
    str | None, typer.Option("--stream", metavar="NAME", help="What such checks are called there.")
]
KindOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--kind",
        metavar="NAME=KIND",
        help=f"Treat a feature as one of {', '.join(KINDS)}. Repeatable.",
    ),
]
PredictionOption: TypeAlias = Annotated[
    str | None, typer.Option("--prediction", metavar="COLUMN", help="The column that the model predicted.")
]
StoreOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--store",
        metavar="FILE|URL",
        help="Where state is kept: a file, or postgresql://HOST/DATABASE. Default: the setting `store`, else driftwatch.db.",
    ),
]
TargetOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--target", metavar="COLUMN", help="The column of labels; it may be missing from CURRENT, or in part."
    ),
]
RoleOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--role", metavar="NAME=ROLE", help=f"What a column is: one of {', '.join(ROLES)}. Repeatable."),
]
PerformanceOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--performance",
        metavar="OPTION=VALUE",
        help="How the performance is judged, such as task=labels or min_drop=0.05. Repeatable.",
    ),
]
AlphaOption: TypeAlias = Annotated[
    str | None,
    typer.Option("--alpha", metavar="LEVEL|none", help="Significance level of the whole report. Default: 0.05."),
]
ThresholdOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--threshold",
        metavar="STATISTIC=NUMBER",
        help="Material means at least this raw value, such as psi=0.2. Repeatable.",
    ),
]
ExcessOption: TypeAlias = Annotated[
    bool | None,
    typer.Option("--excess/--no-excess", help="Thresholds act on what is left of a statistic after its own noise."),
]
MinEffectOption: TypeAlias = Annotated[
    str | None,
    typer.Option("--min-effect", metavar="NUMBER", help="Smallest effect (0 to 1) that is material. Default: 0.05."),
]
MinSamplesOption: TypeAlias = Annotated[
    str | None,
    typer.Option("--min-samples", metavar="COUNT", help="Fewest valid rows that allow a verdict. Default: 10."),
]
CorrectionOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--correction",
        metavar=_choice(CORRECTIONS),
        help="Correction of the p-values for many tests. Default: fdr_bh.",
        autocompletion=_words(CORRECTIONS),
    ),
]
GlobalMethodOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--global-method",
        metavar=_choice(GLOBAL_METHODS),
        help="How the p-value of the whole report is formed. Default: bonferroni.",
        autocompletion=_words(GLOBAL_METHODS),
    ),
]
PvaluesOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--pvalues",
        metavar=_choice(PVALUES),
        help="permutation: from the rows of both sides, which may depend on each other. Default: analytic.",
        autocompletion=_words(PVALUES),
    ),
]
PermutationsOption: TypeAlias = Annotated[
    str | None,
    typer.Option("--n-permutations", metavar="COUNT", help="Random permutations. Default: 999, or as many as needed."),
]
BlockLengthOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--block-length",
        metavar="ROWS|auto|none",
        help="Permute blocks of so many rows, for rows in the order of time.",
    ),
]
GroupsOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--groups", metavar="COLUMN", help="Permute rows with one value of this column together, as of a user."
    ),
]
PermutationSeedOption: TypeAlias = Annotated[
    str | None, typer.Option("--seed", metavar="NUMBER", help="Seed of the permutations. Default: 0.")
]
ConfidenceOption: TypeAlias = Annotated[
    str | None,
    typer.Option("--confidence", metavar="LEVEL|none", help="Add effect sizes with intervals of this level, as 0.95."),
]
JointOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--joint",
        metavar="NAME=NAMES|all|none",
        help="Compare several numeric features as one, as engine=rpm,torque. Repeatable.",
    ),
]
MaxEmbeddingRowsOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--max-embedding-rows", metavar="COUNT", help="Rows of an embedding or joint feature compared. Default: 2000."
    ),
]
BlockSizeOption: TypeAlias = Annotated[
    str | None,
    typer.Option("--block-size", metavar="COUNT", help="Values sorted at a time: fewer need less memory."),
]
FailOnOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--fail-on",
        metavar=_choice(FAIL_ON),
        help="What ends with exit code 1.",
        autocompletion=_words(FAIL_ON),
    ),
]
OnInsufficientOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--on-insufficient",
        metavar=_choice(ON_INSUFFICIENT),
        help="When no verdict is possible, end with 3 (report), 0 (pass) or 1 (fail). Default: report.",
        autocompletion=_words(ON_INSUFFICIENT),
    ),
]
ConfigOption: TypeAlias = Annotated[
    str | None,
    typer.Option("--config", metavar="FILE", help="Settings file, stronger than driftwatch.toml and pyproject.toml."),
]
CalibrationOption: TypeAlias = Annotated[
    str | None,
    typer.Option("--calibration", metavar="FILE", help="JSON that `calibrate` wrote for this reference, to go by."),
]
ProfileOption: TypeAlias = Annotated[
    str | None,
    typer.Option("--profile", metavar="FILE", help="A profile that `profile build` wrote, in the place of REFERENCE."),
]
SeedOption: TypeAlias = Annotated[
    str, typer.Option("--seed", metavar="NUMBER", help="The same seed gives the same result.")
]
DebugOption: TypeAlias = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]


def names(option: str, values: Sequence[str] | None) -> list[str] | None:
    """Return the names of a repeatable list option, None when it was not given.

    Raises
    ------
    ConfigError
        When a value holds no name.

    Examples
    --------
    >>> names("--features", ["age,price", "income"])
    ['age', 'price', 'income']
    """
    if not values:
        return None
    found = []
    for value in values:
        parts = _split(option, "names separated by commas", split_list, value)
        if not parts:
            raise ConfigError(f"`{option}` must be names separated by commas, got {value!r}.")
        found += parts
    return found


def pairs(option: str, wanted: str, values: Sequence[str] | None) -> dict[str, str] | None:
    """Return the pairs of a repeatable `NAME=VALUE` option, None when it was not given; the last one wins.

    Raises
    ------
    ConfigError
        When a value is not a pair.

    Examples
    --------
    >>> pairs("--threshold", "STATISTIC=NUMBER", ["psi=0.2", "ks=0.1"])
    {'psi': '0.2', 'ks': '0.1'}
    """
    if not values:
        return None
    found: dict[str, str] = {}
    for value in values:
        found |= _split(option, wanted, split_pairs, value)
    return found


def joint(values: Sequence[str] | None) -> str | None:
    """Return the values of a repeatable `--joint` as one text of the setting, None when it was not given.

    Examples
    --------
    >>> joint(["engine=rpm,torque", "brakes=front,rear"])
    'engine=rpm,torque;brakes=front,rear'
    """
    return ";".join(values) if values else None


def roles(given: Sequence[str] | None, *, prediction: str | None, target: str | None) -> dict[str, str] | None:
    """Return the roles that the options give to columns, None when there are none.

    Raises
    ------
    ConfigError
        When a value is not a pair.

    Examples
    --------
    >>> roles(["w=weight"], prediction="score", target=None)
    {'w': 'weight', 'score': 'prediction'}
    """
    found = pairs("--role", "NAME=ROLE", given) or {}
    for name, role in ((prediction, "prediction"), (target, "target")):
        if name is not None:
            found[name] = role
    return found or None


def two(values: Sequence[str], command: str, *words: str) -> tuple[str, str]:
    """Return the two arguments that a command takes.

    Raises
    ------
    ConfigError
        When there are fewer or more.

    Examples
    --------
    >>> two(["a.csv", "b.csv"], "check", "REFERENCE", "CURRENT")
    ('a.csv', 'b.csv')
    """
    if len(values) < len(words):
        raise ConfigError(f"Missing argument {words[len(values)]!r}. See `driftwatch {command} --help`.")
    if len(values) > len(words):
        extra = " ".join(values[len(words) :])
        raise ConfigError(f"Got unexpected extra argument ({extra}). See `driftwatch {command} --help`.")
    return values[0], values[1]


def _split(option: str, wanted: str, split: Callable[[str], T], value: str) -> T:
    try:
        return split(value)
    except ValueError as error:
        raise ConfigError(f"`{option}` must be {wanted}, got {value!r}.") from error


def count(option: str, text: str, *, least: int = 0) -> int:
    """Return the whole number that an option gives.

    Raises
    ------
    ConfigError
        When it is none, or smaller than `least`.

    Examples
    --------
    >>> count("--top", "20", least=1)
    20
    """
    if not text.isascii() or not text.isdigit() or int(text) < least:
        raise ConfigError(f"`{option}` must be a whole number of {least} or more, got {text!r}.")
    return int(text)


def stored_in(store: str | None, config: str | None = None) -> str:
    """Return the address of the store: as given, else as it is set, else the usual file."""
    from driftwatch.cli.settings import resolve

    return resolve({"store": store}, config).settings.store


def kept_in(store: str | None, stream: str | None) -> tuple[str, str] | None:
    """Return the store and the name under which a report is kept there; None where it is not."""
    if store is None and stream is None:
        return None
    if not store or not stream:
        raise ConfigError(
            "`--store` and `--stream` go together: where the report is kept, and what such checks are called."
        )
    return store, stream
