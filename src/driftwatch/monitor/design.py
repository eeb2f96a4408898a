"""The design effects of a calibrated plan, applied to what the detectors found (layer 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from driftwatch.kernels.design_effects import corrected

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from driftwatch.monitor.evidence import Evidence, Finding
    from driftwatch.monitor.plan import Plan

__all__ = ["correct"]


def correct(evidence: Iterable[Evidence], plan: Plan) -> None:
    """Replace the p-values of features whose rows hang together; what they were stays among the details."""
    for item in evidence:
        effects = plan.design_effects.get(item.name, {})
        _replace({**item.findings, **({} if item.missing is None else {"missing": item.missing})}, effects)


def _replace(findings: Mapping[str, Finding], effects: Mapping[str, float]) -> None:
    for name, effect in effects.items():
        finding = findings.get(name)
        if finding is not None and finding.pvalue is not None and effect != 1.0:
            finding.details |= {"pvalue_uncalibrated": finding.pvalue, "design_effect": effect}
            finding.pvalue = float(corrected(finding.pvalue, effect))
