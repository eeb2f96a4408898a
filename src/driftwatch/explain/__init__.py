"""What moved, where the drift sits and what it matters (layer 4): beyond the verdict of a report."""

from typing import TYPE_CHECKING

from driftwatch._lazy import attach

if TYPE_CHECKING:  # what `attach` gives at run time, for type checkers and editors
    from driftwatch.explain.contribution_tests import contribution_drift
    from driftwatch.explain.contributions import Contributions, ModelContributions
    from driftwatch.explain.explainer import Explainer
    from driftwatch.explain.importance import Importance, importance_of, rank_by_importance
    from driftwatch.explain.model_files import read_model
    from driftwatch.explain.nearest import drift_direction
    from driftwatch.explain.separation import separating_features
    from driftwatch.explain.shift import score_shift

__all__ = [
    "Contributions",
    "Explainer",
    "Importance",
    "ModelContributions",
    "contribution_drift",
    "drift_direction",
    "importance_of",
    "rank_by_importance",
    "read_model",
    "score_shift",
    "separating_features",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        "Contributions": "driftwatch.explain.contributions",
        "Explainer": "driftwatch.explain.explainer",
        "Importance": "driftwatch.explain.importance",
        "ModelContributions": "driftwatch.explain.contributions",
        "contribution_drift": "driftwatch.explain.contribution_tests",
        "drift_direction": "driftwatch.explain.nearest",
        "importance_of": "driftwatch.explain.importance",
        "rank_by_importance": "driftwatch.explain.importance",
        "read_model": "driftwatch.explain.model_files",
        "score_shift": "driftwatch.explain.shift",
        "separating_features": "driftwatch.explain.separation",
    },
)
