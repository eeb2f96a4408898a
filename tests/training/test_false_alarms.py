"""How often a clean run raises an alarm, and what a faulty epoch of real embeddings must raise."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scipy import stats

from driftwatch import DriftReport, training

if TYPE_CHECKING:
    from numpy.typing import NDArray

EPOCHS, BATCH = 50, 50
_FILE = np.load(Path(__file__).parents[2] / "examples" / "data" / "sotu_embeddings.npz")
DATA: dict[str, NDArray[Any]] = {name: _FILE[name] for name in _FILE.files}
EMBEDDINGS, LABELS = DATA["embeddings"], DATA["labels"]


def report_of(grids: dict[str, training.Grid], batches: dict[str, NDArray[Any]], **options: Any) -> DriftReport:
    tallies = {name: training.start(grid) for name, grid in grids.items()}
    for name, rows in batches.items():
        for part in np.array_split(rows, max(len(rows) // BATCH, 1)):
            tallies[name] = training.update(grids[name], tallies[name], part)
    report: DriftReport = training.compare(grids, tallies, **options)
    return report


def test_runs_of_independent_epochs_raise_an_alarm_no_more_often_than_promised() -> None:
    # The level alone, without the material leg, of runs of 10 checks of 6 correlated features and their rows.
    rng = np.random.default_rng(0)
    runs, alpha, checks = 60, 0.2, 10
    mixing = rng.normal(size=(6, 6))
    alarms = 0
    for _ in range(runs):
        grids = {"x": training.fit_grid(rng.normal(size=(400, 6)) @ mixing, n_fingerprints=4_096)}
        epochs = ({"x": rng.normal(size=(400, 6)) @ mixing} for _ in range(checks))
        alarms += any(
            report_of(grids, epoch, alpha=alpha, n_checks=checks, min_effect=0.0).drift_detected for epoch in epochs
        )
    # Oracle: runs that alarm with probability alpha each; the test fails once in 10,000 seeds at that rate.
    assert alarms <= stats.binom.isf(1e-4, runs, alpha)


@pytest.fixture(scope="module")
def speeches() -> dict[str, training.Grid]:
    """Grids of 1,200 of the 1,500 sentences and of who spoke them."""
    rows = np.random.default_rng(0).permutation(1_500)[:1_200]
    return {
        "embedding": training.fit_grid(EMBEDDINGS[rows]),
        "label": training.fit_labels(LABELS[rows], n_classes=7),
    }


def epoch_of(rows: NDArray[Any]) -> dict[str, NDArray[Any]]:
    return {"embedding": EMBEDDINGS[rows], "label": LABELS[rows]}


def test_fifty_clean_epochs_raise_no_alarm(speeches: dict[str, training.Grid]) -> None:
    rng = np.random.default_rng(1)
    epochs = (epoch_of(rng.permutation(1_500)[:1_200]) for _ in range(EPOCHS))
    assert sum(report_of(speeches, epoch, n_checks=EPOCHS).drift_detected for epoch in epochs) == 0


def test_fifty_epochs_of_sentences_that_the_reference_has_not_seen_raise_no_alarm() -> None:
    rng = np.random.default_rng(2)
    rows = rng.permutation(1_500)
    grids = {"embedding": training.fit_grid(EMBEDDINGS[rows[:750]])}
    epochs = ({"embedding": EMBEDDINGS[rng.permutation(rows[750:])[:600]]} for _ in range(EPOCHS))
    assert sum(report_of(grids, epoch, n_checks=EPOCHS).drift_detected for epoch in epochs) == 0


@pytest.mark.parametrize("seed", range(5))
def test_a_tenth_of_duplicated_rows_is_seen(speeches: dict[str, training.Grid], seed: int) -> None:
    rows = np.random.default_rng(seed).permutation(1_500)[:1_080]
    report = report_of(speeches, epoch_of(np.concatenate([rows, rows[:120]])), n_checks=EPOCHS)
    assert report.drifted_features == ["embedding[rows]"]


@pytest.mark.parametrize("seed", range(5))
def test_moments_of_another_data_set_are_seen(seed: int) -> None:
    rng = np.random.default_rng(seed)
    mean, std = EMBEDDINGS.mean(axis=0), EMBEDDINGS.std(axis=0)
    grids = {"x": training.fit_grid((EMBEDDINGS[rng.permutation(1_500)[:1_200]] - mean) / std)}
    wrong = (EMBEDDINGS[rng.permutation(1_500)[:1_200]] - DATA["other_mean"]) / DATA["other_std"]
    assert report_of(grids, {"x": wrong}, n_checks=EPOCHS).drift_detected


@pytest.mark.parametrize("missing", range(6))
def test_a_missing_class_is_seen(speeches: dict[str, training.Grid], missing: int) -> None:
    rows = np.random.default_rng(missing).permutation(1_500)
    rows = rows[LABELS[rows] != missing][:1_200]
    report = report_of(speeches, epoch_of(rows), n_checks=EPOCHS)
    assert "label" in report.drifted_features


def test_a_missing_class_of_a_twentieth_needs_a_smaller_effect(speeches: dict[str, training.Grid]) -> None:
    rows = np.flatnonzero(LABELS != 6)  # 81 of 1,500
    assert not report_of(speeches, epoch_of(rows), n_checks=EPOCHS).drift_detected
    assert "label" in report_of(speeches, epoch_of(rows), n_checks=EPOCHS, min_effect=0.03).drifted_features
