"""What a page shows, as plain data (layer 4): the report, its words and what happened before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from driftwatch.report.glossary import FLAGS, SIGNALS, STATISTICS
from driftwatch.report.model import Verdict
from driftwatch.report.page.rounding import rounded
from driftwatch.report.text import printable
from driftwatch.report.wording import headline, moved, notes, sentence, settings, verdict_line
from driftwatch.report.wording_explanation import explanation_parts
from driftwatch.report.wording_performance import METRIC_CELLS, metric_cells, performance_lines

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from driftwatch.report.history import History
    from driftwatch.report.model import DriftReport, FeatureReport

__all__ = ["payload"]

MAX_WINDOWS = 400  # of a history, the latest
MAX_VALUES = 200_000  # of all lines over time: a megabyte


def payload(report: DriftReport, *, history: History | None = None, limit: int | None = None) -> dict[str, Any]:
    """Return what the page of a report is drawn from.

    Parameters
    ----------
    report : DriftReport
    history : History, optional
        Checks of the same features over time.
    limit : int, optional
        Features to show, the highest ranked; all by default. The verdict and the counts stay those of the whole report.

    Returns
    -------
    dict
        `report`, as `DriftReport.to_dict` has it, with six significant digits; `words` about it; and `history`, or None.
    """
    ranked = report.ranked()
    shown = ranked if limit is None else ranked[:limit]
    data = rounded(report.to_dict())
    if len(shown) < len(ranked):
        data["features"] = {feature.name: data["features"][feature.name] for feature in shown}
    return {
        "report": data,
        "words": rounded(_words(report, shown)),
        "history": None if history is None else _history(history, shown),
    }


def _words(report: DriftReport, shown: Sequence[FeatureReport]) -> dict[str, Any]:
    return {
        "verdict": verdict_line(report),
        "reason": _reason(report, shown),
        "settings": settings(report),
        "notes": [[title, list(names)] for title, names in notes(report)],
        "statistics": _used(STATISTICS, (name for feature in shown for name in feature.tests)),
        "signals": _used(SIGNALS, (name for feature in shown for name in feature.signals)),
        "flags": _used(FLAGS, (name for feature in shown for name in feature.flags)),
        "performance": _performance(report),
        "explanation": _explanation(report),
        "omitted": report.n_features - len(shown),
        "rows": [_row(feature, report) for feature in shown],
    }


def _used(words: Mapping[str, str], names: Any) -> dict[str, str]:
    return {name: words[name] for name in dict.fromkeys(names) if name in words}


def _reason(report: DriftReport, shown: Sequence[FeatureReport]) -> list[str] | None:
    """Return what stands under the verdict: a lead, a feature and what it did; None where no feature decides."""
    if not shown:
        return None
    first = shown[0]
    match report.verdict:
        case Verdict.DRIFT:
            return ["Moved most", first.name, sentence(first, report)] if first.drift_detected else None
        case Verdict.NO_DRIFT:
            return ["Largest effect", first.name, sentence(first, report)] if first.has_verdict else None
        case Verdict.NO_VERDICT:
            return ["For example", first.name, printable(first.reason or first.status.value)]


def _row(feature: FeatureReport, report: DriftReport) -> list[Any]:
    """Return the words of one feature: its name, what moved, its statistic with the p-value, and all in a sentence."""
    main = headline(feature)
    row: list[Any] = [feature.name, moved(feature, report)]
    row += ["", None, None] if main is None else [main.label, main.statistic, main.pvalue]
    return [*row, sentence(feature, report)] if feature.drift_detected else row


def _performance(report: DriftReport) -> dict[str, Any] | None:
    if report.performance is None:
        return None
    return {
        "lines": performance_lines(report.performance),
        "head": [list(item) for item in METRIC_CELLS.items()],
        "rows": [[printable(m.name), *metric_cells(m)] for m in report.performance.metrics.values()],
    }


def _explanation(report: DriftReport) -> list[dict[str, Any]] | None:
    """Return the parts of the explanation in words: a name, a title, a lead, and items with what is said of each."""
    if report.explanation is None:
        return None
    return [
        {
            "name": part.name,
            "title": part.title,
            "lead": part.lead,
            "items": [[i.name, list(i.lines)] for i in part.items],
        }
        for part in explanation_parts(report.explanation)
    ]


def _history(history: History, shown: Sequence[FeatureReport]) -> dict[str, Any]:
    windows = history.windows[-MAX_WINDOWS:]
    names = [feature.name for feature in shown[: MAX_VALUES // max(1, len(windows))]]
    lines = {name: [(window.statistics or {}).get(name, {}).get("effect") for window in windows] for name in names}
    known = {name: rounded(values) for name, values in lines.items() if any(value is not None for value in values)}
    drifted = [frozenset(window.drifted) for window in windows]
    hits = {name: [i for i, found in enumerate(drifted) if name in found] for name in known}
    return {
        "against": history.against,
        "summary": history.summary().splitlines(),
        "windows": [
            {
                "start": window.start,
                "stop": window.stop,
                "n_rows": window.n_rows,
                "verdict": window.verdict.value,
                "reason": window.reason,
                "n_drifted": len(window.drifted),
            }
            for window in windows
        ],
        "effects": known,
        "hits": {name: found for name, found in hits.items() if found},
    }
