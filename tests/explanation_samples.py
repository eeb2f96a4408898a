"""An explanation with every part, for tests."""

from __future__ import annotations

from driftwatch.report.attribution import (
    ContributionDrift,
    ContributionTest,
    DriftDirection,
    FeatureShift,
    ImportanceRanking,
    OutputShift,
    RankedFeature,
    RowExample,
    ScoreShift,
    SeparatingFeature,
    Separation,
)
from driftwatch.report.explanation import (
    Cell,
    Condition,
    Decomposition,
    Explanation,
    FeatureExplanation,
    Flow,
    LocalDrift,
    Segment,
    Segments,
    Term,
)
from driftwatch.report.performance import Interval

__all__ = ["EXPLANATION"]

SEPARATION = Separation(
    "forest",
    Interval(0.9, 0.8, 1.0),
    0.001,
    100,
    90,
    0.95,
    500,
    5,
    (SeparatingFeature("age", Interval(0.2, 0.1, 0.3)),),
)
EXPLANATION = Explanation(
    features={
        "distance": FeatureExplanation(
            (
                Decomposition(
                    "psi",
                    "bin",
                    0.3,
                    (Term(0.1, high=2.0, reference=0.5), Term(0.2, low=2.0, current=0.7, signed=-0.2)),
                ),
                Decomposition("chi2", "level", 3.0, (Term(3.0, label="a"),), error_bound=0.5),
            ),
            (Flow(0.18, Cell(2.0, 5.0), Cell(low=20.0)), Flow(0.1, Cell(label="card"), None)),
            moved=0.28,
        )
    },
    segments=Segments(
        (Segment((Condition("city", label="Oslo"), Condition("age", low=3.0)), 0, 12, 0.0, 0.1, 1e-9, remaining=0.2),),
        (LocalDrift("price", (Condition("city", missing=True),), 30, 40, 0.4, 0.0, 0.001),),
        n_searched=40,
        n_reference=100,
        n_current=120,
        alpha=0.05,
    ),
    ranking=ImportanceRanking("weights", (RankedFeature("age", 0.7, True, 0.2, 0.14), RankedFeature("x", 0.3, False))),
    score_shift=ScoreShift(
        "LightGBM pred_contrib",
        "log-odds",
        100,
        90,
        0.95,
        500,
        1e-6,
        (
            OutputShift(
                "score", 0.1, 0.3, Interval(0.2), 0.0, (FeatureShift("age", Interval(0.2, 0.1, 0.3), 0.0, 0.2),)
            ),
        ),
    ),
    contribution_drift=ContributionDrift(
        "exact", "log-odds", True, 1, None, "fdr_bh", 0.05, 100, 90, (ContributionTest("age", "score", True, 0.3),)
    ),
    separation=SEPARATION,
    directions={
        "text": DriftDirection("text", 2.5, 0.9, 10, 9, (RowExample(3, -0.5, "a"),), (), (RowExample(1, 0.1),), ())
    },
    reasons={"nearest": "no rows"},
)
