"""Streams of other array libraries: the evidence is that of the same numbers in NumPy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from driftwatch import SequentialMonitor
from driftwatch.sequential import ADWIN, CUSUM

if TYPE_CHECKING:
    from backends import Backend

FLAVOURS_LEFT_OUT = frozenset({"jit", "jit_x64"})  # nothing here is compiled

RNG = np.random.default_rng(14)
REFERENCE = RNG.normal(size=(300, 3))
BATCHES = [RNG.normal([0.0, 1.0, 0.0], size=(n, 3)) for n in (20, 20, 1, 50)]
BATCHES[1][::4, 2] = np.nan


def test_evidence_is_that_of_the_same_numbers_in_numpy(backend: Backend) -> None:
    found = SequentialMonitor(backend.asarray(REFERENCE))
    wanted = SequentialMonitor(backend.rounded(REFERENCE))
    for batch in BATCHES:
        result = found.update(backend.asarray(batch))
        np.testing.assert_array_equal(result.log_evidence, wanted.update(backend.rounded(batch)).log_evidence)
        assert isinstance(result.log_evidence, np.ndarray)


def test_single_rows_and_empty_batches_of_a_library(backend: Backend) -> None:
    monitor, other = SequentialMonitor(backend.rounded(REFERENCE)), SequentialMonitor(backend.rounded(REFERENCE))
    for row in BATCHES[0]:
        result = monitor.update(backend.asarray(row))
        np.testing.assert_array_equal(result.log_evidence, other.update(backend.rounded(row)[None]).log_evidence)
    assert monitor.update(backend.asarray(np.empty((0, 3)))).batch == len(BATCHES[0])


def test_monitor_of_one_library_takes_batches_of_another(backend: Backend) -> None:
    monitor, other = SequentialMonitor(backend.rounded(REFERENCE)), SequentialMonitor(backend.asarray(REFERENCE))
    rounded, native = backend.rounded(BATCHES[3]), backend.asarray(BATCHES[3])
    np.testing.assert_array_equal(monitor.update(native).log_evidence, other.update(rounded).log_evidence)


def test_online_detectors_take_arrays_of_a_library(backend: Backend) -> None:
    x = RNG.normal([0.0, 0.0, 1.0], size=(200, 3))
    for build in (lambda: CUSUM(0.0, 1.0, n_streams=3), lambda: ADWIN(n_streams=3)):
        alarms = build().update(backend.asarray(x))
        assert isinstance(alarms, np.ndarray)
        np.testing.assert_array_equal(alarms, build().update(backend.rounded(x)))
