"""Drifts that a calibration puts into a window, each as strong as is needed (layer 4).

They are those of `driftwatch.simulate`, which knows the monitor, and so cannot be used here.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from driftwatch.arrays.editing import Editable
from driftwatch.arrays.namespace import move_to, namespace_of, to_host
from driftwatch.arrays.table import ColumnTable
from driftwatch.arrays.vectors import VectorColumn
from driftwatch.kernels.rank_rotation import turned_order

if TYPE_CHECKING:
    from collections.abc import Mapping

    from driftwatch._typing import Array
    from driftwatch.arrays.table import Table

__all__ = ["Block", "Injection", "LevelShift", "MeanShift", "Rotation", "VectorShift"]

NDArray = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Block:
    """A window without drift, whose columns are read once."""

    table: Table
    _read: dict[str, NDArray] = field(default_factory=dict)

    def values(self, name: str) -> NDArray:
        """Return a column as `Editable` reads it. Not to be written to."""
        if name not in self._read:
            self._read[name] = self._editable.values(name)
        return self._read[name]

    def edited(self, columns: Mapping[str, Array]) -> Table:
        """Return the table with columns replaced, those of two dimensions being vectors."""
        plain = {name: x for name, x in columns.items() if x.ndim == 1}
        table: Table = self._editable.rebuild(plain)
        vectors = {name: VectorColumn(name, x) for name, x in columns.items() if x.ndim > 1}
        return ColumnTable(table.n_rows, {**table.columns, **vectors}) if isinstance(table, ColumnTable) else table

    @cached_property
    def _editable(self) -> Editable:
        return Editable(self.table)


class Injection(ABC):
    """A drift of one feature.

    Attributes
    ----------
    shift, unit : str
        The drift, by its name in `driftwatch.simulate`, and what it is measured in.
    low, high : float
        Strengths that are tried.
    alone : bool
        Whether it touches columns of other features too, so that no other drift may be there at the same time.
    """

    shift: ClassVar[str]
    unit: ClassVar[str]
    low: ClassVar[float]
    high: ClassVar[float]
    alone: ClassVar[bool] = False

    @abstractmethod
    def into(self, block: Block, name: str, strength: float, draws: NDArray) -> dict[str, Array]:
        """Return the columns that change, with the drift; `draws` are uniform numbers, the same for every strength."""

    def settled(self, strength: float, n_rows: int) -> float:  # noqa: ARG002 - for those that touch whole rows
        """Return the strength that is really there in so many rows."""
        return strength


@dataclass(frozen=True, slots=True)
class MeanShift(Injection):
    """All values of a numeric feature move up.

    Attributes
    ----------
    step : float
        What a standard deviation is in the feature's unit.
    grid : float
        Numbers that lie on a grid stay on it: so many of them move by one more cell that the mean moves by what is
        wanted. 0 where values are continuous.
    """

    step: float
    grid: float = 0.0

    shift: ClassVar[str] = "mean_shift"
    unit: ClassVar[str] = "sigma"
    low: ClassVar[float] = 0.003
    high: ClassVar[float] = 10.0

    def into(self, block: Block, name: str, strength: float, draws: NDArray) -> dict[str, Array]:
        values, wanted = block.values(name), strength * self.step
        moved = self.grid * np.floor(wanted / self.grid + draws) if self.grid else wanted
        return {name: np.asarray((values + moved).astype(values.dtype))}


@dataclass(frozen=True, slots=True)
class LevelShift(Injection):
    """Rows of a categorical feature turn into one level."""

    level: Any

    shift: ClassVar[str] = "level_shift"
    unit: ClassVar[str] = "share of rows"
    low: ClassVar[float] = 0.001
    high: ClassVar[float] = 1.0

    def into(self, block: Block, name: str, strength: float, draws: NDArray) -> dict[str, Array]:
        out = block.values(name).copy()
        out[np.argsort(draws)[: round(self.settled(strength, len(out)) * len(out))]] = self.level
        return {name: out}

    def settled(self, strength: float, n_rows: int) -> float:
        return math.ceil(strength * n_rows) / n_rows


@dataclass(frozen=True, slots=True)
class VectorShift(Injection):
    """All rows of an embedding move along one direction.

    Attributes
    ----------
    step : array, shape (d,)
        The direction, as long as the standard deviation of the rows along it.
    """

    step: NDArray

    shift: ClassVar[str] = "mean_shift"
    unit: ClassVar[str] = "sigma"
    low: ClassVar[float] = 0.003
    high: ClassVar[float] = 10.0

    def into(self, block: Block, name: str, strength: float, draws: NDArray) -> dict[str, Array]:
        rows = block.table.rows(name)
        xp = namespace_of(rows)
        wanted = strength * self.step
        if not xp.isdtype(rows.dtype, "real floating"):  # whole numbers stay whole, as those of numeric features do
            return {name: move_to(to_host(rows) + np.floor(wanted + draws[:, None]), like=rows)}
        return {name: rows + xp.astype(move_to(wanted, like=rows), rows.dtype)}


@dataclass(frozen=True, slots=True)
class Rotation(Injection):
    """The correlation of pairs of columns turns, and every column keeps its values.

    Attributes
    ----------
    turns : sequence of (str, str, float)
        Pairs of columns, and 1 or -1: towards each other or away.
    """

    turns: tuple[tuple[str, str, float], ...]

    shift: ClassVar[str] = "correlation_rotation"
    unit: ClassVar[str] = "right angles"
    low: ClassVar[float] = 0.003
    high: ClassVar[float] = 2.0
    alone: ClassVar[bool] = True

    def into(self, block: Block, name: str, strength: float, draws: NDArray) -> dict[str, Array]:  # noqa: ARG002
        edited = {}
        for first, second, sign in self.turns:
            x, y = block.values(first), block.values(second).copy()
            rows = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
            # ties are broken alike at every strength
            rng = np.random.default_rng((draws[:1] * 2**32).astype(np.int64))
            y[rows] = turned_order(x[rows], y[rows], sign * strength, rng)
            edited[second] = y
        return edited
