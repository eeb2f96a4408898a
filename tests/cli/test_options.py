"""The options of `check` reach the monitor."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from driftwatch import Monitor, io

if TYPE_CHECKING:
    from pathlib import Path

    from cli_runs import Run


@pytest.fixture(autouse=True)
def _files(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    for name, shift in (("ref.csv", 0.0), ("cur.csv", 0.5)):
        columns = {
            "moved": rng.normal(size=400) + shift,
            "same": rng.normal(size=400),
            "code": rng.integers(0, 4, 400),
            "a,b": rng.normal(size=400),
        }
        rows = zip(*(values.tolist() for values in columns.values()), strict=True)
        header = 'moved,same,code,"a,b"'
        (tmp_path / name).write_text("\n".join([header, *(",".join(map(str, row)) for row in rows)]) + "\n")


def features(run: Run, *options: str) -> dict[str, Any]:
    outcome = run("check", "ref.csv", "cur.csv", "--format", "json", *options)
    assert outcome.err == ""
    report = json.loads(outcome.out)
    return {**report["features"], "": report}


def test_features_selects(run: Run) -> None:
    assert set(features(run, "--features", "moved,same", "--features", '"a,b"')) == {"", "moved", "same", "a,b"}


def test_exclude_leaves_out_and_wins_over_features(run: Run) -> None:
    assert set(features(run, "--exclude", "moved,code")) == {"", "same", "a,b"}
    assert set(features(run, "--features", "moved,same", "--exclude", "moved")) == {"", "same"}


def test_kind_wins_over_what_the_data_look_like(run: Run) -> None:
    assert features(run)["code"]["kind"] == "numeric"
    assert features(run, "--kind", "code=categorical")["code"]["kind"] == "categorical"


def test_alpha_and_correction_and_min_effect_are_in_the_report(run: Run) -> None:
    report = features(run, "--alpha", "0.001", "--correction", "bonferroni", "--min-effect", "0.3")[""]
    assert (report["alpha"], report["correction"], report["min_effect"]) == (0.001, "bonferroni", 0.3)


def test_permutation_pvalues_have_options(run: Run) -> None:
    def ks(*options: str) -> dict[str, Any]:
        found: dict[str, Any] = features(run, "--pvalues", "permutation", *options)["moved"]["tests"]["ks"]
        return found

    plain = ks()
    assert (plain["pvalue_method"], plain["n_permutations"]) == ("permutation", 999)
    assert features(run)["moved"]["tests"]["ks"]["pvalue_method"] != "permutation"
    assert ks("--n-permutations", "99")["n_permutations"] == 99
    assert ks("--block-length", "5")["block_length"] == 5
    pvalues = {
        options: features(run, "--pvalues", "permutation", *options)["same"]["tests"]["ks"]["pvalue"]
        for options in ((), ("--seed", "1"), ("--seed", "0"))
    }
    assert pvalues[()] == pvalues["--seed", "0"] != pvalues["--seed", "1"]


def test_groups_name_a_column_that_is_not_compared(run: Run) -> None:
    found = features(run, "--pvalues", "permutation", "--groups", "code", "--n-permutations", "99")
    assert "code" not in found
    assert "few_units" in found["moved"]["flags"]  # four groups, on both sides


def test_permutation_options_are_those_of_the_monitor(run: Run, tmp_path: Path) -> None:
    (tmp_path / "driftwatch.toml").write_text(
        'pvalues = "permutation"\nn_permutations = 99\ngroups = "code"\nseed = 3\n'
    )
    found = features(run)["moved"]["tests"]["ks"]
    monitor = Monitor(io.read("ref.csv"), pvalues="permutation", n_permutations=99, groups="code", seed=3)
    assert found["pvalue"] == monitor.check(io.read("cur.csv")).features["moved"].tests["ks"].pvalue


def test_options_of_permutations_need_permutations(run: Run) -> None:
    done = run("check", "ref.csv", "cur.csv", "--block-length", "auto")
    assert (done.code, done.error) == (
        2,
        "`block_length` needs permutation p-values. Set `pvalues` to 'permutation' as well.",
    )


def test_confidence_adds_intervals(run: Run, tmp_path: Path) -> None:
    assert "confidence" not in features(run)[""]
    wide, narrow = (features(run, "--confidence", level) for level in ("0.99", "0.5"))
    assert (wide[""]["confidence"], narrow[""]["confidence"]) == (0.99, 0.5)
    spans = [found["moved"]["intervals"]["ks"] for found in (wide, narrow)]
    assert spans[0]["low"] < spans[1]["low"] < spans[1]["high"] < spans[0]["high"]
    (tmp_path / "driftwatch.toml").write_text("confidence = 0.9\n")
    assert features(run)[""]["confidence"] == 0.9
    assert "confidence" not in features(run, "--confidence", "none")[""]


def test_global_method_forms_the_pvalue_of_the_report(run: Run) -> None:
    several = ("--features", "same", "--detectors", "ks,mannwhitney,cramervonmises")
    reports = {name: features(run, *several, "--global-method", name) for name in ("bonferroni", "simes", "hommel")}
    assert [found[""]["global_method"] for found in reports.values()] == list(reports)
    p = sorted(test["pvalue"] for test in reports["simes"]["same"]["tests"].values())
    simes = min(3 * p[0], 3 * p[1] / 2, p[2])
    wanted = [3 * p[0], simes, simes * (1 + 1 / 2 + 1 / 3)]
    assert [found[""]["global_pvalue"] for found in reports.values()] == pytest.approx([min(1.0, w) for w in wanted])
    assert len(set(wanted)) == 3


def test_joint_makes_features_of_several(run: Run) -> None:
    found = features(run, "--joint", "pair=moved,same", "--joint", 'other=same,"a,b"', "--max-embedding-rows", "50")
    assert {found[name]["kind"] for name in ("pair", "other")} == {"joint"}
    assert found["pair"]["tests"]["mmd"]["n_compared_current"] == 50
    assert features(run, "--joint", "all", "--max-embedding-rows", "50")["joint"]["kind"] == "joint"


def test_block_size_leaves_the_report_as_it_is(run: Run) -> None:
    assert {**features(run, "--block-size", "500"), "": None} == {**features(run), "": None}


def test_calibrate_takes_joint_features(run: Run) -> None:
    done = run(
        "calibrate",
        "ref.csv",
        "--window",
        "40",
        "--checks-per-day",
        "1",
        "--false-alarms-per-month",
        "3",
        "--n-windows",
        "5",
        "--features",
        "moved,same",
        "--joint",
        "all",
        "--max-embedding-rows",
        "40",
        "--block-size",
        "500",
        "--format",
        "json",
    )
    assert (done.code, done.err) == (0, "")
    assert json.loads(done.out)["features"]["joint"]["kind"] == "joint"


def test_alpha_none_drops_the_significant_leg(run: Run) -> None:
    found = features(run, "--alpha", "none")
    assert (found[""]["alpha"], found["moved"]["significant"]) == (None, None)


def test_min_effect_decides_what_is_material(run: Run) -> None:
    assert features(run)["moved"]["drift_detected"] is True
    assert features(run, "--min-effect", "0.9")["moved"]["drift_detected"] is False


def test_excess_takes_the_noise_off_before_the_threshold_is_applied(run: Run) -> None:
    psi = features(run)["moved"]["tests"]["psi"]
    cut = f"psi={(psi['statistic'] + psi['excess']) / 2}"
    assert features(run, "--threshold", cut)["moved"]["material"] is True
    assert features(run, "--threshold", cut, "--excess")["moved"]["material"] is False
    assert features(run, "--threshold", cut, "--no-excess")["moved"]["material"] is True


def test_detectors_choose_the_statistics(run: Run) -> None:
    found = features(run, "--detectors", "ks,total_variation", "--detectors", "kuiper")
    assert set(found["moved"]["tests"]) == {"ks", "total_variation", "kuiper"}


def test_unknown_detector_is_refused_with_the_nearest_one(run: Run) -> None:
    done = run("check", "ref.csv", "cur.csv", "--detectors", "kuipper")
    assert done.code == 2
    assert "unknown detector: 'kuipper' (did you mean 'kuiper'?)" in done.err


def test_threshold_replaces_the_material_leg(run: Run) -> None:
    assert features(run, "--threshold", "psi=5", "--threshold", "ks=0.9")["moved"]["material"] is False
    assert features(run, "--threshold", "psi=5", "--threshold", "ks=0.01")["moved"]["material"] is True


def test_min_samples_withholds_the_verdict(run: Run) -> None:
    assert features(run, "--min-samples", "401")["moved"]["status"] == "insufficient"


def test_settings_of_one_feature_come_from_the_file(run: Run, tmp_path: Path) -> None:
    (tmp_path / "driftwatch.toml").write_text('[features."moved"]\nmin_effect = 0.9\n[features."a,b"]\nignore = true\n')
    found = features(run)
    assert found["moved"]["drift_detected"] is False
    assert "a,b" not in found


def test_prediction_and_target_have_a_performance(run: Run) -> None:
    found = features(run, "--prediction", "moved", "--target", "same", "--performance", "min_drop=9")
    assert (found["moved"]["role"], found["same"]["role"]) == ("prediction", "target")
    performance = found[""]["performance"]
    assert (performance["prediction"], performance["target"], performance["task"]) == ("moved", "same", "regression")
    assert performance["metrics"]["mae"]["min_drop"] == 9


def test_role_leaves_weights_and_timestamps_out(run: Run) -> None:
    assert set(features(run, "--role", "code=weight", "--role", "moved=timestamp")) == {
        "",
        "same",
        "a,b",
    }


def test_drop_in_performance_ends_with_one(run: Run) -> None:
    options = (
        "--prediction",
        "moved",
        "--target",
        "same",
        "--features",
        "same",
        "--min-effect",
        "0.9",
        "--alpha",
        "0.5",
    )
    assert run("check", "ref.csv", "cur.csv", *options, "--performance", "min_drop=9").code == 0
    dropped = run("check", "ref.csv", "cur.csv", *options, "--performance", "min_drop=0.01")
    assert (dropped.code, dropped.err) == (1, "")
    assert "performance dropped" in dropped.out


def test_reference_is_free_before_current_is_read(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    import weakref

    from driftwatch import io

    read = io.read
    tables: list[weakref.ref[Any]] = []
    alive: list[bool] = []

    def watched(source: str) -> Any:
        alive.extend(table() is not None for table in tables)
        table = read(source)
        tables.append(weakref.ref(table))
        return table

    monkeypatch.setattr("driftwatch.io.read", watched)
    run("check", "ref.csv", "cur.csv")
    assert (alive, len(tables)) == ([False], 2)
