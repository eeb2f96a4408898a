"""Rows along the direction of drift, against plain loops; no vector leaves the function."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from driftwatch.errors import ConfigError, InputError
from driftwatch.explain import drift_direction
from driftwatch.report._codec import from_plain, to_plain
from driftwatch.report._fields import Fields
from driftwatch.report.attribution import DriftDirection

RNG = np.random.default_rng(0)
REFERENCE = RNG.normal(size=(80, 6))
CURRENT = RNG.normal([3.0, 0, 0, 0, 0, 0], 1.0, size=(60, 6))


def test_rows_are_ordered_along_the_line_between_the_means() -> None:
    found = drift_direction(REFERENCE, CURRENT, n_rows=4)
    line = CURRENT.mean(axis=0) - REFERENCE.mean(axis=0)
    positions = [float((row - REFERENCE.mean(axis=0)) @ line / (line @ line)) for row in CURRENT]
    assert [row.row for row in found.new] == sorted(range(60), key=lambda i: -positions[i])[:4]
    assert [row.position for row in found.new] == pytest.approx(sorted(positions, reverse=True)[:4])
    assert np.mean(positions) == pytest.approx(1.0)
    away = (REFERENCE - REFERENCE.mean(axis=0)) @ line
    assert [row.row for row in found.gone] == list(np.argsort(away)[:4])
    assert found.distance == pytest.approx(float(np.linalg.norm(line)))
    assert found.auc > 0.95


def test_typical_rows_are_nearest_to_the_mean_of_their_side() -> None:
    found = drift_direction(REFERENCE, CURRENT, n_rows=3)
    for rows, side in ((REFERENCE, found.typical_reference), (CURRENT, found.typical_current)):
        distances = [float(np.linalg.norm(row - rows.mean(axis=0))) for row in rows]
        assert [example.row for example in side] == sorted(range(len(rows)), key=distances.__getitem__)[:3]


def test_without_drift_the_direction_tells_nothing_apart() -> None:
    # along its own direction, 100 rows in 200 dimensions would be apart by chance
    found = drift_direction(RNG.normal(size=(100, 200)), RNG.normal(size=(100, 200)))
    assert abs(found.auc - 0.5) < 0.15


def test_incomplete_rows_keep_the_places_of_the_others() -> None:
    holed = CURRENT.copy()
    holed[:10, 2] = np.nan
    found = drift_direction(REFERENCE, holed, n_rows=60)
    assert found.n_current == 50
    assert {row.row for row in found.new} == set(range(10, 60))


def test_labels_are_those_of_the_rows() -> None:
    texts = [f"speech {i}" for i in range(60)]
    found = drift_direction(REFERENCE, CURRENT, current_labels=texts)
    assert [row.label for row in found.new] == [f"speech {row.row}" for row in found.new]
    assert {row.label for row in found.gone} == {None}
    assert from_plain(DriftDirection, Fields(to_plain(found), "direction")) == found


def test_column_of_vectors_is_read_from_a_table() -> None:
    tables: list[Any] = [{"sentence": rows, "year": np.arange(len(rows))} for rows in (REFERENCE, CURRENT)]
    found = drift_direction(*tables, feature="sentence")
    plain = drift_direction(REFERENCE, CURRENT, feature="sentence")
    assert found == plain


def test_equal_means_have_no_direction() -> None:
    found = drift_direction(REFERENCE, REFERENCE)
    assert found.distance == 0.0
    assert "there is no direction between them" in str(found.reason)
    assert {row.position for row in found.new} == {0.0}


@pytest.mark.parametrize(
    ("arguments", "settings", "error", "message"),
    [
        ((REFERENCE, CURRENT[:, :5]), {}, InputError, "`reference` has 6 dimensions and `current` 5"),
        ((REFERENCE, CURRENT[:3]), {}, InputError, "at least 4 complete rows of each side are needed, got 3"),
        ((REFERENCE, CURRENT[:, 0]), {}, InputError, r"must be vectors \(n_samples, d\), got shape \(60,\)"),
        (({"a": [1.0]}, CURRENT), {}, InputError, "must have a column 'embedding' of vectors, got .'a'."),
        ((REFERENCE, CURRENT), {"current_labels": ["x"]}, InputError, "one label for each row, got 1 for 60 rows"),
        ((REFERENCE, CURRENT), {"n_rows": 0}, ConfigError, "`n_rows` must be a positive integer, got 0"),
    ],
)
def test_what_cannot_be_compared_is_refused(
    arguments: Any, settings: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        drift_direction(*arguments, **settings)
