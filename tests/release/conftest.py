"""What the tests of a release share: the files that `nox -s release` has built, and the Pythons to try them on."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from clean_environments import CleanEnvironment, find_python

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]

collect_ignore = ["missing_extras.py"]  # a program of the environment that it looks at


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--dist", type=Path, help="folder of the wheel and the source distribution")
    parser.addoption("--sbom", type=Path, help="folder of the bill of materials")
    parser.addoption("--python", action="append", default=[], help="a version that must be tried; else each found here")
    parser.addoption("--whole-suite", action="store_true", help="run every test against the installed wheel")


MEASURED = pytest.StashKey[list[str]]()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for line in config.stash.get(MEASURED, []):
        terminalreporter.write_line(line)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "version" in metafunc.fixturenames:
        versions = metafunc.config.getoption("--python") or promised_versions()
        metafunc.parametrize("version", versions, scope="session")


def promised_versions() -> list[str]:
    classifiers = project()["project"]["classifiers"]
    return [line.rpartition(" ")[2] for line in classifiers if line.startswith("Programming Language :: Python :: 3.")]


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


@pytest.fixture
def measured(request: pytest.FixtureRequest) -> list[str]:
    """Lines that are shown after the tests, whether they pass or not."""
    return request.config.stash.setdefault(MEASURED, [])


@pytest.fixture(scope="session")
def pyproject() -> dict[str, Any]:
    return project()


@pytest.fixture(scope="session")
def wheel(request: pytest.FixtureRequest) -> Path:
    (found,) = _built(request, "--dist").glob("*.whl")
    return found


@pytest.fixture(scope="session")
def sdist(request: pytest.FixtureRequest) -> Path:
    (found,) = _built(request, "--dist").glob("*.tar.gz")
    return found


@pytest.fixture(scope="session")
def sbom(request: pytest.FixtureRequest) -> Path:
    (found,) = _built(request, "--sbom").glob("*.cdx.json")
    return found


def _built(request: pytest.FixtureRequest, option: str) -> Path:
    folder = request.config.getoption(option)
    if folder is None:
        pytest.fail("these tests are about what was built: run them with `nox -s release`")
    return Path(folder).resolve()


@pytest.fixture(scope="session")
def python_of(request: pytest.FixtureRequest) -> Callable[[str], Path]:
    """Return the Python of a version; skip where there is none here, and fail where it was asked for by name."""

    def find(version: str) -> Path:
        found = find_python(version)
        if found is None and version in request.config.getoption("--python"):
            pytest.fail(f"Python {version} was asked for and is not installed here")
        if found is None:
            pytest.skip(f"Python {version} is not installed here")
        return found

    return find


@pytest.fixture(scope="session")
def core(
    version: str, wheel: Path, python_of: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> CleanEnvironment:
    """An environment with the wheel and what it requires, without any extra."""
    environment = CleanEnvironment.create(python_of(version), tmp_path_factory.mktemp("core") / version)
    environment.pip_install(str(wheel))
    return environment


@pytest.fixture(scope="session")
def with_cli(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> CleanEnvironment:
    """An environment with the extra `cli`, of the Python that runs these tests."""
    environment = CleanEnvironment.create(Path(sys.executable), tmp_path_factory.mktemp("cli") / "environment")
    environment.uv_install(f"{wheel}[cli]")
    return environment
