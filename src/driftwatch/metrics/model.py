"""The exported series as plain data (layer 4): families of samples, which renderers write and never compute."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Family", "Kind", "Part", "Sample", "Spec"]


class Kind(StrEnum):
    """How a value behaves: a counter only grows until it starts again at 0, a gauge goes anywhere."""

    COUNTER = "counter"
    GAUGE = "gauge"


@dataclass(frozen=True, slots=True)
class Spec:
    """What a family is.

    Attributes
    ----------
    name : str
        In Prometheus, with the unit and, of a counter, with `_total`.
    kind : Kind
    help : str
        One line.
    labels : tuple of str
        Names of the labels, in the order of the values of a sample.
    unit : str
        In OpenTelemetry (UCUM): "1" of a ratio; what is counted stands in braces; none of a flag or an index.

    Examples
    --------
    >>> Spec("driftwatch_check_seconds_total", Kind.COUNTER, "Seconds that checks took.", unit="s").dotted
    'driftwatch.check'
    """

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ("model",)
    unit: str = ""

    @property
    def dotted(self) -> str:
        """The name in OpenTelemetry, which exporters for Prometheus turn back into `name`, by the unit and the kind."""
        return self.name.removesuffix("_total").removesuffix("_seconds").replace("_", ".")


@dataclass(frozen=True, slots=True)
class Sample:
    """One value and the values of its labels.

    The value is finite: what has none is left out. Half a surrogate pair in a label, which UTF-8 has no bytes for, becomes
    its escape.
    """

    labels: tuple[str, ...]
    value: float

    def __post_init__(self) -> None:
        if not all(map(str.isascii, self.labels)):
            cleaned = tuple(label.encode(errors="backslashreplace").decode() for label in self.labels)
            object.__setattr__(self, "labels", cleaned)


@dataclass(frozen=True, eq=False)
class Part:
    """Samples that stay together: those of one check are the same object as long as it is the newest one.

    A renderer may keep what it made of a part for as long as the part lives.
    """

    samples: tuple[Sample, ...]


@dataclass(frozen=True, slots=True)
class Family:
    """The samples of one name."""

    spec: Spec
    parts: tuple[Part, ...]

    @property
    def samples(self) -> tuple[Sample, ...]:
        """All of them, in their order."""
        return tuple(sample for part in self.parts for sample in part.samples)
