"""What to do about an event (layer 5), as one pure function: state, event and time in, state and messages out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from driftwatch.alerting.dispatch import note_ended, note_settled, write_letters
from driftwatch.alerting.tracking import Window, close_accepted, close_replaced, forget, look_for_data, see_window

if TYPE_CHECKING:
    from driftwatch.alerting.plan import Plan
    from driftwatch.alerts.model import Notification
    from driftwatch.alerts.state import State

__all__ = ["Event", "Forgotten", "Settled", "Tick", "Window", "decide"]


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed.

    Attributes
    ----------
    looking_since : int
        When the process that looks began to: what waited while none did is given a minute to be judged.
    """

    looking_since: int = 0


@dataclass(frozen=True, slots=True)
class Forgotten:
    """A stream comes no more, and that is meant so."""

    stream: str


@dataclass(frozen=True, slots=True)
class Settled:
    """A message has arrived, or was given up."""

    notification: Notification
    delivered: bool


Event: TypeAlias = "Window | Tick | Settled | Forgotten"


def decide(plan: Plan, state: State, event: Event, now: int) -> tuple[State, list[Notification]]:
    """Return the state after an event, and the messages to put into the outbox.

    Parameters
    ----------
    plan : Plan
    state : State
        Not changed.
    event : Window, Tick, Settled or Forgotten
    now : int
        Microseconds after 1970.
    """
    fired = state.firing()
    state, ended = close_accepted(state, now)
    state, replaced = close_replaced(state, now)
    ended += replaced
    if isinstance(event, Window):
        state, over = see_window(plan, state, event, now)
        ended += over
    elif isinstance(event, Settled):
        state = note_settled(state, event.notification, delivered=event.delivered, now=now)
    elif isinstance(event, Forgotten):
        state, over = forget(state, event.stream, now)
        ended += over
    else:
        state = look_for_data(plan, state, now, looking_since=event.looking_since)
    state = note_ended(plan, state, ended, fired, now)
    return write_letters(plan, state, now, event.name if isinstance(event, Window) else None)
