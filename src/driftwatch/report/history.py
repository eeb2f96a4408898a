"""`History`: the reports of many windows as one table of statistics over time (layer 4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from driftwatch.errors import ConfigError, MissingExtraError, UnknownNameError
from driftwatch.report.axes import LINES, legend_of_names, new_axes
from driftwatch.report.model import Verdict
from driftwatch.report.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from driftwatch._typing import JSONScalar
    from driftwatch.report.model import DriftReport, FeatureReport

__all__ = ["History", "WindowReport", "reason_of", "share", "statistics_of", "window_report"]

MIDNIGHT = "T00:00:00"
TICKS = 12
LINES_SHOWN = 10  # features in a drawing, those that were furthest away from the reference


@dataclass(frozen=True, slots=True)
class WindowReport:
    """The answer for one window.

    Attributes
    ----------
    start, stop : str or int
        The time at which the window begins and the one before which it ends, in ISO format; or rows, counted from 0.
    n_rows : int
    verdict : Verdict
    reason : str or None
        Why there is no verdict.
    n_reference : int
        Rows of the reference that the window was compared with.
    drifted : tuple of str
        The features that drifted, the strongest first.
    statistics : mapping of str to mapping
        Of each feature its row in `History.rows`.
    report : DriftReport or None
        The whole report, where it was asked for.
    """

    start: str | int
    stop: str | int
    n_rows: int
    verdict: Verdict
    reason: str | None
    n_reference: int = 0
    drifted: tuple[str, ...] = ()
    statistics: Mapping[str, Mapping[str, JSONScalar]] | None = None
    report: DriftReport | None = None


@dataclass(frozen=True, slots=True)
class History:
    """What `Monitor.over_time` and `Monitor.history` return: one `WindowReport` for each window, in the order of time.

    Attributes
    ----------
    windows : tuple of WindowReport
    against : str
        What each window was compared with: "reference", "previous" or "season".
    alpha : float or None
        Level at which each window is judged by itself. It does not hold for all windows together.
    n_missing_timestamps, n_unused : int
        Rows that belong to no window: without a timestamp, and at the end where they fill none.
    """

    windows: tuple[WindowReport, ...]
    against: str
    alpha: float | None
    n_missing_timestamps: int = 0
    n_unused: int = 0

    @property
    def drifted(self) -> list[WindowReport]:
        """The windows with drift."""
        return [window for window in self.windows if window.verdict is Verdict.DRIFT]

    @property
    def n_judged(self) -> int:
        """Number of windows with a verdict."""
        return sum(window.verdict is not Verdict.NO_VERDICT for window in self.windows)

    @property
    def drift_detected(self) -> bool:
        """Whether any window drifted. Over many windows some do by chance: see `summary`."""
        return bool(self.drifted)

    def rows(self) -> list[dict[str, JSONScalar]]:
        """Return the statistics as a long table: one dict for each window and feature, all with the same keys."""
        found = [
            {
                "window": i,
                "start": window.start,
                "stop": window.stop,
                "n_rows": window.n_rows,
                "feature": name,
                **values,
            }
            for i, window in enumerate(self.windows)
            for name, values in (window.statistics or {}).items()
        ]
        keys = dict.fromkeys(key for row in found for key in row)
        return [{key: row.get(key) for key in keys} for row in found]

    def window_rows(self) -> list[dict[str, JSONScalar]]:
        """Return one dict for each window: its place, its verdict and the features that drifted."""
        return [
            {
                "window": i,
                "start": window.start,
                "stop": window.stop,
                "n_rows": window.n_rows,
                "n_reference": window.n_reference,
                "verdict": window.verdict.value,
                "reason": window.reason,
                "n_drifted": len(window.drifted),
                "drifted": ", ".join(window.drifted),
            }
            for i, window in enumerate(self.windows)
        ]

    def to_dict(self) -> dict[str, Any]:
        """Return the history as plain data for JSON."""
        return {
            "against": self.against,
            "alpha": self.alpha,
            "n_missing_timestamps": self.n_missing_timestamps,
            "n_unused": self.n_unused,
            "windows": self.window_rows(),
            "statistics": self.rows(),
        }

    def to_frame(self, library: str = "pandas") -> Any:
        """Return `rows` as a table of a dataframe library.

        Parameters
        ----------
        library : {"pandas", "polars", "pyarrow"}
        """
        if library not in _FRAMES:
            raise UnknownNameError.from_names("dataframe library", [str(library)], _FRAMES)
        import importlib

        try:
            module = importlib.import_module(library)
        except ImportError:
            # brought by users, and by no extra
            message = f"a {library} table needs {library}. Install it with: pip install {library}"
            raise MissingExtraError(message) from None
        rows = self.rows()
        columns = {key: [row[key] for row in rows] for key in (rows[0] if rows else {})}
        return getattr(module, _FRAMES[library])(columns)

    def summary(self) -> str:
        """Return what was found, as one line, and what the level of each window means over all of them as a second."""
        lines = [f"{len(self.drifted)} of {self.n_judged} judged windows drifted, {len(self.windows)} in all."]
        if self.alpha is not None:
            lines.append(
                f"Each window is judged by itself at level {self.alpha:g}: without any drift up to "
                f"{self.alpha * self.n_judged:.1f} of {self.n_judged} may be alarms."
            )
        return "\n".join(lines)

    def plot(self, statistic: str = "effect", *, features: Sequence[str] | None = None, ax: Any = None) -> Any:
        """Draw one statistic over the windows, one line for each feature, filled where it drifted; return the axes.

        Parameters
        ----------
        statistic : str
            A column of `rows`.
        features : sequence of str, optional
            By default the ten whose values were largest.
        ax : matplotlib Axes, optional

        Raises
        ------
        ConfigError
            If no window has the statistic.
        MissingExtraError
            If matplotlib is not installed.
        """
        lines = self._lines(statistic)
        if not lines:
            known = [key for key, value in (self.rows() or [{}])[0].items() if not isinstance(value, str)]
            raise ConfigError(f"no window has a statistic {statistic!r}. There are: {', '.join(known) or 'none'}.")
        chosen = list(features) if features is not None else _furthest(lines)
        ax = new_axes() if ax is None else ax
        for number, name in enumerate(chosen):
            x, y = lines.get(name, ([], []))
            colour, style = LINES[number % len(LINES)], "-" if number < len(LINES) else "--"
            ax.plot(x, y, style, marker="o", markersize=4, markerfacecolor="white", color=colour, label=printable(name))
            hits = [(i, v) for i, v in zip(x, y, strict=True) if name in self.windows[i].drifted]
            ax.plot([i for i, _ in hits], [v for _, v in hits], "o", markersize=6, color=colour)
        labels = [str(window.start).removesuffix(MIDNIGHT) for window in self.windows]
        ticks = list(range(0, len(labels), -(-len(labels) // TICKS)))
        ax.set_xticks(ticks, [labels[i] for i in ticks], rotation=30, ha="right", rotation_mode="anchor")
        ax.set_ylabel(f"{statistic} (filled: drift)")
        ax.spines[["top", "right"]].set_visible(False)
        legend_of_names(ax, loc="upper left", bbox_to_anchor=(1.0, 1.0))
        return ax

    def _lines(self, statistic: str) -> dict[str, tuple[list[int], list[float]]]:
        lines: dict[str, tuple[list[int], list[float]]] = {}
        for i, window in enumerate(self.windows):
            for name, values in (window.statistics or {}).items():
                value = values.get(statistic)
                if isinstance(value, int | float) and not isinstance(value, bool):
                    x, y = lines.setdefault(name, ([], []))
                    x.append(i)
                    y.append(value)
        return lines


_FRAMES = {"pandas": "DataFrame", "polars": "DataFrame", "pyarrow": "table"}


def window_report(start: str | int, stop: str | int, report: DriftReport, *, keep: bool) -> WindowReport:
    """Return the answer for a window that was checked.

    Parameters
    ----------
    start, stop : str or int
    report : DriftReport
    keep : bool
        Whether the whole report goes with it.
    """
    return WindowReport(
        start,
        stop,
        report.n_current,
        report.verdict,
        reason_of(report.verdict, (feature.reason for feature in report.features.values())),
        report.n_reference,
        tuple(report.drifted_features),
        {name: statistics_of(feature) for name, feature in report.features.items()},
        report if keep else None,
    )


def reason_of(verdict: Verdict, reasons: Iterable[str | None]) -> str | None:
    """Return why there is no verdict, where there is none."""
    if verdict is not Verdict.NO_VERDICT:
        return None
    said = {reason for reason in reasons if reason}
    return said.pop() if len(said) == 1 else "no feature has a verdict"


def statistics_of(feature: FeatureReport) -> dict[str, JSONScalar]:
    """Return the row of one feature: its verdict, its effect, its smallest corrected p-value and all statistics."""
    adjusted = [test.pvalue_adjusted for test in feature.tests.values() if test.pvalue_adjusted is not None]
    return {
        "status": feature.status.value,
        "drift_detected": feature.drift_detected,
        "significant": feature.significant,
        "material": feature.material,
        "effect": feature.effect,
        "pvalue_adjusted": min(adjusted, default=None),
        "missing_share": share(feature.missing_current, feature.n_current + feature.missing_current),
        **{name: test.statistic for name, test in feature.tests.items()},
    }


def share(part: int, whole: int) -> float | None:
    """Return a part of a whole; None of nothing."""
    return part / whole if whole else None


def _furthest(lines: Mapping[str, tuple[list[int], list[float]]]) -> list[str]:
    return sorted(lines, key=lambda name: -max(lines[name][1]))[:LINES_SHOWN]
