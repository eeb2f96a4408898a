"""The report as JUnit XML (layer 4): one test case per feature, as CI servers show them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from driftwatch.report.model import FeatureReport, Status
from driftwatch.report.text import printable
from driftwatch.report.wording import notes, sentence, settings, verdict_line
from driftwatch.report.wording_performance import metric_sentence

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from driftwatch.report.model import DriftReport
    from driftwatch.report.performance import MetricReport

__all__ = ["render_junit"]


def render_junit(report: DriftReport) -> str:
    """Return JUnit XML: drift is a failure, a column that could not be used an error, what was not tested skipped.

    Characters that XML forbids appear as escapes, so that two names never become one.
    """
    from xml.etree.ElementTree import Element, SubElement, indent, tostring

    features = list(report.features.values())
    metrics = [] if report.performance is None else list(report.performance.metrics.values())
    outcomes = [*map(_outcome, features), *map(_outcome, metrics)]
    counts = {
        "tests": str(len(outcomes)),
        "failures": str(outcomes.count("failure")),
        "errors": str(outcomes.count("error")),
    }
    suites = Element("testsuites", {"name": "driftwatch", **counts})
    suite = SubElement(suites, "testsuite", {"name": "driftwatch", "time": "0", **counts})
    suite.attrib |= {"skipped": str(outcomes.count("skipped")), "timestamp": printable(report.created_at)}
    properties = SubElement(suite, "properties")
    facts = [("verdict", report.verdict.value), ("driftwatch_version", report.driftwatch_version)]
    facts += [("reference_hash", report.reference_hash), ("settings", "; ".join(settings(report)))]
    facts += [(title, ", ".join(map(printable, names))) for title, names in notes(report)]
    for name, value in facts:
        SubElement(properties, "property", name=name, value=printable(value))
    for feature, outcome in zip(features, outcomes, strict=False):
        kind = printable(feature.kind)
        case = SubElement(suite, "testcase", classname=f"driftwatch.{kind}", name=printable(feature.name), time="0")
        if outcome is not None:
            _describe(SubElement(case, outcome), feature, report)
    for metric, outcome in zip(metrics, outcomes[len(features) :], strict=True):
        case = SubElement(suite, "testcase", classname="driftwatch.performance", name=metric.name, time="0")
        if outcome is not None:
            message = metric_sentence(metric) if metric.reason is None else printable(metric.reason)
            SubElement(case, outcome, message=message, type="drop" if metric.drop_detected else metric.status.value)
    SubElement(suite, "system-out").text = verdict_line(report)
    indent(suites)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(suites, encoding="unicode") + "\n"


def _outcome(item: FeatureReport | MetricReport) -> str | None:
    if item.drift_detected if isinstance(item, FeatureReport) else item.drop_detected:
        return "failure"
    if item.status is Status.OK:
        return None
    return "error" if item.status is Status.ERROR else "skipped"


def _describe(element: Element, feature: FeatureReport, report: DriftReport) -> None:
    if feature.drift_detected:
        element.set("message", sentence(feature, report))
        element.set("type", "drift")
        element.text = "signals: " + ", ".join(map(printable, feature.signals))
        if feature.reason:
            element.text += f"; {printable(feature.reason)}"
    else:
        element.set("message", printable(feature.reason or feature.status.value))
        element.set("type", feature.status.value)
