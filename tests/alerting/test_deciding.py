"""What happens to alerts and messages, case by case: the decisions are a pure function of state, event and time."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from alerting_samples import SECOND, Other, Seen, plan_of, window_of
from driftwatch.alerting.deciding import Event, Forgotten, Settled, Tick, decide
from driftwatch.alerting.plan import Plan, Terms
from driftwatch.alerting.routes import InhibitRule, Route
from driftwatch.alerting.rules import NoData, Observation
from driftwatch.alerts.model import Notification, iso_time
from driftwatch.alerts.silences import Silence
from driftwatch.alerts.state import State
from driftwatch.alerts.throttle import Throttle

HOUR = 3600


class World:
    """A plan and a state, an outbox, and a clock in seconds."""

    def __init__(self, plan: Plan, *, deliver: bool = True) -> None:
        self.plan, self.state, self.now, self.delivers = plan, State(), 1_000.0, deliver
        self.letters: list[Notification] = []

    def tell(self, event: Event, *, at: float | None = None, after: float = 1.0) -> list[Notification]:
        """Return the messages that an event gives; they are delivered at once, unless the test does that."""
        self.now = self.now + after if at is None else at
        self.state, new = decide(self.plan, self._reread(), event, int(self.now * SECOND))
        self.letters += new
        if self.delivers:
            for sent in new:
                self.settle(sent)
        return new

    def settle(self, sent: Notification, *, delivered: bool = True) -> list[Notification]:
        """Return the messages that the end of one gives."""
        self.now += 0.001
        event = Settled(sent, delivered=delivered)
        self.state, new = decide(self.plan, self.state, event, int(self.now * SECOND))
        self.letters += new
        return new

    def _reread(self) -> State:
        """Return the state as it is after a restart, which must not lose any of it."""
        notes = {**self.state.to_notes(), "accepted": dict(self.state.accepted)}
        notes["silences"] = {silence.id: silence.to_json() for silence in self.state.silences}
        assert State.from_notes(notes) == self.state
        return State.from_notes(notes)


def shown(messages: list[Notification]) -> list[str]:
    """Return messages as short texts, `+` for what fires and `-` for what is over."""
    return [
        " ".join(("+" if alert.status == "firing" else "-") + str(alert.feature or alert.name) for alert in sent.alerts)
        for sent in messages
    ]


def test_an_alert_is_told_once_and_its_end_once() -> None:
    world = World(plan_of())
    told = [shown(world.tell(window_of(n, names))) for n, names in enumerate([["age"], ["age"], [], [], []])]
    assert told == [["+age"], [], ["-age"], [], []]


def test_what_is_pending_is_told_after_its_windows_in_a_row() -> None:
    world = World(plan_of(Seen(for_=3)))
    told = [shown(world.tell(window_of(n, ["age"] if bad else []))) for n, bad in enumerate([1, 1, 0, 1, 1, 1, 0])]
    assert told == [[], [], [], [], [], ["+age"], ["-age"]]


def test_flapping_resolves_only_after_enough_clean_windows() -> None:
    world = World(plan_of(Seen(resolve_after=3)))
    told = [shown(world.tell(window_of(n, ["age"] if bad else []))) for n, bad in enumerate([1, 0, 0, 1, 0, 0, 0])]
    assert told == [["+age"], [], [], [], [], [], ["-age"]]


def test_a_window_that_cannot_tell_neither_fires_nor_resolves() -> None:
    world = World(plan_of(Seen(for_=2, resolve_after=2)))
    told = [shown(world.tell(window_of(n, names))) for n, names in enumerate([["a"], None, ["a"], None, [], None, []])]
    assert told == [[], [], ["+a"], [], [], [], ["-a"]]


def test_four_hundred_features_are_one_message() -> None:
    names = [f"f{i}" for i in range(400)]
    world = World(plan_of())
    (sent,) = world.tell(window_of(0, names))
    assert sorted(alert.labels["feature"] for alert in sent.alerts) == sorted(names)


def test_the_time_of_an_alert_is_when_it_began_to_fire_and_ended() -> None:
    world = World(plan_of(Seen(for_=2)))
    world.tell(window_of(0, ["age"]), at=1_000)
    world.tell(window_of(1, ["age"]), at=2_000)
    world.tell(window_of(2, ["age"]), at=3_000)
    (over,) = world.tell(window_of(3, []), at=4_000)
    assert (over.alerts[0].starts_at, over.alerts[0].ends_at) == (2_000 * SECOND, 4_000 * SECOND)


def test_what_still_fires_is_said_again_after_the_repeat_interval() -> None:
    world = World(plan_of(route=Route("ops", group_interval=1.0, repeat_interval=3 * HOUR)))
    told = [len(world.tell(window_of(n, ["age"]), at=n * HOUR)) for n in range(1, 9)]
    assert told == [1, 0, 0, 1, 0, 0, 1, 0]
    assert len({sent.id for sent in world.letters}) == 3


def test_time_alone_repeats_as_well() -> None:
    world = World(plan_of(route=Route("ops", repeat_interval=4 * HOUR)))
    world.tell(window_of(0, ["age"]), at=1_000)
    assert shown(world.tell(Tick(), at=1_000 + 4 * HOUR - 1)) == []
    assert shown(world.tell(Tick(), at=1_000 + 4 * HOUR)) == ["+age"]
    first, second = world.letters
    assert first.id != second.id


def test_news_of_a_group_wait_for_its_interval_and_come_in_one_message() -> None:
    world = World(plan_of(route=Route("ops", group_interval=300.0)))
    assert shown(world.tell(window_of(0, ["a"]), at=1_000)) == ["+a"]
    assert shown(world.tell(window_of(1, ["a", "b"]), at=1_100)) == []
    assert shown(world.tell(window_of(2, ["b", "c"]), at=1_200)) == []
    assert shown(world.tell(Tick(), at=1_299)) == []
    assert shown(world.tell(Tick(), at=1_300)) == ["+b +c -a"]


def test_a_group_waits_before_its_first_message_where_that_is_set() -> None:
    world = World(plan_of(route=Route("ops", group_wait=30.0)))
    assert world.tell(window_of(0, ["a"]), at=1_000) == []
    assert world.tell(window_of(0, ["b"], stream="s2"), at=1_010) == []
    assert shown(world.tell(Tick(), at=1_030)) == ["+a"]
    assert shown(world.tell(Tick(), at=1_040)) == ["+b"]  # another model is another group


def test_an_alert_that_is_over_before_its_message_went_out_is_told_and_then_its_end() -> None:
    world = World(plan_of(route=Route("ops", group_interval=300.0)))
    world.tell(window_of(0, ["a"]), at=1_000)
    world.tell(window_of(1, ["a", "blip"]), at=1_100)
    world.tell(window_of(2, ["a"]), at=1_200)
    assert shown(world.tell(Tick(), at=1_300)) == ["+a +blip"]
    blip = next(alert for alert in world.letters[-1].alerts if alert.feature == "blip")
    assert (blip.starts_at, blip.ends_at) == (1_100 * SECOND, 1_200 * SECOND)
    assert shown(world.tell(Tick(), at=1_600)) == ["+a -blip"]
    assert shown(world.tell(Tick(), at=1_900)) == []


def test_a_worse_severity_is_news_and_a_better_one_is_not() -> None:
    world = World(plan_of())
    told = [
        len(world.tell(window_of(n, ["a"], severity=s))) for n, s in enumerate(["info", "critical", "info", "info"])
    ]
    assert told == [1, 1, 0, 0]
    assert [sent.severity for sent in world.letters] == ["info", "critical"]


def test_the_bucket_holds_messages_back_and_loses_none() -> None:
    route = Route("ops", group_by=["feature"], group_interval=1e-6)
    world = World(plan_of(route=route, terms=Terms(Throttle(burst=2, every=60.0))))
    assert len(world.tell(window_of(0, ["a", "b", "c", "d"]), at=1_000)) == 2
    assert len(world.tell(Tick(), at=1_059)) == 0
    assert len(world.tell(Tick(), at=1_060)) == 1
    assert len(world.tell(Tick(), at=1_120)) == 1
    assert sorted(shown(world.letters)) == ["+a", "+b", "+c", "+d"]


def test_what_the_bucket_holds_back_of_a_group_comes_in_one_message() -> None:
    world = World(plan_of(terms=Terms(Throttle(burst=1, every=600.0))))
    world.tell(window_of(0, ["a"]), at=1_000)
    for n in range(1, 6):
        assert world.tell(window_of(n, ["a", *(f"f{i}" for i in range(n))]), at=1_000 + 60 * n) == []
    assert shown(world.tell(Tick(), at=1_600)) == ["+a +f0 +f1 +f2 +f3 +f4"]


def test_no_second_message_of_a_group_leaves_while_the_first_is_on_its_way() -> None:
    world = World(plan_of(), deliver=False)
    (first,) = world.tell(window_of(0, ["a"]))
    assert world.tell(window_of(1, [])) == []
    (second,) = world.settle(first)
    assert shown([first, second]) == ["+a", "-a"]
    assert world.settle(second) == []


def test_an_alert_whose_message_was_given_up_has_no_end_to_tell() -> None:
    world = World(plan_of(), deliver=False)
    (first,) = world.tell(window_of(0, ["a"]))
    assert world.tell(window_of(1, [])) == []
    assert world.settle(first, delivered=False) == []
    assert world.tell(Tick(), after=10 * HOUR) == []
    assert world.state.groups == {}


def test_a_message_that_was_given_up_is_said_again_after_the_repeat_interval_where_it_still_holds() -> None:
    world = World(plan_of(), deliver=False)
    (first,) = world.tell(window_of(0, ["a"]), at=1_000)
    world.settle(first, delivered=False)
    assert world.tell(window_of(1, ["a"]), at=1_001) == []
    (again,) = world.tell(Tick(), at=1_000 + HOUR)
    world.settle(again)
    assert shown(world.tell(window_of(2, []), at=9_000)) == ["-a"]


def test_a_dead_letter_that_is_delivered_after_all_is_followed_by_its_end() -> None:
    world = World(plan_of(), deliver=False)
    (first,) = world.tell(window_of(0, ["a"]))
    world.settle(first, delivered=False)
    assert world.tell(window_of(1, [])) == []
    (end,) = world.settle(first)  # somebody put it back into the outbox
    assert shown([end]) == ["-a"]


def test_what_begins_and_ends_again_while_its_end_is_told_is_told_again() -> None:
    world = World(plan_of(), deliver=False)
    (first,) = world.tell(window_of(0, ["a"]))
    world.settle(first)
    (end,) = world.tell(window_of(1, []))
    assert world.tell(window_of(2, ["a"])) == []
    assert world.tell(window_of(3, [])) == []
    (again,) = world.settle(end)
    (end_again,) = world.settle(again)
    assert shown(world.letters) == ["+a", "-a", "+a", "-a"]
    assert world.settle(end_again) == []


def test_a_letter_that_is_gone_from_the_store_does_not_hold_its_group_for_ever() -> None:
    plan = plan_of(give_up_after=100.0)
    world = World(plan, deliver=False)
    world.tell(window_of(0, ["a"]), at=1_000)
    assert world.tell(window_of(1, ["a", "b"]), at=1_199) == []
    assert shown(world.tell(Tick(), at=1_200)) == ["+a +b"]


def test_receivers_that_want_no_ends_get_none() -> None:
    world = World(plan_of(terms=Terms(Throttle(1, 0.0), send_resolved=False)))
    told = [shown(world.tell(window_of(n, names))) for n, names in enumerate([["a"], [], ["a"], []])]
    assert told == [["+a"], [], ["+a"], []]


def test_receivers_that_want_each_window_get_each_in_which_an_alert_fires() -> None:
    route = Route("ops", group_interval=1e5)
    world = World(plan_of(route=route, terms=Terms(Throttle(1, 1e5), every_window=True)), deliver=False)
    told = [len(world.tell(window_of(n, ["a"] if bad else []))) for n, bad in enumerate([1, 1, 1, 0, 1])]
    assert told == [1, 1, 1, 0, 1]
    assert [sent.window_start // (HOUR * SECOND) for sent in world.letters] == [0, 1, 2, 4]


def test_a_trigger_is_not_called_for_the_windows_of_another_stream() -> None:
    world = World(plan_of(route=Route("ops"), terms=Terms(Throttle(1, 0.0), every_window=True)), deliver=False)
    assert len(world.tell(window_of(0, ["a"]))) == 1
    assert world.tell(window_of(0, [], stream="s2")) == []


def test_an_inhibited_alert_is_told_neither_at_its_begin_nor_at_its_end() -> None:
    mute = InhibitRule(['alertname="Other"'], ['alertname="Seen"'], ["stream"])
    world = World(plan_of(Seen(), Other(), inhibitions=(mute,)))
    both = window_of(0, ["a", "b"])
    both = replace(both, observations={**both.observations, **window_of(0, ["all"], rule="Other").observations})
    assert shown(world.tell(both)) == ["+all"]
    clean = window_of(1, [])
    clean = replace(clean, observations={**clean.observations, **window_of(1, [], rule="Other").observations})
    assert shown(world.tell(clean)) == ["-all"]
    assert world.tell(Tick(), after=HOUR) == []


def test_what_was_inhibited_is_told_when_that_ends_and_it_still_fires() -> None:
    mute = InhibitRule(['alertname="Other"'], ['alertname="Seen"'], ["stream"])
    world = World(plan_of(Seen(), Other(), inhibitions=(mute,)))
    both = window_of(0, ["a"])
    world.tell(replace(both, observations={**both.observations, **window_of(0, ["all"], rule="Other").observations}))
    less = window_of(1, ["a"])
    less = replace(less, observations={**less.observations, **window_of(1, [], rule="Other").observations})
    assert shown(world.tell(less)) == ["+a -all"]


def test_another_stream_is_not_inhibited() -> None:
    mute = InhibitRule(['alertname="Other"'], ['alertname="Seen"'], ["stream"])
    world = World(plan_of(Seen(), Other(), inhibitions=(mute,)))
    world.tell(window_of(0, ["all"], rule="Other"))
    assert shown(world.tell(window_of(0, ["a"], stream="s2"))) == ["+a"]


def silence(until: float) -> Silence:
    return Silence("1", ['feature="a"'], 0, int(until * SECOND), "ada", "known")


def test_a_silenced_alert_is_not_told_until_the_silence_ends() -> None:
    world = World(plan_of())
    world.state = replace(world.state, silences=(silence(2_000),))
    assert shown(world.tell(window_of(0, ["a", "b"]), at=1_000)) == ["+b"]
    assert world.tell(Tick(), at=1_999) == []
    assert shown(world.tell(Tick(), at=2_000)) == ["+a +b"]


def test_an_alert_that_is_over_within_its_silence_is_never_told() -> None:
    world = World(plan_of())
    world.state = replace(world.state, silences=(silence(2_000),))
    told = [world.tell(window_of(n, names), at=1_000 + n) for n, names in enumerate([["a"], []])]
    assert told == [[], []]
    assert world.tell(Tick(), at=2_001) == []


def test_the_end_of_an_alert_that_was_told_waits_for_the_end_of_a_silence() -> None:
    world = World(plan_of())
    world.tell(window_of(0, ["a"]), at=900)
    world.state = replace(world.state, silences=(silence(2_000),))
    assert world.tell(window_of(1, []), at=1_000) == []
    assert shown(world.tell(Tick(), at=2_000)) == ["-a"]


def test_a_stream_that_goes_quiet_is_an_alert_and_its_next_window_the_end_of_it() -> None:
    world = World(plan_of(Seen(), NoData()))
    quiet_after = 3 * HOUR
    window = window_of(0, [])
    world.tell(replace(window, observations={**window.observations, "NoData": window.observations["Seen"]}), at=1_000)
    assert world.tell(Tick(), at=1_000 + quiet_after - 1) == []
    (silent,) = world.tell(Tick(), at=1_000 + quiet_after)
    assert (silent.alerts[0].name, silent.stream, silent.model) == ("NoData", "s", "s")
    assert iso_time(1_000 * SECOND)[:19] in silent.alerts[0].annotations["summary"]
    window = window_of(9, [])
    again = replace(window, observations={**window.observations, "NoData": window.observations["Seen"]})
    assert shown(world.tell(again, at=20_000)) == ["-NoData"]


def test_who_has_just_begun_to_look_gives_the_stream_a_minute_to_catch_up() -> None:
    world = World(plan_of(Seen(), NoData()))
    world.tell(window_of(0, []), at=1_000)
    monday = 1_000 + 60 * HOUR
    assert world.tell(Tick(monday * SECOND), at=monday + 59) == []
    assert shown(world.tell(Tick(monday * SECOND), at=monday + 60)) == ["+NoData"]


def test_a_stream_that_is_given_up_ends_its_alerts_and_is_not_missed() -> None:
    world = World(plan_of(Seen(), NoData()))
    world.tell(window_of(0, ["a"]))
    world.tell(window_of(0, ["b"], stream="t"))
    (end,) = world.tell(Forgotten("s"))
    assert shown([end]) == ["-a"]
    assert end.alerts[0].annotations["resolution"] == "the stream was given up"
    assert shown(world.tell(Tick(), after=60 * HOUR)) == ["+b +NoData"]


def test_windows_by_rows_are_not_missed_unless_a_time_is_given() -> None:
    window = window_of(0, [])
    window = replace(window, context=replace(window.context, scope="0", start=0, stop=1_000))
    for rule, n in ((NoData(), 0), (NoData(after=60.0), 1)):
        world = World(plan_of(Seen(), rule))
        world.tell(window, at=1_000)
        assert len(world.tell(Tick(), at=1e7)) == n


def test_partitions_with_windows_of_their_own_have_their_own_alerts() -> None:
    world = World(plan_of())
    first, second = (
        replace(window, context=replace(window.context, scope=scope))
        for window, scope in ((window_of(0, ["a"]), "0"), (window_of(0, []), "1"))
    )
    assert shown(world.tell(first)) == ["+a"]
    assert shown(world.tell(second)) == []
    assert world.letters[0].alerts[0].labels["partition"] == "0"


def test_an_accepted_baseline_closes_the_alerts_of_its_stream_and_says_why() -> None:
    world = World(plan_of())
    world.tell(window_of(0, ["a"]))
    world.tell(window_of(0, ["b"], stream="s2"))
    accepted = json.dumps({"version": "v2", "by": "ada", "reason": "new season", "at": 5})
    world.state = replace(world.state, accepted={"s": accepted})
    (end,) = world.tell(Tick())
    assert shown([end]) == ["-a"]
    assert "v2 by ada, new season" in end.alerts[0].annotations["resolution"]
    assert shown(world.tell(window_of(1, ["a"]))) == ["+a"]


def test_an_acceptance_of_long_ago_closes_nothing_of_a_new_stream() -> None:
    world = World(plan_of())
    world.state = replace(world.state, accepted={"s": "{}"})
    assert shown(world.tell(window_of(0, ["a"]))) == ["+a"]
    assert world.tell(Tick()) == []


def test_alerts_on_a_reference_that_was_replaced_end() -> None:
    world = World(plan_of(route=Route("ops", group_interval=1e-6, repeat_interval=1e6)))
    first, second = (
        replace(window, context=replace(window.context, scope=name, reference=name, start=0, stop=9))
        for window, name in ((window_of(0, ["a"]), "old"), (window_of(0, []), "new"))
    )
    world.tell(first, at=1_000)
    assert world.tell(second, at=1_000 + HOUR - 1) == []
    world.tell(second, at=1_000 + HOUR)
    (sent,) = world.tell(Tick())
    assert shown([sent]) == ["-a"]
    assert sent.alerts[0].annotations["resolution"] == "the reference was replaced"


def test_a_baseline_that_was_accepted_once_closes_alerts_once() -> None:
    world = World(plan_of())
    world.tell(window_of(0, ["a"]))
    world.state = replace(world.state, accepted={"s": "{}"})
    assert shown(world.tell(Tick())) == ["-a"]
    assert shown(world.tell(window_of(1, ["a"]))) == ["+a"]
    assert shown(world.tell(window_of(2, ["a"]))) == []


def test_a_feature_that_could_not_be_judged_neither_fires_nor_ends() -> None:
    world = World(plan_of())
    world.tell(window_of(0, ["a", "b"]))
    window = window_of(1, [])
    window = replace(window, observations={"Seen": Observation(unsure={"a"})})
    assert shown(world.tell(window)) == ["+a -b"]


def test_the_alerts_of_a_rule_that_is_no_more_end_with_it() -> None:
    world = World(plan_of(Seen(), Other()))
    world.tell(window_of(0, ["a"], rule="Other"))
    world.plan = plan_of(Seen())
    assert shown(world.tell(window_of(1, []))) == ["-a"]


def test_groups_of_receivers_that_another_process_knows_are_left_alone() -> None:
    world = World(plan_of(), deliver=False)
    world.tell(window_of(0, ["a"]))
    groups = world.state.groups
    world.plan = Plan({"dev": Terms()}, Route("dev"), (Seen(),))
    world.tell(Tick())
    assert groups.items() <= world.state.groups.items()


def test_routes_choose_the_receiver_and_continue_goes_on() -> None:
    route = Route(
        "chat",
        group_by=["model"],
        routes=[Route("pager", ['severity="critical"'], continue_=True), Route("team", ['model="s"'])],
    )
    terms = {name: Terms(Throttle(1, 0.0)) for name in ("chat", "pager", "team")}
    world = World(Plan(terms, route, (Seen(),)))
    assert sorted(s.receiver for s in world.tell(window_of(0, ["a"], severity="critical"))) == ["pager", "team"]
    assert [s.receiver for s in world.tell(window_of(0, ["a"], stream="other"))] == ["chat"]


def test_a_note_that_cannot_be_read_costs_only_itself() -> None:
    notes = {"alerts": {"s": "{", "t": "[]"}, "silences": {"1": "{}"}, "alert_buckets": {"ops": "null"}}
    assert State.from_notes(notes) == State()


@pytest.mark.parametrize("seconds", [0.5, 3.0])
def test_decisions_do_not_change_what_they_are_given(seconds: float) -> None:
    plan = plan_of()
    state, _ = decide(plan, State(), window_of(0, ["a"]), SECOND)
    before = json.dumps(state.to_notes())
    decide(plan, state, window_of(1, ["b"]), int(seconds * SECOND))
    assert json.dumps(state.to_notes()) == before
