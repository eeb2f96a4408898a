"""The bill of materials that goes with a release names what an install of the core brings."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def bill(sbom: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(sbom.read_text("utf-8"))
    return content


def test_it_is_about_this_version(bill: dict[str, Any], pyproject: dict[str, Any]) -> None:
    about = bill["metadata"]["component"]
    assert bill["bomFormat"] == "CycloneDX"
    assert (about["type"], about["name"], about["version"]) == (
        "library",
        "driftwatch",
        pyproject["project"]["version"],
    )


def test_it_names_each_distribution_of_the_core_with_its_version_and_address(
    bill: dict[str, Any], pyproject: dict[str, Any]
) -> None:
    required = {line.partition(">=")[0].lower() for line in pyproject["project"]["dependencies"]}
    components = {item["name"].lower(): item for item in bill["components"]}
    assert components.keys() == required
    assert all(components[name]["purl"].startswith(f"pkg:pypi/{name}@") for name in required)


def test_it_gives_licences(bill: dict[str, Any]) -> None:
    assert [item["name"] for item in bill["components"] if not item.get("licenses")] == []


def test_it_names_no_path_of_the_machine_that_made_it(sbom: Path) -> None:
    assert "file://" not in sbom.read_text("utf-8")
