"""Drift inside a training loop: counts on a frozen grid that add over steps, epochs and ranks (layer 4)."""

from typing import TYPE_CHECKING

from driftwatch._lazy import attach

if TYPE_CHECKING:  # what `attach` gives at run time, for type checkers and editors
    from driftwatch.profile.grid import Grid, Tally, fit_grid, fit_labels, merge, rebase, start, update
    from driftwatch.training.comparison import compare
    from driftwatch.training.torch import ActivationMonitor, watch

__all__ = [
    "ActivationMonitor",
    "Grid",
    "Tally",
    "compare",
    "fit_grid",
    "fit_labels",
    "merge",
    "rebase",
    "start",
    "update",
    "watch",
]

_GRID = "driftwatch.profile.grid"
_TORCH = "driftwatch.training.torch"
__getattr__, __dir__ = attach(
    __name__,
    {
        "ActivationMonitor": _TORCH,
        "Grid": _GRID,
        "Tally": _GRID,
        "compare": "driftwatch.training.comparison",
        "fit_grid": _GRID,
        "fit_labels": _GRID,
        "merge": _GRID,
        "rebase": _GRID,
        "start": _GRID,
        "update": _GRID,
        "watch": _TORCH,
    },
)
