"""When a training may start: each guard by itself, and what holds whatever comes."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftwatch.alerting.retraining.guards import DAY, Guards, Outcome, TriggerState, decide, settled
from driftwatch.alerting.retraining.request import RetrainRequest
from driftwatch.errors import ConfigError, InputError
from driftwatch.store.model import Run, WindowKey
from notification_samples import notification

HOUR = 3600 * 10**6
NOW = 1_763_900_000_000_000


def request(
    run_id: int = 3, *, model: str = "churn", reference: str = "a", dropped: bool | None = True
) -> RetrainRequest:
    message = replace(
        notification(model=model),
        run_id=run_id,
        window_start=run_id * HOUR,
        window_stop=(run_id + 1) * HOUR,
        reference=reference,
        performance_dropped=dropped,
    )
    return RetrainRequest.of(message)


def runs(*verdicts: str, scope: str = "") -> list[Run]:
    """Return checks with the ids 1, 2, ..., newest first."""
    made = [Run("churn", WindowKey(i * HOUR, (i + 1) * HOUR, scope), 0, 5000, v, i) for i, v in enumerate(verdicts, 1)]
    return made[::-1]


THREE = runs("drift", "drift", "drift")
ANY = Guards(cooldown=0, max_per_day=1000, consecutive=1, min_rows=0, on_drift_alone=True)


def outcome(guards: Guards, asked: RetrainRequest, checks: list[Run] = THREE, state: TriggerState | None = None) -> Any:
    decision = decide(guards, state or TriggerState(), asked, checks, NOW)
    return decision.outcome, decision.reason


def test_a_worse_model_after_three_windows_in_a_row_is_trained() -> None:
    assert outcome(Guards(), request())[0] is Outcome.START


@pytest.mark.parametrize(("dropped", "said"), [(False, "is no worse"), (None, "is not known to be worse")])
def test_drift_alone_recommends_unless_it_is_asked_to_start(dropped: bool | None, said: str) -> None:
    found, reason = outcome(Guards(), request(dropped=dropped))
    assert (found, said in reason) == (Outcome.RECOMMEND, True)
    assert outcome(Guards(on_drift_alone=True), request(dropped=dropped))[0] is Outcome.START


@pytest.mark.parametrize(
    ("checks", "n"),
    [
        (runs("drift", "no_drift", "drift"), 1),
        (runs("no_drift", "drift", "drift"), 2),
        (runs("drift", "drift", "no_drift"), 0),
        (runs("drift", "drift", "error"), 0),
        (runs("drift", "drift", "drift")[1:], 0),  # this window's own check is not there
        (runs("drift", "drift", "drift", scope="other"), 0),
        ([], 0),
    ],
)
def test_windows_count_in_a_row_up_to_this_one(checks: list[Run], n: int) -> None:
    assert outcome(Guards(), request(), checks) == (
        Outcome.HOLD,
        f"{n} windows in a row have drifted, and `consecutive` is 3",
    )


def test_later_windows_do_not_count_for_one_that_was_told_late() -> None:
    assert outcome(Guards(), request(3), runs("drift", "drift", "drift", "no_drift"))[0] is Outcome.START
    assert outcome(Guards(), request(2), THREE)[0] is Outcome.HOLD


def test_a_small_window_starts_nothing() -> None:
    assert outcome(Guards(min_rows=5001), request()) == (
        Outcome.HOLD,
        "the window has 5000 rows, and `min_rows` is 5001",
    )


def started(asked: RetrainRequest, *, at: int = NOW, state: TriggerState | None = None) -> TriggerState:
    decision = decide(ANY, state or TriggerState(), asked, THREE, at)
    assert decision.outcome is Outcome.START
    return settled(decision.state, asked, failed=False)


@pytest.mark.parametrize(("later", "wanted"), [(DAY - 1, Outcome.HOLD), (DAY, Outcome.START), (-HOUR, Outcome.HOLD)])
def test_a_model_has_a_cooldown_that_a_clock_set_back_does_not_shorten(later: int, wanted: Outcome) -> None:
    state = started(request(2), at=NOW)
    decision = decide(Guards(max_per_day=99), state, request(3), THREE, NOW + later)
    assert decision.outcome is wanted


def test_the_budget_of_a_day_is_that_of_all_models() -> None:
    state = started(request(model="a"))
    state = started(request(model="b"), at=NOW + HOUR, state=state)
    guards = Guards(max_per_day=2)
    assert decide(guards, state, request(model="c"), THREE, NOW + 2 * HOUR).outcome is Outcome.HOLD
    assert decide(guards, state, request(model="c"), THREE, NOW + DAY).outcome is Outcome.START


def test_a_window_is_trained_for_once() -> None:
    state = started(request())
    assert decide(ANY, state, request(), THREE, NOW + DAY).outcome is Outcome.DONE


def test_a_start_that_was_cut_short_is_done_again_with_the_same_id_and_counts_once() -> None:
    begun = decide(Guards(), TriggerState(), request(), THREE, NOW)
    again = decide(Guards(), begun.state, request(), [], NOW + HOUR)
    assert again.outcome is Outcome.START
    assert again.state.started == (NOW,)
    assert again.state.of("churn").at == NOW


def test_a_failure_gives_back_the_cooldown_and_the_budget() -> None:
    begun = decide(Guards(), TriggerState(), request(2), runs("drift", "drift"), NOW)
    assert begun.outcome is Outcome.HOLD
    begun = decide(Guards(consecutive=1), TriggerState(), request(2), THREE, NOW)
    state = settled(begun.state, request(2), failed=True)
    assert state.started == ()
    assert decide(Guards(), state, request(3), THREE, NOW + 1).outcome is Outcome.START


def test_the_end_of_another_start_changes_nothing() -> None:
    begun = decide(ANY, TriggerState(), request(3), THREE, NOW)
    assert settled(begun.state, request(2), failed=True) == begun.state


def test_windows_before_a_new_reference_do_not_count() -> None:
    state = started(request(3, reference="a"))
    five = runs(*["drift"] * 6)
    guards = Guards(cooldown=0, max_per_day=9)
    verdicts = []
    for run_id in (4, 5, 6):
        decision = decide(guards, state, request(run_id, reference="b"), five, NOW + DAY)
        verdicts.append(decision.outcome)
        state = decision.state
    assert verdicts == [Outcome.HOLD, Outcome.HOLD, Outcome.START]


def test_what_blocks_blocks_whatever_else_holds() -> None:
    decision = decide(ANY, TriggerState(), request(), THREE, NOW, blocked_by="the columns changed")
    assert (decision.outcome, decision.reason) == (Outcome.HOLD, "the columns changed")


def test_the_state_survives_json() -> None:
    state = started(request(model="\ud800 odd \x00"))
    assert TriggerState.from_json(state.to_json()) == state
    assert TriggerState.from_json(None) == TriggerState()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version":2}', '{"version":1,"models":{"a":{"b":1}},"started":[]}'])
def test_a_state_that_cannot_be_read_is_an_error(text: str) -> None:
    with pytest.raises(InputError, match="state of a trigger"):
        TriggerState.from_json(text)


@pytest.mark.parametrize(
    "wrong",
    [
        {"cooldown": -1},
        {"cooldown": float("nan")},
        {"max_per_day": 0},
        {"consecutive": 0},
        {"min_rows": -1},
        {"consecutive": 1.5},
    ],
)
def test_a_wrong_guard_is_named(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=f"`{next(iter(wrong))}`"):
        Guards(**wrong)


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "c"]),  # model
        st.integers(1, 12),  # hours since the event before
        st.sampled_from([True, False, None]),  # did the model get worse
        st.sampled_from(["ok", "fails", "dies"]),  # what becomes of a start
        st.booleans(),  # is the message delivered twice
    ),
    max_size=40,
)


@settings(max_examples=150, deadline=None)
@given(EVENTS, st.integers(1, 3), st.integers(0, 30), st.integers(1, 3))
def test_no_order_of_events_starts_more_than_the_guards_allow(
    events: list[Any], max_per_day: int, cooldown_hours: int, consecutive: int
) -> None:
    guards = Guards(cooldown=cooldown_hours * 3600.0, max_per_day=max_per_day, consecutive=consecutive, min_rows=0)
    state, now, asked_for = TriggerState(), NOW, []
    checks = runs(*["drift"] * (len(events) + 3))
    for number, (model, hours, dropped, fate, twice) in enumerate(events, 3):
        now += hours * HOUR
        asked = request(number, model=model, dropped=dropped)
        for _ in range(1 + twice):
            decision = decide(guards, state, asked, checks, now)
            state = TriggerState.from_json(decision.state.to_json())
            if decision.outcome is not Outcome.START:
                continue
            assert dropped is True
            if fate != "fails":
                asked_for.append((now, model, asked.id))
            if fate != "dies":
                state = settled(state, asked, failed=fate == "fails")
    first: dict[str, tuple[int, str]] = {}
    for at, model, key in asked_for:  # what is asked again has the same id: one training
        first.setdefault(key, (at, model))
    times = sorted(first.values())
    for at, _ in times:
        assert sum(at <= other < at + DAY for other, _ in times) <= max_per_day
    for model in "abc":
        own = [at for at, of in times if of == model]
        assert all(later - at >= cooldown_hours * HOUR for at, later in itertools.pairwise(own))
