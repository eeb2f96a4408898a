"""When a training may start (layer 5): pure decisions over what was started before."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING, Self

from driftwatch._checks import check_count, is_amount
from driftwatch.errors import ConfigError, InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from driftwatch.alerting.retraining.request import RetrainRequest
    from driftwatch.store.model import Run

__all__ = ["Decision", "Guards", "ModelState", "Outcome", "TriggerState", "decide", "settled"]

DAY = 86_400 * 10**6
VERSION = 1


class Outcome(Enum):
    """What became of a request."""

    START = "start"
    RECOMMEND = "recommend"
    HOLD = "hold"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Guards:
    """What must hold before a training starts.

    Parameters
    ----------
    cooldown : float
        Seconds between two trainings of one model.
    max_per_day : int
        Trainings of all models within any 24 hours.
    consecutive : int
        Windows in a row with the verdict `drift`, this one and those before it.
    min_rows : int
        Rows of the window.
    on_drift_alone : bool
        Start also where the model is not known to have got worse. Otherwise drift alone only recommends it: data that
        moved need not hurt the model, and training on a week that was odd can.
    """

    cooldown: float = 86_400.0
    max_per_day: int = 1
    consecutive: int = 3
    min_rows: int = 1000
    on_drift_alone: bool = False

    def __post_init__(self) -> None:
        if not is_amount(self.cooldown):
            raise ConfigError(f"`cooldown` must be a number of seconds of at least 0, got {self.cooldown!r}.")
        check_count("max_per_day", self.max_per_day)
        check_count("consecutive", self.consecutive)
        check_count("min_rows", self.min_rows, "a whole number of at least 0", least=0)


@dataclass(frozen=True, slots=True)
class ModelState:
    """The last training of a model that was asked for, and what was said last.

    Attributes
    ----------
    key : str
        Id of the request, empty before the first.
    at : int
        When it was decided.
    stage : str
        `starting`, then `started` or `failed`.
    reference : str
        What the last window was compared with.
    since : int
        The first check with that reference that was seen: earlier ones do not count as windows in a row.
    outcome, reason : str
        Of the last decision.
    """

    key: str = ""
    at: int = 0
    stage: str = ""
    reference: str = ""
    since: int = 0
    outcome: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class TriggerState:
    """What a trigger remembers: by model, and the times of all trainings of the last day."""

    models: Mapping[str, ModelState] = field(default_factory=dict)
    started: tuple[int, ...] = ()

    def of(self, model: str) -> ModelState:
        """Return what is known of a model."""
        return self.models.get(model) or ModelState()

    def with_model(self, model: str, state: ModelState) -> TriggerState:
        """Return the state with another one for a model."""
        return replace(self, models={**self.models, model: state})

    def to_json(self) -> str:
        """Return the state as JSON."""
        models = {name: asdict(state) for name, state in self.models.items()}
        return json.dumps({"version": VERSION, "models": models, "started": self.started})

    @classmethod
    def from_json(cls, text: str | None) -> Self:
        """Return the state that `to_json` wrote; None gives an empty one."""
        if text is None:
            return cls()
        try:
            data = json.loads(text)
            if data["version"] != VERSION:
                raise InputError(f"the state of a trigger has version {data['version']!r}, and {VERSION} is wanted.")
            models = {name: ModelState(**state) for name, state in data["models"].items()}
            return cls(models, tuple(map(int, data["started"])))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            if isinstance(error, InputError):
                raise
            raise InputError(f"the stored state of a trigger cannot be read: {error!r}. Remove the note.") from error


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do with a request and why, and the state to store before it is done."""

    outcome: Outcome
    reason: str
    state: TriggerState


def decide(
    guards: Guards,
    state: TriggerState,
    request: RetrainRequest,
    runs: Sequence[Run],
    now: int,
    *,
    blocked_by: str = "",
) -> Decision:
    """Return what to do with a request.

    Parameters
    ----------
    guards : Guards
    state : TriggerState
    request : RetrainRequest
    runs : sequence of Run
        Checks of the stream, newest first.
    now : int
        Microseconds after 1970.
    blocked_by : str
        Why there must be no training whatever else holds, if so.
    """
    known = state.of(request.model)
    if known.key == request.id and known.stage == "started":
        return Decision(Outcome.DONE, "it was started for this window before", state)
    if known.reference != request.reference:
        # what drifted from the old reference says nothing about the new one; the first reference of all has no past
        since = request.run_id if known.reference else 0
        known = replace(known, reference=request.reference, since=since)
    began_before = known.key == request.id and known.stage == "starting"
    held = blocked_by or ("" if began_before else _held(guards, state, known, request, runs=runs, now=now))
    if held:
        outcome = Outcome.HOLD
    elif not guards.on_drift_alone and request.performance_dropped is not True:
        outcome, held = Outcome.RECOMMEND, _alone(request)
    else:
        reason = request.reason
        started = tuple(at for at in state.started if now - at < DAY) + (() if began_before else (now,))
        at = known.at if began_before else now
        known = replace(known, key=request.id, at=at, stage="starting", outcome=Outcome.START.value, reason=reason)
        return Decision(Outcome.START, reason, replace(state, started=started).with_model(request.model, known))
    known = replace(known, outcome=outcome.value, reason=held)
    return Decision(outcome, held, state.with_model(request.model, known))


def settled(state: TriggerState, request: RetrainRequest, *, failed: bool) -> TriggerState:
    """Return the state after a training was started, or after it could not be: then it does not count as one."""
    known = state.of(request.model)
    if known.key != request.id or known.stage != "starting":
        return state
    if not failed:
        return state.with_model(request.model, replace(known, stage="started"))
    left = list(state.started)
    if known.at in left:
        left.remove(known.at)
    return replace(state, started=tuple(left)).with_model(request.model, replace(known, stage="failed"))


def _held(
    guards: Guards, state: TriggerState, known: ModelState, request: RetrainRequest, *, runs: Sequence[Run], now: int
) -> str:
    """Return which guard does not let a request pass, empty where all do."""
    if request.n_rows < guards.min_rows:
        return f"the window has {request.n_rows} rows, and `min_rows` is {guards.min_rows}"
    n_drifted = _in_a_row(request, runs, known.since)
    if n_drifted < guards.consecutive:
        return f"{n_drifted} windows in a row have drifted, and `consecutive` is {guards.consecutive}"
    # a clock that was set back makes differences negative: then it waits, which is the safe side
    if known.stage in {"starting", "started"} and now - known.at < guards.cooldown * 1e6:
        return (
            f"the last training began {(now - known.at) / 1e6:.0f} seconds ago, and `cooldown` is {guards.cooldown:g}"
        )
    recent = sum(now - at < DAY for at in state.started)
    if recent >= guards.max_per_day:
        return f"{recent} trainings began within a day, and `max_per_day` is {guards.max_per_day}"
    return ""


def _in_a_row(request: RetrainRequest, runs: Sequence[Run], since: int) -> int:
    own = [run for run in runs if run.key.scope == request.scope and since <= run.id <= request.run_id]
    if not own or own[0].id != request.run_id:
        return 0
    drifted = [run.verdict == "drift" for run in own]
    return drifted.index(False) if False in drifted else len(drifted)


def _alone(request: RetrainRequest) -> str:
    known = "is no worse" if request.performance_dropped is False else "is not known to be worse"
    return f"the data drifted and the model {known}, so a training is recommended and not started"
