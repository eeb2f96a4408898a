"""Alertmanager's words: matchers, silences, routes, inhibitions, and the token bucket."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting_samples import SECOND
from driftwatch.alerting import InhibitRule, Matcher, Route, Silence
from driftwatch.alerts.matchers import matches, parse_matchers
from driftwatch.alerts.silences import SILENCES, add_silence, expire_silence, stored_silences
from driftwatch.alerts.throttle import Bucket, Throttle
from driftwatch.errors import ConfigError, UnknownNameError
from driftwatch.store import SQLiteStore

LABELS = {"severity": "critical", "feature": "price_net"}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ('severity="critical"', True),
        ("severity=critical", True),
        (' severity = "critical" ', True),
        ('severity!="critical"', False),
        ('feature=~"price"', False),  # as in Alertmanager, a pattern covers the whole value
        ('feature=~"price.*"', True),
        ('feature!~"price.*"', False),
        ('team=""', True),
        ('team!=""', False),
        ('team=~".+"', False),
        (r'feature="price\u005fnet"', True),
    ],
)
def test_matchers_hold_as_in_alertmanager(text: str, holds: bool) -> None:
    assert Matcher.parse(text).holds(LABELS) is holds


@given(st.from_regex(r"[a-z_]{1,5}", fullmatch=True), st.sampled_from(["=", "!="]), st.text(max_size=9))
def test_a_matcher_is_read_as_it_is_written(label: str, operator: str, value: str) -> None:
    matcher = Matcher(label, operator, value)
    assert Matcher.parse(str(matcher)) == matcher


@pytest.mark.parametrize("text", ["", "severity", "a b=c", '"a"=b', '="x"', 'a="x', "a=~'('", 3, None])
def test_what_is_no_matcher_is_refused(text: Any) -> None:
    with pytest.raises(ConfigError):
        Matcher.parse(text).holds(LABELS) if text != "a=~'('" else Matcher.parse('a=~"("')


def test_all_matchers_must_hold_and_none_hold_for_everything() -> None:
    assert matches((), {})
    both = parse_matchers(["severity=critical", "feature=age"])
    assert not matches(both, LABELS)
    assert matches(both, {**LABELS, "feature": "age"})
    assert parse_matchers({"severity": "critical"}) == parse_matchers("severity=critical")
    with pytest.raises(ConfigError, match="operator"):
        Matcher("a", "==", "b")


def silence(**options: Any) -> Silence:
    given = {"id": "1", "matchers": ["feature=age"], "starts_at": 10, "ends_at": 20, "author": "ada", "comment": "x"}
    return Silence(**{**given, **options})


def test_a_silence_holds_from_its_start_up_to_its_end() -> None:
    states = [silence().state(now) for now in (9, 10, 19, 20)]
    assert states == ["pending", "active", "active", "expired"]
    assert [silence().mutes({"feature": "age"}, now) for now in (9, 10, 19, 20)] == [False, True, True, False]
    assert not silence().mutes({"feature": "income"}, 15)


def test_a_silence_that_is_ended_is_over_at_once() -> None:
    for now in (5, 15):
        assert silence().expired(now).state(now) == "expired"
    assert silence().expired(30) == silence()


@pytest.mark.parametrize(
    "options",
    [
        {"matchers": []},
        {"matchers": ['feature=~".*"']},
        {"matchers": ["feature!=age"]},
        {"ends_at": 10},
        {"author": " "},
        {"comment": ""},
    ],
)
def test_a_silence_of_everything_without_an_end_or_a_reason_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        silence(**options)


def test_silences_are_stored_ended_and_dropped(tmp_path: Any) -> None:
    with SQLiteStore(tmp_path / "a.db") as store:
        add_silence(store, silence(), now=12)
        assert stored_silences(store.notes(SILENCES)) == [silence()]
        assert expire_silence(store, "1", now=15).ends_at == 15
        with pytest.raises(UnknownNameError):
            expire_silence(store, "1", now=16)
        later = 6 * 86_400 * SECOND
        add_silence(store, silence(id="2", ends_at=later + 9), now=later)
        assert list(store.notes(SILENCES)) == ["2"]
        with store.transaction() as transaction:
            transaction.put_note(SILENCES, "3", json.dumps({"id": 3}))
        assert [item.id for item in stored_silences(store.notes(SILENCES))] == ["2"]


def keys(route: Route, **labels: str) -> list[tuple[str, str]]:
    return [(target.receiver, target.group_key) for target in route.targets(labels)]


def test_the_first_child_that_matches_takes_an_alert() -> None:
    route = Route("root", routes=[Route("a", ["x=1"]), Route("b", ["x=~.+"]), Route("c", ["y=1"])])
    assert [receiver for receiver, _ in keys(route, x="1", y="1")] == ["a"]
    assert [receiver for receiver, _ in keys(route, x="2", y="1")] == ["b"]
    assert [receiver for receiver, _ in keys(route, y="1")] == ["c"]
    assert [receiver for receiver, _ in keys(route)] == ["root"]


def test_continue_goes_on_to_the_next_sibling() -> None:
    route = Route("root", routes=[Route("a", ["x=1"], continue_=True), Route("b", ["x=1"]), Route("c")])
    assert [receiver for receiver, _ in keys(route, x="1")] == ["a", "b"]


def test_children_inherit_what_they_do_not_set() -> None:
    inner = Route(matchers=["y=1"], group_interval=60)
    route = Route(
        "root", group_by=["z"], repeat_interval=60, routes=[Route("a", ["x=1"], group_wait=5, routes=[inner])]
    )
    (target,) = route.targets({"x": "1", "y": "1", "z": "q"})
    assert target.receiver == "a"
    assert target.group_key == '{}/{x="1"}/{y="1"}:{"z": "q"}'
    assert target.timing == type(target.timing)(5 * SECOND, 60 * SECOND, 60 * SECOND)


def test_the_group_is_the_labels_that_are_asked_for() -> None:
    labels = {"model": "m", "feature": "age", "severity": "info", "alertname": "A"}
    assert keys(Route("r"), **labels) == [("r", '{}:{"model": "m"}')]
    assert keys(Route("r", group_by=[]), **labels) == [("r", "{}:{}")]
    assert keys(Route("r", group_by=["none", "feature"]), **labels) == [("r", '{}:{"feature": "age"}')]
    (alone,) = keys(Route("r", group_by=["..."]), **labels)
    assert alone == keys(Route("r", group_by=["..."]), **{**labels, "severity": "critical"})[0]
    assert alone != keys(Route("r", group_by=["..."]), **{**labels, "feature": "income"})[0]


def test_a_route_without_a_receiver_takes_nothing() -> None:
    assert keys(Route(routes=[Route("a", ["x=1"])])) == []
    assert Route(routes=[Route("a", ["x=1"]), Route("b")]).ways() == (('{}/{x="1"}', "a"), ("{}/{}", "b"))


def test_an_inhibition_needs_equal_labels_and_never_mutes_its_own_source() -> None:
    rule = InhibitRule(["alertname=~A|B"], ["alertname=~B|C"], ["stream"])
    a, b, c = ({"alertname": name, "stream": "s"} for name in "ABC")
    assert rule.mutes(a, c)
    assert rule.mutes(a, b)
    assert not rule.mutes(a, {**c, "stream": "t"})
    assert not rule.mutes(c, a)
    assert not rule.mutes(b, {**b, "feature": "x"})  # both match both sides
    for source, target in (([], ["a=b"]), (["a=b"], [])):
        with pytest.raises(ConfigError):
            InhibitRule(source, target)


@given(
    st.integers(1, 5),
    st.integers(1, 100),
    st.lists(st.integers(0, 150), min_size=1, max_size=60),
)
def test_a_bucket_gives_what_a_slow_count_gives(burst: int, every: int, gaps: list[int]) -> None:
    bucket, tokens, now = Bucket(), float(burst), 10**6
    for gap in gaps:
        now += gap
        tokens = min(burst, tokens + gap / every)  # the plain token bucket
        taken = bucket.take(Throttle(burst, every), now * SECOND)
        if abs(tokens - 1) > 1e-9:
            assert (taken is not None) == (tokens >= 1)
        if taken is not None:
            bucket, tokens = taken, tokens - 1


def test_a_bucket_that_was_filled_by_a_clock_that_was_ahead_is_not_empty_for_ever() -> None:
    bucket = Bucket(full_at=10**18)
    throttle = Throttle(2, 60)
    assert bucket.take(throttle, 0) is None
    assert Bucket(full_at=120 * SECOND).take(throttle, 60 * SECOND) is not None


def test_no_wait_is_no_throttle() -> None:
    bucket = Bucket()
    for _ in range(100):
        taken = bucket.take(Throttle(1, 0), 5)
        assert taken is not None
        bucket = taken
