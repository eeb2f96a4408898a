"""`driftwatch simulate`: a file in, the same file with drift in it out."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest

from driftwatch.io import read
from driftwatch.simulate import SHIFTS, mean_shift, new_category, sudden

if TYPE_CHECKING:
    from pathlib import Path

    from cli_runs import Run

X = np.random.default_rng(0).normal(size=200)
CITY = np.random.default_rng(1).choice(["Rome", "Oslo"], 200, p=[0.7, 0.3])


@pytest.fixture(autouse=True)
def _files(tmp_path: Path) -> None:
    lines = ["x,n,city", *(f"{x!r},{i},{city}" for i, (x, city) in enumerate(zip(X.tolist(), CITY, strict=True)))]
    (tmp_path / "in.csv").write_text("\n".join(lines) + "\n")
    np.save(tmp_path / "in.npy", np.stack([X, X**2], axis=1))


def columns(table: Any) -> dict[str, list[Any]]:
    return table.to_pydict() if isinstance(table, pa.Table) else {"f0": table[:, 0].tolist()}


def from_stdout(text: str) -> dict[str, list[Any]]:
    return columns(read("-", stdin=io.BytesIO(text.encode())))


def test_drift_is_that_of_the_library_and_goes_to_standard_output(run: Run) -> None:
    outcome = run("simulate", "in.csv", "mean_shift", "--strength", "0.5", "--features", "x", "--seed", "3")
    assert (outcome.code, outcome.err) == (0, "")
    out = from_stdout(outcome.out)
    expected = mean_shift(0.5, features=["x"]).apply({"x": X}, seed=3)
    np.testing.assert_allclose(out["x"], expected["x"])
    assert out["n"] == list(range(200))
    assert out["city"] == CITY.tolist()


def test_same_seed_gives_the_same_file_and_another_seed_another(run: Run) -> None:
    first, again, other = (run("simulate", "in.csv", "missing_values", "--seed", seed).out for seed in (0, 0, 1))
    assert first == again != other


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".jsonl", ".parquet", ".arrow", ".feather"])
def test_ending_of_the_output_is_its_format(run: Run, tmp_path: Path, suffix: str) -> None:
    outcome = run("simulate", "in.csv", "new_category", "--strength", "0.25", "-o", f"out{suffix}")
    assert (outcome.code, outcome.out, outcome.err) == (0, "", f"wrote out{suffix}\n")
    out = columns(read(tmp_path / f"out{suffix}"))
    assert out["city"].count("new") == 50
    np.testing.assert_allclose(out["x"], X)


def test_array_stays_an_array(run: Run, tmp_path: Path) -> None:
    assert run("simulate", "in.npy", "scale", "--strength", "1", "-o", "out.npy").code == 0
    assert np.load(tmp_path / "out.npy")[:, 0].std() == pytest.approx(2.0 * X.std())


def test_options_of_a_shift_are_set_by_name(run: Run) -> None:
    out = from_stdout(run("simulate", "in.csv", "new_category", "--set", "level=Bern", "--share", "0.5").out)
    expected = new_category(level="Bern", share=0.5).apply({"city": CITY}, seed=0)["city"]
    assert out["city"] == expected.tolist()
    clipped = from_stdout(
        run("simulate", "in.csv", "truncation", "--features", "x", "--set", "clip=true", "--set", "tail=both").out
    )["x"]
    assert min(clipped) == pytest.approx(np.quantile(X, 0.05))


def test_scale_can_come_from_another_file(run: Run, tmp_path: Path) -> None:
    (tmp_path / "ref.csv").write_text("x,n\n0,0\n20,2\n")
    out = from_stdout(run("simulate", "in.csv", "mean_shift", "--features", "x", "--reference", "ref.csv").out)
    np.testing.assert_allclose(out["x"], X + 10.0)


def test_schedule_sets_in_on_the_way(run: Run) -> None:
    options = ["--schedule", "sudden", "--start", "150"]
    out = from_stdout(run("simulate", "in.csv", "mean_shift", "--features", "x", *options).out)["x"]
    expected = sudden(mean_shift(features=["x"]), at=150).apply({"x": X})["x"]
    np.testing.assert_allclose(out, expected)
    ramp = from_stdout(
        run(
            "simulate",
            "in.csv",
            "mean_shift",
            "--features",
            "x",
            "--schedule",
            "incremental",
            "--start",
            0,
            "--stop",
            199,
        ).out
    )["x"]
    np.testing.assert_allclose((np.array(ramp) - X) / X.std(), np.arange(200) / 199, atol=1e-9)
    waves = from_stdout(
        run("simulate", "in.csv", "mean_shift", "--features", "x", "--schedule", "recurring", "--period", 100).out
    )["x"]
    assert [bool(moved) for moved in (np.array(waves) != X)] == [i % 100 >= 50 for i in range(200)]


def test_a_check_sees_it(run: Run) -> None:
    run("simulate", "in.csv", "mean_shift", "--features", "x", "--strength", "1", "-o", "drifted.csv")
    outcome = run("check", "in.csv", "drifted.csv", "--format", "json", "--exclude", "n")
    assert outcome.code == 1
    report = json.loads(outcome.out)
    assert [name for name, feature in report["features"].items() if feature["drift_detected"]] == ["x"]


def test_help_names_every_shift(run: Run) -> None:
    text = " ".join(run("simulate", "--help").out.split())
    assert [name for name in SHIFTS if name not in text] == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["in.csv", "mean_shit"], "unknown shift: 'mean_shit' (did you mean 'mean_shift'?)"),
        (["in.csv", "mean_shift", "--strength", "much"], "`--strength` must be a number, got 'much'."),
        (["in.csv", "mean_shift", "--set", "level=x"], "unknown option of mean_shift: 'level'"),
        (["in.csv", "mean_shift", "--features", "y"], "unknown feature: 'y'"),
        (["in.csv", "prior_shift"], "prior_shift needs the column of the class: `--set target=NAME`."),
        (["in.csv", "prior_shift", "--share", "2", "--set", "target=city"], "`share` must be a number from 0 to 1"),
        (["in.csv", "mean_shift", "--seed", "x"], "`--seed` must be a whole number of 0 or more, got 'x'."),
        (["in.csv", "mean_shift", "--start", "5"], "`--start` belongs to a schedule. Name one with `--schedule`."),
        (["in.csv", "mean_shift", "--schedule", "slow"], "unknown schedule: 'slow'"),
        (["in.csv", "mean_shift", "--schedule", "gradual", "--start", "5"], "the schedule gradual takes `--start`"),
        (["in.csv", "mean_shift", "-o", "out.xls"], "a file name that ends in one of .csv"),
        (["in.csv", "scale", "--features", "x", "-o", "out.npy"], "a .npy file holds one array"),
        (["in.csv", "mean_shift", "-o", "in.csv"], "`--output` 'in.csv' is one of the inputs."),
        (["-", "mean_shift", "--reference", "-"], "standard input can be read once"),
        (["gone.csv", "mean_shift"], "'gone.csv'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_mistake_is_one_line_and_exit_code_2(run: Run, arguments: list[str], message: str) -> None:
    outcome = run("simulate", *arguments)
    assert outcome.code == 2
    assert message in outcome.error
