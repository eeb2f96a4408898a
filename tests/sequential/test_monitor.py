"""`SequentialMonitor`: what it reads, what it returns, what it survives, and that a stored one goes on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import driftwatch
from archive_samples import needs_safetensors
from driftwatch import SequentialMonitor
from driftwatch.errors import (
    ArchiveError,
    ConfigError,
    InputError,
    InputTypeError,
    NoCommonFeaturesError,
    UnknownNameError,
)
from driftwatch.profile.archive import load, save
from driftwatch.sequential import CUSUM
from frames import CONSTRUCTORS, mixed_columns

if TYPE_CHECKING:
    from pathlib import Path

RNG = np.random.default_rng(6)
REFERENCE = RNG.normal(size=(500, 3))
CLEAN = [RNG.normal(size=(20, 3)) for _ in range(10)]
SHIFTED = [RNG.normal([0.0, 1.0, 0.0], 1.0, size=(20, 3)) for _ in range(10)]


def fed(monitor: SequentialMonitor, batches: list[Any]) -> list[Any]:
    return [monitor.update(batch) for batch in batches]


def test_alarm_is_raised_for_the_feature_that_drifted_and_stays() -> None:
    monitor = SequentialMonitor(REFERENCE)
    results = fed(monitor, [*CLEAN, *SHIFTED])
    assert not any(result.drift_detected for result in results[:10])
    last = results[-1]
    assert last.drift_detected
    assert monitor.drift_detected
    assert last.drifted_features == ["f1"]
    assert last.suspected_features == ["f1"]
    at = last.features["f1"].detected_at
    assert at == next(r.batch for r in results if r.drift_detected)
    again = fed(monitor, [RNG.normal([0.0, -1.0, 0.0], 1.0, size=(20, 3)) for _ in range(40)] + CLEAN)[-1]
    assert again.drift_detected
    assert again.drifted_features[0] == "f1"
    assert again.features["f1"].detected_at == at


def test_result_says_where_the_alarm_stands() -> None:
    first, *_, last = fed(SequentialMonitor(REFERENCE), [*CLEAN, *SHIFTED])
    assert (first.batch, first.n_rows, first.threshold) == (1, 20, 60.0)
    assert (last.batch, last.n_rows) == (20, 400)
    assert first.evidence == max(feature.evidence for feature in first.features.values())
    np.testing.assert_allclose(np.exp(first.log_evidence), [f.evidence for f in first.features.values()])
    assert first.summary().startswith("no drift so far (batch 1, 20 rows): evidence ")
    assert first.summary().endswith(" of 60")
    assert "drift since batch 12 (batch 20, 400 rows) in 'f1'" in last.summary()
    plain = json.loads(json.dumps(last.to_dict(), allow_nan=False))
    assert plain["features"]["f1"]["detected_at"] == 12
    assert plain["drifted_features"] == ["f1"]
    with pytest.raises(ValueError, match="read-only"):
        last.log_evidence[0] = 1.0


def test_evidence_without_a_row_is_one_or_nothing() -> None:
    assert SequentialMonitor(REFERENCE).update(np.empty((0, 3))).evidence == 1.0
    result = SequentialMonitor(REFERENCE, arl=100).update(np.empty((0, 3)))
    assert result.evidence == 0.0
    assert result.to_dict()["features"]["f0"]["log_evidence"] is None


def test_suspected_features_are_those_of_e_bh() -> None:
    result = fed(SequentialMonitor(REFERENCE), CLEAN)[-1]
    for evidence, wanted in [
        ([70.0, 35.0, 1.0], ["f0", "f1"]),
        ([1.0, 31.0, 30.5], ["f1", "f2"]),
        ([20.1, 20.2, 20.3], ["f2", "f1", "f0"]),
        ([59.0, 1.0, 1.0], []),
    ]:
        object.__setattr__(result, "log_evidence", np.log(evidence))
        assert result.suspected_features == wanted


@pytest.mark.parametrize(
    "settings",
    [{"alpha": 0.01}, {"arl": 500}, {"horizon": 50}, {"features": ["f1"]}, {"seed": 1}],
    ids=lambda settings: next(iter(settings)),
)
def test_every_setting_changes_the_result(settings: dict[str, Any]) -> None:
    reference, batches = REFERENCE.round(), [batch.round() for batch in CLEAN]
    plain = fed(SequentialMonitor(reference), batches)[-1]
    other = fed(SequentialMonitor(reference, **settings), batches)[-1]
    assert (plain.threshold, plain.log_evidence.tolist()) != (other.threshold, other.log_evidence.tolist())


def test_schema_changes_the_result() -> None:
    reference, batches = REFERENCE.round(), [batch.round() for batch in CLEAN]
    plain = fed(SequentialMonitor(reference), batches)[-1]
    levels = fed(SequentialMonitor(reference, schema={"f0": "categorical"}), batches)[-1]
    assert plain.log_evidence[0] != levels.log_evidence[0]  # "-1" and "1" are put in the order of text
    np.testing.assert_array_equal(plain.log_evidence[1:], levels.log_evidence[1:])


def test_same_seed_gives_the_same_answer_twice_and_other_features_do_not_change_it() -> None:
    batches = [batch.round() for batch in CLEAN]
    first = fed(SequentialMonitor(REFERENCE.round(), seed=4), batches)[-1]
    again = fed(SequentialMonitor(REFERENCE.round(), seed=4), batches)[-1]
    one = fed(SequentialMonitor(REFERENCE.round(), seed=4, features=["f2"]), batches)[-1]
    np.testing.assert_array_equal(first.log_evidence, again.log_evidence)
    assert one.log_evidence[0] == first.log_evidence[2]


@pytest.mark.parametrize("name", CONSTRUCTORS)
def test_every_library_gives_the_same_evidence(name: str) -> None:
    build = CONSTRUCTORS[name]
    wanted = SequentialMonitor(mixed_columns(300, 0))
    found = SequentialMonitor(build(mixed_columns(300, 0)))
    assert found.feature_names == wanted.feature_names
    for seed, shift in [(1, 0.0), (2, 0.5)]:
        columns = mixed_columns(60, seed, shift)
        np.testing.assert_array_equal(
            found.update(build(columns)).log_evidence, wanted.update(columns).log_evidence, err_msg=name
        )


@pytest.mark.parametrize("n_features", [1, 3])
def test_single_rows_of_every_form_are_the_same(n_features: int) -> None:
    reference, rows = REFERENCE[:, :n_features], CLEAN[0][:, :n_features]
    names = [f"f{i}" for i in range(n_features)]
    forms = {
        "2-D": [row[None] for row in rows],
        "1-D": list(rows),
        "mapping": [dict(zip(names, row.tolist(), strict=True)) for row in rows],
        "frame": [pd.DataFrame([row], columns=names) for row in rows],
    }
    found = {form: fed(SequentialMonitor(reference), batches)[-1] for form, batches in forms.items()}
    for result in found.values():
        assert (result.batch, result.n_rows) == (20, 20)
        np.testing.assert_array_equal(result.log_evidence, found["2-D"].log_evidence)


def test_one_dimension_is_many_rows_of_the_only_feature() -> None:
    one = SequentialMonitor(REFERENCE[:, 0]).update(CLEAN[0][:, 0])
    assert one.n_rows == 20
    assert one.log_evidence[0] == SequentialMonitor(REFERENCE[:, :1]).update(CLEAN[0][:, :1]).log_evidence[0]


def test_a_row_of_another_length_is_refused() -> None:
    with pytest.raises(InputError, match=r"one row of 3 values or a 2-D array, got shape \(4,\)"):
        SequentialMonitor(REFERENCE).update(np.zeros(4))


@pytest.mark.parametrize(
    "empty",
    [np.empty((0, 3)), {"f0": [], "f1": [], "f2": []}, pd.DataFrame({"f0": []}), pa.table({"f1": pa.array([], "f8")})],
    ids=["array", "mapping", "pandas", "pyarrow"],
)
def test_batch_without_rows_changes_nothing(empty: Any) -> None:
    monitor = SequentialMonitor(REFERENCE)
    before = fed(monitor, CLEAN)[-1]
    after = monitor.update(empty)
    assert after.to_dict() == before.to_dict()
    assert len(monitor.history["batch"]) == 10


def test_feature_that_is_absent_waits_and_the_others_go_on() -> None:
    frames = [pl.DataFrame(batch, schema=["f0", "f1", "f2"]) for batch in CLEAN]
    monitor = SequentialMonitor(REFERENCE)
    results = fed(monitor, [frame.drop("f1") if i in {3, 4} else frame for i, frame in enumerate(frames)])
    assert results[3].absent == ("f1",)
    assert results[5].absent == ()
    assert results[4].features["f1"] == results[2].features["f1"]
    whole = fed(SequentialMonitor(REFERENCE), frames)[-1]
    waited = fed(SequentialMonitor(REFERENCE), [f for i, f in enumerate(frames) if i not in {3, 4}])[-1]
    assert results[-1].features["f0"] == whole.features["f0"]
    assert results[-1].features["f1"] == waited.features["f1"]
    assert results[-1].batch == 10


def test_feature_whose_type_changed_is_named_and_the_others_go_on() -> None:
    reference = {"x": REFERENCE[:, 0], "c": ["a", "b"] * 250}
    result = SequentialMonitor(reference).update({"x": ["no", "number"], "c": ["a", "b"]})
    assert result.absent == ()
    assert list(result.problems) == ["x"]
    assert result.problems["x"].startswith("the type changed: reference holds number")
    assert result.features["x"].evidence == 1.0
    assert result.features["c"].evidence != 1.0


def test_feature_that_cannot_be_read_is_named() -> None:
    reference = {"x": np.asarray(REFERENCE[:, 0], dtype=object), "c": ["a", "b"] * 250}
    monitor = SequentialMonitor(reference)

    class Odd(float):
        def __float__(self) -> float:
            raise RuntimeError("odd")

    result = monitor.update({"x": np.asarray([Odd(1.0), 2.0], dtype=object), "c": ["a", "b"]})
    assert result.problems == {"x": "could not be read: RuntimeError: odd"}


def test_batch_without_any_feature_is_refused_and_changes_nothing() -> None:
    monitor = SequentialMonitor(REFERENCE)
    before = monitor.state_dict()
    with pytest.raises(NoCommonFeaturesError):
        monitor.update({"other": [1.0]})
    with pytest.raises(InputTypeError):
        monitor.update("text")
    assert monitor.state_dict() == before


def test_columns_that_are_not_tested_are_skipped_with_a_reason() -> None:
    reference = {"x": REFERENCE[:, 0], "when": pd.date_range("2026-01-01", periods=500), "extra": ["k"] * 500}
    monitor = SequentialMonitor(reference, features=["x", "when"])
    assert monitor.feature_names == ["x"]
    assert list(monitor.skipped) == ["when"]
    assert "timestamps" in monitor.skipped["when"]


def test_embeddings_are_skipped_with_a_reason() -> None:
    reference = {"x": REFERENCE[:, 0], "e": RNG.normal(size=(500, 4))}
    monitor = SequentialMonitor(reference)
    assert list(monitor.skipped) == ["e"]
    assert "no order" in monitor.skipped["e"]
    assert monitor.update({"x": CLEAN[0][:, 0], "e": RNG.normal(size=(20, 4))}).n_rows == 20


def test_kinds_that_were_given_are_those_of_the_reference_on_resume() -> None:
    reference = {"x": REFERENCE[:, 0].round(), "y": REFERENCE[:, 1].round(), "c": ["a", "b"] * 250}
    monitor = SequentialMonitor(reference, schema={"x": "categorical", "c": "identifier"})
    resumed = SequentialMonitor.from_state(monitor.state_dict(), reference=reference)
    assert resumed.skipped == monitor.skipped


def test_unseen_levels_are_seen() -> None:
    rng = np.random.default_rng(3)
    monitor = SequentialMonitor({"c": rng.choice(["a", "b", "c"], 500)})
    for _ in range(12):
        result = monitor.update({"c": np.where(rng.random(20) < 0.3, "bb", rng.choice(["a", "b", "c"], 20))})
    assert result.drift_detected


def test_boolean_labels_are_those_of_every_format() -> None:
    reference = {"b": np.asarray([True, False, False, None] * 50, dtype=object)}
    monitors = [SequentialMonitor(reference, schema={"b": "boolean"}) for _ in range(3)]
    for batch in ([True, False, None], ["True", "False", None], [1, 0, None]):
        monitor = monitors.pop()
        assert monitor.update({"b": batch}).log_evidence[0] == pytest.approx(
            SequentialMonitor(reference).update({"b": [True, False, None]}).log_evidence[0]
        )


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"alpha": 0.0}, ConfigError, "`alpha` must be between 0 and 1, got 0.0"),
        ({"arl": 1.0}, ConfigError, "`arl` must be a number of batches above 1"),
        ({"horizon": 0}, ConfigError, "`horizon` must be a number of batches, at least 1"),
        ({"arl": 10.0, "horizon": 10}, ConfigError, "two different promises"),
        ({"features": ["f9"]}, UnknownNameError, "unknown feature: 'f9'"),
        ({"features": "f0"}, ConfigError, "`features` must be a sequence of names"),
        ({"schema": {"f7": "numeric"}}, UnknownNameError, "unknown feature: 'f7'"),
        ({"schema": {"f0": "number"}}, UnknownNameError, "feature kind"),
        ({"schema": dict.fromkeys(["f0", "f1", "f2"], "time")}, InputError, "no feature that can be tested"),
        ({"keep_history": 0}, ConfigError, "`keep_history` must be at least 1, got 0"),
    ],
)
def test_misuse_is_refused(settings: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        SequentialMonitor(REFERENCE, **settings)


def test_too_small_a_reference_is_refused() -> None:
    with pytest.raises(InputError, match="at least 10 rows, got 9"):
        SequentialMonitor(REFERENCE[:9])


def test_run_length_is_asked_of_all_features_together() -> None:
    assert SequentialMonitor(REFERENCE[:, :1], arl=200).threshold == 200
    assert SequentialMonitor(REFERENCE, arl=200).threshold == 2 * 3 * 200
    assert SequentialMonitor(REFERENCE, alpha=0.01).threshold == pytest.approx(300)


def _mixed_stream() -> list[dict[str, list[Any]]]:
    return [mixed_columns(n, seed) for seed, n in enumerate([20, 3, 50, 1, 1, 20], 30)]


@pytest.mark.parametrize("settings", [{}, {"arl": 300}, {"horizon": 100}, {"seed": 9}])
def test_resumed_monitor_goes_on_bit_by_bit(settings: dict[str, Any]) -> None:
    reference, batches = mixed_columns(300, 0), _mixed_stream()
    monitor = SequentialMonitor(reference, **settings)
    fed(monitor, batches[:3])
    stored = json.dumps(monitor.state_dict(), allow_nan=False)
    resumed = SequentialMonitor.from_state(json.loads(stored), reference=reference)
    assert resumed.threshold == monitor.threshold
    assert resumed.skipped == monitor.skipped
    for batch in batches[3:]:
        wanted, found = monitor.update(batch), resumed.update(batch)
        assert found.to_dict() == wanted.to_dict()
        np.testing.assert_array_equal(found.log_evidence, wanted.log_evidence)
    assert resumed.state_dict() == monitor.state_dict()


@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
def test_monitor_of_a_file_goes_on_bit_by_bit(suffix: str, tmp_path: Path) -> None:
    needs_safetensors(suffix)
    reference, batches = mixed_columns(300, 0), _mixed_stream()
    monitor = SequentialMonitor(reference, arl=300, seed=9)
    fed(monitor, batches[:3])
    monitor.save(tmp_path / f"x{suffix}")
    resumed = SequentialMonitor.load(tmp_path / f"x{suffix}", reference=reference, keep_history=2)
    assert resumed.state_dict() == monitor.state_dict()
    for batch in batches[3:]:
        assert resumed.update(batch).to_dict() == monitor.update(batch).to_dict()
    assert len(resumed.history["batch"]) == 2


def test_file_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    SequentialMonitor(REFERENCE).save(path)
    with pytest.raises(InputError, match="must be the one that the state was made with"):
        SequentialMonitor.load(path, reference=REFERENCE + 1e-9)
    with pytest.raises(InputError, match=r"format 'driftwatch.sequential.cusum', version 1, is wanted"):
        CUSUM.load(path)
    state = load(path, kind="sequential", formats=[1])
    for header, arrays in [
        ({}, state.arrays),
        ({**state.header, "pairs": ["counts"]}, state.arrays),
        ({**state.header, "pairs": 5}, state.arrays),
        ({**state.header, "state": []}, state.arrays),
        (state.header, {**state.arrays, "more": np.zeros(1, np.uint8)}),
        (state.header, {**state.arrays, "edges": np.zeros(3)}),
    ]:
        save(path, state._replace(header=header, arrays=arrays))
        with pytest.raises(InputError):
            SequentialMonitor.load(path)
    save(path, state._replace(kind="window"))
    with pytest.raises(ArchiveError, match="holds the kind 'window'"):
        SequentialMonitor.load(path)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ArchiveError, match="was cut short"):
        SequentialMonitor.load(path)


def test_alarm_stays_in_a_resumed_monitor() -> None:
    monitor = SequentialMonitor(REFERENCE)
    fed(monitor, SHIFTED)
    resumed = SequentialMonitor.from_state(monitor.state_dict())
    assert resumed.drift_detected
    assert resumed.update(CLEAN[0]).drifted_features == ["f1"]


def test_state_has_the_same_size_for_ever() -> None:
    monitor = SequentialMonitor({"c": [f"level {i}" for i in range(400)] * 2}, schema={"c": "categorical"})
    sizes = []
    for i in range(30):
        monitor.update({"c": [f"new {i}"] * 40})
        sizes.append(len(json.dumps(monitor.state_dict()["arrays"])))
    assert len(set(sizes)) == 1
    (feature,) = monitor.state_dict()["features"]
    assert len(feature["levels"]) <= 63


def test_another_reference_is_refused_on_resume() -> None:
    state = SequentialMonitor(REFERENCE).state_dict()
    with pytest.raises(InputError, match="must be the one that the state was made with"):
        SequentialMonitor.from_state(state, reference=REFERENCE + 1e-9)


def _without(state: dict[str, Any], *path: str) -> dict[str, Any]:
    state = json.loads(json.dumps(state))
    inner = state
    for key in path[:-1]:
        inner = inner[key]
    del inner[path[-1]]
    return state


def test_damaged_state_is_refused() -> None:
    state = SequentialMonitor(REFERENCE).state_dict()
    cut = {**state["arrays"]["counts"], "data": state["arrays"]["counts"]["data"][:40]}
    for damaged, message in [
        ({**state, "version": 99}, "version 1, is wanted; got .*, version 99"),
        ("text", "is wanted; got 'str'"),
        (_without(state, "seed"), "damaged: KeyError: 'seed'"),
        (_without(state, "arrays"), "must hold a mapping of arrays"),
        (_without(state, "arrays", "edges"), "no array 'edges' of shape"),
        ({**state, "arrays": {**state["arrays"], "counts": cut}}, "no array 'counts'"),
        ({**state, "arrays": {**state["arrays"], "seen": state["arrays"]["counts"]}}, "no array 'seen'"),
        ({**state, "n_cells": 60}, "no array 'edges'"),
    ]:
        with pytest.raises(InputError, match=message):
            SequentialMonitor.from_state(damaged)  # type: ignore[arg-type]


def test_history_is_a_table_of_the_late_batches() -> None:
    monitor = SequentialMonitor(REFERENCE, keep_history=6)
    results = fed(monitor, CLEAN)
    frame = pd.DataFrame(monitor.history)
    assert frame.columns.tolist()[:4] == ["batch", "n_rows", "log_threshold", "log_evidence"]
    assert frame["batch"].tolist() == [5, 6, 7, 8, 9, 10]
    assert frame["n_rows"].iloc[-1] == 200
    np.testing.assert_array_equal(frame["log_evidence:f2"], [r.log_evidence[2] for r in results[4:]])
    np.testing.assert_array_equal(frame["log_evidence"], [r.log_evidence.max() for r in results[4:]])
    assert len(SequentialMonitor(REFERENCE).history["batch"]) == 0


def test_public_names_are_those_of_the_folder() -> None:
    assert driftwatch.sequential.SequentialMonitor is SequentialMonitor
