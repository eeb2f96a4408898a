"""Performance without labels: what the scores of current data promise, if they still mean what they meant (layer 4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from driftwatch.arrays.table import read_table
from driftwatch.errors import InputError, UnknownNameError
from driftwatch.performance._catalog import metrics_for
from driftwatch.performance.calibration import Calibration, grid_of
from driftwatch.performance.comparison import PerformanceOptions, ReferencePerformance, interval_of
from driftwatch.performance.measured import LEVEL
from driftwatch.performance.metrics import SMALLEST_PROBABILITY
from driftwatch.performance.rows import Task, read_scores
from driftwatch.report.model import Status
from driftwatch.report.performance import Interval, MetricReport, PerformanceReport

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from driftwatch.arrays.table import Table

__all__ = ["ASSUMPTION", "ReferenceCalibration", "estimate"]

ASSUMPTION = (
    "a score means what it meant in the reference (no concept drift); if that changed, the estimate is wrong and "
    "nothing in it shows that"
)
N_BOOTSTRAP = 200
BEYOND_SHARE = 0.01  # of current scores outside the range of the reference's, from which it is said


class _Cells(NamedTuple):
    """Current scores in cells of ascending score, shape `(g,)` each: their weight and what metrics need of them."""

    score: NDArray[np.float64]
    weight: NDArray[np.float64]
    n: NDArray[np.float64]
    predicted: NDArray[np.bool_]
    log_positive: NDArray[np.float64]
    log_negative: NDArray[np.float64]
    square_positive: NDArray[np.float64]
    square_negative: NDArray[np.float64]


def _cells(score: NDArray[np.float64], weight: NDArray[np.float64] | None, threshold: float) -> _Cells:
    w = np.ones(score.size) if weight is None else weight
    cell = np.searchsorted(grid_of(score, split=threshold), score, side="right")
    _, cell = np.unique(cell, return_inverse=True)
    total = np.bincount(cell, w).astype(np.float64)
    p = np.clip(score, SMALLEST_PROBABILITY, 1.0 - SMALLEST_PROBABILITY)

    def mean(x: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.bincount(cell, w * x) / total

    centre = mean(score)
    effective = np.maximum(np.rint(total**2 / np.bincount(cell, w * w)), 1.0)
    largest = np.full(total.size, -np.inf)
    np.maximum.at(largest, cell, score)
    return _Cells(
        centre,
        total,
        effective,
        largest >= threshold,
        mean(np.log(p)),
        mean(np.log1p(-p)),
        mean((1.0 - score) ** 2),
        mean(score**2),
    )


def _metrics(cells: _Cells, positive: NDArray[np.float64], *, expected: bool) -> dict[str, NDArray[np.float64]]:
    """Return each metric where `positive` of the weight of every cell is positive, shape `(..., g)` to `(...)`.

    `expected` says that the weights are expectations rather than labels: a row then has a part in both classes, and is
    not to be ranked against itself.
    """
    negative = cells.weight - positive
    total = cells.weight.sum()
    hit = positive[..., cells.predicted].sum(axis=-1)
    predicted, found = cells.weight[cells.predicted].sum(), positive.sum(axis=-1)
    own = positive * negative / cells.n if expected else np.zeros(())
    with np.errstate(divide="ignore", invalid="ignore"):  # a class that does not occur: NaN
        below = np.cumsum(negative, axis=-1) - negative / 2.0
        pairs = found * negative.sum(axis=-1) - own.sum(axis=-1)
        auc = ((positive * below).sum(axis=-1) - own.sum(axis=-1) / 2.0) / pairs
        f1 = 2.0 * hit / (predicted + found)
    wrong = positive[..., ~cells.predicted].sum(axis=-1) + predicted - hit
    return {
        "roc_auc": auc,
        "accuracy": 1.0 - wrong / total,
        "f1": f1,
        "log_loss": -(positive * cells.log_positive + negative * cells.log_negative).sum(axis=-1) / total,
        "brier": (positive * cells.square_positive + negative * cells.square_negative).sum(axis=-1) / total,
    }


@dataclass(frozen=True)
class ReferenceCalibration:
    """What the scores of a reference came to: small, without its rows. Build it with `fit`."""

    reference: ReferencePerformance
    calibration: Calibration
    lowest: float
    highest: float

    @classmethod
    def fit(cls, reference: ReferencePerformance) -> ReferenceCalibration | None:
        """Calibrate the scores of a reference; None where they are no probabilities, or a class is too rare."""
        spec = reference.spec
        if spec.task is not Task.SCORES or not spec.probabilities:
            return None
        if min(reference.class_counts.values()) < reference.min_samples:
            return None
        rows = reference.rows
        fitted = Calibration.fit(rows.target, rows.prediction, rows.weight)
        return cls(reference, fitted, float(rows.prediction.min()), float(rows.prediction.max()))

    def estimate(
        self, table: Table, *, reason: str | None = None, n_labelled: int = 0, seed: int = 0
    ) -> PerformanceReport:
        """Return the estimated performance of current data.

        Raises
        ------
        InputError
            If current data have too few scores, or scores that are no probabilities.
        """
        spec, needed = self.reference.spec, self.reference.min_samples
        score, weight = read_scores(table, spec)
        if score.size < needed:
            raise InputError(f"an estimate needs {needed} scores at least, and {spec.prediction!r} has {score.size}.")
        if not 0.0 <= score.min() <= score.max() <= 1.0:
            raise InputError(f"scores outside [0, 1] are no probabilities, and {spec.prediction!r} has some.")
        assert spec.threshold is not None
        cells = _cells(score, weight, spec.threshold)
        spread = self._spread(cells, np.random.default_rng(seed))
        beyond = np.mean((score < self.lowest) | (score > self.highest))
        metrics = {}
        for metric in metrics_for(spec):
            name = metric.name
            if name not in self.reference.measured:
                continue
            before = self.reference.measured[name]
            after = spread[name]
            drop = (before.value - after.value) if metric.higher_is_better else (after.value - before.value)
            metrics[name] = MetricReport(
                name=name,
                status=Status.OK,
                reason=None,
                higher_is_better=metric.higher_is_better,
                relative=metric.relative,
                reference=interval_of(before),
                current=after,
                drop=drop / before.value if metric.relative else drop,
                min_drop=self.reference.options.min_drop_of(metric),
            )
        return PerformanceReport(
            prediction=spec.prediction,
            target=spec.target,
            weight=spec.weight,
            task=spec.task,
            positive=spec.positive,
            threshold=spec.threshold,
            n_reference=self.reference.rows.n_rows,
            n_labelled_reference=self.reference.n_labelled,
            n_current=table.n_rows,
            n_labelled=n_labelled,
            estimated=True,
            level=LEVEL,
            reason=reason,
            assumption=ASSUMPTION,
            flags=("scores_beyond_reference",) if beyond > BEYOND_SHARE else (),
            metrics=metrics,
        )

    def _spread(self, cells: _Cells, rng: np.random.Generator) -> dict[str, Interval]:
        """Return the expected metrics, and between which ends the labels will probably put them.

        Every replicate calibrates on a bootstrap sample of the reference, deals labels by its probabilities and measures
        what they come to: the error of the calibration and the luck of the labels in one.

        An isotonic fit tells the classes apart a little better than the truth does, so the estimate is optimistic, and a
        replicate is so once more, against the first fit: the difference is taken off.
        """
        point = _metrics(cells, cells.weight * self.calibration.probability(cells.score), expected=True)
        probability = np.stack(list(self.calibration.resampled(cells.score, N_BOOTSTRAP, rng)))
        again = _metrics(cells, cells.weight * probability, expected=True)
        drawn = _metrics(
            cells, cells.weight * (rng.binomial(cells.n.astype(np.int64), probability) / cells.n), expected=False
        )
        spread = {}
        for name, value in point.items():
            optimism = np.nanmean(again[name]) - value
            ends = np.nanquantile(drawn[name], [(1.0 - LEVEL) / 2.0, (1.0 + LEVEL) / 2.0]) - 2.0 * optimism
            highest = np.inf if name == "log_loss" else 1.0
            best, low, high = np.clip([value - optimism, *ends], 0.0, highest).tolist()
            spread[name] = Interval(best, min(low, best), max(high, best))
        return spread


def estimate(
    reference: Any,
    current: Any,
    *,
    prediction: str,
    target: str,
    weight: str | None = None,
    positive: object = None,
    threshold: float | None = None,
    min_drop: float | Mapping[str, float] | None = None,
    metrics: Sequence[str] | None = None,
    min_samples: int = 10,
    seed: int = 0,
) -> PerformanceReport:
    """Return how well a binary classifier can be expected to do on current data, without their labels.

    Parameters
    ----------
    reference : anything that `Monitor` reads
        With scores in [0, 1] and labels, on rows that the model was not trained on.
    current : anything that `Monitor` reads
        With scores. A target column is not looked at.
    prediction, target, weight, positive, threshold, min_drop, metrics, min_samples
        As for `compare`.
    seed : int
        Of the bootstrap.

    Returns
    -------
    PerformanceReport
        `estimated` is True, and no metric has a verdict. The interval of the current side holds the metric that the
        labels will give when they come, in 95 % of cases, if the assumption holds.

    Raises
    ------
    InputError, InputTypeError
        If the data cannot be read, scores are no probabilities, or a class is too rare in the reference.
    ConfigError, UnknownNameError
        If a setting is out of range or names something that does not exist.

    Notes
    -----
    Scores are turned into probabilities by isotonic regression on the reference, whose rows are none of the current
    ones. Where the score is p, a share p of the rows is positive, which gives the expected number of right and wrong
    predictions at every score. It holds as long as a score means what it meant: the share of positives at each score has
    not changed. New kinds of rows are no harm by themselves (covariate shift), unless the model is wrong about them in
    a new way; that the world changed (concept drift) is harm that scores cannot show.

    References
    ----------
    Guillory, D. et al. (2021), "Predicting with confidence on unseen distributions", ICCV; Garg, S. et al. (2022),
    "Leveraging unlabeled data to predict out-of-distribution performance", ICLR; Kivimaki, J. et al. (2024),
    "Confidence-based estimators for predictive performance in model monitoring", arXiv:2407.08649, which describes the
    CBPE of NannyML.

    Examples
    --------
    >>> import numpy as np
    >>> from driftwatch import performance
    >>> rng = np.random.default_rng(0)
    >>> p, q = rng.uniform(size=4000), rng.beta(4, 4, size=1000)
    >>> past = {"p": p, "y": rng.uniform(size=4000) < p}
    >>> report = performance.estimate(past, {"p": q}, prediction="p", target="y")
    >>> accuracy = report.metrics["accuracy"]
    >>> round(accuracy.reference.value, 2), round(accuracy.current.value, 2)
    (0.75, 0.63)
    """
    options = PerformanceOptions.build(
        {"task": Task.SCORES, "positive": positive, "threshold": threshold, "min_drop": min_drop, "metrics": metrics}
    )
    before, after = read_table(reference, role="reference"), read_table(current, role="current")
    wanted = [name for name in (prediction, weight) if name is not None]
    for table, names in ((before, [*wanted, target]), (after, wanted)):
        if unknown := [name for name in names if name not in table.names]:
            raise UnknownNameError.from_names("column", unknown, table.names)
    fitted = ReferencePerformance.fit(
        before, prediction=prediction, target=target, weight=weight, options=options, min_samples=min_samples
    )
    calibration = ReferenceCalibration.fit(fitted)
    if calibration is None:
        raise InputError(
            f"an estimate needs scores in [0, 1] and {min_samples} rows of each class in the reference; "
            f"{prediction!r} and {target!r} have no such rows. Calibrate the scores, or pass more of the reference."
        )
    return calibration.estimate(after, reason="no labels were looked at", seed=seed)
