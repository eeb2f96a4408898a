"""A drift report as strict JSON and back (layer 4). The shape is documented by `schema/report-1.json`.

Keys of version 1 stay; additive keys may come without a new version, so unknown keys are ignored on the way in.
A key that the first version printed is always there, null where it has no value; the additive ones (`direction`, `role`,
`reference`, `current`, `bins`, `signal_values`, `intervals` of a feature, `threshold`, `reason`, `expected`, `null_q99` and `excess` of
a test, `excess`, `confidence`, `n_tests`, `global_pvalue`, `global_method`, `global_significant`, `performance` and `explanation` of the report)
are there only where they have one.
"""

from __future__ import annotations

import json
from dataclasses import fields
from typing import TYPE_CHECKING, Any, NoReturn

from driftwatch.errors import InputError
from driftwatch.report._codec import from_plain, to_plain
from driftwatch.report._fields import Fields
from driftwatch.report.explanation import Explanation
from driftwatch.report.model import SCHEMA_VERSION, Bins, FeatureReport, SideSummary, Status, TestResult
from driftwatch.report.pictures import (
    histogram_from_dict,
    histogram_to_dict,
    projection_from_dict,
    projection_to_dict,
)
from driftwatch.report.serialize_performance import (
    interval_from_dict,
    interval_to_dict,
    performance_from_dict,
    performance_to_dict,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TypeVar

    from driftwatch.report.model import DriftReport
    from driftwatch.report.performance import Interval

    Report = TypeVar("Report", bound=DriftReport)

__all__ = ["json_schema", "report_from_dict", "report_from_json", "report_to_dict", "report_to_json"]

SCHEMA_FILE = f"schema/report-{SCHEMA_VERSION}.json"
UNEXPLAINED = "not computed"  # the reason beside a null for which neither the test nor its feature gave one
GLOBAL_KEYS = ("n_tests", "global_pvalue", "global_method", "global_significant")
NOISE_KEYS = ("expected", "null_q99", "excess")
RESULT_KEYS = frozenset({"statistic", "pvalue", "pvalue_adjusted", "threshold", "reason", *NOISE_KEYS})


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of `DriftReport.to_dict()`.

    Examples
    --------
    >>> json_schema()["title"]
    'DriftWatch report'
    """
    from importlib.resources import files

    schema: dict[str, Any] = json.loads(files("driftwatch.report").joinpath(SCHEMA_FILE).read_text(encoding="utf-8"))
    return schema


def report_to_dict(report: DriftReport) -> dict[str, Any]:
    """Return the report as plain dicts, lists and scalars, in a fixed key order."""
    data: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "driftwatch_version": report.driftwatch_version,
        "created_at": report.created_at,
        "reference_hash": report.reference_hash,
        "drift_detected": report.drift_detected,
        "verdict": report.verdict.value,
        "n_features": report.n_features,
        "n_drifted": report.n_drifted,
        "alpha": report.alpha,
        "correction": report.correction,
        "min_effect": report.min_effect,
        "n_reference": report.n_reference,
        "n_current": report.n_current,
        "only_in_reference": list(report.only_in_reference),
        "only_in_current": list(report.only_in_current),
        **({"calibrated": True} if report.calibrated else {}),
        "features": {feature.name: _feature_to_dict(feature) for feature in report.features.values()},
    }
    if report.confidence is not None:
        data["confidence"] = report.confidence
    if report.excess:
        data["excess"] = True
    if report.n_tests:
        data |= {key: getattr(report, key) for key in GLOBAL_KEYS}
    if report.performance is not None:
        data["performance"] = performance_to_dict(report.performance)
    if report.explanation is not None:
        data["explanation"] = to_plain(report.explanation)
    return data


def report_to_json(report: DriftReport, *, indent: int | None = None) -> str:
    """Return the report as strict JSON.

    Non-ASCII characters are escaped: the text then survives any encoding, lone surrogates included, and a feature name
    with control characters does nothing to the terminal that it is printed on.
    """
    return json.dumps(report_to_dict(report), indent=indent, allow_nan=False, ensure_ascii=True)


def report_from_json(cls: type[Report], text: str | bytes) -> Report:
    """Return the report that `report_to_json` wrote."""
    try:
        data = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:  # JSONDecodeError and UnicodeDecodeError are ValueErrors
        raise InputError(
            f"expected a driftwatch report as strict JSON, got text that does not parse: {error}. "
            "Pass what `to_json()` or `--format json` wrote."
        ) from error
    return report_from_dict(cls, data)


def report_from_dict(cls: type[Report], data: Mapping[str, Any]) -> Report:
    """Return the report that `report_to_dict` described. What can be derived (the verdict, the counts) is derived."""
    top = Fields(data, "report")
    version = top.get("schema_version", int)
    if version != SCHEMA_VERSION:
        raise InputError(
            f"a report of schema version {SCHEMA_VERSION} is wanted, got version {version}. "
            "Read it with the driftwatch release that wrote it, or a newer one."
        )
    names = top.get("features", dict)
    performance = top.maybe("performance", dict, optional=True)
    explanation = top.maybe("explanation", dict, optional=True)
    features = {str(name): _feature_from_dict(str(name), Fields(names[name], f"features[{name!r}]")) for name in names}
    return cls(
        driftwatch_version=top.get("driftwatch_version", str),
        created_at=top.get("created_at", str),
        reference_hash=top.get("reference_hash", str),
        alpha=top.maybe_number("alpha"),
        correction=top.get("correction", str),
        min_effect=top.number("min_effect"),
        n_reference=top.count("n_reference"),
        n_current=top.count("n_current"),
        only_in_reference=top.array("only_in_reference", str),
        only_in_current=top.array("only_in_current", str),
        features=features,
        calibrated=top.maybe("calibrated", bool, optional=True) or False,
        excess=bool(top.maybe("excess", bool, optional=True)),
        confidence=top.maybe_number("confidence", optional=True),
        n_tests=top.count("n_tests") if "n_tests" in top.values else 0,
        global_pvalue=top.maybe_number("global_pvalue", optional=True),
        global_method=top.maybe("global_method", str, optional=True) or "bonferroni",
        performance=None if performance is None else performance_from_dict(top.child("performance", None, performance)),
        explanation=None
        if explanation is None
        else from_plain(Explanation, top.child("explanation", None, explanation)),
    )


def _feature_to_dict(feature: FeatureReport) -> dict[str, Any]:
    reason = feature.reason
    if reason is None and (feature.effect is None or feature.status is not Status.OK):
        reason = "effect " + UNEXPLAINED
    data: dict[str, Any] = {
        "kind": feature.kind,
        "role": feature.role,
        "status": feature.status.value,
        "reason": reason,
        "drift_detected": feature.drift_detected,
        "significant": feature.significant,
        "material": feature.material,
        "effect": feature.effect,
        "direction": feature.direction,
        "signals": list(feature.signals),
        "signal_values": dict(feature.signal_values) or None,
        "intervals": {name: interval_to_dict(interval) for name, interval in feature.intervals.items()} or None,
        "flags": list(feature.flags),
        "weight": feature.weight,
        "n_reference": feature.n_reference,
        "n_current": feature.n_current,
        "missing_reference": feature.missing_reference,
        "missing_current": feature.missing_current,
        "reference": _side_to_dict(feature.reference),
        "current": _side_to_dict(feature.current),
        "bins": _bins_to_dict(feature.bins),
        "histogram": histogram_to_dict(feature.histogram),
        "projection": projection_to_dict(feature.projection),
        "tests": {name: _test_to_dict(test, explained=reason is not None) for name, test in feature.tests.items()},
    }
    for additive in (
        "direction",
        "reference",
        "current",
        "bins",
        "histogram",
        "projection",
        "signal_values",
        "intervals",
    ):
        if data[additive] is None:
            del data[additive]
    if feature.role == "feature":
        del data["role"]
    return data


def _feature_from_dict(name: str, data: Fields) -> FeatureReport:
    status = data.get("status", str)
    if status not in set(Status):
        raise data.wrong("status", f"one of {', '.join(Status)}", status)
    tests = data.get("tests", dict)
    return FeatureReport(
        name=name,
        kind=data.get("kind", str),
        status=Status(status),
        reason=data.maybe("reason", str),
        drift_detected=data.get("drift_detected", bool),
        significant=data.maybe("significant", bool),
        material=data.maybe("material", bool),
        effect=data.maybe_number("effect"),
        signals=data.array("signals", str),
        flags=data.array("flags", str),
        n_reference=data.count("n_reference"),
        n_current=data.count("n_current"),
        missing_reference=data.count("missing_reference"),
        missing_current=data.count("missing_current"),
        tests={str(key): _test_from_dict(data.child("tests", str(key), value)) for key, value in tests.items()},
        weight=data.number("weight", default=1.0),
        direction=data.maybe("direction", str, optional=True),
        reference=_side_from_dict(data, "reference"),
        current=_side_from_dict(data, "current"),
        bins=_bins_from_dict(data),
        histogram=histogram_from_dict(data),
        projection=projection_from_dict(data),
        signal_values=_shares_from_dict(data),
        intervals=_intervals_from_dict(data),
        role=data.maybe("role", str, optional=True) or "feature",
    )


def _test_to_dict(result: TestResult, *, explained: bool) -> dict[str, Any]:
    data: dict[str, Any] = {"statistic": result.statistic}
    if result.is_test:
        data |= {"pvalue": result.pvalue, "pvalue_adjusted": result.pvalue_adjusted}
    data |= result.details
    additive = {key: getattr(result, key) for key in ("threshold", *NOISE_KEYS)}
    data |= {key: value for key, value in additive.items() if value is not None}
    reason = result.reason
    if reason is None and not explained and None in data.values():
        reason = UNEXPLAINED
    if reason is not None:
        data["reason"] = reason
    return data


def _test_from_dict(data: Fields) -> TestResult:
    scalar = str | int | float | bool | None
    return TestResult(
        statistic=data.maybe_number("statistic"),
        is_test="pvalue" in data.values,
        pvalue=data.maybe_number("pvalue", optional=True),
        pvalue_adjusted=data.maybe_number("pvalue_adjusted", optional=True),
        threshold=data.maybe_number("threshold", optional=True),
        **{key: data.maybe_number(key, optional=True) for key in NOISE_KEYS},
        reason=data.maybe("reason", str, optional=True),
        # later versions may put objects here: only scalars are details
        details={k: v for k, v in data.values.items() if k not in RESULT_KEYS and isinstance(v, scalar)},
    )


def _side_to_dict(side: SideSummary | None) -> dict[str, float] | None:
    if side is None:
        return None
    values = {item.name: getattr(side, item.name) for item in fields(side)}
    return {name: value for name, value in values.items() if value is not None}


def _side_from_dict(data: Fields, key: str) -> SideSummary | None:
    values = data.maybe(key, dict, optional=True)
    if values is None:
        return None
    side = data.child(key, None, values)
    return SideSummary(**{item.name: side.maybe_number(item.name, optional=True) for item in fields(SideSummary)})


def _shares_from_dict(data: Fields) -> dict[str, float]:
    values = data.maybe("signal_values", dict, optional=True) or {}
    shares = data.child("signal_values", None, values)
    return {str(name): shares.number(name) for name in values}


def _intervals_from_dict(data: Fields) -> dict[str, Interval]:
    values = data.maybe("intervals", dict, optional=True) or {}
    inside = data.child("intervals", None, values)
    found = {str(name): interval_from_dict(inside, name) for name in values}
    return {name: interval for name, interval in found.items() if interval is not None}


def _bins_to_dict(bins: Bins | None) -> dict[str, Any] | None:
    if bins is None:
        return None
    data = {item.name: list(getattr(bins, item.name)) for item in fields(bins)}
    if not data["psi"]:
        del data["psi"]
    return data


def _bins_from_dict(data: Fields) -> Bins | None:
    values = data.maybe("bins", dict, optional=True)
    if values is None:
        return None
    bins = data.child("bins", None, values)
    return Bins(
        reference=bins.array("reference", int),
        current=bins.array("current", int),
        edges=tuple(None if edge is None else float(edge) for edge in bins.array("edges", int, float, type(None))),
        labels=bins.array("labels", str),
        psi=bins.array("psi", float, int) if "psi" in values else (),
    )


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
