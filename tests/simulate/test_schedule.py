"""When a shift sets in, over batches and over rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from driftwatch.errors import ConfigError, InputError
from driftwatch.simulate import (
    Schedule,
    gradual,
    incremental,
    mean_shift,
    missing_values,
    new_category,
    prior_shift,
    recurring,
    sudden,
)

REFERENCE = {"x": np.array([-1.0, 1.0])}  # of standard deviation 1


def moved(schedule: Schedule, steps: int = 8, rows: int = 10) -> list[tuple[float, float]]:
    """Return, for each step, by how much the rows that moved did, and what share of them moved."""
    batches = [{"x": np.zeros(rows)} for _ in range(steps)]
    found = []
    for batch in schedule.stream(batches, seed=0, reference=REFERENCE):
        away = batch["x"][batch["x"] != 0.0]
        found.append((float(away.mean()) if away.size else 0.0, away.size / rows))
    return found


def test_sudden_is_nothing_and_then_everything() -> None:
    assert moved(sudden(mean_shift(2.0), at=5)) == [(0.0, 0.0)] * 5 + [(2.0, 1.0)] * 3


def test_incremental_grows_in_strength_for_all_rows() -> None:
    found = moved(incremental(mean_shift(2.0), start=2, stop=6))
    np.testing.assert_allclose(found, [(0, 0), (0, 0), (0, 0), (0.5, 1), (1, 1), (1.5, 1), (2, 1), (2, 1)])


def test_gradual_grows_in_share_at_full_strength() -> None:
    found = moved(gradual(mean_shift(2.0), start=2, stop=7), steps=9)
    np.testing.assert_allclose([share for _, share in found], [0, 0, 0, 0.2, 0.4, 0.6, 0.8, 1, 1])
    assert {strength for strength, _ in found} == {0.0, 2.0}


def test_recurring_comes_and_goes() -> None:
    found = moved(recurring(mean_shift(2.0), period=4, duty=0.25, start=2), steps=11)
    assert [strength > 0 for strength, _ in found] == [step in {5, 9} for step in range(11)]
    always = moved(recurring(mean_shift(2.0), period=3, duty=1.0))
    assert all(strength == 2.0 for strength, _ in always)


def test_rows_that_are_mappings_or_vectors_stay_rows() -> None:
    schedule = sudden(mean_shift(2.0), at=1)
    assert list(schedule.stream([{"x": 0.0}, {"x": 0.0}], reference=REFERENCE)) == [{"x": 0.0}, {"x": 2.0}]
    reference = np.array([[-1.0], [1.0]])
    rows = list(schedule.stream(np.zeros((3, 1)), reference=reference))
    assert [row.shape for row in rows] == [(1,)] * 3
    assert [float(row[0]) for row in rows] == [0.0, 2.0, 2.0]


def test_share_of_single_rows_holds_on_average() -> None:
    schedule = sudden(mean_shift(2.0, share=0.3), at=0)
    rows = schedule.stream(({"x": 0.0} for _ in range(2_000)), seed=0, reference=REFERENCE)
    assert np.mean([row["x"] > 0 for row in rows]) == pytest.approx(0.3, abs=0.04)  # four standard errors


def test_single_rows_need_a_reference() -> None:
    with pytest.raises(InputError, match="Pass `reference`"):
        list(sudden(mean_shift(), at=0).stream([{"x": 0.0}]))


def test_table_in_the_order_of_time_drifts_row_by_row() -> None:
    x = np.random.default_rng(0).normal(size=(100, 2))
    added = incremental(mean_shift(1.0), start=20, stop=60).apply(x, seed=0) - x
    ramp = np.clip((np.arange(100) - 20) / 40, 0.0, 1.0)
    np.testing.assert_allclose(added, ramp[:, None] * x.std(axis=0), atol=1e-12)


def test_batch_size_makes_steps_of_several_rows() -> None:
    data = {"c": np.array(["a"] * 100)}
    out = gradual(new_category(1.0), start=0, stop=4).apply(data, batch_size=20, seed=0)["c"]
    shares = [(out[i : i + 20] == "new").mean() for i in range(0, 100, 20)]
    np.testing.assert_allclose(shares, [0, 0.25, 0.5, 0.75, 1.0])


def test_rows_of_another_class_come_from_the_same_step() -> None:
    data = {"y": np.array(["a", "b"] * 50), "row": np.arange(100)}
    out = sudden(prior_shift(1.0, target="y", level="a"), at=1).apply(data, batch_size=50, seed=0)
    assert np.array_equal(out["row"][:50], np.arange(50))
    assert (out["y"][50:] == "a").all()
    assert out["row"][50:].min() >= 50


def test_same_seed_gives_the_same_stream_and_another_one_another() -> None:
    schedule = sudden(missing_values(0.5), at=1)
    batches = [{"x": np.arange(40.0)} for _ in range(3)]
    first, again, other = ([b["x"].tobytes() for b in schedule.stream(batches, seed=s)] for s in (0, 0, 1))
    assert first == again
    assert first != other
    assert np.isfinite(batches[2]["x"]).all()  # the batches that came in are as they were


@pytest.mark.parametrize(
    "make",
    [
        lambda: sudden(mean_shift(), at=-1),
        lambda: sudden(mean_shift(), at=1.5),  # type: ignore[arg-type]
        lambda: gradual(mean_shift(), start=5, stop=5),
        lambda: incremental(mean_shift(), start=5, stop=2),
        lambda: recurring(mean_shift(), period=0),
        lambda: recurring(mean_shift(), period=5, duty=1.5),
        lambda: sudden(mean_shift(), at=0).apply(np.zeros((3, 1)), batch_size=0),
    ],
)
def test_wrong_settings_are_refused(make: Any) -> None:
    with pytest.raises(ConfigError):
        make()
