"""Nothing in the documentation refers to what does not exist: names, commands, options, extras, sessions, settings."""

from __future__ import annotations

import ast
import base64
import functools
import importlib
import re
import shlex
import sys
import tomllib
import types
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import typer.main
import yaml

import driftwatch.errors
from docs_pages import PAGES, ROOT, blocks, page_name, prose, text_of
from driftwatch.alerting import AlertManager
from driftwatch.cli.app import app
from driftwatch.config import Settings, load_settings
from driftwatch.config.keys import KEYS, TABLES
from driftwatch.errors import MissingExtraError
from driftwatch.report import FORMATS

if TYPE_CHECKING:
    from collections.abc import Iterator

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
EXTRAS = PYPROJECT["project"]["optional-dependencies"].keys()
SESSIONS = set(re.findall(r"^@nox\.session.*\ndef (\w+)\(", (ROOT / "noxfile.py").read_text("utf-8"), re.MULTILINE))
SOURCE = "\n".join(path.read_text("utf-8") for path in sorted(Path(driftwatch.errors.__file__).parent.rglob("*.py")))

# The same word with a dot behind it, and no name in Python: files, loggers, keys of metrics, types of events.
OTHER_WORDS = (
    "db",
    "toml",
    "json",
    "alerts",
    "mlflow",
    "id",
    "verdict",
    "check",
    "drift",
    "feature",
    "without_value",
    "retrain",
)
# Libraries that a name lives beside; without one of them its module cannot be imported here.
OPTIONAL = {"torch", "jax", "cupy", "pyspark", "redis", "confluent_kafka", "psycopg"}
NEW = {"driftwatch.detectors.LeCamDetector"}  # what the page about adding a detector adds
# How calls and options of other programs begin.
FOREIGN = (
    "nox ",
    "python ",
    "pip ",
    "uvicorn ",
    "gunicorn ",
    "hypercorn ",
    "twine ",
    "--lifespan off",
    "--preload",
    "--columns 1000",
)

every_page = pytest.mark.parametrize("page", PAGES, ids=page_name)


def resolves(path: str) -> bool:
    """Return whether a dotted name is a module of the package, or something in one."""
    parts = path.split(".")
    value: Any = importlib.import_module(parts[0])
    for i, part in enumerate(parts[1:], 1):
        try:
            value = getattr(value, part)
        except AttributeError:
            try:
                value = importlib.import_module(".".join(parts[: i + 1]))
            except ModuleNotFoundError as error:
                return str(error.name).partition(".")[0] in OPTIONAL
        except (ModuleNotFoundError, MissingExtraError):
            return True
    return True


@every_page
def test_dotted_names_exist(page: Path) -> None:
    found = set(re.findall(r"(?<![\w./-])driftwatch(?:\.[A-Za-z_]\w*)+(?![\w/-])", text_of(page)))
    names = sorted(name for name in found if name.split(".")[1] not in OTHER_WORDS)
    assert [name for name in names if name not in NEW and not resolves(name)] == []


@every_page
def test_imports_of_blocks_exist(page: Path) -> None:
    code = "\n".join(block.code for block in blocks(page, "python", "py") if "_catalog.py" not in block.title)
    imported = [
        f"{node.module}.{alias.name}"
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.ImportFrom) and str(node.module).partition(".")[0] == "driftwatch"
        for alias in node.names
    ]
    assert [name for name in imported if name not in NEW and not resolves(name)] == []


@functools.cache
def commands() -> dict[tuple[str, ...], set[str]]:
    """Return every command of the command line, by its words, with its options."""

    def walk(command: Any, words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], set[str]]]:
        options = {
            name for option in command.params for name in (*option.opts, *option.secondary_opts) if name[0] == "-"
        }
        yield (
            words,
            options | {"--help", "-h"} | ({"--install-completion", "--show-completion"} if not words else set()),
        )
        for name, inner in getattr(command, "commands", {}).items():
            yield from walk(inner, (*words, name))

    return dict(walk(typer.main.get_command(app), ()))


def called(page: Path) -> list[str]:
    """Return what a page calls `driftwatch` with: in blocks for a shell and for CI, and in the text."""
    shell = "\n".join(block.code for block in blocks(page, "sh", "bash", "yaml")).replace("\\\n", " ")
    lines = [line for line in shell.splitlines() if not line.lstrip().startswith("#")]
    found = [match for line in lines for match in re.findall(r"(?:^|[\s|&;])driftwatch (.*?)(?= \| |&&|;| > |$)", line)]
    return found + re.findall(r"`driftwatch ([^`\n]+)`", prose(page))


def wrong(call: str) -> str | None:
    """Return what is wrong with a call of the command line, None if every word of it exists."""
    words = shlex.split(call.replace("...", ""), comments=True)
    own: tuple[str, ...] = ()
    while len(words) > len(own) and (*own, words[len(own)]) in commands():
        own = (*own, words[len(own)])
    rest = words[len(own) :]
    if rest and rest[0][0] != "-" and any(known[:-1] == own for known in commands() if known):
        return f"no command {rest[0]!r}"
    options = [word.partition("=")[0] for word in rest if re.match(r"--?[a-zA-Z]", word)]
    unknown = [option for option in options if option not in commands()[own]]
    if unknown:
        return f"no option {unknown}"
    if own in {("check",), ("report",)} and "--format" in words and words[words.index("--format") + 1] not in FORMATS:
        return f"no format {words[words.index('--format') + 1]!r}"
    return None


def test_a_call_that_does_not_exist_is_found() -> None:
    assert wrong("check a.csv b.csv --threshold psi=0.2 -q") is None
    assert wrong("check a.csv b.csv --treshold psi=0.2") == "no option ['--treshold']"
    assert wrong("profile biuld a -o b") == "no command 'biuld'"
    assert wrong("chekc a b") == "no command 'chekc'"
    assert wrong("check a b --format pdf") == "no format 'pdf'"


@every_page
def test_calls_of_the_command_line_exist(page: Path) -> None:
    assert [(call, problem) for call in called(page) if (problem := wrong(call))] == []


@every_page
def test_options_named_in_the_text_exist(page: Path) -> None:
    known = set().union(*commands().values())
    spans = [span for span in re.findall(r"`([^`\n]+)`", prose(page)) if not span.startswith(FOREIGN)]
    named = {option for span in spans for option in re.findall(r"(?:^| )(--[a-z][a-z-]+)", span)}
    assert sorted(named - known) == []


@every_page
def test_sessions_of_nox_exist(page: Path) -> None:
    assert set(re.findall(r"nox -s (\w+)", text_of(page))) <= SESSIONS


@every_page
def test_extras_exist(page: Path) -> None:
    text = text_of(page)
    named = {extra for found in re.findall(r"(?:driftwatch|[\"' ]\.)\[([\w,]+)\]", text) for extra in found.split(",")}
    named |= set(re.findall(r"\bextras? `(\w+)`", text))
    assert named <= EXTRAS | {"extra"}


@every_page
def test_variables_of_the_environment_exist(page: Path) -> None:
    named = set(re.findall(r"\bDRIFTWATCH_[A-Z_]+[A-Z]\b", text_of(page)))
    words = {key.word or name for name, key in KEYS.items()} | set(TABLES.values())
    settings = {f"DRIFTWATCH_{word.upper()}" for word in words}
    assert sorted(name for name in named - settings if name not in SOURCE) == []


@pytest.mark.parametrize(
    ("page", "text"),
    [
        pytest.param(page, b.code, id=f"{page_name(page)}-{i}")
        for page in PAGES
        for i, b in enumerate(blocks(page, "toml"))
    ],
)
def test_settings_are_valid(page: Path, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in re.findall(r"\$\{(\w+)\}", text):
        key = "whsec_" + base64.b64encode(bytes(32)).decode()
        monkeypatch.setenv(name, key if name.endswith("SECRET") else "https://example.com/a")
    training = types.ModuleType("mypackage.training")
    training.start = print  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "mypackage", types.ModuleType("mypackage"))
    monkeypatch.setitem(sys.modules, "mypackage.training", training)
    file = tmp_path / "driftwatch.toml"
    file.write_text(text, "utf-8")

    settings = load_settings({}, {}, None, file).settings

    assert settings != Settings(), page
    if settings.alerts and 'kind = "apprise"' not in text:  # whose library the tests do not install
        AlertManager.from_config(settings.alerts)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b.code, id=f"{page_name(page)}-{i}")
        for page in PAGES
        for i, b in enumerate(blocks(page, "yaml", "yml"))
    ],
)
def test_yaml_is_yaml(text: str) -> None:
    assert yaml.safe_load(text)
