"""From evidence to verdicts: one family of p-values, two legs, one decision per feature (layer 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from driftwatch.kernels.multiplicity import adjust
from driftwatch.report.model import FeatureReport, Status, TestResult

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from driftwatch.arrays.schema import FeatureKind
    from driftwatch.monitor.evidence import Evidence, Finding
    from driftwatch.monitor.plan import Plan

__all__ = ["cuts_of", "decide", "family_pvalues", "tests_of"]


class _Legs(NamedTuple):
    """Outcome of one comparison; None where the leg is switched off."""

    significant: bool | None
    material: bool

    @property
    def drift(self) -> bool:
        return self.material and self.significant is not False


def decide(
    evidence: Sequence[Evidence], plan: Plan, kinds: Mapping[str, FeatureKind], *, others: Sequence[Finding] = ()
) -> dict[str, FeatureReport]:
    """Return the report of every feature that was compared.

    The p-values of all features, and of the missing shares where anything is missing, are corrected as one family.
    Features with too few values, and rows too few to test a missing share, stay out of it. The p-values of `others`,
    which are about no feature, are members too, and are given their corrected value.
    """
    family = _family(evidence, plan, others)
    adjusted = adjust(family_pvalues(evidence, plan, others), plan.correction)
    table = {id(finding): float(p) for finding, p in zip(family, adjusted.tolist(), strict=True)}
    for finding in others:
        finding.pvalue_adjusted = table.get(id(finding))
    return {item.name: _feature(item, plan, kinds[item.name], table) for item in evidence}


def family_pvalues(evidence: Sequence[Evidence], plan: Plan, others: Sequence[Finding] = ()) -> NDArray[np.float64]:
    """Return the p-values that are corrected as one family, shape `(k,)`."""
    return np.asarray([finding.pvalue for finding in _family(evidence, plan, others)], dtype=np.float64)


def _family(evidence: Sequence[Evidence], plan: Plan, others: Sequence[Finding]) -> list[Finding]:
    found = [finding for item in evidence for _, finding in tests_of(item, plan)]
    return [finding for finding in (*found, *others) if finding.pvalue is not None]


def _insufficient(item: Evidence, plan: Plan) -> str | None:
    """Return why the values are too few for a verdict, or None."""
    for side, n, missing in (
        ("reference", item.n_reference, item.missing_reference),
        ("current", item.n_current, item.missing_current),
    ):
        if n < plan.min_samples:
            what = "no values" if n == 0 else f"{n} value{'s' if n > 1 else ''}"
            rows = f" in {n + missing} rows" if missing else ""
            return f"{what}{rows} in {side}, at least {plan.min_samples} are needed"
    return None


def _rows_suffice(item: Evidence, plan: Plan) -> bool:
    rows = (item.n_reference + item.missing_reference, item.n_current + item.missing_current)
    return min(rows) >= plan.min_samples


def tests_of(item: Evidence, plan: Plan) -> Iterator[tuple[str, Finding]]:
    """Yield the findings that take part in the family of p-values, by name."""
    if _insufficient(item, plan) is None:
        yield from item.findings.items()
    if item.missing is not None and _rows_suffice(item, plan):
        yield "missing", item.missing


def cuts_of(item: Evidence, plan: Plan) -> dict[str, list[tuple[float | None, float]]]:
    """Return what decides about materiality, values beside their cuts, of the "values" and of the "missing" share.

    One value that reaches its cut is enough. A part that cannot be judged is left out.
    """
    thresholds = plan.thresholds_of(item.name)
    cuts: dict[str, list[tuple[float | None, float]]] = {}
    if _insufficient(item, plan) is None:
        measures = {key: value for finding in item.findings.values() for key, value in _cut(finding, plan).items()}
        own = [(measures[key], cut) for key, cut in thresholds.items() if measures.get(key) is not None]
        cuts["values"] = own or [(_effect(item), plan.min_effect_of(item.name))]
    if item.missing is not None and item.missing.measures["missing"] is not None and _rows_suffice(item, plan):
        h = (_cut(item.missing, plan) if "missing" in thresholds else item.missing.measures)["missing"]
        cuts["missing"] = [(h, thresholds.get("missing", plan.material_missing))]
    return cuts


def _effect(item: Evidence) -> float | None:
    return max((f.effect for f in item.findings.values() if f.effect is not None), default=None)


def _is_material(cuts: Iterable[tuple[float | None, float]]) -> bool:
    return any(value is not None and value >= cut for value, cut in cuts)


def _feature(item: Evidence, plan: Plan, kind: FeatureKind, adjusted: Mapping[int, float]) -> FeatureReport:
    options, thresholds = plan.options(item.name), plan.thresholds_of(item.name)
    too_few = _insufficient(item, plan)
    effect, cuts = _effect(item), cuts_of(item, plan)
    values = _Legs(False if plan.alpha is not None else None, material=False)
    if "values" in cuts:
        values = _Legs(_significant(item.findings.values(), plan, adjusted), _is_material(cuts["values"]))
    missing = _Legs(significant=False, material=False)
    if item.missing is not None and "missing" in cuts:
        missing = _Legs(_significant([item.missing], plan, adjusted), _is_material(cuts["missing"]))

    # The legs shown are those of the comparison that decided, so that drift is always both of them together.
    shown = values
    if item.missing is not None and missing.drift and not values.drift:
        shown, effect = missing, item.missing.effect
    signals = [*item.signals, *(["missing_share"] if missing.drift else [])]
    reason = too_few or item.failure
    status = Status.INSUFFICIENT if too_few else Status.OK
    if item.failure is not None and not item.findings:
        status = Status.ERROR
    elif not item.findings and status is Status.OK and not missing.drift:
        status, reason = Status.SKIPPED, f"no detector compares {kind} features"
    drift = values.drift or missing.drift
    return FeatureReport(
        name=item.name,
        kind=str(kind),
        status=status,
        reason=reason,
        drift_detected=drift,
        significant=shown.significant,
        material=shown.material,
        effect=effect,
        signals=tuple(signals),
        signal_values=item.signal_values,
        intervals=item.intervals,
        flags=tuple(dict.fromkeys(item.flags)),
        n_reference=item.n_reference,
        n_current=item.n_current,
        missing_reference=item.missing_reference,
        missing_current=item.missing_current,
        tests=_tests(item, thresholds, adjusted, too_few),
        weight=options.weight,
        direction=_direction(item, values) if drift else None,
        reference=item.reference,
        current=item.current,
        bins=item.bins,
        histogram=item.histogram,
        projection=item.projection,
    )


def _direction(item: Evidence, values: _Legs) -> str:
    if values.drift:
        return item.direction
    before, after = item.missing_reference * item.n_current, item.missing_current * item.n_reference
    return "more missing" if after > before else "fewer missing"


def _cut(finding: Finding, plan: Plan) -> Mapping[str, float | None]:
    """Return the values that thresholds act on: raw, or without their own noise where that is asked for and known."""
    return {**finding.measures, **finding.excess} if plan.excess else finding.measures


def _significant(findings: Iterable[Finding], plan: Plan, adjusted: Mapping[int, float]) -> bool | None:
    """Return whether any corrected p-value is at most alpha; None where no p-value takes part or alpha is None."""
    pvalues = [adjusted[id(finding)] for finding in findings if id(finding) in adjusted]
    if plan.alpha is None or not pvalues:
        return None
    return min(pvalues) <= plan.alpha


def _tests(
    item: Evidence, thresholds: Mapping[str, float], adjusted: Mapping[int, float], too_few: str | None
) -> dict[str, TestResult]:
    findings = dict(item.findings)
    if item.missing is not None:
        findings["missing"] = item.missing
    return {
        name: TestResult(
            statistic=finding.statistic,
            is_test=finding.is_test,
            pvalue=finding.pvalue,
            pvalue_adjusted=adjusted.get(id(finding)),
            threshold=thresholds.get(name),
            expected=finding.noise[0],
            null_q99=finding.noise[1],
            excess=finding.noise[2],
            reason=finding.reason or (too_few if finding.is_test and id(finding) not in adjusted else None),
            details=finding.details,
        )
        for name, finding in findings.items()
    }
