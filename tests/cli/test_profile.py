"""`driftwatch profile`: references in files, windows on them, and `check --profile`."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from driftwatch import Monitor, Profile, Window
from driftwatch.io.writers import encode

if TYPE_CHECKING:
    from pathlib import Path

    from cli_runs import Run

RNG = np.random.default_rng(0)
N = 900


def rows(n: int, shift: float = 0.0) -> pa.Table:
    return pa.table(
        {
            "price": RNG.lognormal(shift, size=n).astype("f4"),
            "count": RNG.integers(0, 5, n),
            "city": RNG.choice(["Rome", "Oslo", "Bern"], n),
            "zip": RNG.choice(["01234", "99999"], n),
        }
    )


REFERENCE, CURRENT = rows(N), rows(600, 0.8)


@pytest.fixture(autouse=True)
def _files(tmp_path: Path) -> None:
    for i in range(3):
        for name, table, size in (("ref", REFERENCE, 300), ("cur", CURRENT, 200)):
            folder = tmp_path / name / f"day={i}"
            folder.mkdir(parents=True)
            parquet.write_table(table.slice(size * i, size), folder / "a.parquet", row_group_size=70)
    parquet.write_table(CURRENT, tmp_path / "one.parquet")


def built(run: Run, *options: object, output: str = "ref.dwp") -> Profile:
    outcome = run("profile", "build", "ref", "-o", output, *options)
    assert (outcome.code, outcome.out) == (0, ""), outcome.err
    return Profile.load(output)


def test_build_counts_every_row(run: Run) -> None:
    outcome = run("profile", "build", "ref/day=0", "ref/day=1/*.parquet", "ref/day=2/a.parquet", "-o", "ref.dwp")
    assert (outcome.code, outcome.out, outcome.err) == (0, "", "wrote ref.dwp: 900 rows, 5 features\n")
    profile = Profile.load("ref.dwp")
    wanted = Profile.fit(REFERENCE)  # oracle: all rows in memory, as the sample is all of them
    for name, facts in wanted.describe().items():
        for key in ("kind", "dtype", "n_rows", "missing", "min", "max", "points", "levels"):
            assert profile.describe()[name].get(key) == facts.get(key)
    assert profile.features["day"].kind == "numeric"


def test_options_of_build_reach_the_profile(run: Run) -> None:
    options = [
        "--points",
        64,
        "--min-count",
        5,
        "--redact",
        "city",
        "--exclude",
        "zip,day",
        "--kind",
        "count=categorical",
    ]
    profile = built(run, *options)
    assert list(profile.features) == ["price", "count", "city"]
    assert (profile.settings.n_points, profile.settings.min_count) == (64, 5)
    assert profile.settings.redacted == {"city"}
    assert profile.features["count"].kind == "categorical"
    assert {"zip", "day"} <= profile.known  # left out on purpose, and no news when current data have them
    assert all(label.startswith("~") for label in profile.summary.levels["city"].counts)
    assert profile.describe()["price"]["points"] < 100
    assert built(run, "--features", "price", "--points", "all").describe()["price"]["exact"]


def test_sample_and_seed_choose_the_points(run: Run) -> None:
    frames = [
        built(run, "--features", "price", "--sample", n, "--seed", seed).summary.frame
        for n, seed in ((50, 0), (50, 0), (50, 1), (60, 0))
    ]
    assert frames[0] == frames[1]
    assert len(set(frames)) == 3


def test_joint_features_are_built(run: Run) -> None:
    profile = built(run, "--joint", "both=price,count")
    assert profile.joint == {"both": ("price", "count")}


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".arrow"])
def test_text_is_counted_as_what_the_reference_holds(run: Run, tmp_path: Path, suffix: str) -> None:
    built(run, "--exclude", "day")
    wanted = json.loads(run("check", "--profile", "ref.dwp", "one.parquet", "-f", "json").out)
    # digits in one file only: read by itself its `zip` would be a number
    (tmp_path / "text").mkdir()
    for i, part in enumerate((CURRENT.slice(0, 100), CURRENT.slice(100))):
        (tmp_path / "text" / f"{i}{suffix}").write_bytes(encode(part, suffix))
    found = json.loads(run("check", "--profile", "ref.dwp", "text", "-f", "json").out)
    assert found["features"]["zip"]["status"] == "ok"
    for name, feature in wanted["features"].items():
        for test, result in feature["tests"].items():
            other = found["features"][name]["tests"][test]
            assert other["statistic"] == pytest.approx(result["statistic"], rel=1e-6)


def test_build_reads_text_of_all_files_with_one_type(run: Run, tmp_path: Path) -> None:
    (tmp_path / "text").mkdir()
    for i, values in enumerate((["7", "8"], ["x1", "7"])):  # digits in the first file only
        (tmp_path / "text" / f"{i}.csv").write_text("id,n\n" + "".join(f"{v},1\n" for v in values * 10))
    assert run("profile", "build", "text", "-o", "text.dwp").code == 0
    facts = Profile.load("text.dwp").describe()["id"]
    assert (facts["kind"], facts["levels"]) == ("categorical", {"7": 20, "8": 10, "x1": 10})


def test_categories_with_another_dictionary_in_every_file_are_one(run: Run, tmp_path: Path) -> None:
    (tmp_path / "dict").mkdir()
    for i, values in enumerate((["Rome", "Oslo"], ["Bern", "Oslo"], ["Oslo"])):
        table = pa.table({"city": pa.array(values * 20).dictionary_encode()})
        parquet.write_table(table, tmp_path / "dict" / f"{i}.parquet", row_group_size=15)
    assert run("profile", "build", "dict", "-o", "dict.dwp").code == 0
    assert Profile.load("dict.dwp").describe()["city"]["levels"] == {"Oslo": 60, "Bern": 20, "Rome": 20}


def test_standard_input_is_checked_and_no_rows_are_an_error(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built(run, "--exclude", "day")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(encode(CURRENT, ".csv"))))
    report = json.loads(run("check", "--profile", "ref.dwp", "-", "-f", "json").out)
    assert report["n_current"] == 600
    (tmp_path / "empty.csv").write_text("price,count\n")
    outcome = run("check", "--profile", "ref.dwp", "empty.csv")
    assert (outcome.code, outcome.error) == (
        2,
        "rows were expected in 'empty.csv', but there are none. Check the query behind them.",
    )


def test_check_says_what_the_library_says_and_ends_with_its_code(run: Run) -> None:
    profile = built(run, "--exclude", "day")
    outcome = run("check", "--profile", "ref.dwp", "cur", "--format", "json", "--alpha", 0.01, "--threshold", "psi=0.3")
    assert outcome.code == 1
    report = json.loads(outcome.out)
    window = Window(profile).update(CURRENT)
    wanted = Monitor.from_profile(profile, alpha=0.01, thresholds={"psi": 0.3}).check(window).to_dict()
    del report["created_at"], wanted["created_at"]
    assert report == json.loads(json.dumps(wanted))
    assert run("check", "--profile", "ref.dwp", "ref", "-q").code == 0
    assert run("check", "--profile", "ref.dwp", "cur", "-q", "--fail-on", "none").code == 0
    assert run("check", "--profile", "ref.dwp", "cur", "-q", "--min-samples", 1000).code == 3


def test_check_of_a_window_file_and_of_both(run: Run) -> None:
    built(run)
    assert run("profile", "count", "cur/day=0", "--profile", "ref.dwp", "-o", "day0.dww").code == 0
    report = json.loads(run("check", "--profile", "ref.dwp", "day0.dww", "-f", "json").out)
    assert report["n_current"] == 200
    report = json.loads(run("check", "--profile", "ref.dwp", "day0.dww", "cur/day=1", "-f", "json").out)
    assert report["n_current"] == 400


def test_include_exclude_and_settings_of_features_work(run: Run, tmp_path: Path) -> None:
    built(run)
    (tmp_path / "driftwatch.toml").write_text(
        '[features.price]\nmin_effect = 0.99\n[features.city]\nkind = "categorical"\n'
    )
    found = run(
        "check", "--profile", "ref.dwp", "cur", "--features", "price,city,count", "--exclude", "count", "-f", "json"
    )
    report = json.loads(found.out)
    assert list(report["features"]) == ["price", "city"]
    assert (found.code, report["features"]["price"]["drift_detected"]) == (0, False)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--pvalues", "permutation"], "`pvalues` needs the rows of the reference"),
        (["--confidence", "0.9"], "`confidence` needs the rows"),
        (["--joint", "all"], "`joint` needs the rows"),
        (["--groups", "city"], "`groups` needs the rows"),
        (["--kind", "city=numeric"], "'city' was profiled as categorical, got the kind 'numeric'"),
        (["--features", "nobody"], "unknown feature: 'nobody'"),
    ],
)
def test_settings_that_a_profile_cannot_serve_are_refused(run: Run, options: list[str], said: str) -> None:
    built(run)
    outcome = run("check", "--profile", "ref.dwp", "cur", *options)
    assert (outcome.code, outcome.error.startswith(said)) == (2, True), outcome.err


def test_windows_are_counted_anywhere_and_added_in_any_order(run: Run, tmp_path: Path) -> None:
    built(run)
    for i in range(3):
        outcome = run("profile", "count", f"cur/day={i}", "--profile", "ref.dwp", "-o", f"{i}.dww")
        assert (outcome.code, outcome.out, outcome.err) == (0, "", f"wrote {i}.dww: 200 rows\n")
    run("profile", "merge", "2.dww", "0.dww", "1.dww", "--profile", "ref.dwp", "-o", "all.dww", "-q")
    run("profile", "count", "cur", "--profile", "ref.dwp", "-o", "once.dww", "-q")
    assert (tmp_path / "all.dww").read_bytes() == (tmp_path / "once.dww").read_bytes()


def test_inspect_and_diff_fit_into_80_columns(run: Run) -> None:
    built(run)
    outcome = run("profile", "inspect", "ref.dwp")
    lines = outcome.out.splitlines()
    assert (outcome.code, outcome.err) == (0, "")
    assert lines[0] == "ref.dwp: 900 rows, 5 features, version 1"
    assert [line.split()[:3] for line in lines[3:]] == [
        ["price", "numeric", "0%"],
        ["count", "numeric", "0%"],
        ["city", "categorical", "0%"],
        ["zip", "categorical", "0%"],
        ["day", "numeric", "0%"],
    ]
    assert max(map(len, lines)) <= 80
    run("profile", "build", "one.parquet", "-o", "cur.dwp")
    lines = run("profile", "diff", "ref.dwp", "cur.dwp").out.splitlines()
    assert lines[0] == "Rows 900 → 600"
    assert "Removed: day" in lines
    assert any("price" in line and "shift" in line for line in lines)
    assert max(map(len, lines)) <= 80
    assert run("profile", "diff", "ref.dwp", "ref.dwp").out.splitlines()[-1] == "No feature changed."


def test_inspect_and_diff_as_json_are_those_of_the_library(run: Run) -> None:
    profile = built(run)
    found = json.loads(run("profile", "inspect", "ref.dwp", "--format", "json").out)
    assert found["features"] == profile.describe()
    assert (found["version"], found["n_rows"], found["hash"], found["history"]) == (1, 900, profile.hash, [])
    run("profile", "build", "one.parquet", "-o", "cur.dwp")
    found = json.loads(run("profile", "diff", "ref.dwp", "cur.dwp", "-f", "json").out)
    assert found == profile.diff(Profile.load("cur.dwp"))


def test_accept_and_rollback_keep_every_version(run: Run, tmp_path: Path) -> None:
    built(run, "--exclude", "day")
    run("profile", "count", "cur", "--profile", "ref.dwp", "-o", "cur.dww")
    first = (tmp_path / "ref.dwp").read_bytes()
    outcome = run("profile", "accept", "cur.dww", "--profile", "ref.dwp", "--reason", "new prices", "--by", "Ada")
    assert outcome.err == "wrote ref.dwp: version 2, 600 rows; kept version 1 as ref.v1.dwp\n"
    assert (tmp_path / "ref.v1.dwp").read_bytes() == first
    assert run("check", "--profile", "ref.dwp", "cur", "-q").code == 0
    assert run("check", "--profile", "ref.dwp", "ref", "-q").code == 1
    lines = run("profile", "inspect", "ref.dwp").out.splitlines()
    assert lines[-2] == "History"
    assert lines[-1].endswith("Ada, 600 rows: new prices")

    outcome = run("profile", "rollback", "ref.dwp", "--reason", "a mistake", "-q")
    assert (outcome.code, outcome.err) == (0, "")
    back = Profile.load("ref.dwp")
    assert (back.version, back.n_rows, Profile.load("ref.v2.dwp").n_rows) == (3, 900, 600)
    assert (back.history[-1].who is not None, back.history[-1].reason) == (True, "version 1 again: a mistake")
    assert run("check", "--profile", "ref.dwp", "ref", "-q").code == 0
    assert run("profile", "rollback", "ref.dwp", "--to", 2, "--reason", "none at all").code == 0
    assert run("check", "--profile", "ref.dwp", "cur", "-q").code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["rollback", "ref.dwp", "--reason", "x"], "a version from 1 to 0 can come back"),
        (["rollback", "ref.dwp", "--reason", "x", "--to", "a"], "`--to` must be a version"),
        (["accept", "ref.dwp", "--profile", "ref.dwp", "--reason", "x"], "'ref.dwp' is not a window of this profile"),
        (["accept", "no.dww", "--profile", "ref.dwp", "--reason", "x"], "No such file or directory: 'no.dww'"),
        (["inspect", "one.parquet"], "a driftwatch file of kind 'profile' is wanted"),
        (["inspect", "ref.dwp", "-f", "xml"], "`--format` must be one of 'table', 'json'"),
        (["build", "ref", "-o", "x.dwp", "--points", "many"], "`--points` must be a whole number"),
        (["build", "ref", "-o", "x.dwp", "--points", "3"], "`n_points` must be"),
        (["build", "ref", "-o", "x.dwp", "--sample", "0"], "`--sample` must be a whole number of 1 or more"),
        (["build", "ref", "-o", "x.dwp", "--features", "nobody"], "unknown feature: 'nobody'"),
        (["build", "ref", "-o", "no/x.dwp"], "`--output` 'no/x.dwp': there is no folder"),
        (["build", "one.parquet", "-o", "one.parquet"], "`--output` 'one.parquet' is one of the inputs"),
        (["build", "none*", "-o", "x.dwp"], "cannot read 'none*': it matches no file"),
        (["count", "one.parquet", "--profile", "one.parquet", "-o", "x.dww"], "a driftwatch file of kind 'profile'"),
        (["merge", "one.parquet", "--profile", "ref.dwp", "-o", "x.dww"], "'one.parquet' is not a window of this"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_mistakes_are_one_line_and_exit_code_2(run: Run, arguments: list[str], said: str) -> None:
    built(run)
    outcome = run("profile", *arguments)
    assert (outcome.code, outcome.error.startswith(said)) == (2, True), outcome.err


def test_help_of_every_command_fits_into_80_columns(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    for command in (
        [],
        ["build"],
        ["inspect"],
        ["diff"],
        ["count"],
        ["merge"],
        ["accept"],
        ["rollback"],
        ["versions"],
        ["fetch"],
    ):
        outcome = run("profile", *command, "--help")
        assert outcome.code == 0
        assert max(map(len, outcome.out.splitlines())) <= 80
    assert "..." not in run("profile", "--help").out.partition("Commands:")[2]  # no help text is cut


def test_progress_counts_the_rows_of_all_files(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    phases: list[tuple[str, int | None]] = []
    done: list[int] = []

    class Recorder:
        enabled = True

        def __init__(self, **_: Any) -> None:
            pass

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def phase(self, name: str, total: int | None = None, *, unit: str = "") -> None:
            phases.append((name, total))
            assert unit == ("rows" if name == "counting" else unit)

        def advance(self, n: int = 1, /) -> None:
            done.append(n)

    for module in ("profiles", "windows", "check_profile"):
        monkeypatch.setattr(f"driftwatch.cli.{module}.DelayedProgress", Recorder)
    built(run)
    assert phases == [("sampling", None), ("counting", 900)]
    assert sum(done) == 1800
    del phases[:], done[:]
    run("check", "--profile", "ref.dwp", "cur", "-q")
    assert phases == [("counting", 600), ("comparing", 5)]
    assert sum(done) == 605
