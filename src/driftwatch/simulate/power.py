"""`power_curve`: how often a monitor sees a shift, by its strength and the number of rows (layer 4)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch._checks import check_count
from driftwatch.arrays.table import read_table
from driftwatch.errors import ConfigError
from driftwatch.kernels.proportions import clopper_pearson
from driftwatch.monitor.left_out import folds, n_folds, spread, starts
from driftwatch.report.axes import LINES, new_axes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from driftwatch.monitor.monitor import Monitor
    from driftwatch.simulate.shift import Shift

__all__ = ["PowerCurve", "PowerPoint", "power_curve"]

CONFIDENCE = 0.95  # of the intervals


@dataclass(frozen=True, slots=True)
class PowerPoint:
    """How often one strength was seen in windows of one size; `low` and `high` bound the rate with 95 % confidence."""

    strength: float
    window: int
    n_runs: int
    n_detected: int
    rate: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class PowerCurve:
    """Detection rates of one shift, a table of one row for each strength and window.

    Attributes
    ----------
    shift : str
        Name of the shift.
    unit : str
        What strengths are measured in.
    points : tuple of PowerPoint
    """

    shift: str
    unit: str
    points: tuple[PowerPoint, ...]

    def rows(self) -> list[dict[str, float]]:
        """Return the table as one dict for each row, which pandas and polars read."""
        return [asdict(point) for point in self.points]

    def to_dict(self) -> dict[str, Any]:
        """Return the curve as plain data for JSON."""
        return {"shift": self.shift, "unit": self.unit, "points": self.rows()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> PowerCurve:
        """Return the curve that `to_dict` described."""
        return cls(data["shift"], data["unit"], tuple(PowerPoint(**point) for point in data["points"]))

    def plot(self, ax: Any = None) -> Any:
        """Draw the rates over the strengths, one line for each window, and return the axes.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; new ones by default.

        Raises
        ------
        MissingExtraError
            If matplotlib is not installed.
        """
        ax = new_axes() if ax is None else ax
        ax.set_prop_cycle(color=LINES)
        for window in dict.fromkeys(point.window for point in self.points):
            line = sorted((p for p in self.points if p.window == window), key=lambda p: p.strength)
            x, rate = [p.strength for p in line], [p.rate for p in line]
            ax.plot(x, rate, marker="o", label=f"{window:,} rows")
            ax.fill_between(x, [p.low for p in line], [p.high for p in line], alpha=0.2)
        ax.set(xlabel=f"{self.shift} ({self.unit})", ylabel="share of windows with drift found", ylim=(-0.02, 1.02))
        ax.legend()
        return ax


def power_curve(
    monitor: Monitor,
    reference: Any,
    shift: Shift,
    sizes: Sequence[float],
    windows: Sequence[int],
    *,
    n_runs: int = 100,
    feature: str | None = None,
    seed: int = 0,
) -> PowerCurve:
    """Return how often the monitor's rule sees a shift, by strength and window.

    Windows are contiguous rows of `reference`. Each is left out of the reference that it is compared with, has the shift
    put into it and is checked with the settings of the monitor.

    Parameters
    ----------
    monitor : Monitor
        Its settings are used, and its reference is not.
    reference : table
        Rows without drift, at least five of the largest window. May be the reference of the monitor.
    shift : Shift
        What is injected, at each of the strengths.
    sizes : sequence of float
        Strengths, in the unit of the shift. 0 gives the rate of false alarms.
    windows : sequence of int
        Numbers of rows.
    n_runs : int
        Windows for each pair of strength and window; where the reference has fewer disjoint ones, they overlap, and the
        interval is that of as many as are disjoint.
    feature : str, optional
        Count alarms of this feature only; by default of any.
    seed : int

    Returns
    -------
    PowerCurve

    Notes
    -----
    Costs at most ten fits of the reference for each window, and one check for each run.

    Examples
    --------
    >>> import numpy as np
    >>> from driftwatch import Monitor
    >>> from driftwatch.simulate import mean_shift, power_curve
    >>> x = np.random.default_rng(0).normal(size=(2_000, 1))
    >>> curve = power_curve(Monitor(x), x, mean_shift(), sizes=[1.0], windows=[100, 200], n_runs=20)
    >>> [point.rate for point in curve.points]
    [1.0, 1.0]
    """
    check_count("n_runs", n_runs)
    if not windows:
        raise ConfigError("`windows` must be numbers of rows, got none. Pass [500], for example.")
    for window in windows:
        check_count("windows", window, "positive numbers of rows")
    if feature is not None and feature not in monitor.feature_names:
        raise ConfigError(f"`feature` must be one of the monitor's features, got {feature!r}.")
    shifts = [shift.with_strength(size) for size in sizes]
    table = read_table(reference, role="reference")
    points = []
    for window in windows:
        hits = np.zeros(len(shifts), dtype=np.int64)
        quotas = spread(n_runs, n_folds(table.n_rows, window))
        for fold, count in zip(folds(monitor, table, window=window), quotas, strict=False):
            for start in starts(fold, window=window, count=count):
                block = table.take(slice(start, start + window))
                for i, stronger in enumerate(shifts):
                    # the same rows are drawn at every strength, so that a curve does not wobble by chance
                    report = fold.monitor.check(stronger.apply(block, seed=seed + start, reference=table))
                    found = report if feature is None else report.features[feature]
                    hits[i] += found.drift_detected
        effective = min(n_runs, table.n_rows // window)
        for strength, k in zip(sizes, hits.tolist(), strict=True):
            low, high = clopper_pearson(round(k / n_runs * effective), effective, level=CONFIDENCE)
            points.append(PowerPoint(float(strength), window, n_runs, k, k / n_runs, low, high))
    return PowerCurve(shift.name, shift.unit, tuple(points))
