"""The dashboard and the rules beside the catalog; a real Prometheus asks them in tests/services."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import yaml

from driftwatch.metrics.catalog import SPECS

ROOT = Path(__file__).parents[2]
GRAFANA = ROOT / "examples" / "grafana"
DASHBOARD: dict[str, Any] = json.loads((GRAFANA / "driftwatch.json").read_text("utf-8"))
RULES = (GRAFANA / "alerts.rules.yml").read_text("utf-8")
NAMES = {spec.name for spec in SPECS.values()}
USED = re.compile(r"driftwatch_\w+")


def test_the_dashboard_and_the_rules_use_names_that_exist() -> None:
    panels = [target["expr"] for panel in DASHBOARD["panels"] for target in panel.get("targets", [])]
    rules = [rule["expr"] for group in yaml.safe_load(RULES)["groups"] for rule in group["rules"]]
    used = {name for expression in (*panels, *rules) for name in USED.findall(expression)}
    assert used <= NAMES
    assert len(used) > 15


def test_panels_have_places_of_their_own_and_ask_the_chosen_source() -> None:
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    cells = [
        (x, y)
        for place in (panel["gridPos"] for panel in panels)
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24
    asked = [item for panel in panels if panel["type"] != "row" for item in (panel, *panel["targets"])]
    assert {item["datasource"]["uid"] for item in asked} == {"${DS_PROMETHEUS}"}
    assert [item["name"] for item in DASHBOARD["__inputs"]] == ["DS_PROMETHEUS"]


def test_every_panel_says_what_it_shows() -> None:
    panels = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
    assert all(panel["title"] and len(panel["description"]) > 10 for panel in panels)
    assert {item["id"] for item in DASHBOARD["__requires"] if item["type"] == "panel"} == {p["type"] for p in panels}


def test_every_rule_says_how_bad_it_is_and_what_to_do() -> None:
    for group in yaml.safe_load(RULES)["groups"]:
        for rule in group["rules"]:
            assert rule["labels"]["severity"] in {"info", "warning", "critical"}
            assert set(rule["annotations"]) == {"summary", "description"}


def test_the_page_of_the_docs_names_every_family_with_its_labels() -> None:
    page = (ROOT / "docs" / "metrics.md").read_text("utf-8")
    rows = re.findall(r"^\| `(driftwatch_\w+)` \| (\w+) \| ([^|]*) \|", page, re.MULTILINE)
    wanted = [(spec.name, spec.kind.value, ", ".join(f"`{label}`" for label in spec.labels)) for spec in SPECS.values()]
    assert rows == wanted
