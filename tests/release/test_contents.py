"""What is in the wheel and in the source distribution, to the file, and what their metadata say."""

from __future__ import annotations

import configparser
import re
import tarfile
import zipfile
from email.parser import Parser
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import pytest

from project_tree import ROOT, project_files

if TYPE_CHECKING:
    from email.message import Message
    from pathlib import Path

LARGEST_WHEEL = 5_000_000  # bytes: example data are the most of it
LARGEST_SDIST = 15_000_000
DIST_INFO = {"METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE"}
MARKDOWN_LINK = re.compile(r"\[[^\]\n]+\]\(([^)\s]+)\)")


def tracked_below(folder: str) -> set[str]:
    return {str(path.relative_to(ROOT / folder)) for path in project_files() if path.is_relative_to(ROOT / folder)}


@pytest.fixture(scope="module")
def in_wheel(wheel: Path) -> set[str]:
    return set(zipfile.ZipFile(wheel).namelist())


@pytest.fixture(scope="module")
def in_sdist(sdist: Path) -> set[str]:
    with tarfile.open(sdist) as archive:
        names = [PurePosixPath(member.name) for member in archive.getmembers() if member.isfile()]
    return {str(name.relative_to(name.parts[0])) for name in names}


@pytest.fixture(scope="module")
def metadata(wheel: Path) -> Message:
    (name,) = [name for name in zipfile.ZipFile(wheel).namelist() if name.endswith(".dist-info/METADATA")]
    return Parser().parsestr(zipfile.ZipFile(wheel).read(name).decode())


def test_the_wheel_holds_the_package_with_its_data_and_nothing_else(
    in_wheel: set[str], pyproject: dict[str, Any]
) -> None:
    info = f"driftwatch-{pyproject['project']['version']}.dist-info"
    assert in_wheel == tracked_below("src") | {f"{info}/{name}" for name in DIST_INFO}


@pytest.mark.parametrize(
    ("folder", "ending"),
    [
        ("", "py.typed"),
        ("report/schema", ".json"),
        ("datasets/data", ".parquet"),
        ("report/page", ".html"),
        ("report/page", ".css"),
        ("report/page", ".js"),
        ("dashboard/static", ".css"),
        ("dashboard/static", ".js"),
    ],
)
def test_the_wheel_holds_data_of_each_sort(in_wheel: set[str], folder: str, ending: str) -> None:
    assert [name for name in in_wheel if name.startswith(f"driftwatch/{folder}") and name.endswith(ending)]


def test_the_source_distribution_holds_what_git_tracks(in_sdist: set[str]) -> None:
    assert in_sdist == tracked_below("") | {"PKG-INFO"}


@pytest.mark.parametrize("built", ["wheel", "sdist"])
def test_nothing_is_larger_than_it_has_reason_to_be(request: pytest.FixtureRequest, built: str) -> None:
    limit = {"wheel": LARGEST_WHEEL, "sdist": LARGEST_SDIST}[built]
    assert request.getfixturevalue(built).stat().st_size < limit


def test_the_metadata_are_those_of_the_project_file(metadata: Message, pyproject: dict[str, Any]) -> None:
    project = pyproject["project"]
    assert (metadata["Name"], metadata["Version"]) == ("driftwatch", project["version"])
    assert metadata["License-Expression"] == "MIT"
    assert metadata.get_all("License-File") == ["LICENSE"]
    assert metadata["Requires-Python"] == project["requires-python"]
    assert set(metadata.get_all("Provides-Extra") or ()) == set(project["optional-dependencies"])
    assert set(metadata.get_all("Classifier") or ()) == set(project["classifiers"])


def test_no_classifier_says_the_licence_again(metadata: Message) -> None:
    # a package index refuses both: the expression is the newer of the two (PEP 639)
    assert [line for line in metadata.get_all("Classifier") or () if line.startswith("License")] == []


def test_the_description_is_the_readme_without_links_that_lead_nowhere(metadata: Message) -> None:
    description = str(metadata.get_payload())
    assert metadata["Description-Content-Type"] == "text/markdown"
    assert description.startswith("# DriftWatch\n")
    assert len(description.splitlines()) >= len((ROOT / "README.md").read_text("utf-8").splitlines())
    assert [link for link in MARKDOWN_LINK.findall(description) if not link.startswith("https://")] == []


def test_no_address_in_the_metadata_is_a_placeholder(metadata: Message) -> None:
    urls = [*(metadata.get_all("Project-URL") or ()), *re.findall(r"https?://[^\s)>\"']+", str(metadata))]
    assert [url for url in urls if re.search(r"example\.(com|org)|OWNER|USER|TODO|localhost", url)] == []


def test_the_one_program_is_the_command_line(wheel: Path) -> None:
    (name,) = [name for name in zipfile.ZipFile(wheel).namelist() if name.endswith(".dist-info/entry_points.txt")]
    points = configparser.ConfigParser()
    points.read_string(zipfile.ZipFile(wheel).read(name).decode())
    assert {section: dict(points[section]) for section in points.sections()} == {
        "console_scripts": {"driftwatch": "driftwatch.cli.__main__:main"}
    }
