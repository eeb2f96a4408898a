"""The page of benchmarks says what the committed figures say, and hides none of them."""

import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_benchmarks", ROOT / "docs" / "generate_benchmarks.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    import sys

    sys.modules[spec.name] = module  # a dataclass looks its module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def figures(generator: ModuleType) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(generator.FIGURES.read_text(encoding="utf-8"))
    return found


def suite(**figure: Any) -> dict[str, Any]:
    return {"memory": {"machine": {"cores": 2}, "command": "measure", "figures": [{"group": "memory", **figure}]}}


def test_the_page_is_what_the_figures_give(generator: ModuleType, figures: dict[str, Any]) -> None:
    page = generator.PAGE.read_text(encoding="utf-8")
    assert page == generator.render(figures), "run: python docs/generate_benchmarks.py"


def test_every_plot_of_the_page_is_there(generator: ModuleType, figures: dict[str, Any]) -> None:
    plots = re.findall(r"\]\((assets/[^)]*\.svg)\)", generator.render(figures))
    assert plots
    assert all((generator.DOCS / plot).is_file() for plot in plots)


def test_every_group_of_figures_has_its_section(generator: ModuleType, figures: dict[str, Any]) -> None:
    known = {(section.suite, section.group) for section in generator.SECTIONS}
    measured = {(name, figure.get("group", "")) for name, suite in figures.items() for figure in suite["figures"]}
    assert measured - known == {("other_libraries", "peers_memory")}  # columns of the table of peers


def test_every_command_stands_beside_its_figures(generator: ModuleType, figures: dict[str, Any]) -> None:
    page = generator.render(figures)
    assert all(f"`{suite['command']}`" in page for suite in figures.values())


@pytest.mark.parametrize(
    ("figure", "said"),
    [
        ({"value": 2.5, "bound": 2.0}, "**missed**"),
        ({"value": 1.5, "bound": 2.0}, "met"),
        ({"value": 1.5, "floor": 2.0}, "**missed**"),
        ({"value": 2.5, "floor": 2.0}, "met"),
    ],
)
def test_a_missed_bound_is_said(generator: ModuleType, figure: dict[str, float], said: str) -> None:
    page = generator.render(suite(name="table", unit="x", **figure))
    row = next(line for line in page.splitlines() if line.startswith("| table |"))
    assert f" {said} |" in row


def test_what_could_not_be_measured_is_named_with_its_reason(generator: ModuleType) -> None:
    page = generator.render(suite(name="a peer", absent="it cannot be installed: no wheel"))
    assert "- a peer was not measured: it cannot be installed: no wheel" in page
