"""What a report says in words (layer 4): the sentences and the choice of numbers that all renderers share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from driftwatch.report.model import SKIPPED, Verdict
from driftwatch.report.text import UNICODE, decimals, number, percent, printable, probability, shorten, sparklines

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from driftwatch.report.model import Bins, DriftReport, FeatureReport, SideSummary, TestResult
    from driftwatch.report.performance import PerformanceReport
    from driftwatch.report.text import Glyphs

__all__ = [
    "CELLS",
    "Headline",
    "Section",
    "cells",
    "headline",
    "histograms",
    "moved",
    "notes",
    "sections",
    "sentence",
    "settings",
    "split",
    "verdict_line",
]

LABELS = {
    "ks": "KS",
    "total_variation": "TV",
    "psi": "PSI",
    "wasserstein": "W1",
    "jensenshannon": "JS",
    "chi2": "chi2",
    "mmd": "MMD2",
    "sliced_wasserstein": "SW",
    "dimension_ks": "max KS",
    "frozen_lines": "max KS",
    "classifier": "AUC",
    "cramervonmises": "CvM",
    "anderson_darling": "A2",
    "kuiper": "Kuiper V",
    "hellinger": "H",
    "kl": "KL",
    "cramers_v": "Cramer V",
    "l_infinity": "L-inf",
    "energy": "E",
    "multivariate_energy": "energy",
    "mannwhitney": "U",
    "g_test": "G",
    "fisher_exact": "odds",
    "missing": "h",
}
LABEL_WIDTH = 12  # of a user's own statistic
LEVEL_WIDTH = 20  # of a category level in a sentence
# The columns of a table for a page, in the order of `cells`, and where they are aligned.
CELLS = {
    "What moved": "left",
    "Statistic": "left",
    "p": "right",
    "Effect": "right",
    "Significant": "center",
    "Material": "center",
    "Reference → current": "left",
    "n": "left",
}
LEGS = {True: "yes", False: "no", None: "off"}
MISSING_MOVES = {"more missing", "fewer missing"}  # directions of a feature whose missing share decided
MISSING_SIGNAL = "missing_share"
# Signals about a share of the current values.
SHARES = {
    "outside_range": "outside the reference's range",
    "stuck_value": "the same value",
    "unseen_levels": "unseen levels",
}
DISTRIBUTION_TESTS = (
    "ks",
    "cramervonmises",
    "anderson_darling",
    "kuiper",
    "mannwhitney",
    "chi2",
    "g_test",
    "fisher_exact",
)  # whose p-value stands beside a distance


def _drifted(feature: FeatureReport) -> bool:
    return feature.drift_detected


def _not_significant(feature: FeatureReport) -> bool:
    return feature.material is True and feature.significant is False


def _always(feature: FeatureReport) -> bool:  # noqa: ARG001 - as the others
    return True


# A flag, what it says, and the verdicts that it weakens: dependent rows make alarms, ties and rare levels hide drift.
CAUTIONS: dict[str, tuple[str, Callable[[FeatureReport], bool]]] = {
    "few_samples": ("Caution, few rows, only large drift shows", _always),
    "dropped_rows": ("Caution, many values missing and left out", _always),
    "autocorrelated_rows": ("Caution, rows depend on each other, p may be too small", _drifted),
    "few_units": ("Caution, few blocks or groups, p cannot be small", _not_significant),
    "dependence_ignored": ("Caution, rows were permuted one by one, p may be too small", _drifted),
    "few_permutations": ("Caution, more permutations are needed for a p that counts", _not_significant),
    "many_ties": ("Caution, many equal values, p may be too large", _not_significant),
    "low_expected_counts": ("Caution, rare levels, p may be too large", _not_significant),
}


# What each role is shown under, in this order.
TITLES = {"feature": "Features", "prediction": "Predictions", "target": "Concept"}


@dataclass(frozen=True, slots=True)
class Section:
    """The ranked features of one kind; the title is empty where the report has one kind only."""

    title: str
    drifted: list[FeatureReport]
    fine: list[FeatureReport]
    untested: list[FeatureReport]
    performance: PerformanceReport | None = None


@dataclass(frozen=True, slots=True)
class Headline:
    """The one statistic that stands for a feature, and the p-value beside it (corrected, where it was)."""

    label: str
    statistic: float | None
    pvalue: float | None
    threshold: float | None = None
    excess: float | None = None

    def __str__(self) -> str:
        return f"{self.label} {number(self.statistic)}"

    def cut(self, report: DriftReport) -> str | None:
        """Return the threshold, and what it was compared with where that is not the statistic; None without one."""
        if self.threshold is None:
            return None
        beside = f"excess {number(self.excess)}, " if report.excess and self.excess is not None else ""
        return f"{beside}threshold {number(self.threshold)}"


def headline(feature: FeatureReport, glyphs: Glyphs = UNICODE) -> Headline | None:
    """Return the statistic that raised the drift, else the usual one of the kind; None where nothing was computed."""
    decisive = ["missing"] if feature.direction in MISSING_MOVES else []
    computed = [name for name, result in feature.tests.items() if not (result.reason or "").startswith(SKIPPED)]
    names = [name for name in (*decisive, *feature.signals, *LABELS, *feature.tests) if name in computed]
    if not names:
        return None
    name = names[0]
    # chi2 grows with n and means nothing to the eye; total variation tells the same story in [0, 1]
    if name == "chi2" and "total_variation" in feature.tests:
        name = "total_variation"
    result = feature.tests[name]
    source = result
    if not result.is_test:
        source = next((feature.tests[test] for test in DISTRIBUTION_TESTS if test in feature.tests), result)
    return Headline(
        label=LABELS.get(name) or shorten(printable(name, glyphs), LABEL_WIDTH, glyphs),
        statistic=_statistic(result),
        pvalue=_pvalue(source),
        threshold=result.threshold,
        excess=result.excess,
    )


def verdict_line(report: DriftReport) -> str:
    """Return the answer of the report in one sentence."""
    judged = sum(feature.has_verdict for feature in report.features.values())
    rest = report.n_features - judged
    aside = f" ({rest:,} not tested)" if rest else ""
    if report.performance is not None and report.performance_dropped:
        aside += f"; performance dropped: {', '.join(report.performance.dropped)}"
    match report.verdict:
        case Verdict.DRIFT:
            return f"Drift detected: {report.n_drifted:,} of {_features(judged, report, 'tested ')} drifted{aside}."
        case Verdict.NO_DRIFT:
            return f"No drift detected in {_features(judged, report, 'tested ')}{aside}."
        case Verdict.NO_VERDICT:
            return f"No verdict: 0 of {_features(report.n_features, report)} could be tested."


def split(report: DriftReport) -> tuple[list[FeatureReport], list[FeatureReport], list[FeatureReport]]:
    """Return the ranked features as drifted, fine, and without a verdict."""
    return _split(report.ranked())


def sections(report: DriftReport) -> list[Section]:
    """Return the features by kind: one section without a title where no column has a role."""
    ranked = report.ranked()
    roles = {feature.role for feature in ranked}
    if roles <= {"feature"} and report.performance is None:
        return [Section("", *_split(ranked))]
    found = []
    for role, title in TITLES.items():
        performance = report.performance if role == "target" else None
        if role in roles or performance is not None:
            found.append(Section(title, *_split([f for f in ranked if f.role == role]), performance))
    return found


def _split(ranked: Sequence[FeatureReport]) -> tuple[list[FeatureReport], list[FeatureReport], list[FeatureReport]]:
    drifted = [feature for feature in ranked if feature.drift_detected]
    fine = [feature for feature in ranked if feature.has_verdict and not feature.drift_detected]
    return drifted, fine, [feature for feature in ranked if not feature.has_verdict]


def sentence(feature: FeatureReport, report: DriftReport, glyphs: Glyphs = UNICODE) -> str:
    """Return direction, statistic, p-value and effect of a feature, and what moved in its own unit."""
    parts = [feature.direction] if feature.direction else []
    main = headline(feature, glyphs)
    if main is not None:
        cut = main.cut(report)
        parts.append(str(main) if cut is None else f"{main} ({cut})")
        if main.pvalue is not None:
            parts.append(f"p {probability(main.pvalue)}")
    if feature.effect is not None:
        parts.append(f"effect {number(feature.effect)}{_range(feature)}")
    change = moved(feature, report, glyphs)
    return "; ".join(part for part in (", ".join(parts), change) if part)


def _range(feature: FeatureReport) -> str:
    """Return the confidence interval of the default effect size in brackets, where there is one."""
    interval = feature.intervals.get("ks") or feature.intervals.get("total_variation")
    if interval is None or feature.direction in MISSING_MOVES:
        return ""
    return f" ({number(interval.low)} to {number(interval.high)})"


def moved(feature: FeatureReport, report: DriftReport, glyphs: Glyphs = UNICODE) -> str:
    """Return what changed between the sides in the feature's own unit, for example "median 12.1 → 15.3"."""
    parts = []
    if feature.direction not in MISSING_MOVES:
        if feature.reference is not None and feature.current is not None:
            parts.append(_location(feature.reference, feature.current, feature.direction, glyphs))
        elif feature.bins is not None and feature.bins.labels:
            parts.append(_level(feature.bins, glyphs))
    parts += [f"{percent(share)} {SHARES[name]}" for name, share in feature.signal_values.items() if name in SHARES]
    if MISSING_SIGNAL in feature.signals:
        before = percent(feature.missing_reference / max(1, report.n_reference))
        after = percent(feature.missing_current / max(1, report.n_current))
        parts.append(f"missing {before} {glyphs.to} {after}")
    return ", ".join(part for part in parts if part)


def cells(feature: FeatureReport, report: DriftReport) -> list[str]:
    """Return one row of a table for a page, after the name: plain text that the renderer escapes."""
    main = headline(feature)
    change = moved(feature, report) if feature.drift_detected else ""
    return [
        ", ".join(filter(None, [feature.direction, change, printable(feature.reason or "")])),
        "" if main is None else f"{main.label} {decimals(main.statistic)}",
        "" if main is None else probability(main.pvalue),
        decimals(feature.effect),
        LEGS[feature.significant],
        LEGS[feature.material],
        " → ".join(histograms(feature)),
        f"{feature.n_reference:,} / {feature.n_current:,}",
    ]


def histograms(feature: FeatureReport, glyphs: Glyphs = UNICODE) -> list[str]:
    """Return both sides as bars; nothing where there are no two cells to compare."""
    if feature.bins is None or len(feature.bins.reference) < 2:
        return []
    return sparklines(feature.bins.reference, feature.bins.current, fold=not feature.bins.labels, glyphs=glyphs)


def settings(report: DriftReport, glyphs: Glyphs = UNICODE) -> list[str]:
    """Return what the verdict rests on: rows, level and correction, smallest effect, the test over all features."""
    level = "not required"
    if report.alpha is not None:
        level = f"alpha {report.alpha:g} ({printable(report.correction, glyphs)})"
    if report.calibrated:
        level += ", calibrated"
    lines = [
        f"n {report.n_reference:,} reference, {report.n_current:,} current",
        f"significant: {level}",
        f"material: effect {glyphs.at_least} {report.min_effect:g}",
    ]
    if report.global_pvalue is not None:
        tests = f"{report.n_tests:,} test{'' if report.n_tests == 1 else 's'}"
        method = printable(report.global_method, glyphs)
        lines.append(f"any change at all: p {probability(report.global_pvalue)} ({method}, {tests})")
    return lines


def notes(report: DriftReport) -> list[tuple[str, tuple[str, ...]]]:
    """Return what else to know, each with the names it is about: verdicts on thin ice, columns of one side."""
    judged = [feature for feature in report.features.values() if feature.has_verdict]
    cautions = (
        (text, tuple(feature.name for feature in judged if flag in feature.flags and concerns(feature)))
        for flag, (text, concerns) in CAUTIONS.items()
    )
    sides = (("Only in reference", report.only_in_reference), ("Only in current", report.only_in_current))
    return [(title, names) for title, names in (*cautions, *sides) if names]


def _statistic(result: TestResult) -> float | None:
    # the statistic of the missing shares is a chi2; Cohen's h says how far apart they are
    h = result.details.get("cohens_h")
    return h if isinstance(h, float) else result.statistic


def _pvalue(result: TestResult) -> float | None:
    return result.pvalue if result.pvalue_adjusted is None else result.pvalue_adjusted


def _features(count: int, report: DriftReport, adjective: str = "") -> str:
    noun = "feature" if all(feature.role == "feature" for feature in report.features.values()) else "column"
    return f"{count:,} {adjective}{noun}{'' if count == 1 else 's'}"


def _location(reference: SideSummary, current: SideSummary, direction: str | None, glyphs: Glyphs) -> str:
    names: Sequence[str] = ("median", "mean", "std", "minimum", "maximum")
    if direction in {"wider", "narrower"}:
        names = ("std", "minimum", "maximum", "mean", "median")
    for name in names:
        before, after = number(getattr(reference, name)), number(getattr(current, name))
        if before == after:
            continue
        if name == "median" and _constant(reference):
            return f"constant {before} {glyphs.to} {'' if _constant(current) else 'median '}{after}"
        return f"{name} {before} {glyphs.to} {after}"
    return ""


def _constant(side: SideSummary) -> bool:
    return side.minimum is not None and side.minimum == side.maximum


def _level(bins: Bins, glyphs: Glyphs) -> str:
    """Return the level whose share changed most."""
    n, m = sum(bins.reference) or 1, sum(bins.current) or 1
    shares = [(i / n, j / m) for i, j in zip(bins.reference, bins.current, strict=False)]
    position = max(range(len(shares)), key=lambda index: abs(shares[index][1] - shares[index][0]), default=None)
    if position is None or position >= len(bins.labels):
        return ""
    label = shorten(printable(bins.labels[position], glyphs), LEVEL_WIDTH, glyphs)
    before, after = shares[position]
    return f"'{label}' {percent(before)} {glyphs.to} {percent(after)}"
