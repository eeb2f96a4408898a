"""The files around the code agree with each other: labels, links, pins, versions, tables."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

import driftwatch.errors
from project_tree import ROOT, project_files

PACKAGE = Path(driftwatch.errors.__file__).parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
WORKFLOWS = {path.name: path.read_text("utf-8") for path in sorted((ROOT / ".github" / "workflows").glob("*.yml"))}
WORKFLOW = WORKFLOWS["ci.yml"]

LABELS = {
    "core": ("1d76db", "Core library functionality"),
    "cli": ("5319e7", "Command-line interface"),
    "integration": ("0e8a16", "External integrations"),
    "docs": ("fbca04", "Documentation"),
    "test": ("bfd4f2", "Testing related"),
    "good first issue": ("7057ff", "Good for newcomers"),
    "help wanted": ("008672", "Extra attention needed"),
    "P0": ("b60205", "Critical priority"),
    "P1": ("d93f0b", "High priority"),
    "P2": ("fbca04", "Medium priority"),
}

# A path that exists on one person's machine only, and not the end of a longer path or of a URL
MACHINE_PATH = re.compile(r"(?<![\w.:/~*-])/(?:home|root|Users|work|mnt|tmp)/\w|\b[A-Z]:\\Users\\")
CODE_FENCE = re.compile(r"^(`{3,})[^\n]*\n.*?^\1[ ]*$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"!?\[[^\]\n]*\]\(<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\)")


def text_of(path: Path) -> str:
    """Return the text of a file, and nothing for a binary one."""
    content = path.read_bytes()
    return "" if b"\0" in content else content.decode("utf-8")


def load_yaml(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text("utf-8"))


def relative_links(markdown: str) -> list[str]:
    """Return the targets of the links that point into the project, outside code blocks."""
    targets = LINK.findall(re.sub(r"`[^`\n]+`", "", CODE_FENCE.sub("", markdown)))
    return [target for target in targets if not re.match(r"[a-z][a-z+.-]*:|#", target)]


def requirement_name(requirement: str) -> str:
    found = re.match(r"[\w.-]+", requirement)
    assert found, requirement
    return found[0]


def test_labels_are_the_agreed_ones() -> None:
    labels = {label["name"]: (label["color"], label["description"]) for label in load_yaml(".github/labels.yml")}
    assert labels == LABELS


def test_issue_templates_use_known_labels_only() -> None:
    templates = [load_yaml(f".github/ISSUE_TEMPLATE/{name}.yml") for name in ("bug_report", "feature_request")]
    assert {label for template in templates for label in template.get("labels", [])} <= LABELS.keys()


def test_every_relative_link_resolves() -> None:
    broken = [
        f"{path.relative_to(ROOT)}: {target}"
        for path in project_files()
        if path.suffix == ".md"
        for target in relative_links(path.read_text("utf-8"))
        if not (path.parent / target.partition("#")[0]).exists()
    ]
    assert broken == []


def test_links_in_code_and_to_other_places_are_not_followed() -> None:
    markdown = "[a](x.md#y) ![b](i.png) [c](https://e.org) [d](#e) `[f](g.md)`\n```\n[h](i.md)\n```\n[j](k.md)"
    assert relative_links(markdown) == ["x.md#y", "i.png", "k.md"]


def test_no_file_names_a_path_of_somebodys_machine() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:80]}"
        for path in project_files()
        for number, line in enumerate(text_of(path).splitlines(), 1)
        if MACHINE_PATH.search(line)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("line", "is_one"),
    [
        ("cd " + "/ho" + "me/ann/project", True),
        ("'" + "/tm" + "p/venv/bin'", True),
        ("see https://example.org/home/page", False),
        ("docs/work/x and ~/tmp/y", False),
    ],
)
def test_machine_paths_are_told_from_other_paths(line: str, *, is_one: bool) -> None:
    assert bool(MACHINE_PATH.search(line)) is is_one


def test_the_readme_table_names_the_extras_and_what_they_bring() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    rows = {
        (extra or "core"): brings
        for extra, brings in re.findall(r"^\|\s*(?:core|`?\[(\w+)\]`?)\s*\|(.*)\|\s*$", readme, re.MULTILINE)
    }
    extras = PYPROJECT["project"]["optional-dependencies"]
    wanted = {"core": PYPROJECT["project"]["dependencies"], **{name: extras[name] for name in extras if name != "all"}}

    assert rows.keys() - {"all"} == wanted.keys()
    for name, requirements in wanted.items():
        missing = {requirement_name(r) for r in requirements} - set(re.findall(r"[\w-]+", rows[name]))
        assert missing == set(), f"row {name!r} of the table in README.md does not name them"


def test_all_brings_every_other_extra_but_the_heavy_ones() -> None:
    extras = PYPROJECT["project"]["optional-dependencies"]
    (everything,) = extras["all"]
    assert set(re.findall(r"\w+", everything.partition("[")[2])) == extras.keys() - {
        "all",
        "dask",
        "spark",
        "streamlit",
    }


@pytest.mark.parametrize("name", WORKFLOWS)
def test_every_action_is_pinned_by_its_full_sha_with_the_version_beside_it(name: str) -> None:
    used = re.findall(r"uses: (.*)", WORKFLOWS[name])
    assert used
    assert [line for line in used if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v[\d.]+", line)] == []


def test_an_action_is_pinned_to_one_commit_everywhere() -> None:
    used = {line for text in WORKFLOWS.values() for line in re.findall(r"uses: (.*)", text)}
    assert len(used) == len({line.partition("@")[0] for line in used})


def test_the_gate_waits_for_every_other_job() -> None:
    jobs = yaml.safe_load(WORKFLOW)["jobs"]
    assert set(jobs["check"]["needs"]) == jobs.keys() - {"check"}


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_may_only_read_and_a_job_do_no_more_than_it_is_for(name: str) -> None:
    workflow = yaml.safe_load(WORKFLOWS[name])
    assert workflow["permissions"] == {"contents": "read"}
    given = {job: steps["permissions"] for job, steps in workflow["jobs"].items() if "permissions" in steps}
    assert given == {
        "ci.yml": {},
        "docs.yml": {"deploy": {"pages": "write", "id-token": "write"}},
        "release.yml": {"publish": {"id-token": "write"}, "announce": {"contents": "write"}},
    }.get(name, {})


def test_what_may_publish_builds_nothing_and_waits_for_a_person() -> None:
    publish = yaml.safe_load(WORKFLOWS["release.yml"])["jobs"]["publish"]
    assert publish["environment"] == "pypi"
    assert [step for step in publish["steps"] if "run" in step] == []


def test_the_workflow_tests_every_python_that_the_metadata_promises() -> None:
    promised = re.findall(r"Python :: (3\.\d+)", "\n".join(PYPROJECT["project"]["classifiers"]))
    assert yaml.safe_load(WORKFLOW)["jobs"]["tests"]["strategy"]["matrix"]["python"] == promised
    assert PYPROJECT["project"]["requires-python"] == f">={promised[0]}"


def test_pre_commit_runs_the_ruff_that_nox_runs() -> None:
    (pinned,) = [tool for tool in PYPROJECT["dependency-groups"]["lint"] if tool.startswith("ruff==")]
    (repo,) = [r for r in load_yaml(".pre-commit-config.yaml")["repos"] if r["repo"].endswith("/ruff-pre-commit")]
    assert f"ruff=={repo['rev'].removeprefix('v')}" == pinned


def test_every_page_of_the_documentation_is_in_its_menu() -> None:
    menu = re.findall(r"[\w/-]+\.md", (ROOT / "mkdocs.yml").read_text("utf-8").partition("\nnav:")[2])
    docs = ROOT / "docs"
    assert sorted(menu) == sorted(str(page.relative_to(docs)) for page in docs.rglob("*.md"))


def test_the_package_says_that_it_is_typed() -> None:
    assert (PACKAGE / "py.typed").is_file()


def test_the_citation_is_of_this_version_and_licence() -> None:
    citation = load_yaml("CITATION.cff")
    assert (citation["version"], citation["license"]) == (PYPROJECT["project"]["version"], "MIT")
    assert (citation["cff-version"], citation["title"]) == ("1.2.0", "DriftWatch")


def test_the_package_holds_no_version_of_its_own() -> None:
    assigned = re.compile(r"^(?:__version__|VERSION|version)\s*(?::.*)?=\s*[\"']\d+\.\d+\.\d+", re.MULTILINE)
    assert [path for path in PACKAGE.rglob("*.py") if assigned.search(path.read_text("utf-8"))] == []


def test_every_extra_has_floors() -> None:
    extras = PYPROJECT["project"]["optional-dependencies"]
    loose = [r for name, needs in extras.items() if name != "all" for r in needs if not re.search(r">=\d", r)]
    assert loose == []
