"""The report's page in a real Chromium: offline, with nothing on its console, by mouse, keyboard, paper and phone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

import page_samples
import report_samples as samples
from driftwatch.report.model import DriftReport, Status
from driftwatch.report.text import printable

if TYPE_CHECKING:
    from pathlib import Path

    from browser import Browser

SHOWN = 200  # characters of a name


def write(folder: Path, report: DriftReport, **options: object) -> str:
    path = folder / "report.html"
    report.to_html(path, **options)  # type: ignore[arg-type]
    return path.as_uri()


def ranked(report: DriftReport) -> list[str]:
    return [feature.name for feature in report.ranked()]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_is_inaccessible_or_wider_than_the_screen(
    browser: Browser, tmp_path: Path, scheme: str, width: int
) -> None:
    report = page_samples.complete()
    url = write(tmp_path, report, history=page_samples.history(report))
    shown = ["price", "carrier", "sentence", "tailnum", "sensor_gain"]
    found = browser.call("report", "looked", url=url, scheme=scheme, width=width, features=shown)
    assert found["headline"].startswith("Drift detected: 6 of 11")
    assert found["violations"] == []
    assert found["overflow"] <= 0


def test_dark_is_dark_and_light_is_light(browser: Browser, tmp_path: Path) -> None:
    url = write(tmp_path, samples.realistic())
    seen = {
        scheme: browser.call("report", "looked", url=url, scheme=scheme, width=800)["background"]
        for scheme in ("light", "dark")
    }
    assert seen == {"light": "rgb(247, 247, 245)", "dark": "rgb(20, 22, 26)"}


def test_every_picture_of_a_feature_is_drawn(browser: Browser, tmp_path: Path) -> None:
    report = page_samples.complete()
    url = write(tmp_path, report, history=page_samples.history(report))
    numeric = browser.call("report", "figures", url=url, feature="price")
    assert list(numeric["drawn"]) == [
        "Distribution", "Cumulative distribution", "PSI by bin", "Effect", "Missing values", "Effect over time",
    ]  # fmt: skip
    assert numeric["marks"] == ["D 0.412"]
    assert (
        "More values lie outside the reference's range than chance explains. (1.2% of the current values)"
        in numeric["text"]
    )
    assert "a_flag_of_tomorrow" in numeric["text"]
    assert "Levels" in browser.call("report", "figures", url=url, feature="carrier")["drawn"]
    embedding = browser.call("report", "figures", url=url, feature="sentence")["drawn"]
    assert len(embedding["Rows on a plane"]) == 3
    untested = browser.call("report", "figures", url=url, feature="tailnum")
    assert list(untested["drawn"]) == ["Effect over time"]
    assert "identifiers are reported, not tested" in untested["text"]


def test_the_list_is_filtered_and_sorted(browser: Browser, tmp_path: Path) -> None:
    report = samples.realistic()
    found = browser.call("report", "filtered", url=write(tmp_path, report), text="CAR")
    features = report.features
    assert found["all"] == ranked(report)
    assert found["filtered"] == ["carrier"]
    assert found["said"] == f"1 of {len(features)}"
    assert found["untested"] == [f.name for f in report.ranked() if not f.has_verdict]
    assert found["drifted"] == report.drifted_features
    assert found["name"] == sorted(features, key=str.lower)
    assert found["effect"] == sorted(ranked(report), key=lambda name: -(features[name].effect or -1))
    assert found["missing"][0] == samples.LONG_NAME
    assert found["nothing"] == "No feature matches."


def test_everything_can_be_reached_by_keyboard(browser: Browser, tmp_path: Path) -> None:
    report = samples.realistic()
    names = ranked(report)
    found = browser.call("report", "keyboard", url=write(tmp_path, report), text="dis")
    assert found["start"] == names[0]
    assert found["slash"] == "input"
    assert found["typed"] == "dis"
    assert found["into"] == ["listbox", "distance"]
    assert found["escaped"] == ["listbox", ""]
    assert [found["home"], found["down"], found["up"], found["end"]] == [names[0], names[1], names[0], names[-1]]
    assert found["active"] == ["true", names[-1], str(len(names)), str(len(names))]
    assert found["outline"] == "solid"
    assert [found["read"], found["back"]] == ["h2", "listbox"]


def test_a_link_leads_to_a_feature_and_the_address_follows(browser: Browser, tmp_path: Path) -> None:
    report = samples.realistic()
    found = browser.call("report", "linked", url=write(tmp_path, report), feature="dep_delay")
    assert found == {"first": "dep_delay", "address": f"#feature={ranked(report)[0]}"}


def test_paper_has_the_ranked_table_and_the_drifted_features_in_full(browser: Browser, tmp_path: Path) -> None:
    features = [samples.drifted(f"f{i:02}", effect=0.9 - i / 100) for i in range(35)]
    report = samples.report([*features, samples.feature("calm")])
    found = browser.call("report", "printed", url=write(tmp_path, report))
    assert not found["list"]
    assert found["headings"] == ["Features", *(f"f{i:02}" for i in range(30))]
    assert found["charts"] >= 30 * 3
    assert found["pdf"] > 10_000


def test_without_scripts_there_is_a_table_of_the_first_fifty(browser: Browser, tmp_path: Path) -> None:
    report = samples.report([samples.drifted(f"f{i}") for i in range(60)])
    found = browser.call("report", "plain", url=write(tmp_path, report))
    assert found["headline"] == "Drift detected: 60 of 60 tested features drifted."
    assert found["rows"] == 50
    assert "… and 10 more" in found["text"]
    assert not found["loading"]
    hostile = browser.call("report", "plain", url=write(tmp_path, page_samples.hostile()))
    assert hostile["rows"] == len(page_samples.hostile().features)


def test_hostile_names_do_nothing(browser: Browser, tmp_path: Path) -> None:
    report = page_samples.hostile()
    past = page_samples.history(report, 6)
    found = browser.call("report", "hostile", url=write(tmp_path, report, history=past))
    expected = [printable(name) for name in ranked(report)]
    # Python and JavaScript write the escapes of characters differently; what they escape is the same
    assert len(found["seen"]) == len(expected)
    for seen, name in zip(found["seen"], expected, strict=True):
        assert seen[:20].rstrip("…").strip("'") in name or "\\" in seen
        assert len(seen) <= SHOWN + 1
        assert seen.isprintable()
    assert found["elements"] == 0
    assert found["touched"] == [None, None]
    assert found["violations"] == []
    assert found["overflow"] <= 0


def test_the_download_is_the_report(browser: Browser, tmp_path: Path) -> None:
    report = page_samples.hostile()
    path = tmp_path / "saved.json"
    name = browser.call("report", "downloaded", url=write(tmp_path, report), path=str(path))
    assert name == "driftwatch-report.json"
    back = DriftReport.from_json(path.read_bytes())
    assert list(back.features) == list(report.features)
    assert back.to_dict() == json.loads(path.read_text())
    assert back.ranked() == report.ranked()


def test_five_thousand_features_open_with_few_nodes(browser: Browser, tmp_path: Path) -> None:
    found = browser.call("report", "large", url=write(tmp_path, page_samples.large(5_000)), text="feature_0499")
    assert found["last"] == "5000"
    assert found["filtered"] == "10 of 5,000"
    assert max(found["nodes"], found["after"]) < 1_500


def test_fifty_thousand_features_open(browser: Browser, tmp_path: Path) -> None:
    found = browser.call("report", "large", url=write(tmp_path, page_samples.plain(50_000)), text="feature_49")
    assert found["last"] == "50000"
    assert found["filtered"] == "1,000 of 50,000"
    assert max(found["nodes"], found["after"]) < 1_500


@pytest.mark.parametrize(
    "report",
    [
        samples.report([]),
        samples.report([samples.feature("only")]),
        samples.report([samples.without_verdict(f"e{i}", Status.ERROR, "numbers here, text there") for i in range(3)]),
    ],
    ids=["empty", "one feature", "errors only"],
)
def test_small_reports_are_shown_too(browser: Browser, tmp_path: Path, report: DriftReport) -> None:
    found = browser.call("report", "looked", url=write(tmp_path, report), scheme="light", width=1280)
    assert found["headline"].startswith("No ")
    assert found["violations"] == []


def test_a_notebook_shows_the_page_in_a_frame_that_keeps_its_style(browser: Browser, tmp_path: Path) -> None:
    host = tmp_path / "notebook.html"
    body = f'<p id="host" style="font-family:serif">cell</p>{samples.realistic()._repr_html_()}'
    host.write_text(f"<!doctype html><html lang=en><title>notebook</title><body>{body}", encoding="utf-8")
    found = browser.call("report", "notebook", url=host.as_uri())
    assert found["headline"].startswith("Drift detected: 5 of 9")
    assert found["chosen"] == ranked(samples.realistic())[1]
    assert found["outside"] == "serif"
    assert found["fallback"].startswith("Drift detected: 5 of 9")
