"""The wheel in a clean environment of each Python: what it brings, what works, and what is said where an extra lacks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from clean_environments import CleanEnvironment

MOST_DISTRIBUTIONS = 9  # fewer than ten, with driftwatch itself
MOST_BYTES = 250_000_000
SEEDS = {"pip", "setuptools", "wheel"}  # what an empty environment has
# `fast` is speed alone: without it everything works. A Spark DataFrame cannot be made without pyspark.
WITHOUT_MESSAGE = {"all", "fast", "spark"}

FIRST_CHECK = """
import numpy as np
import driftwatch
from importlib.metadata import version
from driftwatch import Monitor

rng = np.random.default_rng(0)
reference = {"age": rng.normal(40, 9, 5_000), "income": rng.lognormal(10, 1, 5_000)}
current = {"age": rng.normal(40, 9, 800), "income": rng.lognormal(10.4, 1, 800)}
report = Monitor(reference).check(current)
print(driftwatch.__file__)
print(version("driftwatch"))
print(report.drifted_features)
"""


def names_in(environment: CleanEnvironment) -> set[str]:
    listed = environment.run("python", "-m", "pip", "list", "--format=json", "--disable-pip-version-check")
    return {item["name"].lower() for item in json.loads(listed.stdout)} - SEEDS


def bytes_of(environment: CleanEnvironment) -> int:
    """Return the size of all files but those of the empty environment."""
    folders = [folder for folder in environment.site_packages.iterdir() if not folder.name.startswith(tuple(SEEDS))]
    files = [file for folder in folders for file in (folder.rglob("*") if folder.is_dir() else [folder])]
    return sum(file.stat().st_size for file in files if file.is_file() and not file.is_symlink())


def test_the_core_brings_what_it_requires_and_is_small(
    version: str, core: CleanEnvironment, pyproject: dict[str, Any], measured: list[str]
) -> None:
    required = {line.partition(">=")[0].lower() for line in pyproject["project"]["dependencies"]}
    names, size = names_in(core), bytes_of(core)
    measured.append(f"core on Python {version}: {len(names)} distributions, {size / 1e6:.0f} MB")

    assert names == required | {"driftwatch"}
    assert len(names) <= MOST_DISTRIBUTIONS
    assert size < MOST_BYTES


def test_a_first_check_works_with_the_core_alone(core: CleanEnvironment, pyproject: dict[str, Any]) -> None:
    done = core.run("python", "-W", "error", "-c", FIRST_CHECK)
    assert (done.returncode, done.stderr) == (0, "")
    file, version, drifted = done.stdout.splitlines()
    assert Path(file).is_relative_to(core.site_packages)
    assert version == pyproject["project"]["version"]
    assert drifted == "['income']"


def test_a_missing_extra_names_the_line_to_type(
    core: CleanEnvironment, pyproject: dict[str, Any], tmp_path: Path
) -> None:
    done = core.run("python", Path(__file__).with_name("missing_extras.py"), tmp_path)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)

    assert said.keys() == pyproject["project"]["optional-dependencies"].keys() - WITHOUT_MESSAGE
    assert {
        extra: text for extra, text in said.items() if not text.strip().endswith(f"pip install 'driftwatch[{extra}]'")
    } == {}


def test_the_line_to_type_brings_the_extra_and_leaves_driftwatch_alone(core: CleanEnvironment) -> None:
    # whoever owns the name on the package index: the driftwatch that is installed satisfies the requirement
    asked = ("install", "--dry-run", "--quiet", "--report=-", "--disable-pip-version-check", "driftwatch[safetensors]")
    done = core.run("python", "-m", "pip", *asked)
    assert done.returncode == 0, done.stderr
    assert [item["metadata"]["name"] for item in json.loads(done.stdout)["install"]] == ["safetensors"]


def test_the_program_answers_for_its_version_without_the_extra(
    core: CleanEnvironment, pyproject: dict[str, Any]
) -> None:
    done = core.run("driftwatch", "--version")
    assert (done.returncode, done.stdout) == (0, f"driftwatch {pyproject['project']['version']}\n")


def test_the_demo_runs_with_the_extra(with_cli: CleanEnvironment) -> None:
    done = with_cli.run("driftwatch", "demo")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Drift detected: 5 of 10 tested features drifted.")


@pytest.mark.parametrize("name", ["pandas", "polars", "torch", "jax"])
def test_the_command_line_brings_no_library_of_users(with_cli: CleanEnvironment, name: str) -> None:
    assert name not in names_in(with_cli)
