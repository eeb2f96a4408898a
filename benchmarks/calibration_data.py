"""What the calibration draws without drift: kinds of features, sizes, seeds; and how a rate is judged."""

from __future__ import annotations

import math
import zlib
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

__all__ = ["CATEGORICAL", "CONTINUOUS", "NUMERIC", "STANDARD_ERRORS", "Rate", "draw", "generator"]

SEED = 20_260_701
STANDARD_ERRORS = 4.0  # of a single cell; over a few hundred cells that is about one false alarm of the page in fifty

Draw = "Callable[[np.random.Generator, tuple[int, int]], NDArray[Any]]"

CONTINUOUS = ("normal", "lognormal", "cauchy")
NUMERIC = (*CONTINUOUS, "integers", "zeros")
CATEGORICAL = {"2 levels": 2, "10 levels": 10, "100 levels": 100}


def shares(k: int) -> NDArray[np.float64]:
    """Return Zipf's shares of k levels: a few common ones and a long tail."""
    weights = 1.0 / np.arange(1, k + 1)
    return np.asarray(weights / weights.sum())


def draw(name: str, rng: np.random.Generator, shape: tuple[int, int]) -> NDArray[Any]:
    """Return values of one kind, shape `(n, d)`."""
    if name in CATEGORICAL:
        k = CATEGORICAL[name]
        return rng.choice(k, size=shape, p=shares(k))
    draws: dict[str, Callable[[], NDArray[Any]]] = {
        "normal": lambda: rng.normal(size=shape),
        "lognormal": lambda: rng.lognormal(size=shape),
        "cauchy": lambda: rng.standard_cauchy(size=shape),
        "integers": lambda: rng.poisson(1.0, size=shape).astype(np.float64),
        "zeros": lambda: np.where(rng.random(shape) < 0.9, 0.0, rng.exponential(size=shape)),
    }
    return draws[name]()


def generator(*cell: object) -> np.random.Generator:
    """Return the generator of one cell: the same whatever runs before it."""
    return np.random.default_rng([SEED, zlib.crc32(repr(cell).encode())])


@dataclass(frozen=True)
class Rate:
    """How often something happened without drift, and how often it may.

    `at_least` is a lower limit, for tests that must not be needlessly cautious.
    """

    table: str
    cell: dict[str, Any]
    hits: int
    replicates: int
    at_most: float
    at_least: float | None = None

    @property
    def rate(self) -> float:
        return self.hits / self.replicates

    def error(self, rate: float) -> float:
        """Return the Monte-Carlo standard error if `rate` were true."""
        return math.sqrt(rate * (1.0 - rate) / self.replicates)

    @property
    def missed(self) -> bool:
        above = self.rate > self.at_most + STANDARD_ERRORS * self.error(self.at_most)
        if self.at_least is None:
            return above
        return above or self.rate < self.at_least - STANDARD_ERRORS * self.error(self.at_least)

    def line(self) -> str:
        cell = ", ".join(f"{key} {value}" for key, value in self.cell.items())
        limits = f"at most {self.at_most:g}" + ("" if self.at_least is None else f", at least {self.at_least:.4g}")
        verdict = "; MISSED" if self.missed else ""
        return f"  {cell:<64} {self.rate:8.4f} +- {self.error(self.rate):.4f}  ({limits}{verdict})"

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "rate": self.rate, "error": self.error(self.rate), "missed": self.missed}
