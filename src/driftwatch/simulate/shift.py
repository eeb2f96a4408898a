"""`Shift`: one kind of drift with its strength, its share of rows and the features it touches (layer 4)."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from numbers import Real
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from driftwatch.arrays.editing import Editable
from driftwatch.arrays.schema import Storage
from driftwatch.errors import ConfigError, InputError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["CATEGORIES", "CELLS", "NUMBERS", "Edit", "Seed", "Shift", "Values", "round_randomly"]

Values: TypeAlias = np.ndarray[Any, Any]
Seed: TypeAlias = "int | np.random.Generator | None"

NUMBERS = frozenset({Storage.NUMBER})
CATEGORIES = frozenset({Storage.STRING, Storage.BOOLEAN})
CELLS = NUMBERS | CATEGORIES


@dataclass(slots=True)
class Edit:
    """What a shift works on: copies of the columns that it touches, to be changed in place.

    Attributes
    ----------
    columns : dict of str to numpy array, shape (n,)
        Floats with NaN, or Python objects with None.
    reference : mapping of str to numpy array
        Values that are not missing, which standard deviations, quantiles and levels are taken from.
    rows : numpy array of integers
        Positions of the affected rows, in random order.
    strength : float
    options : mapping
    rng : numpy.random.Generator
    """

    columns: dict[str, Values]
    reference: Mapping[str, Values]
    rows: Values
    strength: float
    options: Mapping[str, Any]
    rng: np.random.Generator

    def sigma(self, name: str) -> float:
        """Return the standard deviation of the reference of a feature (population formula)."""
        values = self.reference[name]
        if values.size < 2:
            raise InputError(
                f"a standard deviation of {name!r} needs two values or more, got {values.size}. Pass `reference`."
            )
        return float(np.std(values, dtype=np.float64))

    def mean(self, name: str) -> float:
        """Return the mean of the reference of a feature."""
        return float(np.mean(self.reference[name], dtype=np.float64)) if self.reference[name].size else math.nan


@dataclass(frozen=True, slots=True)
class Shift:
    """A kind of drift, made by one of the functions of `driftwatch.simulate`. Immutable; it may be applied many times.

    Attributes
    ----------
    name : str
        Name of the function that made it.
    strength : float
        How strong the drift is, in `unit`; 0 changes nothing.
    unit : str
        What the strength is measured in.
    features : sequence of str or None
        The features that are touched; None for all that it can touch.
    share : float
        Share of the rows that are affected.
    options : mapping
        What else was set.

    Examples
    --------
    >>> import numpy as np
    >>> from driftwatch.simulate import mean_shift
    >>> x = np.array([[1.0, 5.0], [2.0, 5.0], [3.0, 5.0], [6.0, 5.0]])
    >>> mean_shift(0.5, features=["f0"]).apply(x)[:, 0] - x[:, 0]
    array([0.93541435, 0.93541435, 0.93541435, 0.93541435])
    """

    name: str
    strength: float
    unit: str
    touches: frozenset[Storage]
    change: Callable[[Edit], Values | None] = field(repr=False)
    features: Sequence[str] | None = None
    share: float = 1.0
    options: Mapping[str, Any] = field(default_factory=dict)
    bounds: tuple[float, float] = field(default=(-math.inf, math.inf), repr=False)
    contiguous: bool = field(default=False, repr=False)

    def __post_init__(self) -> None:
        low, high = self.bounds
        if not _is_number(self.strength) or not low <= self.strength <= high:
            raise ConfigError(
                f"`strength` of {self.name} must be a finite number from {low:g} to {high:g} ({self.unit}), "
                f"got {self.strength!r}."
            )
        if not _is_number(self.share) or not 0.0 <= self.share <= 1.0:
            raise ConfigError(f"`share` must be a number from 0 to 1, a share of the rows, got {self.share!r}.")
        if isinstance(self.features, str):
            raise ConfigError(f"`features` must be a sequence of names, got {self.features!r}. Pass a list.")
        chosen = None if self.features is None else tuple(str(name) for name in self.features)
        if chosen is not None and not 0 < len(set(chosen)) == len(chosen):
            raise ConfigError(f"`features` must be distinct names, one at least, got {chosen!r}.")
        object.__setattr__(self, "features", chosen)

    def with_strength(self, strength: float) -> Shift:
        """Return the same shift at another strength."""
        return replace(self, strength=strength)

    def with_share(self, share: float) -> Shift:
        """Return the same shift on another share of the rows."""
        return replace(self, share=share)

    def apply(self, data: Any, *, seed: Seed = None, reference: Any = None) -> Any:
        """Return the data with the drift in them, in the type they came in. The input is left as it was.

        Parameters
        ----------
        data : pandas, polars, pyarrow or other narwhals-readable table; mapping of names to columns; 2-D array
            Arrays of NumPy, PyTorch, JAX and CuPy come back in their library, on their device. The values of the
            features that are touched pass through the host.
        seed : int or numpy.random.Generator, optional
            The same seed gives the same drift, whatever type the data are of.
        reference : table, optional
            Where standard deviations, quantiles and levels are taken from; the data themselves by default.

        Raises
        ------
        UnknownNameError
            If a feature does not exist.
        InputError
            If there is no feature that the shift can touch, or a named one is of another kind.
        """
        table = Editable(data)
        names = self.chosen(table)
        source = table if reference is None else Editable(reference)
        columns = {name: table.values(name) for name in names}
        known = columns if source is table else {name: source.values(name) for name in names}
        rows = self.edit(columns, {name: present(x) for name, x in known.items()}, np.random.default_rng(seed))
        return table.rebuild(columns if rows is None else {}, rows)

    def chosen(self, table: Editable) -> list[str]:
        """Return the features that are touched.

        Raises
        ------
        UnknownNameError, InputError
            As for `apply`.
        """
        storage = {name: table.table.storage_of(name) for name in table.table.names}
        if self.features is None:
            names = [name for name, kind in storage.items() if kind in self.touches]
            if not names:
                raise InputError(
                    f"{self.name} needs a feature that holds {_words(self.touches)}, and there is none. "
                    "Convert a column, or name one with `features`."
                )
            return names
        unknown = [name for name in self.features if name not in storage]
        if unknown:
            raise UnknownNameError.from_names("feature", unknown, list(storage))
        # a number that stands for a category may be named, and an empty column holds nothing to change
        allowed = self.touches | {Storage.EMPTY} | (NUMBERS if self.touches <= CATEGORIES else frozenset())
        for name in self.features:
            if storage[name] not in allowed:
                raise InputError(
                    f"{self.name} needs {_words(self.touches)}, but {name!r} holds {storage[name]}. Leave it out of "
                    "`features`, or convert it."
                )
        return list(self.features)

    def edit(
        self, columns: dict[str, Values], reference: Mapping[str, Values], rng: np.random.Generator
    ) -> Values | None:
        """Change columns in place, or return the positions of the rows that take the place of all rows.

        Parameters
        ----------
        columns, reference
            As for `Edit`.
        rng : numpy.random.Generator
        """
        n = len(next(iter(columns.values())))
        k = round_randomly(self.share * n, rng)
        if self.contiguous:
            start = int(rng.integers(0, n - k + 1))
            rows = np.arange(start, start + k)
        else:
            rows = rng.permutation(n)[:k]
        if self.strength == 0.0:
            return None
        return self.change(Edit(columns, reference, rows, float(self.strength), self.options, rng))


def round_randomly(x: float, rng: np.random.Generator) -> int:
    """Return a whole number whose mean over the draws of `rng` is `x`: exactly `x` where that is whole."""
    nearest = round(x)
    if math.isclose(x, nearest, rel_tol=1e-12, abs_tol=1e-9):
        return nearest
    return math.floor(x + rng.random())


def present(values: Values) -> Values:
    """Return the values that are not missing."""
    missing = np.isnan(values) if values.dtype.kind == "f" else [x is None for x in values.tolist()]
    return np.asarray(values[~np.asarray(missing, dtype=np.bool_)])


def _is_number(value: Any) -> bool:
    return not isinstance(value, bool) and isinstance(value, Real) and math.isfinite(value)


def _words(storages: Sequence[Storage] | frozenset[Storage]) -> str:
    return " or ".join(sorted(f"{storage}s" for storage in storages))
