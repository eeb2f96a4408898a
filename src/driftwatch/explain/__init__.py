"""What moved, where the drift sits and what it matters (layer 4): beyond the verdict of a report."""

from typing import TYPE_CHECKING

from driftwatch._lazy import attach

if TYPE_CHECKING:  # what `attach` gives at run time, for type checkers and editors
    from driftwatch.explain.explainer import Explainer

__all__ = ["Explainer"]

__getattr__, __dir__ = attach(__name__, {"Explainer": "driftwatch.explain.explainer"})
