"""`Schedule`: when a shift sets in, over the batches of a stream or the rows of a table (layer 4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import array_api_compat
import numpy as np

from driftwatch._checks import check_count
from driftwatch.arrays.editing import Editable
from driftwatch.errors import ConfigError
from driftwatch.simulate.shift import Shift, present

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from driftwatch.simulate.shift import Seed

__all__ = ["Schedule", "gradual", "incremental", "recurring", "sudden"]


@dataclass(frozen=True, slots=True)
class Schedule:
    """A shift and how much of it there is at each step. Made by `sudden`, `gradual`, `incremental` and `recurring`.

    Attributes
    ----------
    shift : Shift
    level : callable
        Takes the number of a step, from 0, and returns how much of the shift there is, in [0, 1].
    grows : {"strength", "share"}
        Which of the two the level multiplies.
    """

    shift: Shift
    level: Callable[[int], float]
    grows: str = "strength"

    def at(self, step: int) -> Shift:
        """Return the shift as it is at a step."""
        level = self.level(step)
        if level == 1.0:
            return self.shift
        if self.grows == "share":
            return self.shift.with_share(level * self.shift.share)
        return self.shift.with_strength(level * self.shift.strength)

    def stream(self, batches: Iterable[Any], *, seed: Seed = None, reference: Any = None) -> Iterator[Any]:
        """Yield the batches of a stream with the drift in them, each in the type it came in.

        Parameters
        ----------
        batches : iterable of tables, or of rows
            Each batch is one step. A mapping of names to single values, or a 1-D array, is one row.
        seed : int or numpy.random.Generator, optional
        reference : table, optional
            Where standard deviations, quantiles and levels are taken from. Without it each batch is its own, which a
            stream of single rows cannot be.
        """
        rng = np.random.default_rng(seed)
        for step, batch in enumerate(batches):
            table, unwrap = _as_table(batch)
            shift = self.at(step)
            idle = shift.strength == 0.0 or shift.share == 0.0
            yield batch if idle else unwrap(shift.apply(table, seed=rng, reference=reference))

    def apply(self, data: Any, *, batch_size: int = 1, seed: Seed = None, reference: Any = None) -> Any:
        """Return a table, whose rows are in the order of time, with the drift in it, in the type it came in.

        Parameters
        ----------
        data, reference
            As for `Shift.apply`; standard deviations are those of all rows by default.
        batch_size : int
            Rows that make one step.
        seed : int or numpy.random.Generator, optional
        """
        check_count("batch_size", batch_size)
        table = Editable(data)
        names = self.shift.chosen(table)
        source = table if reference is None else Editable(reference)
        known = {name: present(source.values(name)) for name in names}
        columns = {name: table.values(name) for name in names}
        n, rng = table.table.n_rows, np.random.default_rng(seed)
        order: np.ndarray[Any, Any] | None = None
        for step, start in enumerate(range(0, n, batch_size)):
            # views: what the shift writes into a batch lands in the columns
            views = {name: x[start : start + batch_size] for name, x in columns.items()}
            rows = self.at(step).edit(views, known, rng)
            if rows is not None:
                order = np.arange(n) if order is None else order
                order[start : start + batch_size] = start + rows
        return table.rebuild(columns if order is None else {}, order)


def sudden(shift: Shift, *, at: int) -> Schedule:
    """Return a schedule with nothing before step `at` and the whole shift from there on.

    Examples
    --------
    >>> from driftwatch.simulate import mean_shift
    >>> [sudden(mean_shift(2.0), at=2).at(step).strength for step in range(4)]
    [0.0, 0.0, 2.0, 2.0]
    """
    _check_steps(at=at)
    return Schedule(shift, lambda step: float(step >= at))


def gradual(shift: Shift, *, start: int, stop: int) -> Schedule:
    """Return a schedule in which more and more rows have the whole shift: none before `start`, all from `stop` on."""
    return Schedule(shift, _ramp(start, stop), grows="share")


def incremental(shift: Shift, *, start: int, stop: int) -> Schedule:
    """Return a schedule in which the shift of all rows grows: nothing before `start`, all of it from `stop` on."""
    return Schedule(shift, _ramp(start, stop))


def recurring(shift: Shift, *, period: int, duty: float = 0.5, start: int = 0) -> Schedule:
    """Return a schedule in which the shift comes and goes.

    Parameters
    ----------
    shift : Shift
    period : int
        Steps from one onset to the next.
    duty : float
        Share of each period, at its end, in which there is drift.
    start : int
        The step at which the first period begins.
    """
    _check_steps(start=start)
    check_count("period", period, "a positive number of steps")
    if not 0.0 <= duty <= 1.0:
        raise ConfigError(f"`duty` must be a share from 0 to 1, got {duty!r}.")
    calm = period - round(duty * period)
    return Schedule(shift, lambda step: float(step >= start and (step - start) % period >= calm))


def _ramp(start: int, stop: int) -> Callable[[int], float]:
    _check_steps(start=start, stop=stop)
    if stop <= start:
        raise ConfigError(f"`stop` must lie after `start`, got {start!r} and {stop!r}. For both in one use `sudden`.")
    return lambda step: min(max((step - start) / (stop - start), 0.0), 1.0)


def _check_steps(**steps: int) -> None:
    for name, value in steps.items():
        check_count(name, value, "the number of a step, from 0", least=0)


def _as_table(batch: Any) -> tuple[Any, Callable[[Any], Any]]:
    """Return a batch, or a single row as a table, and what makes a row of the result again."""
    if isinstance(batch, Mapping) and batch and all(_is_single(value) for value in batch.values()):
        return {name: [value] for name, value in batch.items()}, lambda out: {name: x[0] for name, x in out.items()}
    if array_api_compat.is_array_api_obj(batch) and batch.ndim == 1:
        return batch[None, :], lambda out: out[0, :]
    return batch, lambda out: out


def _is_single(value: Any) -> bool:
    return isinstance(value, str | float | int | np.generic) or value is None
