"""What a page is drawn from: the report, rounded, its words, and what happened before."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

import driftwatch.monitor
import page_samples
import report_samples as samples
from driftwatch.report.glossary import FLAGS, SIGNALS, STATISTICS
from driftwatch.report.history import History, window_report
from driftwatch.report.model import DriftReport, Status
from driftwatch.report.page import payload
from driftwatch.report.page.payload import MAX_WINDOWS
from driftwatch.report.wording import LABELS, sentence, settings, verdict_line


def test_words_are_those_of_the_other_renderers() -> None:
    report = samples.realistic()
    words = payload(report)["words"]
    assert words["verdict"] == verdict_line(report)
    assert words["settings"] == settings(report)
    first = report.ranked()[0]
    assert words["reason"] == ["Moved most", first.name, sentence(first, report)]
    assert words["rows"][0][-1] == sentence(first, report)


def test_rows_are_in_the_order_of_the_ranking() -> None:
    report = samples.realistic()
    assert [row[0] for row in payload(report)["words"]["rows"]] == [feature.name for feature in report.ranked()]


def test_only_words_that_occur_are_sent() -> None:
    words = payload(samples.report([samples.drifted("a", signals=("stuck_value", "own"), flags=("many_ties",))]))[
        "words"
    ]
    assert words["signals"] == {"stuck_value": SIGNALS["stuck_value"]}
    assert words["flags"] == {"many_ties": FLAGS["many_ties"]}
    assert list(words["statistics"]) == ["ks", "psi", "wasserstein"]


@pytest.mark.parametrize(
    ("report", "lead"),
    [
        (samples.report([samples.feature("calm")]), "Largest effect"),
        (samples.report([samples.without_verdict("gate", Status.ERROR, "text")]), "For example"),
        (samples.report([samples.drifted("price")]), "Moved most"),
    ],
    ids=["calm", "untested", "drifted"],
)
def test_the_reason_suits_the_verdict(report: DriftReport, lead: str) -> None:
    assert payload(report)["words"]["reason"][0] == lead


def test_a_report_without_features_has_no_reason() -> None:
    assert payload(samples.report([]))["words"]["reason"] is None


def test_performance_comes_with_its_words() -> None:
    performance = payload(page_samples.complete())["words"]["performance"]
    assert performance["rows"] == [
        ["roc_auc", "0.910 [0.900, 0.920]", "0.840 [0.820, 0.860]", "0.070", "2e-09", "dropped"]
    ]


def test_history_has_a_line_for_each_feature_with_an_effect() -> None:
    report = samples.realistic()
    past = payload(report, history=page_samples.history(report, 6))["history"]
    assert [window["verdict"] for window in past["windows"]] == ["drift", *["no_drift"] * 2, "drift", *["no_drift"] * 2]
    assert past["effects"]["price"] == [0.411, 0.004, 0.004, 0.411, 0.004, 0.004]
    assert past["hits"]["price"] == [0, 3]
    assert "distance" not in past["hits"]


def test_a_long_history_is_cut_to_its_latest_windows() -> None:
    report = samples.report([samples.drifted("price")])
    windows = tuple(window_report(i, i + 1, report, keep=False) for i in range(MAX_WINDOWS + 5))
    past = payload(report, history=History(windows, "reference", 0.05))["history"]
    assert len(past["windows"]) == len(past["effects"]["price"]) == MAX_WINDOWS
    assert past["windows"][0]["start"] == 5


def test_a_history_of_many_features_has_lines_for_the_first() -> None:
    report = page_samples.large(2_000)
    past = payload(report, history=page_samples.history(report, 12))["history"]
    assert len(past["effects"]) == 2_000
    longer = History(past_windows := page_samples.history(report, 12).windows * 20, "reference", 0.05)
    assert len(past_windows) * len(payload(report, history=longer)["history"]["effects"]) <= 200_000


def test_the_payload_is_strict_json() -> None:
    report = page_samples.hostile()
    json.dumps(payload(report, history=page_samples.history(report)), allow_nan=False)


def test_every_statistic_with_a_label_has_a_title() -> None:
    assert set(LABELS) <= set(STATISTICS)


def test_every_flag_and_signal_that_a_check_raises_is_explained() -> None:
    folder = Path(driftwatch.monitor.__file__).parent
    words = {
        node.value
        for path in (
            *folder.glob("*.py"),
            *(folder.parent / "detectors").glob("*.py"),
            *(folder.parent / "profile").glob("*.py"),
        )
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    # names in the source that the documentation of the schema and of the verdict lists as flags
    documented = {"few_samples", "dropped_rows", "low_expected_counts", "many_ties", "autocorrelated_rows", "few_units"}
    documented |= {
        "dependence_ignored",
        "few_permutations",
        "subsampled",
        "rounded_integers",
        "absent_rows",
        "pooled_levels",
    }
    assert documented <= words
    assert documented <= set(FLAGS)
