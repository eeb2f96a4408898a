"""docs/ci.md says what `action.yml` and `.pre-commit-hooks.yaml` have, and its examples use nothing else."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "ci.md").read_text("utf-8")
ACTION = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
HOOKS = {hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))}
EXAMPLES = [yaml.safe_load(block) for block in re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)]


def table_below(head: str) -> set[str]:
    """Return the first column of the table whose head begins with a word."""
    (table,) = re.findall(rf"^\| {head} \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    return set(re.findall(r"^\| `([\w-]+)` ", table, re.MULTILINE))


def every(key: str, found: Any) -> list[Any]:
    """Return the values of a key, however deep it stands."""
    if isinstance(found, dict):
        deeper = [value for item in found.values() for value in every(key, item)]
        return [found[key], *deeper] if key in found else deeper
    return [value for item in found for value in every(key, item)] if isinstance(found, list) else []


def test_the_tables_have_each_input_output_and_hook() -> None:
    assert table_below("input") == set(ACTION["inputs"])
    assert table_below("output") == set(ACTION["outputs"])
    assert table_below("hook") == set(HOOKS)


def test_the_examples_use_inputs_and_outputs_that_there_are() -> None:
    steps = [step for found in every("steps", EXAMPLES) for step in found]
    ours = [step["with"] for step in steps if "/driftwatch@" in step.get("uses", "")]
    ours += [example["with"] for example in EXAMPLES if "with" in example]
    assert len(ours) == 2
    assert set().union(*ours) <= set(ACTION["inputs"])
    assert set(re.findall(r"steps\.drift\.outputs\.([\w-]+)", PAGE)) <= set(ACTION["outputs"])


def test_the_examples_name_hooks_that_there_are() -> None:
    hooks = [hook for found in every("hooks", EXAMPLES) for hook in found]
    assert {hook["id"] for hook in hooks} == set(HOOKS)


def test_a_required_input_has_no_default_and_others_have_one() -> None:
    assert [name for name, item in ACTION["inputs"].items() if item.get("required", False) == ("default" in item)] == []


@pytest.mark.parametrize("step", ACTION["runs"]["steps"], ids=lambda step: step["id"])
def test_a_step_takes_inputs_from_its_environment_only(step: dict[str, Any]) -> None:
    # what an expression in a script is replaced by becomes code
    assert "${{" not in step["run"]
    assert step["shell"] == "bash"
    assert step["run"].startswith("set -euo pipefail\n")
