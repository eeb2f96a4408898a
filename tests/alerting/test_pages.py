"""The settings on the pages of the documentation make the receivers that the pages are about."""

from __future__ import annotations

import base64
import re
import sys
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from driftwatch.alerting._receivers import KINDS, receiver_from_settings

DOCS = Path(__file__).parents[2] / "docs"
TOML_BLOCK = re.compile(r"^```toml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
RECEIVERS: list[tuple[str, dict[str, Any]]] = [
    item
    for page in ("notifiers.md", "retraining.md")
    for block in TOML_BLOCK.findall((DOCS / page).read_text("utf-8"))
    for item in tomllib.loads(block).get("alerts", {}).get("receivers", {}).items()
]


@pytest.mark.parametrize(("name", "given"), RECEIVERS, ids=[str(given["kind"]) for _, given in RECEIVERS])
def test_a_table_of_a_page_makes_a_receiver(name: str, given: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    key = "whsec_" + base64.b64encode(b"k" * 32).decode()
    for variable in re.findall(r"\$\{(\w+)\}", str(given)):
        monkeypatch.setenv(variable, "https://hooks.example/abc" if variable.endswith("URL") else key)
    # what is not here: Apprise, and the package of the reader
    apprise = ModuleType("apprise")
    vars(apprise)["Apprise"] = type("Apprise", (), {"add": lambda *_: True})
    training = ModuleType("mypackage.training")
    vars(training)["start"] = print
    for module in (apprise, ModuleType("mypackage"), training):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    notifier = receiver_from_settings(name, given)
    assert type(notifier).__name__ == KINDS[given["kind"]].partition(":")[2]


def test_every_kind_has_a_table_and_a_row() -> None:
    page = (DOCS / "notifiers.md").read_text("utf-8")
    shown = {given["kind"] for _, given in RECEIVERS}
    assert shown | {"log"} == KINDS.keys()
    assert set(re.findall(r"^\| `(\w+)` \| `\w+` \|", page, re.MULTILINE)) == KINDS.keys()
