"""What is asked of a model before it can be explained, whichever library it is from (layer 4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

__all__ = ["Adapter", "Family", "ModelFields", "Parts", "output_names", "split_contributions"]

ONE_OUTPUT = "score"


class Parts(NamedTuple):
    """Scores and what they are made of, for n rows, d features and k outputs.

    `values` has shape `(n, d, k)`, `base` `(k,)` and `scores`, which the model gave, `(n, k)`. Each score should be the
    base and the values of its row together.
    """

    values: NDArray[np.float64]
    base: NDArray[np.float64]
    scores: NDArray[np.float64]


class ModelFields(NamedTuple):
    """Names of the columns that a model was fitted with, if it knows them, and their number, if it knows that."""

    names: tuple[str, ...] | None
    n_features: int | None


@dataclass(frozen=True, eq=False)
class Adapter:
    """How a model is explained: `parts` takes rows as the model does. `per_row` counts its predictions for a row."""

    method: str
    scale: str
    outputs: tuple[str, ...]
    parts: Callable[[Any], Parts]
    per_row: int | None = None


@dataclass(frozen=True)
class Family:
    """The models of one library that explain themselves.

    `gain` returns what each feature is worth to the model, shape `(d,)`, and what the library calls it.
    """

    name: str
    recognises: Callable[[Any], bool]
    fields: Callable[[Any], ModelFields]
    adapter: Callable[[Any], Adapter]
    gain: Callable[[Any], tuple[str, NDArray[np.float64]]]


def output_names(model: Any, n_outputs: int) -> tuple[str, ...]:
    """Return the names of the classes of a model, or numbers of its outputs; "score" where there is one output."""
    if n_outputs == 1:
        return (ONE_OUTPUT,)
    classes: Sequence[Any] | None = getattr(model, "classes_", None)
    if classes is not None and len(classes) == n_outputs:
        return tuple(str(label) for label in classes)
    return tuple(str(place) for place in range(n_outputs))


def split_contributions(raw: Any, scores: Any) -> Parts:
    """Return what libraries give as `(n, k, d + 1)` with the base last, for scores of `n * k` values."""
    contributions = np.asarray(raw, dtype=np.float64)
    values = np.moveaxis(contributions[:, :, :-1], 1, 2)
    margins = np.asarray(scores, dtype=np.float64).reshape(len(contributions), -1)
    return Parts(values, contributions[:, :, -1].mean(axis=0), margins)
