"""Rows of a stream counted on a profile: the same counts, whatever rows come together, and the report of a check."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from driftwatch import DriftReport, FeatureKind, Monitor, Profile, Window
from driftwatch.errors import InputError
from driftwatch.scoring.columns import columns_of
from driftwatch.store import SQLiteStore
from driftwatch.streaming import MemoryBroker, MemorySource, ProfileScorer, Windows, Worker

if TYPE_CHECKING:
    from pathlib import Path

N = 400


def table(seed: int, n: int = N, shift: float = 0.0) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    return {
        "age": rng.normal(40 + shift, 9, n).tolist(),
        "visits": rng.integers(0, 50, n).tolist(),
        "shop": rng.choice(["Oslo", "Bergen", "Moss"], n).tolist(),
        "member": (rng.random(n) < 0.4).tolist(),
        "day": [dt.date.fromordinal(738_000 + i % 99).isoformat() for i in range(n)],
    }


@pytest.fixture(scope="module")
def profile(tmp_path_factory: pytest.TempPathFactory) -> Profile:
    path = tmp_path_factory.mktemp("profile") / "ref.dwp"
    Profile.fit(table(0)).save(path)
    return Profile.load(path)


def rows_of_table(columns: dict[str, Any]) -> list[dict[str, Any]]:
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def some_missing(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Leave a value out here, make it null or a float there, as senders do."""
    changed = []
    for i, row in enumerate(rows):
        each = dict(row)
        if i % 5 == 0:
            each.pop("age")
        if i % 7 == 0:
            each |= dict.fromkeys(("shop", "visits", "member"))
        if i % 3 == 0 and each["visits"] is not None:
            each["visits"] = float(each["visits"])
        changed.append({**each, "unknown": [i]})
    return changed


def test_counts_do_not_depend_on_what_comes_together(profile: Profile) -> None:
    scorer = ProfileScorer(profile)
    rows = some_missing(rows_of_table(table(1, 120)))
    together = scorer.count(rows).to_bytes()
    for size in (1, 7, 50):
        parts = [scorer.count(rows[i : i + size]) for i in range(0, len(rows), size)]
        total = parts[-1]
        for part in parts[:-1]:
            total = scorer.load(part.to_bytes()) + total
        assert total.to_bytes() == together


def test_counts_are_those_of_a_window_of_the_table(profile: Profile) -> None:
    current = table(2)
    assert ProfileScorer(profile).count(rows_of_table(current)).to_bytes() == Window(profile).update(current).to_bytes()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("age", "40"),
        ("age", [40]),
        ("age", 10**400),
        ("visits", {"n": 1}),
        ("shop", 3),
        ("shop", ["Oslo"]),
        ("member", 1),
        ("member", "true"),
    ],
)
def test_a_value_of_another_type_is_refused_by_name(profile: Profile, name: str, value: object) -> None:
    rows = rows_of_table(table(3, 5))
    rows[2][name] = value
    with pytest.raises((InputError, OverflowError), match=name if value != 10**400 else None):
        columns_of(rows, profile)


@pytest.mark.parametrize("value", [float("inf"), float("nan"), 2**80, True])
def test_numbers_of_every_kind_are_numbers(profile: Profile, value: float) -> None:
    assert columns_of([{"age": value}, {"age": None}], profile)["age"].dtype == np.float64


def test_categories_of_numbers_and_vectors_are_taken(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    fitted = Profile.fit(
        {"code": rng.integers(0, 4, 300), "vector": rng.normal(size=(300, 3))}, kinds={"code": FeatureKind.CATEGORICAL}
    )
    fitted.save(tmp_path / "ref.dwp")
    scorer = ProfileScorer(Profile.load(tmp_path / "ref.dwp"))
    rows = [{"code": i % 4, "vector": [i, 0.5, 2]} for i in range(20)] + [{"code": None}]
    parts = [scorer.count([row]) for row in rows]
    assert sum(parts[1:], parts[0]).to_bytes() == scorer.count(rows).to_bytes()
    with pytest.raises(InputError, match="`code`"):
        scorer.count([{"code": True}])
    with pytest.raises(InputError, match="`vector`"):
        scorer.count([{"vector": [1, 2, 3]}, {"vector": [1, 2]}])
    for wrong in ([1, 2], [1, 2, "x"], 5, "abc"):
        with pytest.raises(InputError, match="`vector` must be a list of 3 numbers"):
            scorer.count([{"vector": wrong}])


def test_the_stored_report_of_a_window_is_the_check_of_its_rows(profile: Profile, tmp_path: Path) -> None:
    current = table(4, shift=6.0)
    broker = MemoryBroker()
    for row in rows_of_table(current):
        broker.send(row)
    broker.send({"age": "forty"})
    with SQLiteStore(tmp_path / "a.db") as store:
        worker = Worker(
            MemorySource(broker), store, ProfileScorer(profile, alpha=0.01), windows=Windows.by_rows(N), max_rows=30
        )
        worker.start()
        while worker.step(timeout=0):
            worker.commit()
        (run,) = store.runs()
        report = DriftReport.from_json(store.report(run.id))
    expected = Monitor.from_profile(profile, alpha=0.01).check(Window(profile).update(current))
    assert (run.verdict, run.n_rows) == ("drift", N)
    assert report == DriftReport.from_json(expected.to_json())
    assert report.drifted_features == ["age"]
    assert len(broker.dead) == 1
    assert "`age` must be a number" in broker.dead[0].reason


def test_the_line_of_a_window_names_the_drifted_features(profile: Profile) -> None:
    scorer = ProfileScorer(profile)
    drifted = scorer.score(scorer.count(rows_of_table(table(5, shift=9.0))))
    assert drifted.summary == "drift in 1 of 5 features: age"
    quiet = scorer.score(scorer.count(rows_of_table(table(6))))
    assert (quiet.verdict, quiet.summary.count("\n")) == ("no_drift", 0)
    assert json.loads(quiet.report)["verdict"] == "no_drift"


def test_many_drifted_features_are_cut_short() -> None:
    rng = np.random.default_rng(0)
    scorer = ProfileScorer(Profile.fit({f"f{i}": rng.normal(size=300) for i in range(8)}))
    scored = scorer.score(scorer.count([{f"f{i}": 5.0 + j / 9 for i in range(8)} for j in range(100)]))
    assert scored.summary.startswith("drift in 8 of 8 features: ")
    assert scored.summary.endswith(" and 3 more")


def test_profiles_that_count_differently_have_different_fingerprints(profile: Profile) -> None:
    assert ProfileScorer(profile).fingerprint == ProfileScorer(profile, alpha=0.2).fingerprint
    assert ProfileScorer(profile).fingerprint != ProfileScorer(Profile.fit(table(9))).fingerprint
