"""The settings of a monitor, validated, and what they mean for one feature (layer 4)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from driftwatch._checks import check_count, is_amount
from driftwatch.arrays.schema import FeatureKind, Role
from driftwatch.detectors._catalog import default_detectors, detector_by_name
from driftwatch.detectors.base import BaseDetector
from driftwatch.detectors.missing import MATERIAL_COHENS_H, MissingShareDetector
from driftwatch.errors import ConfigError, UnknownNameError, shown
from driftwatch.kernels.effect_intervals import check_confidence
from driftwatch.kernels.multiplicity import CORRECTIONS, GLOBAL_METHODS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from driftwatch.monitor.permutation import Resampling

__all__ = ["FeatureOptions", "Plan"]

_OPTIONS = ("kind", "min_effect", "thresholds", "ignore", "weight", "role")


@dataclass(frozen=True, slots=True)
class FeatureOptions:
    """What `per_feature` says of one feature; None where it says nothing."""

    kind: FeatureKind | None = None
    min_effect: float | None = None
    thresholds: Mapping[str, float] = field(default_factory=dict)
    ignore: bool = False
    weight: float = 1.0
    role: Role = Role.FEATURE


_DEFAULT_OPTIONS = FeatureOptions()


@dataclass(frozen=True)
class Plan:
    """A validated set of settings; build it with `Plan.build`."""

    detectors: tuple[BaseDetector[Any], ...]
    alpha: float | None
    correction: str
    min_effect: float
    min_samples: int
    thresholds: Mapping[str, float]
    per_feature: Mapping[str, FeatureOptions]
    block_size: int | None = None
    design_effects: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    calibrated: bool = False
    excess: bool = False
    global_method: str = "bonferroni"
    resampling: Resampling | None = None
    confidence: float | None = None
    missing: MissingShareDetector = field(default_factory=MissingShareDetector)

    @classmethod
    def build(
        cls,
        *,
        detectors: Sequence[BaseDetector[Any] | str] | None,
        thresholds: Mapping[str, float] | None,
        alpha: float | None,
        correction: str,
        min_effect: float,
        min_samples: int,
        schema: Mapping[str, FeatureKind | str] | None,
        per_feature: Mapping[str, Mapping[str, Any]] | None,
        known: Sequence[str],
        block_size: int | None = None,
        excess: bool = False,
        global_method: str = "bonferroni",
        roles: Mapping[str, Role | str] | None = None,
        resampling: Resampling | None = None,
        confidence: float | None = None,
    ) -> Plan:
        """Check every setting and return the plan.

        Raises
        ------
        ConfigError
            If a value is out of range, or of the wrong type.
        UnknownNameError
            If a feature, detector, correction, kind or option does not exist.
        """
        chosen = default_detectors() if detectors is None else _chosen(detectors)
        _check_share("alpha", alpha, optional=True)
        _check_share("min_effect", min_effect)
        if correction not in list(CORRECTIONS):  # a list: what is asked for may be unhashable
            raise UnknownNameError.from_names("correction", [correction], CORRECTIONS)
        if global_method not in list(GLOBAL_METHODS):
            raise UnknownNameError.from_names("global method", [global_method], GLOBAL_METHODS)
        check_count("min_samples", min_samples)
        if block_size is not None:
            check_count("block_size", block_size)
        _check_bool("excess", excess)
        if confidence is not None:
            _check_share("confidence", confidence)
            check_confidence("confidence", confidence)
        measures = [*(name for detector in chosen for name in detector.measures), "missing"]
        _check_mappings(schema=schema, thresholds=thresholds, per_feature=per_feature, roles=roles)
        options = {str(name): _options(str(name), given, measures) for name, given in (per_feature or {}).items()}
        for name, kind in (schema or {}).items():
            name = str(name)  # noqa: PLW2901 - as the door does with the names of columns
            given = options.get(name, _DEFAULT_OPTIONS)
            if given.kind is None:
                options[name] = replace(given, kind=FeatureKind.parse(str(kind)))
        for name, role in (roles or {}).items():
            given = options.get(str(name), _DEFAULT_OPTIONS)
            if given.role is Role.FEATURE:
                options[str(name)] = replace(given, role=Role.parse(str(role)))
        _check_known("feature", options, known)
        for role in (Role.TARGET, Role.WEIGHT):
            _check_single(role, [name for name, given in options.items() if given.role is role])
        return cls(
            chosen,
            None if alpha is None else float(alpha),
            correction,
            float(min_effect),
            int(min_samples),
            _checked_thresholds("thresholds", thresholds or {}, measures),
            options,
            None if block_size is None else int(block_size),
            excess=excess,
            global_method=global_method,
            resampling=resampling,
            confidence=None if confidence is None else float(confidence),
        )

    def options(self, name: str) -> FeatureOptions:
        """Return the options of one feature."""
        return self.per_feature.get(name, _DEFAULT_OPTIONS)

    @property
    def kinds(self) -> dict[str, FeatureKind]:
        """Kinds that the user gave."""
        return {name: options.kind for name, options in self.per_feature.items() if options.kind is not None}

    def columns(self, role: Role) -> set[str]:
        """Return the columns to which the user gave a role."""
        return {name for name, options in self.per_feature.items() if options.role is role}

    def is_compared(self, name: str) -> bool:
        """Return whether a column is compared for drift: not ignored, and of a role that is compared."""
        options = self.options(name)
        return options.role.is_compared and not options.ignore

    def min_effect_of(self, name: str) -> float:
        """Return the smallest material effect of one feature."""
        own = self.options(name).min_effect
        return self.min_effect if own is None else own

    def thresholds_of(self, name: str) -> dict[str, float]:
        """Return the thresholds of one feature by measure, its own over the general ones."""
        return {**self.thresholds, **self.options(name).thresholds}

    def scaled(self, factor: float) -> Plan:
        """Return the plan with every threshold and smallest effect multiplied by a factor."""

        def cuts(given: Mapping[str, float]) -> dict[str, float]:
            return {name: factor * cut for name, cut in given.items()}

        own = {
            name: replace(
                options,
                min_effect=None if options.min_effect is None else min(1.0, factor * options.min_effect),
                thresholds=cuts(options.thresholds),
            )
            for name, options in self.per_feature.items()
        }
        general = cuts({"missing": self.material_missing, **self.thresholds})
        return replace(self, min_effect=min(1.0, factor * self.min_effect), thresholds=general, per_feature=own)

    @property
    def material_missing(self) -> float:
        """Smallest material difference of missing shares, as Cohen's h, where no threshold says otherwise."""
        return MATERIAL_COHENS_H

    def detectors_for(self, kind: FeatureKind) -> list[BaseDetector[Any]]:
        """Return the detectors that compare features of a sample kind (numeric or categorical)."""
        return [detector for detector in self.detectors if kind in detector.kinds]

    def check_decidable(self, name: str, kind: FeatureKind) -> None:
        """Raise `ConfigError` if neither an effect size nor a threshold could ever make the feature drift."""
        detectors = self.detectors_for(kind)
        measures = {measure for detector in detectors for measure in detector.measures}
        if not detectors or any(kind in detector.effect_kinds for detector in detectors):
            return
        if not measures & set(self.thresholds_of(name)):
            raise ConfigError(
                f"`detectors` {sorted(d.name for d in detectors)} give no effect size for {kind} features such as "
                f"{name!r}, so a threshold is needed: pass thresholds={{{min(measures)!r}: ...}}."
            )


def _chosen(detectors: Sequence[object]) -> tuple[BaseDetector[Any], ...]:
    """Return the detectors that were given, those given by name with their default settings."""
    if isinstance(detectors, str):
        raise ConfigError(
            f"`detectors` must be a sequence of names or detectors, got {detectors!r}. Pass [{detectors!r}]."
        )
    chosen = [detector_by_name(detector) if isinstance(detector, str) else detector for detector in detectors]
    for detector in chosen:
        if not isinstance(detector, BaseDetector):
            hint = " Pass an instance, not the class." if isinstance(detector, type) else ""
            raise ConfigError(f"`detectors` must hold names or `BaseDetector` instances, got {detector!r}.{hint}")
    known = tuple(detector for detector in chosen if isinstance(detector, BaseDetector))
    names = [detector.name for detector in known]
    repeated = sorted({name for name in names if names.count(name) > 1} | ({"missing"} & set(names)))
    if repeated:
        raise ConfigError(f"`detectors` must have distinct names, and 'missing' is always there; repeated: {repeated}.")
    if not names:
        raise ConfigError("`detectors` must hold at least one detector, got none. Leave it out for the default ones.")
    return known


def _check_share(name: str, value: Any, *, optional: bool = False) -> None:
    if not ((optional and value is None) or (is_amount(value) and value <= 1.0)):
        raise ConfigError(f"`{name}` must be a number from 0 to 1, got {value!r}.")


def _check_bool(name: str, value: object) -> None:
    if not isinstance(value, bool):
        raise ConfigError(f"`{name}` must be True or False, got {value!r}.")


def _check_single(role: Role, names: Sequence[str]) -> None:
    if len(names) > 1:
        raise ConfigError(f"`roles` must name one {role} at most, got {shown(names)}. Use a monitor for each.")


def _check_mappings(**settings: object) -> None:
    for name, value in settings.items():
        if value is not None and not hasattr(value, "items"):
            raise ConfigError(f"`{name}` must be a mapping, got {value!r}.")


def _check_known(what: str, names: Iterable[str], known: Sequence[str]) -> None:
    every = set(known)
    unknown = [name for name in names if name not in every]
    if unknown:
        raise UnknownNameError.from_names(what, unknown, known)


def _checked_thresholds(where: str, thresholds: Mapping[str, float], measures: Sequence[str]) -> dict[str, float]:
    _check_known(f"statistic in `{where}`", thresholds, measures)
    for name, value in thresholds.items():
        if not is_amount(value):
            raise ConfigError(
                f"`{where}` must map statistics to finite numbers of at least 0, got {value!r} for {name!r}."
            )
    return {name: float(value) for name, value in thresholds.items()}


def _options(name: str, given: Mapping[str, Any], measures: Sequence[str]) -> FeatureOptions:
    where = f"per_feature[{name!r}]"
    if not hasattr(given, "items"):
        raise ConfigError(f"`{where}` must be a mapping of options ({', '.join(_OPTIONS)}), got {given!r}.")
    _check_known(f"option in `{where}`", given, _OPTIONS)
    min_effect, weight, kind = given.get("min_effect"), given.get("weight", 1.0), given.get("kind")
    thresholds, ignore = given.get("thresholds"), given.get("ignore", False)
    _check_share(f"{where}['min_effect']", min_effect, optional=True)
    _check_mappings(**{f"{where}['thresholds']": thresholds})
    if not is_amount(weight):
        raise ConfigError(f"`{where}['weight']` must be a finite number of at least 0, got {weight!r}.")
    _check_bool(f"{where}['ignore']", ignore)
    return FeatureOptions(
        kind=None if kind is None else FeatureKind.parse(str(kind)),
        min_effect=None if min_effect is None else float(min_effect),
        thresholds=_checked_thresholds(f"{where}['thresholds']", thresholds or {}, measures),
        ignore=ignore,
        weight=float(weight),
        role=Role.parse(str(given.get("role") or Role.FEATURE)),
    )
