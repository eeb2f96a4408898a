"""The answer of a check: plain data, its JSON form and its renderers (layer 4)."""

from __future__ import annotations

from driftwatch.report.model import Bins, DriftReport, FeatureReport, SideSummary, Status, TestResult, Verdict
from driftwatch.report.render import FORMATS, render
from driftwatch.report.serialize import json_schema

__all__ = [
    "FORMATS",
    "Bins",
    "DriftReport",
    "FeatureReport",
    "SideSummary",
    "Status",
    "TestResult",
    "Verdict",
    "json_schema",
    "render",
]
