"""The evidence as a picture."""

from __future__ import annotations

import io
import sys

import numpy as np
import pytest

from driftwatch import SequentialMonitor
from driftwatch.errors import MissingExtraError

pytest.importorskip("matplotlib", reason="plots need matplotlib, which the extra `plot` brings")

RNG = np.random.default_rng(7)


def watched(d: int) -> SequentialMonitor:
    monitor = SequentialMonitor(RNG.normal(size=(200, d)))
    for _ in range(5):
        monitor.update(RNG.normal(size=(20, d)) + (np.arange(d) == 1))
    return monitor


def test_plot_shows_the_strongest_features_and_the_threshold() -> None:
    monitor = watched(14)
    ax = monitor.plot()
    assert len(ax.lines) == 11
    np.testing.assert_allclose(ax.lines[0].get_ydata(), monitor.history["log_evidence:f1"] / np.log(10))
    np.testing.assert_array_equal(ax.lines[0].get_xdata(), [1, 2, 3, 4, 5])
    assert ax.lines[-1].get_ydata()[0] == pytest.approx(np.log10(14 / 0.05))
    written = io.BytesIO()
    ax.figure.savefig(written)
    assert written.tell() > 1000


def test_plot_draws_into_the_axes_that_it_is_given() -> None:
    from matplotlib.figure import Figure

    ax = Figure().subplots()
    assert watched(3).plot(ax) is ax
    assert len(ax.lines) == 4


def test_plot_before_the_first_batch_shows_the_threshold() -> None:
    assert SequentialMonitor(RNG.normal(size=(50, 2))).plot().lines


def test_plot_without_matplotlib_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "driftwatch.report._figure", None)
    with pytest.raises(MissingExtraError, match=r"`plot` needs matplotlib.*\[plot\]"):
        watched(2).plot()
