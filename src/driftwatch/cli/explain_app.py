"""`driftwatch explain` as Typer sees it (layer 5)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated, TypeAlias

import typer

from driftwatch.cli import options

__all__ = ["explain"]

Action: TypeAlias = Callable[[], int]


def explain(
    reference: Annotated[
        str, typer.Argument(metavar="REFERENCE", help="The data to compare with; - for standard input.")
    ],
    current: Annotated[str, typer.Argument(metavar="CURRENT", help="The data to explain; - for standard input.")],
    *,
    top: Annotated[
        str, typer.Option("--top", metavar="COUNT", help="Features that drifted to explain, the largest drift first.")
    ] = "20",
    importance: Annotated[
        str | None,
        typer.Option(
            "--importance", metavar="FILE", help="What each feature is worth: JSON, or CSV of names and numbers."
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            "--model", metavar="FILE", help="The model: LightGBM (.txt), XGBoost (.json, .ubj) or CatBoost (.cbm)."
        ),
    ] = None,
    segments: Annotated[
        bool, typer.Option("--segments/--no-segments", help="Whether slices where the drift sits are searched.")
    ] = True,
    separation: Annotated[
        bool, typer.Option("--separation", help="Say by which features a classifier tells both sides apart.")
    ] = False,
    format: options.FormatOption = None,  # noqa: A002 - the option's name
    output: options.OutputOption = None,
    quiet: options.QuietOption = False,
    features: options.FeaturesOption = None,
    exclude: options.ExcludeOption = None,
    kind: options.KindOption = None,
    prediction: options.PredictionOption = None,
    target: options.TargetOption = None,
    role: options.RoleOption = None,
    alpha: options.AlphaOption = None,
    threshold: options.ThresholdOption = None,
    detectors: options.DetectorsOption = None,
    min_effect: options.MinEffectOption = None,
    min_samples: options.MinSamplesOption = None,
    correction: options.CorrectionOption = None,
    joint: options.JointOption = None,
    fail_on: options.FailOnOption = None,
    on_insufficient: options.OnInsufficientOption = None,
    calibration: options.CalibrationOption = None,
    config: options.ConfigOption = None,
    debug: options.DebugOption = False,
) -> Action:
    """Compare CURRENT with REFERENCE, and say which part of each feature moved, where the drift sits, and what it matters.

    It ends with 0 whatever it finds, unless --fail-on drift is given.
    """
    from driftwatch.cli.explain import Wanted, run_explain

    del debug
    kinds = options.pairs("--kind", "NAME=KIND", kind)
    flags = {
        "alpha": alpha,
        "correction": correction,
        "joint": options.joint(joint),
        "min_effect": min_effect,
        "min_samples": min_samples,
        "include": options.names("--features", features),
        "exclude": options.names("--exclude", exclude),
        "thresholds": options.pairs("--threshold", "STATISTIC=NUMBER", threshold),
        "features": None if kinds is None else {name: {"kind": value} for name, value in kinds.items()},
        "detectors": options.names("--detectors", detectors),
        "roles": options.roles(role, prediction=prediction, target=target),
        "fail_on": fail_on,
        "on_insufficient": on_insufficient,
        "format": format,
    }
    return partial(
        run_explain,
        reference,
        current,
        wanted=Wanted(top, importance, model, segments=segments, separation=separation),
        flags=flags,
        config_file=config,
        calibration=calibration,
        output=output,
        quiet=quiet,
    )
