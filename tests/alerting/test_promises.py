"""What alerting promises whatever happens: a machine of random windows, ticks, silences and failures on a fake clock.

The oracle is what each receiver believes, from the messages that reached it and nothing else.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from alerting_samples import SECOND, Other, Seen, window_of
from driftwatch.alerting.deciding import Event, Settled, Tick, decide
from driftwatch.alerting.plan import Plan, Terms
from driftwatch.alerting.routes import InhibitRule, Route
from driftwatch.alerts.model import FIRING, Alert, Notification
from driftwatch.alerts.silences import Silence
from driftwatch.alerts.state import State
from driftwatch.alerts.throttle import Throttle

STREAMS = ("s", "t")
NAMES = ("a", "b", "c")
MUTE = InhibitRule(['alertname="Other"'], ['alertname="Seen"'], ["stream"])
DAY = 86_400.0


class Promises(RuleBasedStateMachine):
    """Two streams, two rules and two receivers, one of which shares a route with the other."""

    @initialize(
        for_=st.integers(1, 3),
        resolve_after=st.integers(1, 3),
        burst=st.integers(1, 3),
        every=st.sampled_from([1.0, 60.0, 600.0]),
        group_by=st.sampled_from([["model"], ["feature"], []]),
        group_wait=st.sampled_from([0.0, 30.0]),
        group_interval=st.sampled_from([1.0, 300.0]),
        repeat=st.sampled_from([600.0, 4 * 3600.0]),
    )
    def begin(
        self,
        for_: int,
        resolve_after: int,
        burst: int,
        every: float,
        group_by: list[str],
        group_wait: float,
        group_interval: float,
        repeat: float,
    ) -> None:
        """Draw the settings."""
        route = Route(
            "chat",
            group_by=group_by,
            group_wait=group_wait,
            group_interval=group_interval,
            repeat_interval=repeat,
            routes=[Route("pager", ['feature=~"a|b"'], continue_=True), Route("chat", ['stream="s"'])],
        )
        self.terms = {"chat": Terms(Throttle(burst, every)), "pager": Terms(Throttle(2 * burst, every / 2))}
        rules = (Seen(for_=for_, resolve_after=resolve_after), Other())
        self.plan = Plan(self.terms, route, rules, (MUTE,), give_up_after=100 * DAY)
        self.state, self.now, self.number = State(), 10**15, 0
        self.letters: list[Notification] = []
        self.waiting: list[Notification] = []
        self.believed: dict[tuple[str, str], str] = {}
        self.dead: set[tuple[str, str]] = set()
        self.owed: dict[str, Alert] = {}  # what was over at a time at which it was not muted

    def tell(self, event: Event) -> None:
        """Let an event happen, and check each message against what its receiver believes."""
        before = self.state.firing()
        self.state, new = decide(self.plan, self.state, event, self.now)
        firing = self.state.firing()
        for key in before.keys() - firing.keys():
            if not self.is_muted(before[key], {**before, **firing}):
                self.owed[key] = before[key]
        for key, alert in firing.items():
            if self.is_muted(alert, firing):  # it fires again, and nobody is to hear of it now
                self.owed.pop(key, None)
        for sent in new:
            self.check_ends(sent)
        self.letters += new
        self.waiting += new

    def is_muted(self, alert: Alert, firing: dict[str, Alert]) -> bool:
        """Return whether nobody is to be told, by what the tests set up."""
        if any(silence.mutes(alert.labels, self.now) for silence in self.state.silences):
            return True
        stream = alert.labels["stream"]
        return alert.name == "Seen" and any(
            other.name == "Other" and other.labels["stream"] == stream for other in firing.values()
        )

    def check_ends(self, sent: Notification) -> None:
        """An end is told to those who believe that the alert fires, and only once."""
        for alert in sent.resolved:
            assert self.believed.get((sent.receiver, alert.fingerprint)) == FIRING
            assert not any(
                other.receiver == sent.receiver and alert.fingerprint in {end.fingerprint for end in other.resolved}
                for other in self.waiting
            )
        assert len({alert.fingerprint for alert in sent.alerts}) == len(sent.alerts)
        assert sent.alerts

    @rule(
        stream=st.sampled_from(STREAMS),
        names=st.none() | st.sets(st.sampled_from(NAMES)),
        other=st.booleans(),
        severity=st.sampled_from(["info", "critical"]),
    )
    def window(self, stream: str, names: set[str] | None, *, other: bool, severity: str) -> None:
        """Judge a window."""
        self.number += 1
        found = None if names is None else sorted(names)
        event = window_of(self.number, found, stream=stream, severity=severity)
        muting = window_of(self.number, ["all"] if other else [], rule="Other", stream=stream)
        self.tell(replace(event, observations={**event.observations, **muting.observations}))

    @rule(seconds=st.sampled_from([1, 30, 59, 60, 300, 3_600, 20_000]))
    def tick(self, seconds: int) -> None:
        """Let time pass."""
        self.now += seconds * SECOND
        self.tell(Tick())

    @rule(name=st.sampled_from(NAMES), seconds=st.sampled_from([60, 3_600]))
    def silence(self, name: str, seconds: int) -> None:
        """Silence a feature for a while."""
        new = Silence(
            str(len(self.state.silences)), {"feature": name}, self.now, self.now + seconds * SECOND, "ada", "x"
        )
        self.state = replace(self.state, silences=(*self.state.silences, new))

    @rule(stream=st.sampled_from(STREAMS))
    def accept(self, stream: str) -> None:
        """Accept a new baseline."""
        self.state = replace(self.state, accepted={**self.state.accepted, stream: str(self.now)})
        self.tell(Tick())

    @precondition(lambda self: self.waiting)
    @rule(delivered=st.booleans(), data=st.data())
    def settle(self, *, delivered: bool, data: st.DataObject) -> None:
        """Deliver a message, or give it up."""
        self.end(data.draw(st.sampled_from(self.waiting)), delivered=delivered)

    def end(self, sent: Notification, *, delivered: bool) -> None:
        """Take note of what becomes of a message."""
        self.waiting.remove(sent)
        for alert in sent.alerts:
            place = (sent.receiver, alert.fingerprint)
            if delivered:
                self.believed[place] = alert.status
                self.dead.discard(place)
            else:
                self.dead.add(place)
        self.tell(Settled(sent, delivered=delivered))

    @rule()
    def restart(self) -> None:
        """Nothing is lost when the process ends: the notes hold it all."""
        silences = {silence.id: silence.to_json() for silence in self.state.silences}
        notes = {**self.state.to_notes(), "silences": silences, "accepted": dict(self.state.accepted)}
        self.state = State.from_notes(notes)

    @invariant()
    def never_more_messages_than_the_throttle_allows(self) -> None:
        """At most `burst + t / every` in any time t."""
        for receiver, terms in getattr(self, "terms", {}).items():
            times = [sent.created for sent in self.letters if sent.receiver == receiver]
            for (i, first), (j, last) in combinations(enumerate(times), 2):
                allowed = terms.throttle.burst + (last - first) / SECOND / terms.throttle.every
                assert j - i + 1 <= allowed + 1e-9

    @invariant()
    def nothing_overtakes(self) -> None:
        """Of a group, one message is on its way."""
        ways = [(sent.receiver, sent.group_key) for sent in getattr(self, "waiting", [])]
        assert len(set(ways)) == len(ways)

    @invariant()
    def ids_are_of_one_message_each(self) -> None:
        """An id that came twice would make a receiver drop news."""
        ids = [sent.id for sent in getattr(self, "letters", [])]
        assert len(set(ids)) == len(ids)

    def teardown(self) -> None:
        """When all is quiet, everybody was told, and believes what is."""
        if not hasattr(self, "plan"):
            return
        for _ in range(30):
            while self.waiting:
                self.end(self.waiting[0], delivered=True)
            self.now += 700 * SECOND
            self.tell(Tick())
        while self.waiting:
            self.end(self.waiting[0], delivered=True)
        firing = self.state.firing()
        told = {(sent.receiver, alert.fingerprint) for sent in self.letters for alert in sent.firing}
        loud = {key: alert for key, alert in firing.items() if not self.is_muted(alert, firing)}
        for key, alert in {**self.owed, **loud}.items():
            for target in self.plan.route.targets(alert.labels):
                assert (target.receiver, key) in told
        for (receiver, key), status in self.believed.items():
            if status == FIRING and (receiver, key) not in self.dead:
                assert key in firing


Promises.TestCase.settings = settings(max_examples=100, stateful_step_count=30, deadline=None)
TestPromises = Promises.TestCase
