"""The action of `action.yml`: its own scripts, run as a runner does, on files with drift, without, broken and hostile."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from subprocess import PIPE, STDOUT
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from clean_environments import bare_environment
from project_tree import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable

    from clean_environments import CleanEnvironment

ACTION = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
STEPS: dict[str, dict[str, Any]] = {step["id"]: step for step in ACTION["runs"]["steps"]}
EXPRESSION = re.compile(r"\$\{\{\s*([\w.-]+)\s*\}\}")
HOSTILE = [
    "a b.csv",
    "it's.csv",
    'a"b.csv',
    "$(touch owned).csv",
    "`touch owned`.csv",
    "a;touch owned;.csv",
    "-a.csv",
    "--output=x.csv",
    "a&&b|c.csv",
    "::error::a.csv",
    "a\nb.csv",
    "éa😀.csv",
]


@dataclass
class Ended:
    """What a step left behind."""

    code: int
    log: str
    outputs: dict[str, str]
    summary: str


@dataclass
class Runner:
    """As much of a runner as a composite action meets: expressions, the environment and the two files."""

    environment: Path
    workspace: Path
    files: Path

    def run(self, step: str, **inputs: str) -> Ended:
        given = {name: str(declared.get("default", "")) for name, declared in ACTION["inputs"].items()}
        values = {f"inputs.{name}": value for name, value in given.items()}
        values |= {f"inputs.{name.replace('_', '-')}": value for name, value in inputs.items()}
        values |= {"github.action_path": str(ROOT), "steps.install.outputs.environment": str(self.environment)}

        def expand(text: str) -> str:
            return EXPRESSION.sub(lambda found: values[found[1]], text)

        output, summary, script = (self.files / name for name in ("output", "summary", "script.sh"))
        output.write_text("")
        summary.write_text("")
        script.write_text(STEPS[step]["run"])
        folder = self.workspace / expand(STEPS[step].get("working-directory", "."))
        environment = {
            **bare_environment(),
            **{name: expand(value) for name, value in STEPS[step]["env"].items()},
            "GITHUB_OUTPUT": str(output),
            "GITHUB_STEP_SUMMARY": str(summary),
            "RUNNER_TEMP": str(self.files),
            "CI": "true",
        }
        # as the runner calls `shell: bash`
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)]
        done = subprocess.run(command, cwd=folder, env=environment, stdout=PIPE, stderr=STDOUT, text=True, check=False)
        lines = [line.partition("=") for line in output.read_text().splitlines()]
        return Ended(
            done.returncode,
            done.stdout,
            {name: value for name, _, value in lines},
            summary.read_text("utf-8"),
        )


@pytest.fixture
def runner(with_cli: CleanEnvironment, tmp_path: Path) -> Runner:
    for name in ("workspace", "files"):
        (tmp_path / name).mkdir()
    for left in with_cli.folder.glob("report.*"):  # of the test before
        left.unlink()
    return Runner(with_cli.folder, tmp_path / "workspace", tmp_path / "files")


@pytest.fixture
def table(runner: Runner) -> Callable[..., str]:
    """Write a small file of numbers, each shifted, and return its name."""

    def write(name: str, *, shift: float = 0.0, rows: int = 300, header: str = "x") -> str:
        lines = [header, *(f"{(7919 * i) % 1009 / 1009 + shift:.4f}" for i in range(rows))]
        (runner.workspace / name).write_text("\n".join(lines) + "\n")
        return name

    return write


def test_no_expression_stands_in_a_script() -> None:
    # what an expression is replaced by becomes code; the environment holds it as data
    assert [step["id"] for step in STEPS.values() if "${{" in step["run"]] == []


def test_every_input_and_output_is_explained_and_used() -> None:
    used = set(EXPRESSION.findall((ROOT / "action.yml").read_text("utf-8")))
    assert {f"inputs.{name}" for name in ACTION["inputs"]} <= used
    assert all(item["description"] for item in [*ACTION["inputs"].values(), *ACTION["outputs"].values()])
    assert {found for found in used if found.startswith("inputs.")} <= {f"inputs.{name}" for name in ACTION["inputs"]}


def test_no_drift_passes(runner: Runner, table: Callable[..., str]) -> None:
    done = runner.run("check", reference=table("a.csv"), current=table("b.csv"))
    assert (done.code, done.outputs["exit-code"], done.outputs["verdict"]) == (0, "0", "no_drift")
    assert json.loads(Path(done.outputs["report-path"]).read_text())["verdict"] == "no_drift"
    assert "::notice title=Data drift::" in done.log


def test_drift_fails_after_annotations_and_summary(runner: Runner, table: Callable[..., str]) -> None:
    done = runner.run("check", reference=table("a.csv"), current=table("b.csv", shift=0.4))
    assert (done.code, done.outputs["exit-code"], done.outputs["verdict"]) == (1, "1", "drift")
    assert "::error title=Data drift in x::" in done.log
    assert done.summary.startswith("## Drift detected: 1 of 1 tested feature drifted.\n")


@pytest.mark.parametrize("given", [{"fail_on": "none"}, {"args": "--fail-on\nnone"}, {"config": "passing.toml"}])
def test_drift_that_may_pass_is_still_told(runner: Runner, table: Callable[..., str], given: dict[str, str]) -> None:
    (runner.workspace / "passing.toml").write_text('fail_on = "none"\n')
    done = runner.run("check", reference=table("a.csv"), current=table("b.csv", shift=0.4), **given)
    assert (done.code, done.outputs["verdict"]) == (0, "drift")


def test_too_few_rows_are_no_verdict(runner: Runner, table: Callable[..., str]) -> None:
    done = runner.run("check", reference=table("a.csv"), current=table("b.csv", rows=3))
    assert (done.code, done.outputs["verdict"]) == (3, "no_verdict")


@pytest.mark.parametrize("current", ["missing.csv", "broken.parquet", "empty.csv"])
def test_an_unreadable_file_has_no_verdict_and_says_why(
    runner: Runner, table: Callable[..., str], current: str
) -> None:
    (runner.workspace / "broken.parquet").write_bytes(b"PAR1 and no more")
    (runner.workspace / "empty.csv").write_bytes(b"")
    done = runner.run("check", reference=table("a.csv"), current=current)
    assert (done.code, done.outputs) == (2, {"exit-code": "2"})
    assert "error: " in done.log
    assert "::error title=driftwatch::the check could not run" in done.log
    assert done.summary == ""


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("exists", [True, False], ids=["there", "missing"])
def test_the_name_of_a_file_is_never_code(
    runner: Runner, table: Callable[..., str], name: str, *, exists: bool
) -> None:
    reference = table("a.csv")
    if exists:
        table(name, shift=0.4)
    done = runner.run("check", reference=reference, current=name)
    assert done.code == (1 if exists else 2), done.log
    assert not list(runner.workspace.rglob("owned"))
    assert set(done.outputs) == ({"exit-code", "verdict", "report-path"} if exists else {"exit-code"})
    assert {path.name for path in runner.workspace.iterdir()} == {"a.csv", *([name] if exists else [])}
    assert commands_heard(done.log) <= {"error", "warning", "notice", "stop-commands"}
    assert "::error::a" not in heard(done.log)


@pytest.mark.parametrize(
    "words", ["$(touch owned)", "--alpha\n0.01; touch owned", "--output\n../../x", "--format=html"]
)
def test_more_options_are_words_and_never_code(runner: Runner, table: Callable[..., str], words: str) -> None:
    runner.run("check", reference=table("a.csv"), current=table("b.csv"), args=words)
    assert sorted(path.name for path in runner.workspace.iterdir()) == ["a.csv", "b.csv"]
    assert not list(runner.files.parent.rglob("owned"))


def test_a_column_cannot_speak_to_the_runner(runner: Runner, table: Callable[..., str]) -> None:
    header = '"x::add-mask::y%0A::set-output name=a::b"'
    done = runner.run(
        "check", reference=table("a.csv", header=header), current=table("b.csv", header=header, shift=0.4)
    )
    assert done.code == 1
    assert commands_heard(done.log) <= {"error", "warning", "notice", "stop-commands"}


@pytest.mark.parametrize(
    ("name", "begins"),
    [("json", "{"), ("markdown", "#"), ("junit", "<?xml"), ("html", "<!doctype html>"), ("table", "Drift detected")],
)
def test_the_report_comes_in_the_asked_format(
    runner: Runner, table: Callable[..., str], name: str, begins: str
) -> None:
    done = runner.run("check", reference=table("a.csv"), current=table("b.csv", shift=0.4), format=name)
    assert done.code == 1
    assert Path(done.outputs["report-path"]).read_text("utf-8").lstrip("*").startswith(begins)


def test_an_unknown_format_is_refused_before_anything_runs(runner: Runner, table: Callable[..., str]) -> None:
    done = runner.run("check", reference=table("a.csv"), current=table("b.csv"), format="$(touch owned)")
    assert (done.code, done.outputs) == (2, {})


def test_it_runs_in_the_folder_that_was_named(runner: Runner, table: Callable[..., str]) -> None:
    (runner.workspace / "data here").mkdir()
    table("data here/a.csv")
    table("data here/b.csv", shift=0.4)
    done = runner.run("check", reference="a.csv", current="b.csv", working_directory="data here")
    assert done.code == 1


def test_a_profile_stands_for_the_reference(
    runner: Runner, table: Callable[..., str], with_cli: CleanEnvironment
) -> None:
    built = with_cli.run("driftwatch", "profile", "build", table("a.csv"), "-o", "a.dwp", cwd=runner.workspace)
    assert built.returncode == 0, built.stderr
    done = runner.run("check", current=table("b.csv", shift=0.4), args="--profile\na.dwp")
    assert (done.code, done.outputs["verdict"]) == (1, "drift")


@pytest.mark.parametrize("asked", ["0.4.0", "1.0; touch owned", "$(touch owned)", "--index-url=x", "https://a/b"])
def test_what_is_no_version_of_ours_is_refused(runner: Runner, asked: str) -> None:
    done = runner.run("install", version=asked)
    assert (done.code, done.outputs) == (2, {})
    assert not list(runner.files.parent.rglob("owned"))


def test_an_old_python_is_refused_with_what_to_do(runner: Runner) -> None:
    old = runner.files / "python-old"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    done = runner.run("install", python=str(old))
    assert done.code == 2
    assert "actions/setup-python" in done.log


def test_it_installs_the_commit_that_uses_names(runner: Runner) -> None:
    done = runner.run("install", python=str(runner.environment / "bin" / "python"))
    assert done.code == 0, done.log
    installed = Path(done.outputs["environment"]) / "bin" / "driftwatch"
    told = subprocess.run([installed, "--version"], capture_output=True, text=True, check=False).stdout
    assert told == f"driftwatch {_version()}\n"


def _version() -> str:
    found = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text("utf-8"), re.MULTILINE)
    assert found
    return found[1]


def heard(log: str) -> str:
    """Return the lines that a runner looks at for commands: not those between `stop-commands` and its token."""
    kept, token = [], None
    for line in log.splitlines():
        if token is None:
            kept.append(line)
            if line.startswith("::stop-commands::"):
                token = line.removeprefix("::stop-commands::")
        elif line == f"::{token}::":
            token = None
    return "\n".join(kept)


def commands_heard(log: str) -> set[str]:
    return set(re.findall(r"^::([\w-]+)[ :]", heard(log), re.MULTILINE))
