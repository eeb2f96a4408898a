"""`driftwatch simulate` (layer 5): a file in, the same file with drift in it out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from driftwatch.cli.options import count
from driftwatch.cli.streams import STDIO, check_destination, note, write_data, write_file
from driftwatch.errors import ConfigError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from driftwatch.simulate.schedule import Schedule
    from driftwatch.simulate.shift import Shift

__all__ = ["run_simulate"]


def run_simulate(
    source: str,
    *,
    shift: str,
    options: Mapping[str, str | None],
    features: list[str] | None,
    extra: Mapping[str, str],
    reference: str | None,
    schedule: str | None,
    steps: Mapping[str, str | None],
    seed: str,
    output: str | None,
) -> int:
    """Put a drift into a file and return the exit code.

    Parameters
    ----------
    source : str
        A path, or `-` for standard input.
    shift : str
        Name of a shift.
    options : mapping
        "strength" and "share", as text; None where not given.
    features : list of str, optional
    extra : mapping
        What only this shift takes, as text.
    reference : str, optional
        A path, where standard deviations, quantiles and levels are taken from.
    schedule : str, optional
        Name of a schedule; without one the whole table drifts.
    steps : mapping
        Rows of the schedule: "start", "stop", "period"; as text, None where not given.
    seed : str
    output : str, optional
        A path, whose suffix decides the format; without one CSV goes to standard output.
    """
    from driftwatch import io
    from driftwatch.io.writers import encode

    given: dict[str, Any] = {name: _number(f"--{name}", value) for name, value in options.items() if value is not None}
    if features is not None:
        given["features"] = features
    drift = _shift(shift, {**given, **{name: _value(value) for name, value in extra.items()}})
    plan = _scheduled(drift, schedule, steps)
    number = count("--seed", seed)
    suffix = ".csv" if output is None or output == STDIO else output
    inputs = [source, *([] if reference is None else [reference])]
    check_destination(output, inputs)
    if inputs.count(STDIO) > 1:
        raise ConfigError("standard input can be read once, got `-` twice. Give a file for the other one.")

    data = io.read(source)
    drifting = plan.apply(data, seed=number, reference=None if reference is None else io.read(reference))
    encoded = encode(drifting, suffix)
    if output is None or output == STDIO:
        write_data(encoded.decode())
    else:
        write_file(output, encoded)
        note(f"wrote {output}")
    return 0


def _shift(name: str, given: Mapping[str, Any]) -> Shift:
    from driftwatch.simulate import SHIFTS

    if name not in SHIFTS:
        raise UnknownNameError.from_names("shift", [name], SHIFTS)
    make = SHIFTS[name]
    known = _parameters(make)
    unknown = [option for option in given if option not in known]
    if unknown:
        raise UnknownNameError.from_names(f"option of {name}", unknown, known)
    if "target" in known and "target" not in given:
        raise ConfigError(f"{name} needs the column of the class: `--set target=NAME`.")
    return make(**given)


def _parameters(make: Callable[..., Any]) -> list[str]:
    import inspect

    return list(inspect.signature(make).parameters)


def _scheduled(shift: Shift, name: str | None, steps: Mapping[str, str | None]) -> Shift | Schedule:
    from driftwatch.simulate import gradual, incremental, recurring, sudden

    rows = {key: count(f"--{key}", value) for key, value in steps.items() if value is not None}
    makers: dict[str, tuple[Callable[..., Schedule], dict[str, str]]] = {
        "sudden": (sudden, {"start": "at"}),
        "gradual": (gradual, {"start": "start", "stop": "stop"}),
        "incremental": (incremental, {"start": "start", "stop": "stop"}),
        "recurring": (recurring, {"period": "period"}),
    }
    if name is None:
        if rows:
            raise ConfigError(f"`--{next(iter(rows))}` belongs to a schedule. Name one with `--schedule`.")
        return shift
    if name not in makers:
        raise UnknownNameError.from_names("schedule", [name], makers)
    make, wanted = makers[name]
    missing = [key for key in wanted if key not in rows]
    left_over = [key for key in rows if key not in {*wanted, *(["start"] if name == "recurring" else [])}]
    if missing or left_over:
        needs = ", ".join(f"`--{key}`" for key in wanted)
        raise ConfigError(
            f"the schedule {name} takes {needs}; got {', '.join(f'`--{key}`' for key in rows) or 'none'}."
        )
    return make(shift, **{wanted.get(key, key): value for key, value in rows.items()})


def _number(option: str, value: str) -> float:
    try:
        return float(value)
    except ValueError:
        raise ConfigError(f"`{option}` must be a number, got {value!r}.") from None


def _value(text: str) -> Any:
    """Return a number, a truth or a list as what it is, everything else as text."""
    try:
        return json.loads(text)
    except ValueError:
        return text
