"""What can be set for a check, as frozen data with the defaults (layer 4)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "CORRECTIONS",
    "FAIL_ON",
    "FORMATS",
    "GLOBAL_METHODS",
    "KINDS",
    "MAX_EMBEDDING_ROWS",
    "ON_INSUFFICIENT",
    "PVALUES",
    "ROLES",
    "TASKS",
    "FeatureSettings",
    "Settings",
]

CORRECTIONS = ("fdr_bh", "fdr_by", "bonferroni", "holm", "none")
GLOBAL_METHODS = ("bonferroni", "simes", "hommel")
PVALUES = ("analytic", "permutation")
MAX_EMBEDDING_ROWS = 2000  # as in `driftwatch.profile`, which imports numpy; a test holds the two together
FORMATS = ("table", "json", "markdown", "html", "junit", "github")
FAIL_ON = ("drift", "none")
ON_INSUFFICIENT = ("report", "pass", "fail")
# The kinds that a user can ask for: every `FeatureKind` but `joint` and `unsupported`. Spelled out, because `driftwatch.arrays`
# may import numpy and `driftwatch --help` must not; a test holds the two lists together.
KINDS = ("numeric", "boolean", "categorical", "embedding", "time", "text", "identifier")

# Every `Role` and every `Task`, for the same reason.
ROLES = ("feature", "prediction", "target", "weight", "timestamp")
TASKS = ("scores", "labels", "regression")


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureSettings:
    """What is set for one feature; None means that the setting of the whole check holds.

    Parameters
    ----------
    kind : str, optional
        One of `KINDS`; wins over what the data looks like.
    min_effect : float, optional
        Smallest effect, in [0, 1], that counts as material for this feature.
    thresholds : mapping of str to float, optional
        Statistic name to the cut on its raw value, for this feature only.
    ignore : bool, optional
        Leave the feature out of the check and the report.
    weight : float, optional
        Factor on the effect when drifted features are ranked.
    role : str, optional
        One of `ROLES`.
    """

    kind: str | None = None
    min_effect: float | None = None
    thresholds: Mapping[str, float] | None = None
    ignore: bool | None = None
    weight: float | None = None
    role: str | None = None

    def given(self) -> dict[str, object]:
        """Return the options that were given, by name."""
        options = {name: getattr(self, name) for name in self.__slots__}
        return {name: value for name, value in options.items() if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that can be set for a check.

    Parameters
    ----------
    alpha : float or None
        Significance level in (0, 1) of the whole family of p-values; None switches the significant leg off.
    correction : str
        One of `CORRECTIONS`.
    global_method : str
        One of `GLOBAL_METHODS`: how the p-value of the whole report is formed.
    pvalues : str
        One of `PVALUES`.
    n_permutations : int, optional
        Random permutations; None takes as many as the tests need.
    block_length : int or "auto", optional
        Rows of a contiguous block that moves together.
    groups : str, optional
        The column that says which rows move together.
    seed : int
        Seed of the permutations.
    confidence : float, optional
        Level in (0, 1) of the intervals of the effect sizes; None computes none.
    min_effect : float
        Smallest effect, in [0, 1], that counts as material.
    min_samples : int
        Fewest valid rows on either side that allow a verdict.
    detectors : tuple of str, optional
        Statistics to compute, by name; None computes the usual ones.
    include : tuple of str, optional
        Features to compare; None compares all. `--features` on the command line.
    exclude : tuple of str
        Features to leave out; wins over `include`.
    thresholds : mapping of str to float
        Statistic name to the cut on its raw value.
    excess : bool
        Whether thresholds cut what is left of a statistic after its own noise instead.
    joint : bool or mapping of str to sequence of str
        Features that are made of several numeric ones, by name; True makes one of all.
    max_embedding_rows : int
        Rows of an embedding or joint feature that are compared of a side.
    block_size : int, optional
        Values that are sorted at a time; None takes the usual number.
    roles : mapping of str to str
        Column to one of `ROLES`.
    performance : mapping of str to anything
        Options of the performance: `task`, `positive`, `threshold`, `min_drop` and `metrics`.
    features : mapping of str to FeatureSettings
        Settings of single features, `[features."price"]` in a file.
    alerts : mapping of str to anything
        What is set about alerts, `[alerts]` in a file; `AlertManager.from_config` reads it.
    middleware : mapping of str to anything
        What is set about the middleware, `[middleware]` in a file; `DriftMiddleware.from_config` reads it.
    fail_on : str
        `"drift"`: drift ends with exit code 1. `"none"`: it ends with 0.
    on_insufficient : str
        What a check without any possible verdict ends with: `"report"` 3, `"pass"` 0, `"fail"` 1.
    format : str
        One of `FORMATS`.
    store : str
        Where state is kept: a file, or the URL of a database.
    """

    alpha: float | None = 0.05
    correction: str = "fdr_bh"
    global_method: str = "bonferroni"
    pvalues: str = "analytic"
    n_permutations: int | None = None
    block_length: int | str | None = None
    groups: str | None = None
    seed: int = 0
    confidence: float | None = None
    min_effect: float = 0.05
    min_samples: int = 10
    detectors: tuple[str, ...] | None = None
    include: tuple[str, ...] | None = None
    exclude: tuple[str, ...] = ()
    thresholds: Mapping[str, float] = field(default_factory=dict)
    excess: bool = False
    joint: bool | Mapping[str, tuple[str, ...]] = False
    max_embedding_rows: int = MAX_EMBEDDING_ROWS
    block_size: int | None = None
    roles: Mapping[str, str] = field(default_factory=dict)
    performance: Mapping[str, object] = field(default_factory=dict)
    features: Mapping[str, FeatureSettings] = field(default_factory=dict)
    alerts: Mapping[str, Any] = field(default_factory=dict)
    middleware: Mapping[str, Any] = field(default_factory=dict)
    fail_on: str = "drift"
    on_insufficient: str = "report"
    format: str = "table"
    store: str = "driftwatch.db"

    def per_feature(self) -> dict[str, dict[str, object]]:
        """Return the `per_feature` argument of `Monitor`: single features' settings, excluded ones ignored.

        Examples
        --------
        >>> Settings(exclude=("id",), features={"price": FeatureSettings(weight=2.0)}).per_feature()
        {'price': {'weight': 2.0}, 'id': {'ignore': True}}
        """
        options = {name: feature.given() for name, feature in self.features.items()}
        for name in self.exclude:
            options.setdefault(name, {})["ignore"] = True
        return options
