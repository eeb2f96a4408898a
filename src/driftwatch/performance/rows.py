"""The rows that can be judged: those with a label and a prediction, decoded for one of three tasks (layer 4)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch.arrays.column import level_label
from driftwatch.arrays.namespace import to_host
from driftwatch.arrays.schema import Storage
from driftwatch.errors import ConfigError, InputError, UnknownNameError, shown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from driftwatch.arrays.table import Table

__all__ = ["Rows", "Task", "TaskSpec", "read_rows", "read_scores", "read_task"]

MAX_LABELS = 20  # whole numbers with more distinct values are taken for amounts, not for classes
DEFAULT_THRESHOLD = 0.5
NUMBERS = frozenset({Storage.NUMBER, Storage.BOOLEAN, Storage.EMPTY})
TRUTH = ("False", "True")


class Task(StrEnum):
    """What the prediction is.

    `SCORES`: the probability, or another score, of one of two classes. `LABELS`: a class. `REGRESSION`: an amount.
    """

    SCORES = "scores"
    LABELS = "labels"
    REGRESSION = "regression"

    @classmethod
    def parse(cls, value: str) -> Task:
        """Return the task of that name.

        Raises
        ------
        UnknownNameError
            If there is none.
        """
        if value not in list(cls):
            raise UnknownNameError.from_names("task", [str(value)], list(cls))
        return cls(value)


@dataclass(frozen=True, slots=True)
class TaskSpec:
    """Which columns, and how they are read: settled on the reference, and the same for every check.

    `labels` are the classes of the reference, `positive` one of them; `probabilities` says that the scores of the
    reference lie in [0, 1].
    """

    prediction: str
    target: str
    weight: str | None
    task: Task
    labels: tuple[str, ...] = ()
    positive: str | None = None
    threshold: float | None = None
    probabilities: bool = False


@dataclass(frozen=True)
class Rows:
    """The judged rows of one side.

    Attributes
    ----------
    target : array, shape (n,)
        bool for scores (positive), codes into `labels` for labels, float64 for a regression.
    prediction : array, shape (n,)
        float64, or codes for labels.
    weight : array, shape (n,), or None
        None where all weights are the same.
    n_rows : int
        Rows of the side, labelled or not.
    labels : tuple of str
        What the codes mean.
    unknown : tuple of str
        Labels that the reference does not have.
    """

    spec: TaskSpec
    target: NDArray[Any]
    prediction: NDArray[Any]
    weight: NDArray[np.float64] | None
    n_rows: int
    labels: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def n(self) -> int:
        """Number of judged rows."""
        return int(self.target.size)

    def __add__(self, other: Rows) -> Rows:
        """Return the rows of both, this side's first."""
        weight = None
        if self.weight is not None or other.weight is not None:
            weight = np.concatenate([np.ones(side.n) if side.weight is None else side.weight for side in (self, other)])
        mine, others = self, other
        if self.spec.task is Task.LABELS and self.labels != other.labels:
            union = tuple(dict.fromkeys([*self.labels, *other.labels]))
            mine, others = self._recoded(union), other._recoded(union)
        return replace(
            mine,
            target=np.concatenate([mine.target, others.target]),
            prediction=np.concatenate([mine.prediction, others.prediction]),
            weight=weight,
            n_rows=self.n_rows + other.n_rows,
        )

    def _recoded(self, labels: tuple[str, ...]) -> Rows:
        target, prediction = (_recoded(codes, self.labels, labels) for codes in (self.target, self.prediction))
        return replace(self, target=target, prediction=prediction, labels=labels)

    @property
    def positive(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Whether each row is, and is predicted to be, of the positive class, shape `(n,)` each."""
        if self.spec.task is Task.SCORES:
            return self.target, self.prediction >= self.spec.threshold
        code = self.labels.index(self.spec.positive) if self.spec.positive in self.labels else -1
        return self.target == code, self.prediction == code

    @property
    def class_counts(self) -> dict[str, int]:
        """Number of judged rows by class of the target, 0 for classes of the reference that do not occur."""
        if self.spec.task is Task.REGRESSION:
            return {}
        if self.spec.task is Task.SCORES:
            n_positive = int(np.count_nonzero(self.target))
            assert self.spec.positive is not None
            other = next((label for label in self.spec.labels if label != self.spec.positive), "other")
            return {self.spec.positive: n_positive, other: self.n - n_positive}
        counts = np.bincount(self.target, minlength=len(self.labels)).tolist()
        found = {label: count for label, count in zip(self.labels, counts, strict=True) if count}
        return dict.fromkeys(self.spec.labels, 0) | found


def read_task(
    table: Table,
    *,
    prediction: str,
    target: str,
    weight: str | None = None,
    task: Task | None = None,
    positive: object = None,
    threshold: float | None = None,
) -> TaskSpec:
    """Return how the columns of a reference are to be read.

    Parameters
    ----------
    table : Table
        The reference.
    prediction, target, weight : str
        Names of columns.
    task : Task, optional
        By default: a numeric prediction of a target with two values is a score, unless it has the target's own values;
        a prediction that is no number, or has only values that the target has (two, or up to 20 whole numbers), is a
        label; everything else is a regression.
    positive : str, bool or number, optional
        The class that scores are about; by default the greater of two numbers, True, or the last label in order.
    threshold : float, optional
        Scores of at least this predict the positive class; by default 0.5 where all scores lie in [0, 1].

    Raises
    ------
    InputError
        If the columns do not fit the task.
    ConfigError
        If `positive` is no class of the target.
    """
    numeric = {name: table.storage_of(name) in NUMBERS for name in (prediction, target)}
    labels = _labels(table, target)
    if labels == ():
        raise InputError(f"{target!r} has no values in the reference, so nothing is known about the performance there.")
    task = _infer(table, prediction, target, numeric, labels) if task is None else task
    if task is Task.REGRESSION:
        for name, is_number in numeric.items():
            if not is_number:
                raise InputError(f"a regression needs numbers, and {name!r} holds {table.dtype_of(name)}.")
        return TaskSpec(prediction, target, weight, task)
    if labels is None:
        raise InputError(f"{target!r} has more than {MAX_LABELS} distinct numbers. Pass task='regression'.")
    if task is Task.LABELS:
        chosen = None if len(labels) != 2 and positive is None else _positive(labels, positive)
        return TaskSpec(prediction, target, weight, task, labels, chosen)
    if not numeric[prediction]:
        raise InputError(f"scores must be numbers, and {prediction!r} holds {table.dtype_of(prediction)}.")
    if len(labels) != 2:
        raise InputError(f"scores need a target with two values, and {target!r} has {len(labels)}: {shown(labels)}.")
    scores = _floats(table, prediction)
    scores = scores[np.isfinite(scores)]
    probabilities = bool(scores.size) and float(scores.min()) >= 0.0 and float(scores.max()) <= 1.0
    threshold = DEFAULT_THRESHOLD if threshold is None and probabilities else threshold
    return TaskSpec(prediction, target, weight, task, labels, _positive(labels, positive), threshold, probabilities)


def _infer(
    table: Table, prediction: str, target: str, numeric: dict[str, bool], labels: tuple[str, ...] | None
) -> Task:
    if not numeric[prediction]:
        return Task.LABELS
    if not numeric[target]:
        return Task.SCORES
    if labels is None:
        return Task.REGRESSION
    predicted = _labels(table, prediction)
    if predicted is not None and set(_spelled(predicted, labels)) <= set(labels):
        return Task.LABELS
    return Task.SCORES if len(labels) == 2 else Task.REGRESSION


def _spelled(labels: Iterable[str], known: Iterable[str]) -> list[str]:
    """Return labels in the spelling of the known ones: 0 and 1 are False and True, which formats do not keep apart."""
    known = set(known)
    if known <= set(TRUTH):
        return [TRUTH[int(label)] if label in {"0", "1"} else label for label in labels]
    if known <= {"0", "1"}:
        return [str(TRUTH.index(label)) if label in TRUTH else label for label in labels]
    return list(labels)


def _labels(table: Table, name: str) -> tuple[str, ...] | None:
    """Return the distinct values of a column as labels, in order; None for numbers that are no classes."""
    if table.storage_of(name) not in NUMBERS:
        return tuple(sorted(table.column(name).codes()[1]))
    values = _floats(table, name)
    distinct = np.unique(values[np.isfinite(values)])
    is_class = distinct.size <= 2 or (distinct.size <= MAX_LABELS and bool((distinct == np.rint(distinct)).all()))
    return tuple(_number_label(table, name, value) for value in distinct.tolist()) if is_class else None


def _number_label(table: Table, name: str, value: float) -> str:
    return TRUTH[int(value)] if table.storage_of(name) is Storage.BOOLEAN else level_label(value)


def _positive(labels: tuple[str, ...], given: object) -> str:
    if given is None:
        return labels[-1]
    (label,) = _spelled([level_label(given)], labels)
    if label in labels:
        return label
    raise ConfigError(f"`positive` must be one of the classes {shown(labels)}, got {given!r}.")


def _floats(table: Table, name: str) -> NDArray[np.float64]:
    return np.asarray(to_host(table.block([name])[0]), dtype=np.float64)


def read_scores(table: Table, spec: TaskSpec) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
    """Return the finite scores of a side and their weights, whether they have labels or not."""
    scores, weight, usable = _floats(table, spec.prediction), *_weights(table, spec)
    usable &= np.isfinite(scores)
    return scores[usable], _normal(weight, usable)


def read_rows(table: Table, spec: TaskSpec) -> Rows:
    """Return the rows of a side that can be judged: those with a label, a prediction and, where asked for, a weight."""
    weight, usable = _weights(table, spec)
    if spec.task is Task.REGRESSION:
        target, prediction = _floats(table, spec.target), _floats(table, spec.prediction)
        usable &= np.isfinite(target) & np.isfinite(prediction)
        return Rows(spec, target[usable], prediction[usable], _normal(weight, usable), table.n_rows)
    codes, labels = _codes(table, spec.target, spec)
    unknown = tuple(label for label in labels if label not in spec.labels)
    usable &= codes >= 0
    if spec.task is Task.SCORES:
        # a label that is neither of the two says nothing about the scores
        usable &= np.isin(codes, [code for code, label in enumerate(labels) if label not in unknown])
        scores = _floats(table, spec.prediction)
        usable &= np.isfinite(scores)
        positive = labels.index(spec.positive) if spec.positive in labels else -1
        return Rows(
            spec, (codes == positive)[usable], scores[usable], _normal(weight, usable), table.n_rows, unknown=unknown
        )
    predicted, own = _codes(table, spec.prediction, spec)
    usable &= predicted >= 0
    union = tuple(dict.fromkeys([*spec.labels, *labels, *own]))
    judged = (_recoded(codes[usable], labels, union), _recoded(predicted[usable], own, union))
    return Rows(spec, *judged, _normal(weight, usable), table.n_rows, union, unknown)


def _codes(table: Table, name: str, spec: TaskSpec) -> tuple[NDArray[np.intp], tuple[str, ...]]:
    """Return the class of every row as a position among the labels, -1 where missing, and the labels."""
    if table.storage_of(name) in NUMBERS:
        values = _floats(table, name)
        present = np.isfinite(values)
        distinct, inverse = np.unique(values[present], return_inverse=True)
        codes = np.full(values.size, -1, dtype=np.intp)
        codes[present] = inverse
        labels = [level_label(value) for value in distinct.tolist()]
    else:
        codes, labels = table.column(name).codes()
    return codes, tuple(_spelled(labels, spec.labels))


def _recoded(codes: NDArray[np.intp], labels: tuple[str, ...], union: tuple[str, ...]) -> NDArray[np.intp]:
    positions = np.asarray([union.index(label) for label in labels], dtype=np.intp)
    return positions[codes] if codes.size else codes


def _weights(table: Table, spec: TaskSpec) -> tuple[NDArray[np.float64] | None, NDArray[np.bool_]]:
    """Return the weights of all rows and which of them can be used: finite and above 0."""
    if spec.weight is None:
        return None, np.ones(table.n_rows, dtype=np.bool_)
    if spec.weight not in table.names:
        raise InputError(f"the column of weights {spec.weight!r} is not there. Pass it, or give no column that role.")
    weight = _floats(table, spec.weight)
    return weight, np.isfinite(weight) & (weight > 0.0)


def _normal(weight: NDArray[np.float64] | None, usable: NDArray[np.bool_]) -> NDArray[np.float64] | None:
    if weight is None:
        return None
    chosen = weight[usable]
    return None if chosen.size == 0 or (chosen == chosen[0]).all() else chosen / chosen.mean()
